"""/explain: of the last reply, of words, and of each reply as it comes."""

import pytest

from mailprobe.protocol import events
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.model import Command, Protocol, Reply, State
from mailprobe.shell.reading.explained import Explained
from tests.hostile import probe
from tests.hostile.server import ScriptedServer, pop3, smtp


def told(out: str) -> list[str]:
    return [line.removeprefix("# ") for line in out.splitlines() if line.startswith("# ")]


def test_the_last_reply_in_a_pipe() -> None:
    """The greeting first, then the reply to the last command: the server's words above ours."""
    replies = {b"RCPT": b"250 2.1.5 fine\r\n", b"MAIL": b"250 2.1.0 fine\r\n"}
    with ScriptedServer(*smtp(replies)) as server:
        lines = b"/explain\nMAIL FROM:<a@b.c>\nRCPT TO:<a@b.c>\n/set lang en\n/explain\nQUIT\n"
        result = probe.smtp(server.port, text=lines)
    assert result.status == 0
    shown = told(result.out)
    assert shown[1] == "220, greeting"
    at = shown.index("< 250 2.1.5 fine")
    assert shown[at + 1] == "250 2.1.5, reply to RCPT"
    assert shown[at + 2] == "  says  recipient accepted"


def test_what_came_unasked_is_the_last_reply() -> None:
    """After a time-out it is that of which somebody wants to know."""
    replies = {b"NOOP": b"250 fine\r\n421 4.4.2 x.test Error: timeout exceeded\r\n"}
    with ScriptedServer(*smtp(replies)) as server:
        result = probe.smtp(server.port, text=b"/set lang en\nNOOP\n/explain\n")
    assert "421 4.4.2, unsolicited reply" in told(result.out), result


def test_words_in_a_pipe() -> None:
    """Those of the protocol that is spoken; others where it has none of that name."""
    with ScriptedServer(*pop3()) as server:
        lines = b"/explain QUIT\n/explain MAIL\n/explain 550 5.7.1\nQUIT\n"
        result = probe.run("pop3", f"127.0.0.1:{server.port}", text=lines)
    assert result.status == 0
    titles = [line for line in told(result.out) if line[0] != " " and ", " in line]
    assert titles == [
        "QUIT, POP3 command",
        "MAIL, SMTP/LMTP command",
        "550 5.7.1, reply code",
    ]


@pytest.mark.parametrize("line", [b"/explain\n", b"/explain xyzzy\n", b"/explain on\n"])
def test_what_cannot_be(line: bytes) -> None:
    """Nothing was said, nothing is known, nobody looks: usage."""
    assert probe.run(text=line).ended == ("usage", 2)


class Below:
    """An observer of its own, and what it has shown."""

    def __init__(self, protocol: Protocol, facts: Facts | None, language: str = "en") -> None:
        self.shown: list[str] = []
        self.observe = Explained(
            lambda: facts, lambda: protocol, lambda: language, self.shown.extend
        )


def test_each_reply_in_two_lines() -> None:
    """What it says and why now; then what to do next, with its source."""
    below = Below(Protocol.SMTP, Facts(Protocol.SMTP, State.RCPT))
    reply, command = Reply.of("250", "ok"), Command(b"RCPT TO:<a@b.c>")
    below.observe(events.ReplyReceived(0.0, reply, command))
    assert below.shown == [
        "recipient accepted; for this one recipient only, and no promise that the mailbox exists",
        "next: another RCPT, or DATA (RFC 5321, section 4.1.1.3)",
    ]


def test_after_a_body() -> None:
    """Below the last line of a multi-line response, never between it and its status line."""
    below = Below(Protocol.POP3, Facts(Protocol.POP3, State.TRANSACTION), "zh")
    reply, command = Reply.of("+OK", "2"), Command(b"LIST")
    below.observe(events.ReplyReceived(0.0, reply, command, body=True))
    below.observe(events.BodyChunk(0.0, b"1 5\r\n", b"1 5\r\n", last=False))
    assert below.shown == []
    below.observe(events.BodyChunk(0.0, b"2 5\r\n", b"2 5\r\n.\r\n", last=True))
    assert len(below.shown) == 2
    below.observe(events.BodyChunk(0.0, b"", b"", last=True))
    assert len(below.shown) == 2


def test_before_there_is_a_session() -> None:
    """The greeting comes while the connection is being opened."""
    below = Below(Protocol.LMTP, None)
    below.observe(events.Greeting(0.0, Reply.of("220", "hi")))
    assert below.shown[1] == "next: say LHLO with your host's name (RFC 5321, section 3.1)"
    below.observe(events.Unsolicited(0.0, Reply.of("421", "bye")))
    assert "nobody asked" in below.shown[2]
