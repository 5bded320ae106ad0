"""The server role: commands one at a time, mail data undone, bodies stuffed."""

import pytest

from mailprobe.protocol.framing import Limits
from mailprobe.protocol.items import Body, Misuse, Phase
from mailprobe.protocol.model import Role, State
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import LMTP, SMTP
from tests.protocol.helpers import TLS, Side, reply, server


def answered(side: Side, *exchanges: tuple[bytes, str]) -> None:
    """Take commands and say replies."""
    for line, code in exchanges:
        side.hear(line + b"\r\n")
        side.say(reply(code))


def smtp_transaction() -> Side:
    side = server(SMTP)
    answered(side, (b"EHLO me", "250"), (b"MAIL FROM:<a@b>", "250"), (b"RCPT TO:<c@d>", "250"))
    return side


def test_the_greeting() -> None:
    """It is owed from the start."""
    side = Side(SMTP, Role.SERVER)
    assert side.hear(b"EHLO me\r\n") == []
    assert side.say(reply("220")) == ["220 sent", "state greeted", "command EHLO me"]
    assert side.wire == b"220 text\r\n"


def test_one_command_at_a_time() -> None:
    """What follows depends on our reply: text behind DATA may be data or commands."""
    side = smtp_transaction()
    assert side.hear(b"DATA\r\nNOOP\r\n.\r\n") == ["command DATA"]
    assert side.say(reply("354")) == ["354 sent", "state data", "data NOOP\r\n END"]
    assert side.say(reply("250")) == ["250 sent", "state ready"]
    assert side.hear(b"DATA\r\nNOOP\r\n") == ["command DATA"]
    assert side.say(reply("503")) == ["503 sent", "command NOOP"]


def test_mail_data_is_undone() -> None:
    """Dots come off, look-alikes of the end stay."""
    side = smtp_transaction()
    answered(side, (b"DATA", "354"))
    told = side.hear(b"..a\r\n.b\r\n\n.\n\r\n.\r\nNOOP\r\n")
    assert told == ["data .a\r\nb\r\n\n.\n\r\n END"]
    assert side.connection.unread == 6


def test_lines_end_at_lf() -> None:
    """A bare LF ends a command line, and is told of; a bare CR is part of it."""
    side = server(SMTP)
    assert side.hear(b"NO\rOP\n") == ["deviation at 5: bare LF", "command NO\rOP"]
    assert server(SMTP).hear(b"\n") == ["deviation at 0: bare LF", "command "]


def test_chunks() -> None:
    """Counted octets, whatever they look like; the reply may come before or behind them."""
    side = smtp_transaction()
    assert side.hear(b"BDAT 5\r\n\r\n.\r") == ["command BDAT 5", "data \r\n.\r"]
    assert side.hear(b"\nBDAT 0 LAST\r\n") == ["data \n END"]
    assert side.say(reply("250")) == ["250 sent", "state bdat", "command BDAT 0 LAST", "data  END"]
    assert side.say(reply("250")) == ["250 sent", "state ready"]
    assert side.hear(b"BDAT x\r\n") == ["command BDAT x", "data  END"]


def test_a_chunk_refused_before_it_came() -> None:
    """Its octets are taken in all the same (RFC 3030, section 2)."""
    side = smtp_transaction()
    side.hear(b"BDAT 3\r\n")
    side.say(reply("452"))
    assert side.hear(b"abcNOOP\r\n") == ["data abc END", "command NOOP"]


def test_auth() -> None:
    """The line behind a challenge is an answer, whatever it says."""
    side = server(SMTP)
    answered(side, (b"EHLO me", "250"), (b"AUTH LOGIN", "334"))
    assert side.connection.phase is Phase.ANSWER
    assert side.hear(b"QUIT\r\nNOOP\r\n") == ["answer QUIT"]
    assert side.say(reply("235")) == ["235 sent", "state ready", "command NOOP"]
    assert side.connection.facts.authenticated


