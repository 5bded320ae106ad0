"""The page of the documentation that the table of local commands makes."""

from collections.abc import Sequence

from mailprobe.shell.local.commands import ROOMS
from mailprobe.shell.local.table import LocalCommand

_INTRODUCTION = """\
# Local commands

What you type goes to the server, byte for byte, with CRLF. A line that begins with `/` is for
mailprobe; `//x` sends `/x`. Ctrl-] opens one local command anywhere, inside mail data and
answers to AUTH, too, where a `/` is sent like any other character.

An unknown `/word` is an error, and nothing is sent. `/help /connect` explains one of them.
"""


def page() -> str:
    """The whole page, in Markdown: a table for each room."""
    return _INTRODUCTION + "".join(_room(title, room.ROWS) for title, room in ROOMS.items())


def _room(title: str, rows: Sequence[LocalCommand]) -> str:
    lines = [f"| `{_cell(row.syntax)}` | {_cell(row.summary)} |\n" for row in rows]
    return f"\n## {title}\n\n| command | what it does |\n|---|---|\n" + "".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
