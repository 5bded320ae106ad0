"""Whether a client said what the file has for it."""

import pytest

from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from mailprobe.transcript.matching.commands import check_command, live_parts
from mailprobe.transcript.matching.mismatch import Mismatch
from mailprobe.transcript.model import Level
from mailprobe.transcript.steps import Unit, Write
from mailprobe.transcript.values import Values
from tests.transcript.replies import caret, sentence, steps_of

CLASS, CODE, TEXT = Level.CLASS, Level.CODE, Level.TEXT


def unit_of(lines: str, protocol: str = "smtp") -> Unit:
    """The last unit that the client writes."""
    steps = steps_of(lines, protocol)
    return [unit for step in steps if isinstance(step, Write) for unit in step.units][-1]


def compare(
    lines: str, came: bytes, level: Level = CODE, protocol: str = "", values: Values | None = None
) -> Mismatch | None:
    pop3 = protocol == "pop3"
    catalogue: Catalogue = POP3 if pop3 else SMTP
    unit = unit_of(lines + "\n", protocol or "smtp")
    return check_command(unit, came, level, values or Values(), catalogue)


@pytest.mark.parametrize(
    "line, came, class_, code, text",
    [
        ("EHLO a", b"ehlo b", True, True, False),
        ("MAIL FROM:<a@b> SIZE=1", b"MAIL FROM:<a@b>", True, True, False),
        ("MAIL FROM:<a@b>", b"mail from: <a@b> BODY=8BITMIME", True, True, False),
        ("MAIL FROM:<a@b>", b"MAIL FROM:<A@b>", True, False, False),
        ("MAIL FROM:<>", b"MAIL FROM:<a@b>", True, False, False),
        ("RCPT TO:<a@b>", b"RCPT TO:<c@b>", True, False, False),
        ("RCPT TO:<a@b>", b"RSET", False, False, False),
        ("BDAT 19", b"BDAT 20", True, False, False),
        ("BDAT 0 LAST", b"bdat 0 last", True, True, False),
        ("BDAT 0 LAST", b"BDAT 0", True, False, False),
        ("VRFY a", b"VRFY b", True, True, False),
        ("XYZZY 1", b"xyzzy 2", True, True, False),
        ("NOOP", b"NOOP", True, True, True),
    ],
)
def test_levels(line: str, came: bytes, class_: bool, code: bool, text: bool) -> None:
    """Verb; verb and path, message-number or count; octets."""
    lines = f"C: {line}"
    found = [compare(lines, came, level) is None for level in (CLASS, CODE, TEXT)]
    assert found == [class_, code, text]


@pytest.mark.parametrize(
    "line, came, same",
    [
        ("USER alice", b"user bob", True),
        ("RETR 1", b"retr 1", True),
        ("RETR 1", b"RETR 2", False),
        ("TOP 1 0", b"TOP 1 5", False),
        ("TOP 1 0", b"TOP 1 0", True),
        ("LIST", b"LIST 1", False),
        ("LIST", b"LIST", True),
        ("DELE 2", b"DELE", False),
        ("PASS x", b"PASS y", True),
    ],
)
def test_pop3(line: str, came: bytes, same: bool) -> None:
    """Message-numbers and counts; credentials are free."""
    assert (compare(f"C: {line}", came, CODE, "pop3") is None) is same


def test_sentences() -> None:
    """What differs, and the two lines."""
    other = compare("C: MAIL FROM:<a@b>", b"\x1bset")
    assert (sentence(other), caret(other)) == (r"the client said \u{1b}SET, not MAIL", "MAIL")
    assert other is not None
    assert other.got == b"\x1bset"
    path = compare("C: MAIL FROM:<a@b>", b"MAIL FROM:<a@c>")
    assert (sentence(path), caret(path)) == ("the client gave MAIL another argument", "b")
    empty = compare("C: NOOP", b"")
    assert sentence(empty) == "the client said an empty line, not NOOP"
    literal = compare("C: NOOP", b"noop", TEXT)
    assert (sentence(literal), caret(literal)) == ("another line came", "N")


