"""A client wired to a server in memory, and a model that does to it what the world does."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mailprobe.errors import Word
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.connection import Connection
from mailprobe.protocol.events import Event
from mailprobe.protocol.items import NEED_DATA, Answer, Body, Data, Misuse, Phase, Raw
from mailprobe.protocol.model import Command, Reply, Role, State
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import LMTP, SMTP
from tests.protocol.helpers import TLS, Item, Wire, accept, reply

STEPS = pytest.mark.parametrize("step", [1, 3, 1 << 20])
MESSAGE = b"Subject: x\r\n\r\n..\r\n.\n\r\nend\r\n.\r\n"


@STEPS
@pytest.mark.parametrize("together", [True, False])
def test_a_session_of_smtp(step: int, together: bool) -> None:
    """Lock-step or pipelined, octet by octet or at once: both sides agree on every event."""
    wire = Wire(SMTP, accept, step=step)
    wire.open(reply("220"))
    group: list[Item] = [
        Command(b"EHLO me"),
        Command(b"MAIL FROM:<a@b>"),
        Command(b"RCPT TO:<no@d>"),
        Command(b"RCPT TO:<c@d>"),
        Command(b"DATA"),
    ]
    for items in [group] if together else [[item] for item in group]:
        wire.say(*items)
    assert wire.client.phase is Phase.DATA
    wire.say(Data(MESSAGE), Command(b"BDAT 3"), Data(b"abc"), Command(b"BDAT 0 LAST"))
    wire.say(Command(b"AUTH LOGIN"))
    wire.say(Answer(b"YQ=="))
    wire.say(Command(b"QUIT"))
    codes = ["EHLO 250", "MAIL 250", "RCPT 550", "RCPT 250", "DATA 354", "DATA 250"]
    codes += ["BDAT 503", "BDAT 503", "AUTH 334", "AUTH 235", "QUIT 221"]
    assert wire.codes == codes
    assert (wire.client.state, wire.server.state) == (State.CLOSED, State.CLOSED)
    assert _data(wire) == b"Subject: x\r\n\r\n.\r\n\n\r\nend\r\nabc"
    assert wire.client.outstanding == wire.server.outstanding == 0
    assert wire.client.facts == wire.server.facts


def _data(wire: Wire) -> bytes:
    pieces = [event for event in wire.served if isinstance(event, events.DataReceived)]
    return b"".join(piece.octets for piece in pieces)


@STEPS
def test_a_session_of_lmtp(step: int) -> None:
    """Each recipient has its verdict, pipelined too."""
    wire = Wire(LMTP, accept, step=step)
    wire.open(reply("220"))
    wire.say(
        Command(b"LHLO me"),
        Command(b"MAIL FROM:<a@b>"),
        Command(b"RCPT TO:<x@y>"),
        Command(b"RCPT TO:<no@y>"),
        Command(b"RCPT TO:<z@y>"),
        Command(b"BDAT 2"),
        Data(b"ab"),
        Command(b"BDAT 1 LAST"),
        Data(b"c"),
        Command(b"QUIT"),
    )
    verdicts = [
        (event.recipient, event.reply.code)
        for event in wire.heard
        if isinstance(event, events.ReplyReceived) and event.recipient is not None
    ]
    assert verdicts == [(b"x@y", "250"), (b"z@y", "452")]
    assert wire.client.state is State.CLOSED
    assert _data(wire) == b"abc"


def _maildrop(event: Event, connection: Connection) -> list[Reply | Body]:
    """A server of POP3 with one message that is full of dots."""
    if isinstance(event, events.AnswerReceived):
        return [reply("+OK")]
    if not isinstance(event, events.CommandReceived):
        return []
    match event.command.verb:
        case "RETR":
            return [reply("+OK"), Body(b".\r\n..x\r", last=False), Body(b"\n.y", last=True)]
        case "LIST":
            return [reply("+OK"), Body(b"1 10\r\n", last=True)]
        case "CAPA":
            return [reply("+OK"), Body(b".X\r\nUIDL\r\n", last=True)]
        case "AUTH":
            return [reply("+", "")]
        case "DELE":
            return [reply("-ERR")]
        case _:
            return [reply("+OK")]


@STEPS
def test_a_session_of_pop3(step: int) -> None:
    """Bodies come out as they went in, however they travel."""
    wire = Wire(POP3, _maildrop, step=step)
    wire.open(reply("+OK"))
    wire.say(Command(b"AUTH PLAIN"))
    wire.say(Answer(b"AGEAYg=="))
    wire.say(*(Command(line) for line in [b"CAPA", b"LIST", b"RETR 1", b"DELE 1", b"QUIT"]))
    bodies = [event for event in wire.heard if isinstance(event, events.BodyChunk)]
    content = b"".join(piece.octets for piece in bodies)
    assert content == b".X\r\nUIDL\r\n1 10\r\n.\r\n..x\r\n.y\r\n"
    assert sum(piece.last for piece in bodies) == 3
    assert (wire.client.state, wire.server.state) == (State.UPDATE, State.UPDATE)
    assert wire.client.facts == wire.server.facts


def test_starttls_on_both_sides() -> None:
    """Both forget, and go on with the same hello."""
    wire = Wire(SMTP, accept)
    wire.open(reply("220"))
    wire.say(Command(b"EHLO me"), Command(b"AUTH PLAIN x"), Command(b"STARTTLS"))
    assert wire.client.state is wire.server.state is State.TLS
    for side in (wire.client, wire.server):
        side.start_tls(TLS)
    wire.say(Command(b"EHLO me"))
    assert wire.client.facts == wire.server.facts
    assert wire.client.facts.tls
    assert not wire.client.facts.authenticated


# --------------------------------------------------------------------------- the state machine

HELLOS = [b"EHLO me", b"LHLO me", b"HELO me", b"STARTTLS", b"XCLIENT NAME=x", b"TURN"]
MAILS = [b"MAIL FROM:<a@b>", b"RCPT TO:<c@d>", b"DATA", b"RSET", b"AUTH LOGIN", b"AUTH PLAIN x"]
CHUNKS = [b"BDAT 3", b"BDAT 0 LAST", b"BDAT 2 LAST", b"BDAT x LAST"]
OTHERS = [b"NOOP", b"QUIT", b"frob", b"", b"."]
MAILDROPS = [b"USER a", b"PASS x", b"RETR 1", b"LIST", b"CAPA", b"STLS", b"AUTH", b"XTND XMIT"]
COMMANDS = st.sampled_from([*HELLOS, *MAILS, *CHUNKS, *OTHERS, *MAILDROPS])
CODES = {
    "pop3": st.sampled_from(["+OK", "-ERR", "+"]),
    "smtp": st.sampled_from(["250", "220", "354", "334", "235", "421", "550", "452", "221"]),
}
OCTETS = st.sampled_from(
    [b"x", b".\r\n", b"\r\n.\r\n", b"\r\n", b"\n", b"PASS y", b"RSET\r\n.", b""]
)


class Session(RuleBasedStateMachine):
    """A client, and a server that is nothing but octets on their way."""

    catalogue: Catalogue = SMTP

    def __init__(self) -> None:
        super().__init__()
        self.client = Connection(self.catalogue, Role.CLIENT)
        self.pop3 = self.catalogue is POP3
        self.on_the_way = b"+OK hi\r\n" if self.pop3 else b"220 hi\r\n"
        self.over = False  # the link is gone, or the framing
        self.closed = False
        self.injected = False  # octets came between go-ahead and handshake

    def say(self, *items: Item) -> None:
        """Misuse is the only thing that may be raised, and it leaves everything as it was."""
        for item in items:
            before = self.client.outstanding
            try:
                self.client.send(item, 0.0)
            except Misuse:
                assert self.client.outstanding == before
        self.observe()

    def observe(self) -> None:
        while (event := self.client.next_event()) is not NEED_DATA:
            assert not self.closed  # nothing is told behind the end
            match event:
                case events.ReplyReceived() | events.BodyChunk() | events.Greeting():
                    assert not self.over
                    assert not self.injected
                case events.Failed(word=word, octets=octets):
                    self.over = self.over or word is not Word.PROTOCOL or octets[:1] < b" "
                case events.StateChanged(before=before):
                    assert before is not State.CLOSED
                case events.Closed():
                    self.closed = True
                case _:
                    pass

    @rule(lines=st.lists(COMMANDS, min_size=1, max_size=4))
    def write_commands(self, lines: list[bytes]) -> None:
        if not self.closed:
            self.say(*(Command(line) for line in lines))

    @rule(octets=OCTETS)
    def write_raw(self, octets: bytes) -> None:
        if not self.closed:
            self.say(Raw(octets))

    @rule(octets=OCTETS)
    def write_data(self, octets: bytes) -> None:
        if not self.closed:
            self.say(Data(octets))

    @rule(line=st.sampled_from([b"", b"*", b"=", b"YQ=="]))
    def write_answer(self, line: bytes) -> None:
        if not self.closed:
            self.say(Answer(line))

    @rule(data=st.data(), lines=st.integers(min_value=1, max_value=3))
    def server_replies(self, data: st.DataObject, lines: int) -> None:
        """In time, late, or more often than asked."""
        code = data.draw(CODES["pop3" if self.pop3 else "smtp"])
        self.on_the_way += Reply.of(code, *["x"] * (1 if self.pop3 else lines)).wire

    @rule(
        octets=st.sampled_from(
            [b"1 10\r\n.\r\n", b"..x\r\n", b"junk\r\n", b"250-", b".\r\n", b"\xff"]
        )
    )
    def server_says_something_else(self, octets: bytes) -> None:
        self.on_the_way += octets

    @rule(count=st.integers(min_value=1, max_value=40))
    def deliver(self, count: int) -> None:
        chunk, self.on_the_way = self.on_the_way[:count], self.on_the_way[count:]
        if chunk and not self.closed:
            self.injected = self.client.state is State.TLS
            self.client.receive_data(chunk, 0.0)
            self.observe()

    @precondition(lambda self: self.client.state is State.TLS and not self.over)
    @rule()
    def shake_hands(self) -> None:
        self.on_the_way = b""
        self.client.start_tls(TLS)
        self.observe()
        facts = self.client.facts
        assert (facts.offers, facts.authenticated, facts.recipients) == (None, False, [])
        assert (self.client.outstanding, self.client.phase) == (0, Phase.COMMAND)
        assert self.client.unfinished == b""

    @rule(word=st.sampled_from([Word.TIMEOUT, Word.RESET]))
    def fail(self, word: Word) -> None:
        """A timeout, a reset, an interrupted wait."""
        if not self.closed:
            self.client.fail(word, "x", 0.0)
            self.observe()

    @rule()
    def end(self) -> None:
        if not self.closed:
            self.client.receive_data(b"", 0.0)
            self.observe()
            self.client.close(events.Ending.EOF, 0.0)
            self.observe()
            assert self.client.state is State.CLOSED

    @invariant()
    def counts_are_sane(self) -> None:
        assert self.client.outstanding >= 0
        assert self.client.chunk_left >= 0
        assert self.client.due_next()

    @invariant()
    def a_login_that_is_open_is_open_in_both(self) -> None:
        """State and phase agree, unless the session was closed under them."""
        if self.client.phase is Phase.ANSWER:
            assert self.client.state in (State.AUTH, State.CLOSED)

    @invariant()
    def closed_stays_closed(self) -> None:
        if self.closed:
            self.client.receive_data(b"250 x\r\n", 0.0)
            assert self.client.next_event() is NEED_DATA
            assert self.client.state is State.CLOSED


class LmtpSession(Session):
    catalogue = LMTP


class Pop3Session(Session):
    catalogue = POP3


TestSmtpSession = Session.TestCase
TestLmtpSession = LmtpSession.TestCase
TestPop3Session = Pop3Session.TestCase
# An example is fifty steps, each of them as much work as an example elsewhere.
_STEPS = settings(stateful_step_count=50, max_examples=max(20, settings.default.max_examples // 4))
TestSmtpSession.settings = _STEPS
TestLmtpSession.settings = _STEPS
TestPop3Session.settings = _STEPS
