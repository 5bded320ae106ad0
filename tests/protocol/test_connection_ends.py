"""What is no reply, what is too long, and where a stream may end."""

import pytest

from mailprobe.errors import Word
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.framing import Limits
from mailprobe.protocol.items import Raw
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from tests.protocol.helpers import Side, client, drain, reply, server


def failure(side: Side) -> events.Failed:
    """The one failure that is to be told next."""
    (event,) = drain(side.connection)
    assert isinstance(event, events.Failed)
    return event


@pytest.mark.parametrize(
    "line",
    [
        *(b"2_5 x", b"+25 x", b" 25 x", b"000 x", b"999 x", b"2500 x", b"25", b"", b"250\tx"),
        *(b"199 x", b"666 x", b"\xb2\xb550 x", b"+OK x", b"x" * 300, b"250x", b"-250 x"),
    ],
)
def test_a_line_that_is_no_reply(line: bytes) -> None:
    """It fails as `protocol` with the raw line, and the framing goes on behind it."""
    side = client(SMTP)
    side.say(b"NOOP")
    side.connection.receive_data(line + b"\r\n250 ok\r\n", 0.0)
    failed, received = drain(side.connection)
    assert isinstance(failed, events.Failed)
    assert (failed.word, failed.octets) == (Word.PROTOCOL, line + b"\r\n")
    assert len(failed.sentence) < 200
    assert isinstance(received, events.ReplyReceived)
    assert received.command.verb == "NOOP"


def test_junk_inside_a_reply() -> None:
    """What had come of the reply goes with it."""
    side = client(SMTP)
    told = side.ask(b"NOOP", b"250-a\r\njunk\r\n250 b\r\n")
    assert told == ["failed protocol: 250-a\r\njunk\r\n", "250 to NOOP"]


