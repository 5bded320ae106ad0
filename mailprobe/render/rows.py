"""Text as rows of a terminal: our own sentences wrapped at blanks, and how much of a text fits.

Text has been through `safe()`; of what else may be in it only colour codes take no columns.
"""

from collections.abc import Iterable, Sequence

from mailprobe.patterns import pattern
from mailprobe.render.widths import columns_of

_NARROWEST = 10  # columns that a continued row has at least
_COLOUR = pattern(r"\x1b\[[0-9;]*m")


def wrapped(sentence: str, columns: int, *, indent: int = 2) -> str:
    """`sentence` in rows of at most `columns`, broken at blanks; those behind the first indented.

    0 columns: nobody knows how many there are, and it stays one line.
    """
    if not columns or columns_of(sentence) <= columns:
        return sentence
    from mailprobe.render.folding import fold  # most sentences fit

    first = fold(sentence, max(columns, _NARROWEST))[0]
    rest = sentence[len(first) :].lstrip(" ")
    rows = fold(rest, max(columns - indent, _NARROWEST)) if rest else []
    return "\n".join([first, *(" " * indent + row for row in rows)])


def rows_of(text: str, columns: int) -> int:
    """How many rows `text` fills; a line that is open at its end counts."""
    lines = text.removesuffix("\n").split("\n")
    return sum(_rows(line, columns) for line in lines)


def _rows(line: str, columns: int) -> int:
    if not columns or (len(line) <= columns and line.isascii()):
        return 1
    taken = columns_of(_COLOUR.sub("", line) if "\x1b" in line else line)
    return max(1, -(-taken // columns))


def beginning(lines: Sequence[str], rows: int, columns: int) -> tuple[list[str], str]:
    """The first lines that fill no more than `rows`, and in words what is left: "" for nothing.

    Where the first line alone is longer, the beginning of it.  0 rows are as many as there are.
    """
    shown: list[str] = []
    left = rows
    for line in lines if rows else ():
        if (taken := _rows(line, columns)) > left:
            break
        left -= taken
        shown.append(line)
    if not rows or len(shown) == len(lines):
        return list(lines), ""
    if shown:
        return shown, _more_lines(len(lines) - len(shown))
    first = lines[0]
    cut = _cut(first, rows * columns)
    words = [f"{len(first) - len(cut):,} more characters of this line"]
    if len(lines) > 1:
        words.append(_more_lines(len(lines) - 1))
    return [cut], ", ".join(words)


def _cut(line: str, columns: int) -> str:
    """As much of its beginning as `columns` hold."""
    cut = line[:columns]
    while columns_of(cut) > columns:
        cut = cut[: -max(1, (columns_of(cut) - columns) // 2)]
    return cut


def _more_lines(count: int) -> str:
    return f"{count:,} more line{'' if count == 1 else 's'}"


def fits(pieces: Iterable[str], rows: int, columns: int) -> tuple[str, bool]:
    """Pieces until they fill more than `rows`, joined, and whether all of them were taken."""
    taken: list[str] = []
    used, open_row = 0, ""
    for piece in pieces:
        if not piece:
            continue
        taken.append(piece)
        used += rows_of(open_row + piece, columns) - bool(open_row)
        if rows and used > rows:
            return "".join(taken), False
        open_row = "" if piece.endswith("\n") else _last_row(open_row + piece, columns)
    return "".join(taken), True


def _last_row(text: str, columns: int) -> str:
    """What stands in the row that is open at the end of `text`; never nothing."""
    line = text[text.rfind("\n") + 1 :]
    return line if _rows(line, columns) == 1 else line[-(len(line) % columns or columns) :]


def beginning_of_line(octets: bytes, room: int) -> tuple[bytes, int]:
    """The first `room` octets of a line, no half character, and how many are left."""
    while 0 < room < len(octets) and octets[room] & 0xC0 == 0x80:
        room -= 1
    return octets[:room], max(0, len(octets) - room)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines, each column as wide as it must be: nothing wrapped, nothing drawn."""
    if not rows:
        return []
    widths = [max(map(columns_of, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell + " " * (width - columns_of(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
