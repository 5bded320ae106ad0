"""Make the pictures and the tour of README from the real program: python docs/pictures.py [FOLDER]

Types into the shell on a pseudo-terminal, and draws what the screen shows in the end; of the tour
everything that reached the terminal is kept, with its time (asciicast 2: `asciinema play`).
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from io import StringIO
from itertools import groupby
from pathlib import Path

import pexpect
import pyte
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import MONOKAI
from rich.text import Text

HERE = Path(__file__).parent
_PATIENCE = 20  # seconds
_QUIET = 0.5  # seconds without output, after which the screen is as it stays
_BETWEEN = 0.06  # seconds between two keys of the tour

Keys = tuple[str, str]  # what is typed, and what the screen shows before the next is

_LOGIN: tuple[Keys, ...] = (("USER alice\r", "+OK"), ("PASS secret\r", "messages"))
# The command line, the prompt that it leads to, what is typed, rows of the terminal.
SCENES: dict[str, tuple[str, str, tuple[Keys, ...], int]] = {
    "screenshot": (
        "pop3 sandbox",
        "pop3:auth>",
        (
            *_LOGIN,
            ("LIST\r", "4 4181"),
            ("TOP 1 0\r", "us-ascii"),
            ("retr 9\r", "-ERR"),
            ("DELE ", "msg"),
            ("\t", "1117"),
        ),
        28,
    ),
    "completion": (
        "smtp sandbox",
        "smtp:greeted>",
        (("EHLO me.example\r", "AUTH"), ("MAIL FROM:<me@example.org> ", "SIZE"), ("\t", "limit")),
        24,
    ),
    "mime": (
        "pop3 sandbox",
        "pop3:auth>",
        (*_LOGIN, ("RETR 2\r", "octets"), ("/mime\r", "text/plain")),
        30,
    ),
}
TOUR: tuple[Keys, ...] = (
    ("/connect smtp sandbox\r", "smtp:greeted>"),
    ("EH\t", "EHLO"),
    ("me.example\r", "smtp:ready>"),
    ("MAIL\t", "FROM:<"),
    ("me@example.org>\r", "smtp:mail>"),
    ("RCPT\t", "TO:<"),
    ("alice@example.test>\r", "smtp:rcpt(1)>"),
    ("DATA\r", "smtp:data"),
    ("Subject: A first mail\r", "smtp:data"),
    ("\r", "smtp:data"),
    (".hidden dot\r", "stuffed"),
    (".\r", "smtp:ready>"),
    ("/save first.mpt\r", "recording"),
    ("QUIT\r", "smtp:closed>"),
    ("/connect pop3 sandbox\r", "pop3:auth>"),
    *_LOGIN,
    ("RETR 5\r", "hidden dot"),
    ("QUIT\r", "pop3:closed>"),
    ("/quit\r", ""),
)
COLUMNS = 92


class _Screen(pyte.Screen):
    """A screen on which dim can be seen: pyte passes it over, so it is bright black here."""

    def select_graphic_rendition(self, *attributes: int, **how: bool) -> None:
        shown = (90 if one == 2 else one for one in attributes)
        super().select_graphic_rendition(*shown, **how)


class Terminal:
    """mailprobe in a terminal of its own."""

    def __init__(self, words: Sequence[str], rows: int, home: str) -> None:
        self.screen = _Screen(COLUMNS, rows)
        self.output: list[tuple[float, str]] = []  # seconds since the start, and what came
        self._stream = pyte.ByteStream(self.screen)
        self._begun = time.monotonic()
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "mailprobe", *words],
            env={
                "HOME": home,
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(HERE.parent),
                "TERM": "xterm-256color",
                "LANG": "C.UTF-8",
                "PROMPT_TOOLKIT_NO_CPR": "1",
            },
            dimensions=(rows, COLUMNS),
            cwd=home,
        )

    def type(self, keys: str, shown: str, *, between: float = 0.0) -> None:
        """Type, and wait until the screen has changed and shows `shown`."""
        before = self._text()
        for key in keys if between else [keys]:
            self.child.send(key)
            self._read(between)
        while self._text() == before or shown not in self._text():
            self._read(_PATIENCE)
        self.settle()

    def sees(self, shown: str) -> None:
        while shown not in self._text():
            self._read(_PATIENCE)
        self.settle()

    def settle(self) -> None:
        """Read until the program has nothing more to draw."""
        while self._read(_QUIET):
            pass

    def end(self) -> None:
        self.child.close(force=True)

    def _text(self) -> str:
        return "\n".join(self.screen.display)

    def _read(self, patience: float) -> bool:
        try:
            octets = self.child.read_nonblocking(65536, timeout=patience)
        except pexpect.TIMEOUT:
            if patience == _PATIENCE:
                raise RuntimeError(f"this is all that came:\n{self._text()}") from None
            return False
        except pexpect.EOF:
            return False
        self._stream.feed(octets)
        self.output.append((time.monotonic() - self._begun, octets.decode("utf-8", "replace")))
        return True


def main(folder: Path = HERE) -> None:
    """Write them into `folder`."""
    for name, (line, prompt, keys, rows) in SCENES.items():
        with tempfile.TemporaryDirectory() as home:
            terminal = Terminal(line.split(), rows, home)
            terminal.sees(prompt)
            for typed, shown in keys:
                terminal.type(typed, shown)
            terminal.end()
        (folder / f"{name}.svg").write_text(_drawn(terminal.screen, f"mailprobe {line}"), "utf-8")
    (folder / "tour.cast").write_text(_toured(), "utf-8")


def _toured() -> str:
    rows = 30
    with tempfile.TemporaryDirectory() as home:
        terminal = Terminal([], rows, home)
        terminal.sees("mailprobe>")
        for typed, shown in TOUR[:-1]:
            terminal.type(typed, shown, between=_BETWEEN)
        terminal.child.send(TOUR[-1][0])
        terminal.settle()
        terminal.end()
    header = {"version": 2, "width": COLUMNS, "height": rows, "title": "mailprobe: a first mail"}
    lines = [header, *([round(at, 3), "o", text] for at, text in terminal.output)]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _drawn(screen: pyte.Screen, title: str) -> str:
    console = Console(
        record=True, width=COLUMNS, force_terminal=True, color_system="truecolor", file=StringIO()
    )
    for row in range(screen.lines):
        console.print(_row(screen, row), no_wrap=True, overflow="crop")
    return console.export_svg(title=title, theme=MONOKAI)


def _row(screen: pyte.Screen, row: int) -> Text:
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
    main(*map(Path, sys.argv[1:2]))
