"""All faults as a list for people: names, where they strike, what goes wrong."""

from mailprobe.sandbox.faults.asking import FORM
from mailprobe.sandbox.faults.model import ALL, FaultSpec
from mailprobe.sandbox.faults.table import GROUPS

_HEAD = (
    f"A fault is written {FORM}: the time of a pause, how likely it is (1),\n"
    "and at which of its places it strikes (all).  Commas part several of them.\n"
)


def listing() -> str:
    """A page of text: every group with its rows."""
    parts = [_HEAD]
    for title, chinese, rows in GROUPS:
        parts.append(f"\n{title} ({chinese})\n")
        parts += [f"  {_line(row)}\n" for row in rows]
    return "".join(parts)


def _line(row: FaultSpec) -> str:
    notes = []
    if row.protocols != ALL:
        notes.append(", ".join(protocol.upper() for protocol in row.protocols))
    if row.seconds:
        notes.append(f"{row.seconds:g}s")
    note = f" ({'; '.join(notes)})" if notes else ""
    return f"{row.name:<16} {row.summary}{note}\n{'':<18} {row.chinese}"
