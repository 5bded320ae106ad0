"""What is said of a line while it is typed; nothing of it keeps Enter from sending."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.protocol.facts import Facts
from mailprobe.protocol.items import Phase
from mailprobe.protocol.model import State
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from mailprobe.shell.typing.flags import Typed, flags
from tests.shell.facts import pop3, smtp
from tests.shell.typing.test_complete import CATALOGUES, FACTS


@pytest.mark.parametrize(
    "text, expected",
    [
        ("NOOP " + "x" * 505, []),
        ("NOOP " + "x" * 506, ["511 octets, limit 510"]),
        ("//" + "x" * 510, ["511 octets, limit 510"]),
        ("/" + "x" * 600, []),
        ("RCPT TO:<" + "é" * 300 + ">", []),
        ("NOOP " + "é" * 253, ["511 octets, limit 510"]),
        ("AUTH PLAIN " + "x" * 12000, []),
        ("AUTH PLAIN " + "x" * 12276, ["12287 octets, limit 12286"]),
        ("NOOP\nNOOP " + "x" * 600, ["605 octets, limit 510"]),
        ("", []),
    ],
)
def test_commands(text: str, expected: list[str]) -> None:
    """Octets against the limit of that very command (RFC 5321, section 4.5.3.1.4)."""
    assert flags(Typed(text), smtp(), SMTP) == expected


def test_the_limit_is_that_of_the_protocol() -> None:
    """POP3 has the shortest lines (RFC 2449, section 4)."""
    assert flags(Typed("RETR " + "1" * 249), pop3(), POP3) == ["254 octets, limit 253"]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("", []),
        ("héllo", ["6 octets"]),
        (".", ["ends the mail data"]),
        (".hidden", ["begins with a dot: will be stuffed", "7 octets"]),
        ("x" * 998, ["998 octets"]),
        ("x" * 999, ["999 octets, limit 998"]),
        ("a\n.b", ["1 line begins with a dot: stuffed", "2 lines"]),
        ("a\n.b\n..c", ["2 lines begin with a dot: stuffed", "3 lines"]),
    ],
)
def test_mail_data(text: str, expected: list[str]) -> None:
    """A count that lives; what is too long (RFC 5322, section 2.1.1); what will be stuffed."""
    assert flags(Typed(text, Phase.DATA), smtp(State.DATA), SMTP) == expected


def test_without_stuffing_the_dot_is_told_louder() -> None:
    """Who has switched it off sees what that does."""
    typed = Typed(".x", Phase.DATA, stuffing=False)
    assert flags(typed, smtp(State.DATA), SMTP)[0] == "begins with a dot: goes out UNSTUFFED"
    typed = Typed(".x\n.y", Phase.DATA, stuffing=False)
    assert flags(typed, smtp(State.DATA), SMTP)[0] == "2 lines begin with a dot: UNSTUFFED"


def test_nothing_is_said_of_secrets_and_of_nothing() -> None:
    """The length of an answer to AUTH is nobody's business; without a server there is no limit."""
    assert flags(Typed("x" * 20_000, Phase.ANSWER), smtp(State.AUTH), SMTP) == []
    assert flags(Typed("x" * 20_000), smtp(), None) == []


@given(
    st.text(st.characters(exclude_categories=())), st.sampled_from(list(Phase)), FACTS, CATALOGUES
)
def test_any_line_is_looked_at_without_a_complaint(
    text: str, phase: Phase, facts: Facts, catalogue: object
) -> None:
    """Never raises, and says nothing that a terminal could obey."""
    assert all(word.isprintable() for word in flags(Typed(text, phase), facts, catalogue))  # type: ignore[arg-type]
