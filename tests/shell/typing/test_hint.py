"""The ghost syntax: it shrinks as arguments are typed, and offers what the server offers."""

import pytest
from hypothesis import given

from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.model import Protocol, State
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from mailprobe.shell.typing.hint import cut, hint
from tests.shell.facts import maildrop, smtp
from tests.shell.typing.test_complete import CATALOGUES, FACTS, LINES

FEW = Facts(Protocol.SMTP, State.READY, offers={"SIZE": "1000", "8BITMIME": ""})
BODY = "[BODY=7BIT|8BITMIME]"


@pytest.mark.parametrize(
    "line, expected",
    [
        ("", ""),
        ("MAI", ""),
        ("MAIL", f" FROM:<reverse-path> [SIZE=n] {BODY}"),
        ("MAIL ", f"FROM:<reverse-path> [SIZE=n] {BODY}"),
        ("mail fr", f"OM:<reverse-path> [SIZE=n] {BODY}"),
        ("MAIL FROM:<", f"reverse-path> [SIZE=n] {BODY}"),
        ("MAIL FROM:<a", f"> [SIZE=n] {BODY}"),
        ("MAIL FROM:<a>", f" [SIZE=n] {BODY}"),
        ("MAIL FROM:<a> ", f"[SIZE=n] {BODY}"),
        ("MAIL FROM:<a> SI", f"ZE=n {BODY}"),
        ("MAIL FROM:<a> SIZE=", f"n {BODY}"),
        ("MAIL FROM:<a> SIZE=5", f" {BODY}"),
        ("MAIL FROM:<a> size=5 ", BODY),
        ("MAIL FROM:<a> XYZ", f" [SIZE=n] {BODY}"),
        ("MAIL FROM:<a>x", ""),
        ("MAIL TO:<a>", ""),
        ("EHLO", " domain"),
        ("EHLO ", "domain"),
        ("EHLO a", ""),
        ("AUTH", " mechanism [initial-response]"),
        ("AUTH PLAIN", " [initial-response]"),
        ("AUTH PLAIN ", "[initial-response]"),
        ("AUTH PLAIN x", ""),
        ("DATA", ""),
        ("FOO", ""),
        ("/help", ""),
    ],
)
def test_hint_of_smtp(line: str, expected: str) -> None:
    """What is still wanted, and only parameters that were offered."""
    assert hint(line, FEW, SMTP) == expected


@pytest.mark.parametrize(
    "line, expected",
    [
        ("TOP", " msg n"),
        ("TOP 1", " n"),
        ("top 1 ", "n"),
        ("TOP 1 2", ""),
        ("LIST", " [msg]"),
        ("PASS", " string"),
        ("PASS x", ""),
    ],
)
def test_hint_of_pop3(line: str, expected: str) -> None:
    """Arguments by position."""
    assert hint(line, maildrop(), POP3) == expected


def test_no_hint_where_a_line_is_payload_or_nobody_listens() -> None:
    """Mail data, answers to AUTH, no connection; no parameters before EHLO."""
    assert hint("MAIL", smtp(State.DATA), SMTP) == ""
    assert hint("MAIL", smtp(State.AUTH), SMTP) == ""
    assert hint("MAIL", smtp(), None) == ""
    assert hint("MAIL", Facts(Protocol.SMTP, State.GREETED), SMTP) == " FROM:<reverse-path>"


@pytest.mark.parametrize(
    "line, expected",
    [
        ("MAIL FROM:<a> SM", "TPUTF8 [RET=FULL|HDRS] [ENVID=text]"),
        ("RCPT TO:<a>", " [NOTIFY=NEVER,SUCCESS,FAILURE,DELAY] [ORCPT=text]"),
        ("RCPT TO:<a> NOTIFY=NEVER OR", "CPT=text"),
        ("RCPT TO:<a> ORCPT=rfc822;a NOTIFY=", "NEVER,SUCCESS,FAILURE,DELAY"),
    ],
)
def test_parameters_show_their_form(line: str, expected: str) -> None:
    """A flag stands alone, a list is written out."""
    facts = Facts(Protocol.SMTP, State.MAIL, offers={"SMTPUTF8": "", "DSN": ""})
    assert hint(line, facts, SMTP) == expected


@given(LINES, FACTS, CATALOGUES)
def test_any_line_has_a_printable_hint(line: str, facts: Facts, catalogue: Catalogue) -> None:
    """Never raises, and no word of it comes from the server or the line."""
    assert hint(line, facts, catalogue).isprintable()


@pytest.mark.parametrize(
    "before, columns, expected",
    [
        ("12345", 20, "0123456789"),
        ("12345", 10, "0123"),
        ("123456789", 10, ""),
        ("1234567890", 10, "012345678"),
        ("\u4f60\u597d", 10, "01234"),
    ],
)
def test_hint_ends_at_the_edge(before: str, columns: int, expected: str) -> None:
    """A ghost never begins another row of the terminal."""
    assert cut("0123456789", before, columns) == expected
