"""Make docs/screenshot.svg from the real program: python docs/screenshot.py

Types a session into the shell on a pseudo-terminal, and draws what the screen then shows.
"""

import os
import sys
import tempfile
from io import StringIO
from itertools import groupby
from pathlib import Path

import pexpect
import pyte
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import MONOKAI
from rich.text import Text

COLUMNS, ROWS = 92, 26
# What is typed, and what the screen shows before the next is.
KEYS = (
    ("USER alice\r", "+OK"),
    ("PASS secret\r", "4 messages"),
    ("LIST\r", "4 4181"),
    ("TOP 1 0\r", "us-ascii"),
    ("retr 9\r", "-ERR"),
    ("DELE ", "msg"),
    ("\t", "1117"),
)


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        screen = _play(home)
    console = Console(
        record=True, width=COLUMNS, force_terminal=True, color_system="truecolor", file=StringIO()
    )
    for row in range(ROWS - 1):
        console.print(_text(screen, row), no_wrap=True, overflow="crop")
    picture = console.export_svg(title="mailprobe pop3 sandbox", theme=MONOKAI)
    Path(__file__).with_name("screenshot.svg").write_text(picture, "utf-8")


def _play(home: str) -> pyte.Screen:
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    env = {
        "HOME": home,
        "PATH": os.environ["PATH"],
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "PROMPT_TOOLKIT_NO_CPR": "1",
    }
    child = pexpect.spawn(
        sys.executable,
        ["-m", "mailprobe", "pop3", "sandbox"],
        env=env,
        dimensions=(ROWS, COLUMNS),
        cwd=str(Path(__file__).parent.parent),
    )

    while "pop3:auth> " not in "\n".join(screen.display):
        stream.feed(child.read_nonblocking(65536, timeout=20))
    _settle(child, stream)
    for keys, shown in KEYS:
        before = "\n".join(screen.display)
        child.send(keys)
        while "\n".join(screen.display) == before or shown not in "\n".join(screen.display):
            stream.feed(child.read_nonblocking(65536, timeout=20))
        _settle(child, stream)
    child.close(force=True)
    return screen


def _settle(child: pexpect.spawn, stream: pyte.ByteStream) -> None:
    """Read until the program has nothing more to draw."""
    while True:
        try:
            stream.feed(child.read_nonblocking(65536, timeout=0.5))
        except pexpect.TIMEOUT:
            return


def _text(screen: pyte.Screen, row: int) -> Text:
    cells = (screen.buffer[row][column] for column in range(COLUMNS))
    text = Text()
    for style, run in groupby(cells, _style):
        text.append("".join(cell.data for cell in run), style)
    text.rstrip()
    return text


def _style(cell: pyte.screens.Char) -> Style:
    return Style(
        color=_color(cell.fg), bgcolor=_color(cell.bg), bold=cell.bold, reverse=cell.reverse
    )


def _color(name: str) -> str | None:
    if name == "default":
        return None
    if len(name) == 6 and all(c in "0123456789abcdef" for c in name):
        return f"#{name}"
    return name.replace("brown", "yellow").replace("bright", "bright_")


if __name__ == "__main__":
    main()
