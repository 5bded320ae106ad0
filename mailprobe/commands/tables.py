"""A table of results: drawn where somebody looks, and plain lines where a program reads."""

import shutil
from collections.abc import Sequence

from mailprobe.commands.streams import Streams
from mailprobe.render.rows import aligned
from mailprobe.safe import safe

_SIZE = (80, 24)  # columns and lines, where the terminal does not say


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str | bytes]],
    streams: Streams,
    *,
    color: bool,
) -> str:
    """Rows below the names of their columns; cells are as a server sent them."""
    if not streams.on_terminal:
        lines = aligned([columns, *([safe(cell) for cell in row] for row in rows)])
        return "".join(f"{line}\n" for line in lines)
    from mailprobe.render import tables  # and rich

    return tables.table(rows, columns, width=shutil.get_terminal_size(_SIZE).columns, color=color)
