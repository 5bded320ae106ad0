"""Tables and help: laid out, and no markup in what a server said."""

import io
import re
import subprocess
import sys

import pytest
from rich.console import Console

from mailprobe.protocol.catalogue import CommandSpec
from mailprobe.protocol.model import Command
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from mailprobe.render import tables
from mailprobe.render.tables import Own, help_text, table
from mailprobe.value import replace


def test_plain_table() -> None:
    """Columns by blanks alone, no drawing, no blank at the end of a line."""
    text = table([("SIZE", b"10240000"), ("DSN", "")], ("keyword", "value"), plain=True)
    assert text == "keyword  value\nSIZE     10240000\nDSN\n"


def test_title_and_colour() -> None:
    """The title stands above; without colour there is not one escape sequence."""
    rows = [("a", "b")]
    assert table(rows, ("x", "y"), title="What was offered").startswith("What was offered\n")
    assert "\x1b" not in table(rows, ("x", "y"))
    assert "\x1b[1m" in table(rows, ("x", "y"), color=True)


def test_text_of_our_own_is_not_escaped() -> None:
    """A backslash of ours stands there once, one of a server's twice."""
    assert table([(Own(r"\r"), r"\r")], ("a", "b"), plain=True) == "a   b\n\\r  \\\\r\n"


@pytest.mark.parametrize("color", [False, True])
def test_server_text_is_text(color: bool) -> None:
    """Markup, emoji names, escape sequences and bidi stay what they are: characters."""
    hostile = "[/nope] :skull: [red]x[/red] \x1b]0;x\x07\u202e\u2028"
    text = table([(hostile, b"\x9b2J")], ("a", "b"), color=color, width=200)
    rest = re.sub(r"\x1b\[[0-9;]*m", "", text) if color else text
    assert r"[/nope] :skull: [red]x[/red] \u{1b}]0;x\u{7}\u{202e}\u{2028}" in rest
    assert rest.replace("\n", "").isprintable()


SESSIONS = [
    ["*", "1", "pop3", "127.0.0.1:2110", "authorization", "TLSv1.3", "0"],
    ["", "2", "smtp", "127.0.0.1:2525", "greeted", "", "1"],
]
NAMES = ("", "number", "protocol", "host", "state", "TLS", "replies owed")


@pytest.mark.parametrize("plain", [False, True])
def test_no_word_is_broken(plain: bool) -> None:
    """However narrow the terminal is; each row stands by itself where columns do not fit."""
    words = {word for row in SESSIONS for cell in row for word in cell.split()}
    for width in range(20, 90):
        text = table(SESSIONS, NAMES, width=width, plain=plain)
        assert max(map(len, text.split("\n"))) <= width
        assert words <= set(text.split()), width
    assert table(SESSIONS, NAMES, width=40, plain=plain) == (
        "* number: 1\nprotocol: pop3\nhost: 127.0.0.1:2110\nstate: authorization\nTLS: TLSv1.3\n"
        "replies owed: 0\n\n"
        "number: 2\nprotocol: smtp\nhost: 127.0.0.1:2525\nstate: greeted\nreplies owed: 1\n"
    )


def test_a_column_that_says_nothing_goes_first() -> None:
    """It is missed least; a table is better than blocks."""
    rows = [("abc", "", "defgh"), ("i", "", "jk")]
    assert "nothing" in table(rows, ("one", "nothing at all", "two"), width=60, plain=True)
    text = table(rows, ("one", "nothing" * 3, "two"), width=30, plain=True)
    assert text == "one  two\nabc  defgh\ni    jk\n"


def test_a_word_that_no_line_can_hold_is_broken() -> None:
    """In its column: there is no place where it would be whole."""
    text = table([("a", "x" * 100)], ("one", "two"), width=40, plain=True, title="Its name")
    assert text.startswith("Its name\none  two\na    xxx")
    assert text.replace("\n", "").replace(" ", "").endswith("x" * 100)


def test_width_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a dumb terminal, too, and whatever COLUMNS says."""
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "200")
    text = table([("word " * 40, "x" * 100)], ("a", "b"), width=40)
    assert max(map(len, text.split("\n"))) <= 40


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("spec", [*SMTP, *POP3], ids=lambda spec: spec.verb)
def test_help_says_what_the_table_says(spec: CommandSpec, plain: bool) -> None:
    """Syntax, reference, arguments and replies of every command."""
    text = help_text(spec, plain=plain, width=200)
    for words in (spec.syntax, spec.summary, spec.reference, *spec.meanings.values()):
        assert words in text
    for parameter in (*spec.arguments, *spec.parameters):
        assert parameter.summary in text
    assert text.isascii() or not plain


@pytest.mark.parametrize("spec", [*SMTP, *POP3], ids=lambda spec: spec.verb)
def test_help_breaks_no_word(spec: CommandSpec) -> None:
    """In forty columns, too."""
    text = help_text(spec, plain=True, width=40)
    assert set(spec.summary.split()) <= set(text.split())
    for parameter in (*spec.arguments, *spec.parameters):
        assert set(parameter.summary.split()) <= set(text.split()), parameter.name
    for meaning in spec.meanings.values():
        assert set(meaning.split()) <= set(text.split())


def test_screen_and_completion_load_neither_rich_nor_prompt_toolkit() -> None:
    """Both cost more than a session: rich waits for a table."""
    script = (
        "import sys, mailprobe.render.console, mailprobe.render.tables\n"
        "from mailprobe.shell.typing import complete, hint, lexer\n"
        "assert not {'rich', 'prompt_toolkit', 'asyncio'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


HOSTILE = "[/nope] [red]x[/red] :skull: [bold]250[/bold]"


def test_a_console_reads_no_markup() -> None:
    """Whatever is handed to it, and in whatever form."""
    for color in (False, True):
        file = io.StringIO()
        tables._console(file, width=80, color=color).print(HOSTILE)
        assert file.getvalue() == f"{HOSTILE}\n"


def test_cells_are_no_markup_for_any_console(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither those of a server nor our own are given away as text that a console may read."""

    def console(file: io.StringIO, *, width: int, color: bool) -> Console:
        return Console(file=file, width=width, markup=True, emoji=True, highlight=True)

    monkeypatch.setattr(tables, "_console", console)
    text = table([(HOSTILE, Own(HOSTILE))], (HOSTILE, "b"), width=200, title=HOSTILE)
    assert text.count(HOSTILE) == 4
    block = table([(HOSTILE, Own(HOSTILE))], ("a", "b"), width=24)  # too narrow for a grid
    assert "".join(block.split()).count("".join(HOSTILE.split())) == 2
    row = replace(SMTP.row(Command(b"NOOP")), syntax=HOSTILE, summary=HOSTILE, reference=HOSTILE)
    for plain in (False, True):
        assert help_text(row, width=200, plain=plain).count(HOSTILE) == 3
