"""Tables and help, laid out by rich and handed over as text.

rich is loaded inside the functions, for few sessions ask for it.  Text is never markup.
"""

from collections.abc import Sequence
from io import StringIO
from typing import TYPE_CHECKING

from mailprobe.protocol.catalogue import CommandSpec, Parameter
from mailprobe.render.rows import wrapped
from mailprobe.render.theme import paint
from mailprobe.render.widths import columns_of
from mailprobe.safe import safe

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

_WIDTH = 80  # columns
_NARROWEST = 20  # columns
_BROKEN = 20  # columns at least for a word that no line can hold


class Own(str):
    """Text of our own, which has nothing to be made safe: a backslash stays one."""

    __slots__ = ()


def table(
    rows: Sequence[Sequence[str | bytes]],
    columns: Sequence[str],
    *,
    width: int = _WIDTH,
    color: bool = False,
    plain: bool = False,
    title: str = "",
) -> str:
    """`rows` below the names of their columns; ends in LF.

    No word is broken that a line can hold: where the terminal is too narrow for the columns, each
    row becomes a block of lines.  Cells are what a server said, as it came: they go through
    `safe()` here, but for `Own`.
    """
    cells = [[cell if isinstance(cell, Own) else safe(cell) for cell in row] for row in rows]
    above = f"{safe(title)}\n" if title else ""
    room, between = max(width, _NARROWEST), 2 if plain else 3  # as rich lays them out
    widths = _widths(columns, cells, room, between)
    if widths is None:  # in a narrow terminal, an empty column is the first that can be missed
        kept = [at for at in range(len(columns)) if any(row[at] for row in cells)]
        columns, cells = [columns[at] for at in kept], [[row[at] for at in kept] for row in cells]
        widths = _widths(columns, cells, room, between)
    if widths is None:
        return above + _blocks(columns, cells, width=width, color=color)
    return _grid(columns, cells, widths, width=width, color=color, plain=plain, title=title)


def _grid(
    columns: Sequence[str],
    cells: Sequence[Sequence[str]],
    widths: Sequence[int],
    *,
    width: int,
    color: bool,
    plain: bool,
    title: str,
) -> str:
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None if plain else box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column, size in zip(columns, widths, strict=True):
        grid.add_column(Text(column, style="bold"), overflow="fold", width=size)
    for row in cells:
        grid.add_row(*map(Text, row))
    above = [Text(safe(title), style="bold")] if title else []
    return rendered(Group(*above, grid), width=width, color=color)


def _widths(
    columns: Sequence[str], cells: Sequence[Sequence[str]], room: int, between: int
) -> list[int] | None:
    """How wide each column is, so that no word is broken; None where that cannot be."""
    each = [[column, *(row[at] for row in cells)] for at, column in enumerate(columns)]
    room -= between * (len(columns) - 1)
    wide = [min(max(map(columns_of, texts)), max(room, 0)) for texts in each]
    least = [max(_longest_word(text, room) for text in texts) for texts in each]
    if sum(least) > room:
        return None
    while sum(wide) > room:  # the widest of those that can give gives
        able = [at for at in range(len(wide)) if wide[at] > least[at]]
        wide[max(able, key=wide.__getitem__)] -= 1
    return wide


def _longest_word(text: str, room: int) -> int:
    """Columns of the longest word that a line can hold; a longer one is broken anyhow."""
    sizes = (columns_of(word) for word in text.split(" "))
    return max((size if size <= room else min(room, _BROKEN) for size in sizes), default=0)


def _blocks(
    columns: Sequence[str], cells: Sequence[Sequence[str]], *, width: int, color: bool
) -> str:
    """Each row as lines of `name: value`, with an empty line between two of them."""
    blocks = []
    for row in cells:
        lines, mark = [], ""
        for column, cell in zip(columns, row, strict=True):
            if not cell:
                continue
            if not column:  # a mark of the whole row
                mark = f"{cell} "
                continue
            text = wrapped(f"{mark}{column}: {cell}", max(width, _NARROWEST))
            head = f"{mark}{column}:"
            mark = ""
            lines.append(paint("title", head, color=color) + text.removeprefix(head) + "\n")
        blocks.append("".join(lines))
    return "\n".join(blocks)


def help_text(
    spec: CommandSpec, *, width: int = _WIDTH, color: bool = False, plain: bool = False
) -> str:
    """What the table says about one command: `/help VERB`; ends in LF."""
    from rich import box
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    parts: list[RenderableType] = [Text(spec.summary), Text()]
    parts.append(_pairs(_summary(spec)))
    for title, pairs in (
        ("Arguments", _described(spec.arguments)),
        ("Parameters, where the server offers them", _described(spec.parameters)),
        ("Replies", list(spec.meanings.items())),
    ):
        if pairs:
            parts += [Text(), Text(title, style="bold"), _pairs(pairs)]
    syntax = Text(spec.syntax, style="bold")
    if plain:
        return rendered(Group(syntax, *parts), width=width, color=color)
    panel = Panel(Group(*parts), title=syntax, title_align="left", box=box.ROUNDED)
    return rendered(panel, width=width, color=color)


def _summary(spec: CommandSpec) -> list[tuple[str, str]]:
    pairs = [
        ("Reference", spec.reference),
        ("States", ", ".join(sorted(spec.states))),
        ("Standing", spec.standing.value),
    ]
    if spec.needs:
        pairs.append(("Needs", f"{spec.needs} on offer"))
    return pairs


def _described(parameters: Sequence[Parameter]) -> list[tuple[str, str]]:
    return [
        (
            parameter.name,
            f"{parameter.summary} (optional)" if parameter.optional else parameter.summary,
        )
        for parameter in parameters
    ]


def _pairs(pairs: Sequence[tuple[str, str]]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    for left, right in pairs:
        grid.add_row(Text(f"  {left}", no_wrap=True), Text(right))
    return grid


def rendered(renderable: "RenderableType", *, width: int, color: bool) -> str:
    """What rich draws, without its blanks at the ends of lines; each ends in LF."""
    file = StringIO()
    _console(file, width=width, color=color).print(renderable)
    return "".join(f"{line.rstrip(' ')}\n" for line in file.getvalue().split("\n")[:-1])


def _console(file: StringIO, *, width: int, color: bool) -> "Console":
    from rich.console import Console

    return Console(
        file=file,
        markup=False,
        emoji=False,
        highlight=False,
        force_terminal=color,
        no_color=not color,
        color_system="standard" if color else None,
        width=max(width, _NARROWEST),
        height=25,  # with both given, rich asks neither the terminal nor TERM
        legacy_windows=False,
    )
