"""Tables and help, laid out by rich and handed over as text.

rich is loaded inside the functions, for few sessions ask for it.  Text is never markup.
"""

from collections.abc import Sequence
from io import StringIO
from typing import TYPE_CHECKING

from mailprobe.protocol.catalogue import CommandSpec, Parameter
from mailprobe.safe import safe

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

_WIDTH = 80  # columns


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

    Cells are what a server said, as it came: they go through `safe()` here, but for `Own`.
    """
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None if plain else box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        grid.add_column(Text(column, style="bold"), overflow="fold")
    for row in rows:
        grid.add_row(*(Text(cell if isinstance(cell, Own) else safe(cell)) for cell in row))
    above = [Text(safe(title), style="bold")] if title else []
    return _rendered(Group(*above, grid), width=width, color=color)


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
        return _rendered(Group(syntax, *parts), width=width, color=color)
    panel = Panel(Group(*parts), title=syntax, title_align="left", box=box.ROUNDED)
    return _rendered(panel, width=width, color=color)


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


def _rendered(renderable: "RenderableType", *, width: int, color: bool) -> str:
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
        width=max(width, 20),
        height=25,  # with both given, rich asks neither the terminal nor TERM
        legacy_windows=False,
    )
