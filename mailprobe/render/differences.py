"""Two versions of a file, as a unified diff that a terminal may show."""

import difflib
from collections.abc import Iterable, Iterator

from mailprobe.render.theme import paint
from mailprobe.render.wording import shown
from mailprobe.safe import safe

_STYLES = {"+": "reply.ok", "-": "reply.refused", "@": "note"}


def difference(name: str, old: bytes, new: bytes, *, color: bool) -> Iterator[str]:
    """A unified diff of two versions of a file, with nothing in it that a terminal obeys."""
    rows = difflib.unified_diff(_rows(old), _rows(new), safe(name), safe(name), lineterm="")
    return painted(rows, color=color)


def painted(rows: Iterable[str], *, color: bool) -> Iterator[str]:
    """The lines of a diff in their colours, each with its LF; they are fit to be shown."""
    for number, row in enumerate(rows):
        style = "title" if number < 2 else _STYLES.get(row[:1], "body")
        yield paint(style, row, color=color) + "\n"


def _rows(octets: bytes) -> list[str]:
    rows = octets.split(b"\n")
    whole = [_row(row) for row in rows[:-1]]
    return [*whole, f"{_row(rows[-1])} (no newline at the end)"] if rows[-1] else whole


def _row(octets: bytes) -> str:
    return shown(octets.decode("utf-8", "surrogateescape"))
