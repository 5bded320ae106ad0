"""Tables and help: laid out, and no markup in what a server said."""

import re
import subprocess
import sys

import pytest

from mailprobe.protocol.catalogue import CommandSpec
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from mailprobe.render.tables import Own, help_text, table


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


def test_screen_and_completion_load_neither_rich_nor_prompt_toolkit() -> None:
    """Both cost more than a session: rich waits for a table."""
    script = (
        "import sys, mailprobe.render.console, mailprobe.render.tables\n"
        "from mailprobe.shell.typing import complete, hint, lexer\n"
        "assert not {'rich', 'prompt_toolkit', 'asyncio'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
