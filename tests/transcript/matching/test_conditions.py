"""`S+` and `S-`: some line, no line."""

import pytest

from mailprobe.transcript.model import Level
from mailprobe.transcript.values import Values
from tests.transcript.replies import caret, compare, sentence

EHLO = "C: EHLO client.example\nS? 250\n"
CAPA = "C: CAPA\nS? +OK\n"
RETR = "C: RETR 1\nS? +OK\n"
CAME = b"250-mx AUTH\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n250-AUTH=X-OLD\r\n250 SIZE 10\r\n"
NO_LINE = "no line of the reply matches"


@pytest.mark.parametrize(
    "condition, covered",
    [
        ("S+ STARTTLS", ""),
        ("S+ auth plain", ""),
        ("S+ AUTH LOGIN PLAIN", ""),
        ("S+ AUTH X-OLD", ""),
        ("S+ AUTH=X-OLD", ""),
        ("S+ SIZE 10", ""),
        ("S+ SIZE {n:int}", ""),
        ("S+ {/AUTH .*LOGIN/}", ""),
        ("S- DSN", ""),
        ("S- AUTH SCRAM-SHA-256", ""),
        ("S- MX", ""),
        ("S- AUTH PLAIN X-OLD", ""),
        ("S- size {:int} {:int}", ""),
        ("S+ DSN", "DSN"),
        ("S+ MX", "MX"),
        ("S+ AUTH SCRAM-SHA-256", "SCRAM-SHA-256"),
        ("S+ AUTH PLAIN X-OLD", "AUTH PLAIN X-OLD"),
        ("S+ size {n:int}", "size {n:int}"),
        ("S- STARTTLS", "STARTTLS"),
        ("S- AUTH", "AUTH"),
        ("S- AUTH PLAIN", "AUTH PLAIN"),
        ("S- {}LOGIN", "{}LOGIN"),
    ],
)
def test_keywords_and_patterns(condition: str, covered: str) -> None:
    """In the reply to EHLO, at the lines behind the first, at every level."""
    for level in Level:
        mismatch = compare(EHLO + condition + "\n", CAME, level=level)
        assert (caret(mismatch) if mismatch else "") == covered


def test_sentences() -> None:
    """What is said, and the line that should not be there."""
    assert sentence(compare(EHLO + "S+ DSN\n", CAME)) == NO_LINE
    mismatch = compare(EHLO + "S- STARTTLS\n", CAME)
    assert mismatch is not None
    assert (mismatch.sentence, mismatch.got) == ("a line of the reply matches", b"STARTTLS")
    assert mismatch.difference() == ()


def test_no_other_line() -> None:
    """`S- {}`: no line but those that an `S+` takes."""
    lines = EHLO + "S+ STARTTLS\nS+ AUTH\nS- {}\n"
    assert compare(lines + "S+ SIZE {}\n", CAME) is None
    mismatch = compare(lines, CAME)
    assert mismatch is not None
    assert mismatch.sentence == "a line came that no S+ of this reply takes"
    assert (mismatch.got, mismatch.place.line) == (b"SIZE 10", 9)
    assert compare(EHLO + "S- {}\n", b"250 mx\r\n") is None
    assert compare(EHLO + "S- {}\n", CAME) is not None
    # a capture of the `S+` counts: a second line must be equal to be taken, too
    assert compare("C: HELP\nS? 214\nS+ {x:int}\nS- {}\n", b"214-1\r\n214 1\r\n") is None
    assert compare("C: HELP\nS? 214\nS+ {x:int}\nS- {}\n", b"214-1\r\n214 2\r\n") is not None
    assert compare("C: HELP\nS? 214\nS- {:text}\n", b"214 2\r\n") is not None


def test_the_text_behind_the_code() -> None:
    """Of any other reply, the first line as well."""
    lines = "C: MAIL FROM:<a@b>\nS? 250\n"
    values = Values()
    assert (
        compare(lines + "S+ {} queued as {id}\n", b"250 ok queued as 7\r\n", values=values) is None
    )
    assert values.captures == {"id": b"7"}
    assert compare(lines + "S+ ok\n", b"250-ok\r\n250 no\r\n") is None
    assert compare(lines + "S+ OK\n", b"250-ok\r\n250 no\r\n") is not None
    assert compare(lines + "S- no\n", b"250-ok\r\n250 no\r\n") is not None
    assert compare("C: EHLO x\nS? 500|250\nS+ no\n", b"500 no\r\n") is None
    assert compare("C: AUTH X\nS? +OK\nS+ in\n", b"+OK in\r\n", "pop3") is None


def test_capabilities_and_bodies() -> None:
    """Of a multi-line response, its lines without their dots."""
    came = b"+OK TOP\r\nSASL PLAIN\r\nUIDL\r\n"
    assert compare(CAPA + "S+ UIDL\nS- TOP\nS- SASL LOGIN\nS+ SASL {mechs}\n", came, "pop3") is None
    assert compare(CAPA + "S+ TOP\n", came, "pop3") is not None
    assert compare("C: AUTH\nS? +OK\nS+ PLAIN\nS- LOGIN\n", b"+OK\r\nplain\r\n", "pop3") is None
    body = b"+OK\r\n.dot\r\nSubject: x\r\nlast"
    assert compare(RETR + "S+ .dot\nS+ Subject: {:text}\nS+ last\nS- dot\n", body, "pop3") is None
    assert compare(RETR + "S+ subject: x\n", body, "pop3") is not None


def test_one_capture_in_the_next_condition() -> None:
    """Whichever line comes first; and nothing is captured by an `S-`."""
    lines = RETR + "S+ id {id}\nS+ again {id}\nS+ {=len(id)} octets\nS- id {x} {id}\n"
    values = Values()
    came = b"+OK\r\nagain 17\r\nagain 4\r\nid 4\r\n1 octets\r\nid 5 5\r\n"
    assert compare(lines, came, "pop3", values=values) is None
    assert values.captures == {"id": b"4"}
    assert compare(lines, came + b"id 5 4\r\n", "pop3") is not None
    assert compare(lines, came.replace(b"again 4\r\n", b""), "pop3") is not None


def test_a_capture_in_a_function() -> None:
    """A function of what the condition before it captures."""
    lines = RETR + "S+ id {id}\nS+ {=len(id)} octets\nS+ {=repeat(id,2)}\n"
    assert compare(lines, b"+OK\r\n44\r\n1 octets\r\nid 4\r\n", "pop3") is None
    assert compare(lines, b"+OK\r\n44\r\n2 octets\r\nid 4\r\n", "pop3") is not None


def test_an_unknown_name_in_a_condition() -> None:
    """It is told at the line where it stands."""
    mismatch = compare(EHLO + "S+ STARTTLS\nS+ SIZE {=hex(no)}\n", CAME)
    assert mismatch is not None
    assert (mismatch.sentence, mismatch.place.line) == (
        "{=hex} needs {no}, which has no value here",
        8,
    )


def test_text_that_is_no_keyword() -> None:
    """A pattern without placeholder that cannot be a keyword is compared as it is."""
    assert compare(CAPA + "S+ -x\n", b"+OK\r\n-x\r\n", "pop3") is None
    assert compare(CAPA + "S+ -x\n", b"+OK\r\n-X\r\n", "pop3") is not None