@pytest.mark.parametrize(
    "catalogue, line, name",
    [
        (SMTP, b"HTTP/1.1 400 Bad Request\r\n", "HTTP"),
        (SMTP, b"<!DOCTYPE html>\r\n", "HTTP"),
        (SMTP, b"SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
        (SMTP, b"* OK [CAPABILITY IMAP4rev1] hi\r\n", "IMAP"),
        (SMTP, b"+OK hi\r\n", "POP3"),
        (POP3, b"220 mx\r\n", "SMTP"),
        (POP3, b'"IMPLEMENTATION" "x"\r\n', "ManageSieve"),
        (SMTP, b"RFB 003.008\n", "VNC"),
        (SMTP, b"\x15\x03\x01\x00\x02\x02\x46", "it speaks TLS"),
        (POP3, b"\x16\x03\x01", "it speaks TLS"),
        (SMTP, b"\xff\xfd\x18", "telnet"),
        (SMTP, b"\x00\x01\x02", "binary"),
    ],
)
def test_other_services_are_named(catalogue: Catalogue, line: bytes, name: str) -> None:
    """A person hears at once what speaks there, without a line end if need be."""
    side = client(catalogue, greeted=False)
    side.connection.receive_data(line, 0.0)
    failed = failure(side)
    assert (failed.word, failed.octets) == (Word.PROTOCOL, line)
    assert name in failed.sentence


def test_the_sentence_is_safe_to_show() -> None:
    """Peers' octets pass through safe(), and are cut to a length that a person can read."""
    side = client(SMTP)
    side.connection.receive_data(b"\x1b]52;c;x\x07\r\n", 0.0)
    assert failure(side).sentence == "not a reply: \\u{1b}]52;c;x\\u{7}"
    side.connection.receive_data(b"x" * 121 + b"\r\n", 0.0)
    assert failure(side).sentence == f"not a reply: {'x' * 120}..."


@pytest.mark.parametrize(
    "line", [b"250", b"250 ", b"250 \xff\xfe", b"250 a\rb", b"599 x", b"250 \0"]
)
def test_odd_replies_that_are_replies(line: bytes) -> None:
    """Code without text, octets that are no text, a bare CR: read, and kept as they came."""
    side = client(SMTP)
    side.say(b"NOOP")
    side.connection.receive_data(line + b"\r\n", 0.0)
    (received,) = drain(side.connection)
    assert isinstance(received, events.ReplyReceived)
    assert received.reply.lines == (line,)
    assert received.reply.wire == line + b"\r\n"
    assert received.reply.deviations == ()


def test_bare_lf_is_a_deviation_with_its_offset() -> None:
    """It ends a line; the offset is that of the LF from the start of the reply."""
    side = client(SMTP)
    assert side.ask(b"NOOP", b"250-ab\n250-c\r\n250 d\n") == [
        "250 to NOOP",
        "deviation at 6: bare LF",
        "deviation at 19: bare LF",
    ]
    assert client(POP3).ask(b"NOOP", b"+OK\n") == ["+OK to NOOP", "deviation at 3: bare LF"]


def test_mixed_codes_are_a_deviation() -> None:
    """The code of the last line counts."""
    side = client(SMTP)
    assert side.ask(b"NOOP", b"220-wait\r\n250-x\r\n550 no\r\n250 x\r\n") == [
        "550 to NOOP",
        "deviation at 10: the code changes inside the reply",
        "deviation at 17: the code changes inside the reply",
        "unsolicited 250",
    ]


# ------------------------------------------------------------------------------- limits


@pytest.mark.parametrize(
    "limits, octets, told, option",
    [
        (Limits(line=10), b"250 4567890123\r\n", "250 456789", "--max-line"),
        (Limits(line=10), b"250-a\r\n250 4567890123\r\n", "250-a\r\n250 456789", "--max-line"),
        (Limits(reply=10), b"250-a\r\n250-b\r\n250 c\r\n", "250-a\r\n250-b\r\n", "--max-reply"),
        (Limits(reply=10), b"250-a\r\n250 bcde\r\n", "250-a\r\n250 bcde\r\n", "--max-reply"),
    ],
)
def test_too_long(limits: Limits, octets: bytes, told: str, option: str) -> None:
    """The failure names the option, and the framing is over."""
    side = client(SMTP, limits=limits, greeted=False)
    side.connection.receive_data(octets, 0.0)
    failed = failure(side)
    assert (failed.word, failed.octets) == (Word.LIMIT, told.encode())
    assert option in failed.sentence
    assert side.hear(b"250 ok\r\n", b"") == []


def test_a_line_of_just_the_limit() -> None:
    """The bound itself is allowed."""
    side = client(SMTP, limits=Limits(line=10))
    assert side.hear(b"250 4567\r\n") == ["unsolicited 250"]


@pytest.mark.parametrize(
    "catalogue, line",
    [(POP3, b"+OKx"), (POP3, b"-ERRor"), (SMTP, b"2500 hi"), (SMTP, b"+OK"), (POP3, b"220 mx")],
)
def test_what_is_nearly_a_reply_is_no_other_service(catalogue: Catalogue, line: bytes) -> None:
    """Only the words of others give another service away."""
    side = client(catalogue, greeted=False)
    side.connection.receive_data(line + b"\r\n", 0.0)
    other = "another service" in failure(side).sentence
    assert other is (line in (b"+OK", b"220 mx"))


@pytest.mark.parametrize(
    "limits, lines",
    [(Limits(), 10_485), (Limits(reply=2 * 1024**2), 20_971), (Limits(reply=7_000), 1_000)],
)
def test_too_many_lines(limits: Limits, lines: int) -> None:
    """How many short lines are enough follows --max-reply, which the failure names."""
    side = client(SMTP, limits=limits)
    side.connection.receive_data(b"250-\r\n" * lines, 0.0)
    failed = failure(side)
    assert (failed.word, failed.sentence) == (
        Word.LIMIT,
        f"a reply has more than {lines} lines (--max-reply moves this)",
    )
    side = client(SMTP, limits=limits)
    assert side.hear(b"250-\r\n" * (lines - 1) + b"250 \r\n") == ["unsolicited 250"]


# ---------------------------------------------------------------------- the end of a stream


@pytest.mark.parametrize(
    "commands, heard, octets, words",
    [
        ([], b"250-half", "250-half", "in the middle of a reply: 250-half"),
        ([b"NOOP"], b"250-a\r\n25", "250-a\r\n25", "in the middle of a reply: 250-a\\r\\n25"),
        ([b"NOOP"], b"", "", "without a reply to NOOP"),
        ([b"NOOP", b"RSET"], b"250 ok\r\n", "", "without a reply to RSET"),
        ([b"QUIT"], b"", "", "without a reply to QUIT"),
        ([b"QUIT"], b"221 bye\r\n22", "22", "in the middle of a reply: 22"),
    ],
)
def test_a_bad_place_to_end(commands: list[bytes], heard: bytes, octets: str, words: str) -> None:
    """`eof` says what was cut off, and gives its octets; what came whole is told first."""
    side = client(SMTP)
    side.say(*commands)
    if heard:
        side.connection.receive_data(heard, 0.0)
    side.connection.receive_data(b"", 0.0)
    *before, failed = drain(side.connection)
    assert isinstance(failed, events.Failed)
    assert failed == events.Failed(
        0.0, Word.EOF, f"the connection was closed {words}", octets.encode()
    )
    assert all(not isinstance(event, events.Failed) for event in before)
    assert side.hear(b"") == []


def test_no_greeting() -> None:
    """A server that hangs up at once."""
    side = client(SMTP, greeted=False)
    side.connection.receive_data(b"", 0.0)
    assert failure(side).sentence == "the connection was closed without a greeting"


def test_the_end_inside_a_body() -> None:
    """Octets that were held back, for they might have been the end, are told with the failure."""
    side = client(POP3)
    assert side.ask(b"RETR 1", b"+OK\r\nab\r\n.")[1:] == ["body ab"]
    assert side.hear(b"") == ["failed eof: \r\n."]
    side = client(POP3)
    assert side.ask(b"RETR 1", b"+OK\r\n")[1:] == []
    assert side.hear(b"") == ["failed eof: "]


def test_the_end_inside_data_chunk_and_login() -> None:
    """Nothing is owed there, yet it is no good place."""
    side = client(SMTP)
    side.ask(b"DATA", b"354 go\r\n")
    side.connection.receive_data(b"", 0.0)
    assert failure(side).sentence == "the connection was closed in the middle of mail data"
    side = client(SMTP)
    side.ask(b"AUTH LOGIN", b"334 \r\n")
    side.connection.receive_data(b"", 0.0)
    assert failure(side).sentence == "the connection was closed in the middle of a login"
    side = client(SMTP)
    side.ask(b"BDAT 5", b"250 early\r\n")
    assert side.hear(b"") == ["failed eof: "]


@pytest.mark.parametrize(
    "catalogue, line, heard",
    [
        (SMTP, b"QUIT", b"221 bye\r\n"),
        (SMTP, b"NOOP", b"421 bye\r\n"),
        (SMTP, b"NOOP", b"250 ok\r\n"),
        (POP3, b"QUIT", b"+OK\r\n"),
        (POP3, b"NOOP", b"-ERR\r\n"),
    ],
)
def test_a_good_place_to_end(catalogue: Catalogue, line: bytes, heard: bytes) -> None:
    """With nothing owed, or after QUIT and 421, the end of the stream is told by `Closed` only."""
    side = client(catalogue)
    side.ask(line, heard)
    assert side.hear(b"") == []


@pytest.mark.parametrize("catalogue", [SMTP, POP3])
def test_commands_behind_quit_are_missed_by_nobody(catalogue: Catalogue) -> None:
    """The server need not answer them."""
    side = client(catalogue)
    word = b"+OK" if catalogue is POP3 else b"221"
    if catalogue is POP3:
        side.ask(b"PASS x", b"+OK\r\n")
    side.say(b"QUIT", b"NOOP")
    side.hear(word + b" bye\r\n")
    assert side.connection.outstanding == 1
    assert side.hear(b"") == []


def test_fail_gives_unfinished_octets_once() -> None:
    """What came of a reply, of its next line, and what somebody else read behind it."""
    side = client(SMTP)
    side.hear(b"250-a\r\n25")
    assert side.connection.unfinished == b"250-a\r\n25"
    side.connection.fail(Word.TIMEOUT, "late", 3.0, b"0 x")
    assert drain(side.connection) == [events.Failed(3.0, Word.TIMEOUT, "late", b"250-a\r\n250 x")]
    assert side.connection.unfinished == b""
    side.connection.fail(Word.TIMEOUT, "late", 4.0)
    assert side.hear(b"0 b\r\n", b"") == []


def test_fail_inside_a_body() -> None:
    """The dot that might have been the end comes out."""
    side = client(POP3)
    side.ask(b"RETR 1", b"+OK\r\nx\r\n.\r")
    side.connection.fail(Word.RESET, "reset", 0.0)
    assert side.told() == ["failed reset: \r\n.\r"]


# ----------------------------------------------------------------------------- server role


@pytest.mark.parametrize(
    "heard, octets, words",
    [
        (b"NOO", b"NOO", "a command: NOO"),
        (b"DATA\r\nx\r\n.", b"\r\n.", "mail data"),
        (b"BDAT 5\r\nabc", b"", "a chunk of mail data"),
        (b"AUTH LOGIN\r\n", b"", "a login"),
    ],
)
def test_a_client_that_hangs_up(heard: bytes, octets: bytes, words: str) -> None:
    """The server role names what was cut off, too."""
    side = server(SMTP)
    side.connection.receive_data(heard, 0.0)
    told = drain(side.connection)
    if heard[:4] in (b"DATA", b"AUTH"):
        side.say(reply("354" if heard[:1] == b"D" else "334"))
    if heard[:4] == b"BDAT":
        side.say(reply("503"))
    told += drain(side.connection)
    side.connection.receive_data(b"", 0.0)
    *_, failed = drain(side.connection)
    assert isinstance(failed, events.Failed)
    assert (failed.word, failed.octets) == (Word.EOF, octets)
    assert failed.sentence == f"the connection was closed in the middle of {words}"


def test_a_client_that_only_listens() -> None:
    """Commands that came before the end are read, one for each reply, and then all is well."""
    side = server(SMTP)
    assert side.hear(b"NOOP\r\nQUIT\r\n", b"") == ["command NOOP"]
    assert side.say(reply("250")) == ["250 sent", "command QUIT"]
    assert side.say(reply("221")) == ["221 sent", "state closed"]
    assert side.connection.unread == 0


def test_what_is_said_after_a_failure_is_still_told() -> None:
    """Sending is not for the core to forbid."""
    side = client(SMTP)
    side.connection.fail(Word.RESET, "reset", 0.0)
    side.told()
    assert side.say(b"NOOP", Raw(b"x")) == ["command NOOP", "raw x"]
