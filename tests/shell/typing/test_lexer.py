"""Fragments of a typed line: the verb says whether it fits, secrets are stars."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.model import State
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from mailprobe.render import theme
from mailprobe.shell.typing.lexer import fragments
from mailprobe.shell.typing.mask import visible
from tests.shell.facts import pop3, smtp
from tests.shell.typing.test_complete import CATALOGUES, FACTS, LINES


@pytest.mark.parametrize(
    "line, facts, catalogue, expected",
    [
        ("mail FROM:<a>", smtp(), SMTP, [("verb.legal", "mail"), ("argument", " FROM:<a>")]),
        ("DATA", smtp(), SMTP, [("verb.early", "DATA")]),
        (" FOO", smtp(), SMTP, [("argument", " "), ("verb.unknown", "FOO")]),
        ("/close now", smtp(), SMTP, [("local", "/close"), ("argument", " now")]),
        ("//DATA", smtp(), SMTP, [("local", "/"), ("verb.unknown", "/DATA")]),
        ("PASS abc", pop3(State.AUTHORIZATION), POP3,
         [("verb.legal", "PASS"), ("argument", " "), ("secret", "***")]),
        ("abc", smtp(State.AUTH), SMTP, [("secret", "***")]),
        ("*", smtp(State.AUTH), SMTP, [("argument", "*")]),
        ("/x", smtp(State.DATA), SMTP, [("body", "/x")]),
        ("A\nDATA", smtp(), SMTP, [("verb.unknown", "A"), ("", "\n"), ("verb.early", "DATA")]),
        ("AUTH X\nYQ==", smtp(), SMTP,
         [("verb.legal", "AUTH"), ("argument", " X"), ("", "\n"), ("secret", "****")]),
        ("QUIT", smtp(), None, [("verb.unknown", "QUIT")]),
        ("", smtp(), SMTP, []),
        ("STARTTLS", smtp(tls=True), SMTP, [("verb.early", "STARTTLS")]),
        ("AUTH", smtp(authenticated=True), SMTP, [("verb.early", "AUTH")]),
        ("ETRN", smtp(), SMTP, [("verb.early", "ETRN")]),
        ("SEND", smtp(), SMTP, [("verb.early", "SEND")]),
        ('\x1draw "AUTH PLAIN s', smtp(State.DATA), SMTP,
         [("local", "\x1draw"), ("argument", ' "AUTH PLAIN '), ("secret", "*")]),
        ("\x1dstate", smtp(State.AUTH), SMTP, [("local", "\x1dstate")]),
    ],
)  # fmt: skip
def test_fragments(
    line: str, facts: Facts, catalogue: Catalogue | None, expected: list[tuple[str, str]]
) -> None:
    """Each piece has the name of its style."""
    assert fragments(line, facts, catalogue) == expected


@given(LINES, FACTS, st.none() | CATALOGUES)
def test_fragments_are_what_may_be_seen(
    line: str, facts: Facts, catalogue: Catalogue | None
) -> None:
    """Joined they are the visible line, and every style exists."""
    pieces = fragments(line, facts, catalogue)
    assert "".join(text for _, text in pieces) == visible(line, facts, catalogue)
    assert all(style in theme.STYLES or text == "\n" for style, text in pieces)