def test_starttls_keeps_what_came_too_early_apart() -> None:
    """Commands behind STARTTLS are not read, and do not survive into TLS (CVE-2011-0411)."""
    side = server(SMTP)
    side.hear(b"STARTTLS\r\nMAIL FROM:<evil@b>\r\n")
    assert side.connection.unread == 20
    assert side.say(reply("220")) == ["220 sent", "state tls"]
    side.connection.start_tls(TLS)
    assert side.told() == ["tls", "state greeted"]
    assert side.connection.unread == 0


def test_lmtp_says_one_verdict_a_recipient() -> None:
    """Neither more nor less is owed."""
    side = server(LMTP)
    answered(side, (b"LHLO me", "250"), (b"MAIL FROM:<a@b>", "250"))
    answered(side, (b"RCPT TO:<x@y>", "250"), (b"RCPT TO:<z@y>", "250"), (b"DATA", "354"))
    side.hear(b".\r\n")
    assert side.connection.outstanding == 2
    assert side.say(reply("250"), reply("552")) == ["250 sent", "552 sent", "state ready"]
    assert side.hear(b"BDAT 0 LAST\r\nNOOP\r\n") == [
        "command BDAT 0 LAST",
        "data  END",
        "command NOOP",
    ]


def test_a_reply_nobody_asked_for() -> None:
    """421 may be said at any time, and closes."""
    side = server(SMTP)
    assert side.say(reply("250"), reply("421")) == ["250 sent", "421 sent", "state closed"]


def test_bodies_are_stuffed() -> None:
    """Dots are doubled across chunks, and the end brings the line end that is missing."""
    side = server(POP3)
    answered(side, (b"PASS x", "+OK"))
    side.hear(b"RETR 1\r\nLIST\r\n")
    assert side.say(reply("+OK")) == ["+OK sent"]
    assert side.connection.reading_body
    side.say(Body(b".a\r\n", last=False), Body(b".b\r", last=False), Body(b"\n.", last=False))
    assert side.wire == b"..a\r\n..b\r\n.."
    assert side.say(Body(b"", last=True)) == ["command LIST"]
    assert side.wire == b"\r\n.\r\n"
    side.say(reply("+OK"), Body(b"1 10\r\n2 20\r\n", last=True))
    assert side.wire == b"+OK text\r\n1 10\r\n2 20\r\n.\r\n"
    assert sorted(side.connection.facts.messages) == [1, 2]


def test_an_empty_body() -> None:
    """The lone dot alone."""
    side = server(POP3)
    side.hear(b"LIST\r\n")
    side.say(reply("+OK"), Body(b"", last=True))
    assert side.wire == b"+OK text\r\n.\r\n"


def test_misuse() -> None:
    """A reply inside a body, and a body without a reply."""
    side = server(POP3)
    with pytest.raises(Misuse, match="no reply has opened"):
        side.say(Body(b"x", last=True))
    side.hear(b"LIST\r\n")
    side.say(reply("+OK"))
    with pytest.raises(Misuse, match="has not ended"):
        side.say(reply("-ERR"))


@pytest.mark.parametrize(
    "before, octets, told",
    [
        ((), b"NOOP" + b"x" * 20, "failed limit: NOOPxxxxxxxxxxxx"),
        (((b"DATA", "354"),), b"x" * 40, "failed limit: "),
    ],
)
def test_limits(before: tuple[tuple[bytes, str], ...], octets: bytes, told: str) -> None:
    """A client is bounded as a server is."""
    side = server(SMTP, limits=Limits(line=16, body=32))
    answered(side, *before)
    assert side.hear(octets)[-1] == told
    assert side.hear(b"\r\n", b"") == []


def test_the_session_of_a_server_ends_with_quit() -> None:
    """POP3 commits only from TRANSACTION."""
    side = server(POP3)
    answered(side, (b"PASS x", "+OK"), (b"QUIT", "+OK"))
    assert side.connection.state is State.UPDATE
