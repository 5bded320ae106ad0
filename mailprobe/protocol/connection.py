"""A dialogue in either role, as a pure function of octets.

`send()` gives the octets of what one side says, `receive_data()` takes those of the other, and
`next_event()` tells what happened.  Replies are matched by count, in order, to the commands that
are owed one; what comes when nothing is owed is `Unsolicited`.  No socket, no clock: every `at`
comes from the caller.
"""

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto

from mailprobe.errors import Failure, Word
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Catalogue, CommandSpec, Lines, Then
from mailprobe.protocol.events import Event
from mailprobe.protocol.facts import Effect, Facts
from mailprobe.protocol.framing import (
    CRLF,
    BodyReader,
    EndFinder,
    Limits,
    Piece,
    ReceiveBuffer,
    ReplyReader,
    Stuffer,
)
from mailprobe.protocol.model import Advice, Command, Protocol, Reply, Role, State, Verdict
from mailprobe.safe import safe


class NeedData(Enum):
    """The type of `NEED_DATA`: what `next_event()` gives when it has nothing to tell yet."""

    NEED_DATA = auto()


NEED_DATA = NeedData.NEED_DATA


class Misuse(Exception):
    """The caller asked for something that makes no sense in this role or place."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a SASL challenge: one line in base64, `*`, or nothing."""

    line: bytes


@dataclass(frozen=True, slots=True)
class Data:
    """Mail data as it is to travel: in DATA already dot-stuffed, with its end or without."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Raw:
    """Octets that go out as they are; complete lines in them count as commands."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Body:
    """Server role: a piece of the multi-line response, not yet stuffed."""

    octets: bytes
    last: bool


class Phase(Enum):
    """What the next octets of the client are."""

    COMMAND = auto()
    ANSWER = auto()
    DATA = auto()
    CHUNK = auto()


class _Stage(Enum):
    """What a reply is owed to."""

    GREETING = auto()
    COMMAND = auto()
    DATA = auto()  # the end of mail data
    CHUNK = auto()
    LAST_CHUNK = auto()


@dataclass(slots=True)
class _Owed:
    stage: _Stage
    command: Command
    row: CommandSpec
    answered: int = 0  # LMTP: recipients that had their reply


_GREETING = Command(b"")
_LISTING = 1024 * 1024  # octets of a listing that are kept to learn from
_SHOWN = 120  # octets of a cut reply that fit into a sentence
_PLACES = {
    Phase.COMMAND: "a command",
    Phase.ANSWER: "a login",
    Phase.DATA: "mail data",
    Phase.CHUNK: "a chunk of mail data",
}


