"""All faults as a list for people: names, where they strike, what goes wrong."""

from mailprobe.explain.languages import BOTH
from mailprobe.explain.model import Text
from mailprobe.sandbox.faults.asking import FORM
from mailprobe.sandbox.faults.model import ALL, FaultSpec
from mailprobe.sandbox.faults.table import GROUPS

_HEAD = Text(
    f"A fault is written {FORM}: the time of a pause, how likely it is (1),\n"
    "and at which of its places it strikes (all).  Commas part several of them.\n",
    f"故障写作 {FORM}：停顿多久，发生的概率（1），\n"
    "在第几个可能的地方发生（全部）。几个故障之间用逗号隔开。\n",
)


def listing(language: str = BOTH) -> str:
    """A page of text: every group with its rows; `language` is one of `LANGUAGES`."""
    parts = [*_HEAD.said(language)]
    for title, chinese, rows in GROUPS:
        both = " / ".join(dict.fromkeys(Text(title, chinese).said(language)))
        parts.append(f"\n{both}\n")
        parts += [f"  {_line(row, language)}\n" for row in rows]
    return "".join(parts)


def _line(row: FaultSpec, language: str) -> str:
    notes = []
    if row.protocols != ALL:
        notes.append(", ".join(protocol.upper() for protocol in row.protocols))
    if row.seconds:
        notes.append(f"{row.seconds:g}s")
    note = f" ({'; '.join(notes)})" if notes else ""
    texts = f"\n{'':<19}".join(Text(row.summary, row.chinese).said(language))
    return f"{row.name:<16} {texts}{note}"
