"""Secrets at the prompt: hidden in place, and never remembered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.model import Protocol, State
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from mailprobe.shell.typing.mask import encode, for_history, visible
from tests.shell.facts import pop3, smtp
from tests.shell.typing.test_complete import CATALOGUES, FACTS, LINES

AUTHORIZATION = pop3(State.AUTHORIZATION)


@pytest.mark.parametrize(
    "line, facts, catalogue, shown, kept",
    [
        ("PASS hunter 2", AUTHORIZATION, POP3, "PASS ********", "PASS "),
        ("pass x", AUTHORIZATION, POP3, "pass *", "pass "),
        ("PASS é\udce9x", AUTHORIZATION, POP3, "PASS ***", "PASS "),
        ("PASS ", AUTHORIZATION, POP3, "PASS ", "PASS "),
        ("PASS hunter2", smtp(), SMTP, "PASS *******", "PASS "),
        ("PASS hunter2", smtp(State.CLOSED), None, "PASS *******", "PASS "),
        ("APOP \udcc3\udca9 0123", AUTHORIZATION, POP3,
         "APOP \udcc3\udca9 ****", "APOP \udcc3\udca9 "),
        ("USER alice", AUTHORIZATION, POP3, "USER alice", "USER alice"),
        ("AUTH PLAIN AGE=", smtp(), SMTP, "AUTH PLAIN ****", "AUTH PLAIN "),
        ("AUTH PLAIN =", smtp(), SMTP, "AUTH PLAIN =", "AUTH PLAIN ="),
        ("  AUTH PLAIN AGE=", smtp(), SMTP, "  AUTH PLAIN ****", None),
        ("\tNOOP", smtp(), SMTP, "\tNOOP", None),
        ("BURL imap://a;URLAUTH=anonymous:internal:tok LAST", smtp(), SMTP,
         "BURL imap://a;URLAUTH=anonymous:internal:*** LAST",
         "BURL imap://a;URLAUTH=anonymous:internal:"),
        ("AGE=", smtp(State.AUTH), SMTP, "****", None),
        ("MAIL FROM:<a>", smtp(State.AUTH), SMTP, "*" * 13, None),
        ("/quit", smtp(State.AUTH), SMTP, "*****", None),
        ("*", smtp(State.AUTH), SMTP, "*", None),
        ("=", smtp(State.AUTH), SMTP, "=", None),
        ("PASS hunter2", smtp(State.DATA), SMTP, "PASS hunter2", None),
        ("/auth PLAIN alice", smtp(), SMTP, "/auth PLAIN alice", "/auth PLAIN alice"),
        ("\x1dauth PLAIN alice", smtp(), SMTP, "\x1dauth PLAIN alice", "\x1dauth PLAIN alice"),
        ('/raw "PASS hunter2\\n"', smtp(), SMTP, '/raw "PASS **********', '/raw "PASS '),
        ('\x1draw "PASS hunter2', smtp(State.DATA), SMTP, '\x1draw "PASS *******', None),
        ('\x1draw "PASS hunter2', smtp(State.AUTH), SMTP, '\x1draw "PASS *******', None),
        ("\x1dstate", smtp(State.AUTH), SMTP, "\x1dstate", None),
        ("//PASS x", smtp(), SMTP, "//PASS x", "//PASS x"),
        ("", smtp(), SMTP, "", None),
        ("USER a\nPASS b", AUTHORIZATION, POP3, "USER a\nPASS *", None),
        ("AUTH LOGIN\nYQ==\nYg==\nQUIT", smtp(), SMTP, "AUTH LOGIN\n****\n****\nQUIT", None),
        ("text\n.\nPASS b", smtp(State.DATA), SMTP, "text\n.\nPASS *", None),
        ("NOOP\nNOOP", smtp(), SMTP, "NOOP\nNOOP", "NOOP\nNOOP"),
    ],
)  # fmt: skip
def test_what_is_seen_and_what_is_remembered(
    line: str, facts: Facts, catalogue: Catalogue | None, shown: str, kept: str | None
) -> None:
    """As long as it was, secrets as stars; the history ends before them."""
    assert visible(line, facts, catalogue) == shown
    assert for_history(line, facts, catalogue) == kept


@given(LINES, FACTS, st.none() | CATALOGUES)
def test_masking_keeps_the_length_of_any_line(
    line: str, facts: Facts, catalogue: Catalogue | None
) -> None:
    """The cursor stays where it is, and only stars are new."""
    shown = visible(line, facts, catalogue)
    assert len(shown) == len(line)
    assert all(new in (old, "*") for old, new in zip(line, shown, strict=True))


@given(
    st.sampled_from(["PASS ", "pass ", "APOP é ", "AUTH PLAIN ", "aUtH \udce9 ", " PASS "]),
    st.text(st.characters(exclude_characters="\n ="), min_size=1),
    FACTS.filter(lambda facts: facts.state is not State.DATA),
    st.none() | CATALOGUES,
)
def test_no_secret_is_seen_or_remembered(
    head: str, secret: str, facts: Facts, catalogue: Catalogue | None
) -> None:
    """In any state, in any protocol, in any alphabet."""
    shown = visible(head + secret, facts, catalogue)
    assert set(shown[len(head) :].strip("\t")) <= {"*"}
    kept = for_history(head + secret, facts, catalogue)
    assert kept is None or kept.rstrip("\t") == head


def test_lines_become_the_octets_that_were_typed() -> None:
    """A surrogate stands for its octet; one that no octet makes still has octets."""
    assert encode("é\udce9") == b"\xc3\xa9\xe9"
    assert encode("\ud800") == b"\xed\xa0\x80"


def test_facts_of_no_connection_will_do() -> None:
    """Before the first connection the prompt masks, too."""
    assert visible("PASS x", Facts(Protocol.SMTP, State.CLOSED), None) == "PASS *"


@pytest.mark.parametrize(
    "line, shown",
    [
        ("YWxpY2U=", "********"),
        ("YWxpY2U=\nNOOP\nYWxpY2U=", "********\nNOOP\nYWxpY2U="),
        ("QUIT", "QUIT"),
        ("EHL", "EHL"),
        ("EHLO me.example", "EHLO me.example"),
        ("/connect", "/connect"),
        ("", ""),
    ],
)
def test_answer_to_a_refused_login_is_secret(line: str, shown: str) -> None:
    """No server asks for it any more; the person may have typed it all the same."""
    facts = Facts(Protocol.SMTP, State.READY, login_refused=True)
    assert visible(line, facts, SMTP) == shown
    assert (for_history(line, facts, SMTP) or "") == (line if line == shown else "")