class Connection:
    """One side of one session.

    `catalogue` says which protocol it is, `role` which side we are.  `facts` lies open to
    readers; only this class changes it.
    """

    def __init__(self, catalogue: Catalogue, role: Role, limits: Limits | None = None) -> None:
        self.catalogue = catalogue
        self.role = role
        self.limits = limits or Limits()
        self.facts = Facts(catalogue.protocol)
        self._pop3 = catalogue.protocol is Protocol.POP3
        self._lmtp = catalogue.protocol is Protocol.LMTP
        self._events: deque[Event] = deque()
        self._dead = False
        self._ended = False  # nothing more will come, and that was not judged yet
        self._at = 0.0
        self._forget()
        self._owe(_Stage.GREETING, _GREETING)

    def _forget(self) -> None:
        """Nothing that was said in the clear survives into TLS (RFC 3207, section 4.2)."""
        self.phase = Phase.COMMAND
        self._owed: deque[_Owed] = deque()
        self._buffer = ReceiveBuffer()
        self._replies = ReplyReader(self._buffer, self.limits, pop3=self._pop3)
        self._body: BodyReader | None = None  # what is being read, and the reply it belongs to
        self._body_of: tuple[_Owed, Reply] | None = None
        self._listing = bytearray()  # the part of the body that there is something to learn from
        self._stuffer = Stuffer()
        self._end = EndFinder()
        self._left = 0  # octets of the BDAT chunk that are still to travel
        self._partial = b""  # a line that Raw began
        self._current = _GREETING  # the AUTH or DATA that answers and mail data belong to
        self._resume = State.CONNECT  # the state that an AUTH goes back to

    # ------------------------------------------------------------------------- what is known

    @property
    def state(self) -> State:
        return self.facts.state

    @property
    def reading_body(self) -> bool:
        """Whether a multi-line response is under way."""
        return self._body_of is not None

    @property
    def lost(self) -> bool:
        """Whether it is over: nothing that comes can be understood any more."""
        return self._dead

    @property
    def outstanding(self) -> int:
        """How many replies are owed; the end of mail data in LMTP counts its recipients."""
        return sum(self._due(owed) for owed in self._owed)

    @property
    def waiting(self) -> bool:
        """Whether a client that goes in lock-step has to wait for the server."""
        return self.reading_body or any(self._due(owed) for owed in self._owed)

    @property
    def chunk_left(self) -> int:
        """Octets of the BDAT chunk that are still to travel."""
        return self._left

    @property
    def unread(self) -> int:
        """Octets that came and were not read: in the server role, behind the last command."""
        return len(self._buffer)

    @property
    def unfinished(self) -> bytes:
        """The octets of a reply that is not whole yet."""
        return self._replies.unfinished + self._buffer.octets

    def advise(self, command: Command) -> tuple[Advice, ...]:
        """Which rules `command` would break now.  Nothing is sent, nothing is blocked."""
        return self.catalogue.advise(command, self.facts)

    # ----------------------------------------------------------------------------- we speak

    def send(self, item: Command | Answer | Data | Raw | Reply | Body, at: float) -> bytes:
        """The octets that say `item`; the events that follow tell what it meant.

        Raises Misuse when `item` does not belong to this role or place.
        """
        self._at = at
        if isinstance(item, (Reply, Body)):
            if self.role is Role.CLIENT:
                raise Misuse(f"a client sends no {type(item).__name__}")
            return self._send_reply(item) if isinstance(item, Reply) else self._send_body(item)
        if self.role is Role.SERVER:
            raise Misuse(f"a server sends no {type(item).__name__}")
        if isinstance(item, (Command, Answer)):
            return self._send_line(item)
        if isinstance(item, Data) and self.phase not in (Phase.DATA, Phase.CHUNK):
            raise Misuse("mail data without a go-ahead")
        self._account(item.octets)
        return item.octets

    def _send_line(self, item: Command | Answer) -> bytes:
        if b"\n" in item.line:
            raise Misuse("LF ends a line; use Raw for more than one")
        if isinstance(item, Answer) is not (self.phase is Phase.ANSWER):
            raise Misuse("only a challenge asks for an answer, and for nothing else")
        octets = item.line + CRLF
        if isinstance(item, Command) and self.phase is Phase.COMMAND and not self._partial:
            self._command_sent(item, octets)
        else:
            self._account(octets)
        return octets

    def _account(self, octets: bytes) -> None:
        """Understand outgoing octets of any kind, in the order of the wire."""
        while octets:
            if self.phase is Phase.CHUNK:
                piece, octets = self._cut_chunk(octets)
                last = self.phase is not Phase.CHUNK
                self._events.append(events.DataSent(self._at, piece, last))
            elif self.phase is Phase.DATA:
                octets = self._data_sent(octets)
            else:
                octets = self._line_sent(octets)

    def _cut_chunk(self, octets: bytes) -> tuple[bytes, bytes]:
        piece, rest = octets[: self._left], octets[self._left :]
        self._left -= len(piece)
        if not self._left:
            self.phase = Phase.COMMAND
        return piece, rest

    def _data_sent(self, octets: bytes) -> bytes:
        length = self._end.find(octets)
        if length < 0:
            self._events.append(events.DataSent(self._at, octets, last=False))
            return b""
        self._events.append(events.DataSent(self._at, octets[:length], last=True))
        self._end_data()
        return octets[length:]

    def _end_data(self) -> None:
        self.phase = Phase.COMMAND
        self._end = EndFinder()
        row = self.catalogue.row(self._current)
        self._owed.appendleft(_Owed(_Stage.DATA, self._current, row))

    def _line_sent(self, octets: bytes) -> bytes:
        length = octets.find(b"\n") + 1
        if not length:
            self._partial += octets
            secret = self.phase is Phase.ANSWER or self.catalogue.secret_in(Command(self._partial))
            self._events.append(events.RawSent(self._at, octets, bool(secret)))
            return b""
        line = (self._partial + octets[: length - 1]).removesuffix(b"\r")
        self._partial = b""
        if self.phase is Phase.ANSWER:
            self.phase = Phase.COMMAND
            sent = events.AnswerSent(self._at, line, octets[:length], self._current)
            self._events.append(sent)
            self._owe(_Stage.COMMAND, self._current)
        else:
            self._command_sent(Command(line), octets[:length])
        return octets[length:]

    def _command_sent(self, command: Command, octets: bytes) -> None:
        secret = self.catalogue.secret_in(command)
        self._events.append(events.CommandSent(self._at, command, octets, secret))
        self._expect(command)

    def _expect(self, command: Command) -> None:
        """A command is owed one reply, and perhaps counted octets travel behind it."""
        row = self.catalogue.row(command)
        if not row.takes_last:
            self._owe(_Stage.COMMAND, command)
            return
        match = row.pattern.fullmatch(command.argument)  # else the one reply says "syntax error"
        last = match and command.argument.upper().split()[-1] == b"LAST"
        self._owe(_Stage.LAST_CHUNK if last else _Stage.CHUNK, command)
        if row.then is Then.CHUNK and match:
            self._left = int(match[1])
            self.phase = Phase.CHUNK if self._left else Phase.COMMAND

    def _owe(self, stage: _Stage, command: Command) -> None:
        self._owed.append(_Owed(stage, command, self.catalogue.row(command)))

    def _send_reply(self, reply: Reply) -> bytes:
        if self.reading_body:
            raise Misuse("the multi-line response has not ended")
        self._events.append(events.ReplySent(self._at, reply))
        self._settle_idle()
        if self._owed:
            self._settle(reply)
        else:
            self._close_by(reply)
        return reply.wire

    def _send_body(self, body: Body) -> bytes:
        if self._body_of is None:
            raise Misuse("no reply has opened a multi-line response")
        self._keep_listing(body.octets)
        octets = self._stuffer.feed(body.octets)
        if body.last:
            octets += self._stuffer.finish()
            self._stuffer = Stuffer()
            self._end_body()
        return octets

    # ------------------------------------------------------------------ the other side speaks

    def receive_data(self, octets: bytes | memoryview, at: float) -> None:
        """Take in what came; nothing at all (`b""`) is the end of the stream."""
        self._at = at
        if self._dead:
            return
        if len(octets):
            self._take_in(octets)
        else:
            self._ended = True

    def _take_in(self, octets: bytes | memoryview) -> None:
        """A body is read where its octets lie; anything else waits for the end of its line."""
        if self._body is None or len(self._buffer):
            self._buffer.append(octets)
            return
        try:
            self._read_body(self._body, octets)
        except Failure as failure:
            self._misread(failure)

    def next_event(self) -> Event | NeedData:
        """What happened next, in the order of the wire."""
        while not self._events and self._read():
            pass
        if not self._events and self._ended and not self._dead:
            self._judge_end()
        return self._events.popleft() if self._events else NEED_DATA

    def _judge_end(self) -> None:
        """What came whole before the end of the stream was told: tell what the end cut off."""
        self._settle_idle()
        if self.role is Role.SERVER and (self._owed or self.reading_body):
            return  # a client that only listens may still be told, and have said more
        self._ended = False
        if where := self._cut_off():
            self.fail(Word.EOF, f"the connection was closed {where}", self._at)

    def _cut_off(self) -> str:
        """What the stream must not end in; "" when this is a good place."""
        if self.reading_body:
            return "in the middle of a multi-line response"
        if self.unfinished:
            what = "a reply" if self.role is Role.CLIENT else _PLACES[self.phase]
            return f"in the middle of {what}: {safe(self.unfinished[:_SHOWN])}"
        if self.state in (State.CLOSED, State.UPDATE):
            return ""
        if self._owed:
            return f"without {self.due_next()}"
        return f"in the middle of {_PLACES[self.phase]}" if self.phase is not Phase.COMMAND else ""

    def due_next(self) -> str:
        """What comes next from the server, for a sentence: "a reply to RCPT"."""
        if self.reading_body:
            return "the end of the multi-line response"
        if not self._owed:
            return "anything"
        owed = self._owed[0]
        if owed.stage is _Stage.GREETING:
            return "a greeting"
        verb = safe(owed.command.verb)
        return "a reply to the mail data" if owed.stage is _Stage.DATA else f"a reply to {verb}"

    def fail(self, word: Word, sentence: str, at: float, octets: bytes = b"") -> None:
        """Say that the dialogue cannot go on; what came of an unfinished reply goes with it.

        `octets` came behind that, and were read by somebody else.
        """
        if self._dead:
            return
        held = self._body.unfinished() if self._body else b""
        octets = held + self._replies.forget() + self._buffer.take_all() + octets
        self._dead = True
        self._events.append(events.Failed(at, word, sentence, octets))

    def close(self, how: str, at: float) -> None:
        """The link is gone; `how` is one of `events.Ending`."""
        self._dead = True
        self._move(State.CLOSED)
        self._events.append(events.Closed(at, how))

    def start_tls(self, started: events.TlsStarted) -> None:
        """TLS is up: from the first octet, or by upgrade, which forgets what went before."""
        self._at = started.at
        self._events.append(started)
        if not started.implicit:
            self._forget()
            self.facts.forget_session()
            self._move(State.AUTHORIZATION if self._pop3 else State.GREETED)
        self.facts.tls = True

    def _read(self) -> bool:
        """Take one step through the octets that came; False when more are needed."""
        if self._dead or not len(self._buffer):
            return False
        try:
            return self._read_client() if self.role is Role.SERVER else self._read_server()
        except Failure as failure:
            self._misread(failure)
            return True

    def _misread(self, failure: Failure) -> None:
        """A line that is no reply is told and passed over; anything worse ends the framing."""
        if failure.word is Word.PROTOCOL and (line := self._replies.forget()):
            self._events.append(events.Failed(self._at, failure.word, failure.sentence, line))
            return
        octets = self._replies.forget() or self._buffer.take(self.limits.line)
        self._dead = True
        self._events.append(events.Failed(self._at, failure.word, failure.sentence, octets))

    # ------------------------------------------------------------- client role: reading replies

    def _read_server(self) -> bool:
        if self.state is State.TLS:
            # Whatever stands behind the go-ahead was not sent by the peer that TLS will prove
            # (RFC 3207, section 5; CVE-2021-22947 and its kin).
            shown = safe(self._buffer.octets[:_SHOWN])
            raise Failure(Word.SECURITY, f"text was injected before TLS: {shown}")
        if self._body is not None:
            return self._read_body(self._body, self._buffer.take_all())
        self._settle_idle()
        challenge = bool(self._owed) and self._owed[0].row.then is Then.SASL
        reply = self._replies.read(challenge=challenge)
        if reply is None:
            return False
        if self._owed:
            self._receive(reply)
        else:
            self._events.append(events.Unsolicited(self._at, reply))
            self._close_by(reply)
        for deviation in reply.deviations:
            self._events.append(events.Deviated(self._at, deviation))
        return True

    def _receive(self, reply: Reply) -> None:
        owed = self._owed[0]
        if owed.stage is _Stage.GREETING:
            self._events.append(events.Greeting(self._at, reply))
        else:
            recipient = self.facts.recipients[owed.answered] if self._by_recipient(owed) else None
            body = reply.positive and owed.stage is _Stage.COMMAND
            body = body and owed.row.shape.of(owed.command.argument) is Lines.MULTI
            received = events.ReplyReceived(self._at, reply, owed.command, recipient, body)
            self._events.append(received)
        self._settle(reply)
        if self._body_of is not None:
            self._body = BodyReader(self.limits)

    def _read_body(self, body: BodyReader, octets: bytes | memoryview) -> bool:
        piece = body.feed(octets)
        if piece.wire or piece.last:
            self._events.append(self._told(piece))
        self._buffer.append(piece.rest)
        if piece.failure:
            raise piece.failure
        if not piece.last:
            return True
        if self.role is Role.CLIENT:
            self._end_body()
        else:
            self._body = None
            self._end_data()
        return True

    def _told(self, piece: Piece) -> Event:
        if self.role is Role.SERVER:
            return events.DataReceived(self._at, piece.octets, piece.last)
        self._keep_listing(piece.octets)
        return events.BodyChunk(self._at, piece.octets, piece.wire, piece.last)

    # ------------------------------------------------------------ server role: reading commands

    def _read_client(self) -> bool:
        if self.phase is Phase.CHUNK:
            piece, _ = self._cut_chunk(self._buffer.take(self._left))
            last = self.phase is not Phase.CHUNK
            self._events.append(events.DataReceived(self._at, piece, last))
            return True
        self._settle_idle()
        if self._owed or self.reading_body or self.state is State.TLS:
            return False  # one command at a time: what it is followed by depends on our reply
        if self.phase is Phase.DATA:
            self._body = BodyReader(self.limits)
            return self._read_body(self._body, self._buffer.take_all())
        line = self._buffer.take_line(self.limits.line, "a command line")
        if line is None:
            return False
        content = line[:-2] if line.endswith(CRLF) else line[:-1]
        if self.phase is Phase.ANSWER:
            self.phase = Phase.COMMAND
            self._events.append(events.AnswerReceived(self._at, content, self._current))
            self._owe(_Stage.COMMAND, self._current)
            return True
        command = Command(content)
        self._events.append(events.CommandReceived(self._at, command))
        self._expect(command)
        if self._owed[-1].row.then is Then.CHUNK and self.phase is Phase.COMMAND:
            self._events.append(events.DataReceived(self._at, b"", last=True))
        return True

    # --------------------------------------------------------- both roles: what a reply changes

    def _by_recipient(self, owed: _Owed) -> bool:
        """LMTP answers the end of mail data once for each recipient (RFC 2033, section 4.2)."""
        return self._lmtp and owed.stage in (_Stage.DATA, _Stage.LAST_CHUNK)

    def _due(self, owed: _Owed) -> int:
        if self._by_recipient(owed):
            return len(self.facts.recipients) - owed.answered
        return 1

    def _settle_idle(self) -> None:
        """Pass over what is owed no reply: a LAST chunk for no recipient (RFC 2033, 4.3)."""
        while self._owed and not self._due(self._owed[0]):
            self._owed.popleft()
            self._end_transaction()

    def _settle(self, reply: Reply) -> None:
        owed = self._owed[0]
        owed.answered += 1
        if self._by_recipient(owed) and self._due(owed):
            self._close_by(reply)
            return
        self._owed.popleft()
        match owed.stage:
            case _Stage.GREETING:
                self._greeted(reply)
            case _Stage.COMMAND:
                self._carry_out(owed, reply)
            case _Stage.CHUNK if reply.positive:
                self._move(State.BDAT)
            case _Stage.DATA | _Stage.LAST_CHUNK:
                self._end_transaction()
            case _:
                pass  # a chunk that was refused: RSET is all that helps (RFC 3030, section 2)
        self._close_by(reply)

    def _greeted(self, reply: Reply) -> None:
        self.facts.greeting = b" ".join(reply.texts)
        if reply.positive:
            self._move(State.AUTHORIZATION if self._pop3 else State.GREETED)

    def _end_transaction(self) -> None:
        self.facts.forget_transaction()
        self._move(self._resume if self._pop3 else self._ready())

    def _ready(self) -> State:
        """Where a session stands outside transactions; only hello brings it past hello."""
        return State.GREETED if self.facts.offers is None else State.READY

    def _carry_out(self, owed: _Owed, reply: Reply) -> None:
        lines = owed.row.shape.of(owed.command.argument)
        if reply.positive and lines is Lines.MULTI:
            self._body_of = (owed, reply)
        elif reply.positive and lines is Lines.DATA:
            self._open_data(owed)
        elif reply.positive:
            self._done(owed, reply, [])
        elif reply.verdict is Verdict.GO_ON and owed.row.then is Then.DATA:
            self._open_data(owed)
        elif reply.verdict is Verdict.GO_ON and owed.row.then is Then.SASL:
            self._challenged(owed)
        elif self.state is State.AUTH:
            self._move(self._resume)

    def _open_data(self, owed: _Owed) -> None:
        self._resume = self.state
        self._current = owed.command
        self.phase = Phase.DATA
        self._move(State.DATA)
        # The server takes what was written behind DATA, too early, for mail data: it is owed
        # nothing until there was a lone dot.
        while self._owed and self.phase is Phase.DATA:
            if self._end.find(self._owed.popleft().command.line + CRLF) >= 0:
                self._end_data()
        if self.phase is Phase.DATA:
            self._end.find(self._partial)
            self._partial = b""

    def _challenged(self, owed: _Owed) -> None:
        if self.state is not State.AUTH:
            self._resume = self.state
        self._current = owed.command
        self._move(State.AUTH)
        if self._owed:  # the server takes the command behind AUTH for the answer
            self._owed[0] = owed
        else:
            self.phase = Phase.ANSWER

    def _keep_listing(self, octets: bytes) -> None:
        owed = self._body_of[0] if self._body_of else None
        if owed and owed.row.effect is not Effect.NOTHING:
            self._listing += octets[: _LISTING - len(self._listing)]

    def _end_body(self) -> None:
        assert self._body_of is not None  # a body has a reply that opened it
        (owed, reply), self._body_of, self._body = self._body_of, None, None
        lines = bytes(self._listing).replace(CRLF, b"\n").split(b"\n")[:-1]
        self._listing.clear()
        self._done(owed, reply, lines)

    def _done(self, owed: _Owed, reply: Reply, lines: list[bytes]) -> None:
        """The command was carried out: what it makes known, and where the session stands now."""
        row, command = owed.row, owed.command
        if self.state is State.AUTH:
            self._move(self._resume)
        self.facts.learn(row.effect, command, reply, lines)
        match row.then:
            case Then.TLS:
                self._owed.clear()  # commands written behind it are owed nothing
                self._move(State.TLS)
            case Then.CLOSE:
                in_transaction = self.state is State.TRANSACTION
                self._move(State.UPDATE if in_transaction else State.CLOSED)
            case Then.REVERSE:
                self._move(State.REVERSED)
            case Then.RESTART:
                self.facts.forget_session()
                self._move(State.GREETED)
            case _ if row.after and row.shape.of(command.argument) is not Lines.MULTI:
                self._move(self._ready() if row.after is State.READY else row.after)

    def _close_by(self, reply: Reply) -> None:
        """421 announces the end, whatever it answers (RFC 5321, section 4.2.2)."""
        if reply.code == "421":
            self._move(State.CLOSED)

    def _move(self, state: State) -> None:
        if self.state not in (state, State.CLOSED):  # what is closed stays closed
            before, self.facts.state = self.facts.state, state
            self._events.append(events.StateChanged(self._at, before, state))
