"""The dialogue as lines of text: exact output, event by event."""

import re

import pytest

from mailprobe.errors import Word
from mailprobe.protocol import events
from mailprobe.protocol.events import Ending, Event
from mailprobe.protocol.model import Command, Reply
from mailprobe.shell.piping.printer import Printer


class Streams:
    """What was written, in order."""

    def __init__(self) -> None:
        self.out = ""
        self.told: list[str] = []

    def write(self, text: str) -> None:
        self.out += text


def shown(*happened: Event, color: bool = False) -> tuple[str, list[str], list[str]]:
    """Standard output, the lines of standard error, and the refusals."""
    streams = Streams()
    printer = Printer(streams.write, streams.told.append, color=color)
    for event in happened:
        printer(event)
    return streams.out, streams.told, printer.refused


def sent(line: bytes, secret: tuple[int, int] | None = None) -> events.CommandSent:
    return events.CommandSent(0.0, Command(line), line + b"\r\n", secret)


def replied(reply: Reply, verb: bytes = b"NOOP", **more: bytes) -> events.ReplyReceived:
    return events.ReplyReceived(0.0, reply, Command(verb), **more)  # type: ignore[arg-type]  # recipient


PASS = sent(b"PASS hunter22", (5, 13))
AUTH = Command(b"AUTH LOGIN")


@pytest.mark.parametrize(
    "event, out",
    [
        (sent(b"NOOP"), "C: NOOP\n"),
        (sent(b""), "C:\n"),
        (sent(b"NOOP "), "C: NOOP \n"),
        (sent(b"NOOP \x1b[2J\xff\0\r\xc2\x85"), "C: NOOP \\u{1b}[2J\\xff\\u{0}\\r\\u{85}\n"),
        (PASS, "C: PASS ****\n"),
        (events.AnswerSent(0.0, b"c2VjcmV0", b"c2VjcmV0\r\n", AUTH), "C: ****\n"),
        (events.AnswerSent(0.0, b"*", b"*\r\n", AUTH), "C: *\n"),
        (events.AnswerSent(0.0, b"", b"\r\n", AUTH), "C:\n"),
        (events.RawSent(0.0, b"NOO"), "C: NOO\n"),
        (events.RawSent(0.0, b"PASS x", secret=True), "C: ****\n"),
        (events.DataSent(0.0, b"a\r\n..b\r\n.\r\n", last=True), "C: a\nC: ..b\nC: .\n"),
        (events.DataSent(0.0, b"no end", last=True), "C: no end\n"),
        (events.Greeting(0.0, Reply.of("220", "a", "b")), "S: 220-a\nS: 220 b\n"),
        (replied(Reply.of("+OK")), "S: +OK\n"),
        (events.Failed(0.0, Word.EOF, "cut", b"250-ha"), "S: 250-ha\n"),
        (events.Failed(0.0, Word.EOF, "cut"), ""),
        (events.TlsStarted(0.0, "TLSv1.3", "AES", "x", verified=True), "# TLSv1.3 AES\n"),
        (events.Tunnelled(0.0, "mx.test:25", "127.0.0.1:1080", looked_up=True), ""),
        (events.Closed(0.0, Ending.EOF), ""),
    ],
)
def test_one_event(event: Event, out: str) -> None:
    """Octets that a terminal would obey are spelled out; what has no content has no blank."""
    assert shown(event) == (out, [], [])


def test_hostile_replies_are_spelled_out() -> None:
    """Escape sequences, bidi overrides, zero-width, markup: text, and one line each."""
    hostile = "\x1b]0;x\x07 \u202e\u200b\u2028\u0085 [/red] \\".encode()
    out, _, refused = shown(replied(Reply((b"550 " + hostile,), "550", b"550 " + hostile + b"\n")))
    spelled = r"\u{1b}]0;x\u{7} \u{202e}\u{200b}\u{2028}\u{85} [/red] \\"
    assert out == f"S: 550 {spelled}\n"
    assert refused == [f"NOOP was answered: 550 {spelled}"]


