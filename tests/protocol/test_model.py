"""Commands and replies as values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.protocol.model import Command, Deviation, Reply, Verdict


@pytest.mark.parametrize(
    "line, verb, argument",
    [
        (b"NOOP", "NOOP", b""),
        (b"retr 1", "RETR", b"1"),
        (b"PASS  two blanks ", "PASS", b" two blanks "),
        (b"  mail\tFROM:<>", "MAIL", b"FROM:<>"),
        (b"", "", b""),
        (b"   ", "", b""),
        (b"\xe4x\ny z", "äX\nY", b"z"),
    ],
)
def test_a_command(line: bytes, verb: str, argument: bytes) -> None:
    """The line stays as it is; the verb is for look-up only."""
    command = Command(line)
    assert (command.line, command.verb, command.argument) == (line, verb, argument)


@given(st.binary())
def test_any_octets_are_a_command(line: bytes) -> None:
    """Nothing is refused, and equal lines are equal commands."""
    command = Command(line)
    assert command == Command(line)
    assert line.endswith(command.argument)


@pytest.mark.parametrize(
    "code, verdict, positive, refused",
    [
        ("250", Verdict.DONE, True, False),
        ("354", Verdict.GO_ON, False, False),
        ("421", Verdict.LATER, False, True),
        ("554", Verdict.REFUSED, False, True),
        ("+OK", Verdict.DONE, True, False),
        ("+", Verdict.GO_ON, False, False),
        ("-ERR", Verdict.REFUSED, False, True),
    ],
)
def test_verdicts(code: str, verdict: Verdict, positive: bool, refused: bool) -> None:
    """The first digit decides, or the status indicator."""
    reply = Reply.of(code, "x")
    assert (reply.verdict, reply.positive, reply.refused) == (verdict, positive, refused)


@pytest.mark.parametrize(
    "code, texts, wire",
    [
        ("250", (), b"250\r\n"),
        ("250", ("ok",), b"250 ok\r\n"),
        ("250", ("mx", b"\xff", ""), b"250-mx\r\n250-\xff\r\n250\r\n"),
        ("334", ("",), b"334 \r\n"),
        ("+", ("",), b"+ \r\n"),
        ("+OK", ("",), b"+OK\r\n"),
        ("-ERR", ("ünknown",), "-ERR ünknown\r\n".encode()),
    ],
)
def test_a_reply_of_ours(code: str, texts: tuple[str | bytes, ...], wire: bytes) -> None:
    """One reply, written as the RFCs write it."""
    reply = Reply.of(code, *texts)
    assert reply.wire == wire
    assert b"".join(line + b"\r\n" for line in reply.lines) == wire
    expected = [one.encode() if isinstance(one, str) else one for one in texts] or [b""]
    assert list(reply.texts) == expected


@pytest.mark.parametrize("text", ["a\rb", "a\nb", b"a\0b", "\r\n250 forged"])
def test_a_text_that_would_be_another_reply(text: str | bytes) -> None:
    """A reply that we compose is one reply."""
    with pytest.raises(ValueError, match="CR, LF or NUL"):
        Reply.of("250", "fine", text)


@pytest.mark.parametrize(
    "text, code",
    [
        ("2.1.0 ok", "2.1.0"),
        ("5.7.26", "5.7.26"),
        ("3.1.0 no", None),
        ("5.1 no", None),
        ("ok 2.1.0", None),
        ("2.1.0ok", None),
        ("2.1000.0 no", None),
        ("", None),
    ],
)
def test_enhanced_status_codes(text: str, code: str | None) -> None:
    """class.subject.detail at the start of the text (RFC 3463, section 2)."""
    assert Reply.of("250", text).enhanced == code


@pytest.mark.parametrize(
    "text, code",
    [
        ("[in-use] busy", "IN-USE"),
        ("[SYS/TEMP]", "SYS/TEMP"),
        ("busy [IN-USE]", None),
        ("[a b] x", None),
        ("[]", None),
        (f"[{'x' * 201}]", None),
    ],
)
def test_response_codes(text: str, code: str | None) -> None:
    """In brackets, first in the text (RFC 2449, section 8)."""
    assert Reply.of("-ERR", text).response_code == code


def test_deviations_belong_to_a_reply() -> None:
    """They say what, by which rule, and where."""
    deviation = Deviation("bare LF", "RFC 5321, section 2.3.8", 3)
    assert Reply((b"250",), "250", b"250\n", (deviation,)).deviations == (deviation,)
    assert Reply.of("250").deviations == ()