def test_written_lines() -> None:
    """They must match at every level, but for the case of the verb; they capture."""
    for level in (CLASS, CODE):
        values = Values()
        assert compare("C~ RETR {n:int}", b"retr 7", level, "pop3", values) is None
        assert values.captures == {"n": b"7"}
        other = compare("C~ RETR {n:int}", b"RETR x", level, "pop3")
        assert (sentence(other), caret(other)) == (
            "the line that came does not match here",
            "{n:int}",
        )
    assert compare("C~ RETR {n:int}", b"retr 7", TEXT, "pop3") is not None
    assert compare("C~ RETR {n:int}", b"RETR 7", TEXT, "pop3") is None
    values = Values({"user": b"alice"})
    assert compare("C~ USER {user}", b"USER alice", values=values, protocol="pop3") is None
    assert compare("C~ USER {user}", b"USER bob", values=values, protocol="pop3") is not None
    assert compare("C~ NOOP", b"noop", protocol="pop3") is None
    assert compare("C~ {/(?i:count)/=COUNT}", b"Count", protocol="pop3") is None
    assert compare("C~ {/count/=count}", b"Count", protocol="pop3") is not None


def test_placeholders_in_exact_octets() -> None:
    """Octets with a value are recorded ones; with an open name they must match."""
    values = Values({"x": b"1"})
    line = r"C= RETR {x}\r\n"
    assert compare(line, b"retr 1", values=values, protocol="pop3") is None
    assert compare(line, b"RETR 2", values=values, protocol="pop3") is not None
    values = Values()
    assert compare(r"C= RETR {y}\r\n", b"RETR 2", values=values, protocol="pop3") is None
    assert values.captures == {"y": b"2"}


LOGIN = "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\n"


def test_answers() -> None:
    """Credentials are free, giving up is not."""
    assert compare(LOGIN + "C: YWxpY2U=", b"Ym9i") is None
    assert sentence(compare(LOGIN + "C: YWxpY2U=", b"*")) == "the client gave up the login"
    assert compare(LOGIN + "C: YWxpY2U=", b"Ym9i", TEXT) is not None
    assert compare(LOGIN + "C: *", b"*") is None
    assert sentence(compare(LOGIN + "C: *", b"eA==")) == "the client did not give up the login"
    assert compare(LOGIN + "C~ {=sasl}", b"Ym9i") is None
    assert sentence(compare(LOGIN + "C~ {=sasl}", b"*")) == "the client gave up the login"
    assert compare(LOGIN + "C~ *", b"*") is None


def test_what_only_the_dialogue_can_tell() -> None:
    """{=sasl} and {=apop} take anything; what they took is told."""
    unit = unit_of('C~ AUTH PLAIN {=sasl("alice")}\n')
    assert compare('C~ AUTH PLAIN {=sasl("alice")}', b"auth PLAIN eA==") is None
    ((function, octets),) = live_parts(unit, b"auth PLAIN eA==", Values())
    assert (function.word, function.arguments, octets) == ("sasl", ("alice",), b"eA==")
    ((function, octets),) = live_parts(unit, b"AUTH PLAIN eQ==", Values())
    assert octets == b"eQ=="
    unit = unit_of("C~ APOP {user} {=apop}\n", "pop3")
    assert [octets for _, octets in live_parts(unit, b"APOP a b", Values())] == [b"b"]
    assert live_parts(unit_of("C~ APOP {user} {=md5(x)}\n", "pop3"), b"APOP", Values()) == ()


def test_what_cannot_be_compared() -> None:
    """A function without a value, and a pattern that takes too long."""
    assert "needs {x}" in sentence(compare("C~ NOOP {=md5(x)}", b"NOOP"))
    assert "too long" in sentence(compare("C~ NOOP {x}" + " {x}" * 30, b"NOOP"))