def test_a_body_is_shown_in_whole_lines() -> None:
    """However it is cut, and its last line even when it is cut off."""
    pieces = [b"a", b"\r", b"\nb\r\n\r", b"\n..c"]
    chunks = [events.BodyChunk(0.0, piece, piece) for piece in pieces]
    end = events.BodyChunk(0.0, b"", b"\r\n.\r\n", last=True)
    assert shown(*chunks, end)[0] == "S: a\nS: b\nS:\nS: ..c\nS: .\n"
    cut = events.Failed(0.0, Word.EOF, "cut", b"!")
    assert shown(*chunks, cut)[0] == "S: a\nS: b\nS:\nS: ..c!\n"


def test_mail_data_that_was_cut_is_shown_at_the_end() -> None:
    """The link went down in the middle of a line of ours."""
    cut = (events.DataSent(0.0, b"a\r\nhalf", last=False), events.Closed(0.0, Ending.LOCAL))
    assert shown(*cut)[0] == "C: a\nC: half\n"


def test_what_nobody_asked_for_is_said_on_both_streams() -> None:
    """The marks stand before it; it is no refusal of a command."""
    out, told, refused = shown(events.Unsolicited(0.0, Reply.of("421", "bye")))
    assert (out, told, refused) == ("# unsolicited\nS: 421 bye\n", ["note: unsolicited"], [])


def test_a_certificate_that_was_not_checked_is_loud() -> None:
    """--no-verify is on standard error, whoever reads standard output."""
    _, told, _ = shown(events.TlsStarted(0.0, "TLSv1.3", "AES", "", verified=False))
    assert len(told) == 1
    assert told[0].startswith("warning: ")


@pytest.mark.parametrize(
    "event, sentence",
    [
        (events.Greeting(0.0, Reply.of("554", "no")), "the connection was answered: 554 no"),
        (replied(Reply.of("-ERR"), b"retr 1"), "RETR was answered: -ERR"),
        (replied(Reply.of("500", "a", "b"), b""), "an empty line was answered: 500 b"),
        (
            replied(Reply.of("552", "full"), b"DATA", recipient=b"b@x\x1b"),
            "the mail for <b@x\\u{1b}> was answered: 552 full",
        ),
    ],
)
def test_every_refusal_is_remembered(event: Event, sentence: str) -> None:
    """With what was refused, for the last line of the run."""
    assert shown(event)[2] == [sentence]


def test_a_secret_is_masked_wherever_it_comes_back() -> None:
    """In replies, refusals, bodies, later commands, and what is left of a cut reply."""
    out, _, refused = shown(
        PASS,
        replied(Reply.of("-ERR", "hunter22 is wrong")),
        sent(b"hunter22"),
        events.BodyChunk(0.0, b"", b"x aHVudGVyMjI= y\r\n"),
        events.Failed(0.0, Word.PROTOCOL, "?", b"hunter22"),
    )
    assert "hunter22" not in out + "".join(refused)
    assert out == "C: PASS ****\nS: -ERR **** is wrong\nC: ****\nS: x **** y\nS: ****\n"


def test_color_says_nothing_that_words_do_not() -> None:
    """The same text with and without it."""
    happened = (sent(b"RSET"), replied(Reply.of("550", "no")), replied(Reply.of("250", "ok")))
    plain, painted = shown(*happened)[0], shown(*happened, color=True)[0]
    assert painted != plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == plain


def test_a_line_without_end_is_shown_in_pieces() -> None:
    """A file that is one line of many megabytes is in no memory as a whole."""
    block = b"x" * (700 * 1024)
    pieces = [events.DataSent(0.0, block, last=False)] * 3
    out = shown(*pieces, events.DataSent(0.0, b"\r\n.\r\n", last=True))[0]
    assert [len(line) for line in out.split("\n")] == [2 * len(block) + 3, len(block) + 3, 4, 0]
