"""A dialogue in either role, as a pure function of octets.

`send()` gives the octets of what one side says, `receive_data()` takes those of the other, and
`next_event()` tells what happened.  Replies are matched by count, in order, to the commands that
are owed one; what comes when nothing is owed is `Unsolicited`.  No socket, no clock: every `at`
comes from the caller.  What a reply changes is for `progress` to know.
"""

from collections import deque
from collections.abc import Callable

from mailprobe.errors import Failure, Word
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Catalogue, Lines, Then
from mailprobe.protocol.events import Event
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.framing import (
    CRLF,
    BodyReader,
    Limits,
    Piece,
    ReceiveBuffer,
    ReplyReader,
    Stuffer,
)
from mailprobe.protocol.items import NEED_DATA, Answer, Body, Data, Misuse, NeedData, Phase, Raw
from mailprobe.protocol.model import Advice, Command, Deviation, Protocol, Reply, Role, State
from mailprobe.protocol.outgoing import Outgoing
from mailprobe.protocol.progress import Owed, Progress, Stage
from mailprobe.safe import safe

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from mailprobe.protocol.places import SecretPlace

_LF = ord("\n")  # Python looks for a number in half the time
_SHOWN = 120  # octets of a cut reply that fit into a sentence
_CHALLENGED = "only a challenge asks for an answer, and for nothing else"
_ONE_LINE = "LF ends a line; use Raw for more than one"
_PLACES = {
    Phase.COMMAND: "a command",
    Phase.ANSWER: "a login",
    Phase.DATA: "mail data",
    Phase.CHUNK: "a chunk of mail data",
}


def catalogue_of(protocol: str) -> Catalogue:
    """The table of a protocol; the others are not even loaded."""
    if protocol == Protocol.POP3:
        from mailprobe.protocol.pop3 import POP3

        return POP3
    from mailprobe.protocol.smtp import LMTP, SMTP

    return LMTP if protocol == Protocol.LMTP else SMTP


class Connection:
    """One side of one session.

    `catalogue` says which protocol it is, `role` which side we are.  `facts` lies open to
    readers; only what is said here changes it.
    """

    def __init__(self, catalogue: Catalogue, role: Role, limits: Limits | None = None) -> None:
        self.catalogue = catalogue
        self.role = role
        self.limits = limits or Limits()
        self.facts = Facts(catalogue.protocol)
        self.lost = False  # whether it is over: nothing that comes can be understood any more
        self._sends = _SENDS[role]
        self._read = self._read_client if role is Role.SERVER else self._read_server
        self._events: deque[Event] = deque()
        self._ended = False  # nothing more will come, and that was not judged yet
        self._at = 0.0
        self._forget()
        self._progress.expect_greeting()

    def _forget(self) -> None:
        """Nothing that was said in the clear survives into TLS (RFC 3207, section 4.2)."""
        self._progress = Progress(self.catalogue, self.facts, self._moved)
        self.due = self._progress.due  # how many replies are owed, with the rest of a response
        self._outgoing = Outgoing(self.catalogue, self._progress, self._events.append)
        self._buffer = ReceiveBuffer()
        pop3 = self.catalogue.protocol is Protocol.POP3
        self._replies = ReplyReader(self._buffer, self.limits, pop3=pop3)
        self._body: BodyReader | None = None  # what is being read
        self._stuffer = Stuffer()

    def _moved(self, before: State, after: State) -> None:
        self._events.append(events.StateChanged(self._at, before, after))

    # ------------------------------------------------------------------------- what is known

    @property
    def state(self) -> State:
        return self.facts.state

    @property
    def phase(self) -> Phase:
        """What the next octets of the client are."""
        return self._progress.phase

    @property
    def reading_body(self) -> bool:
        """Whether a multi-line response is under way."""
        return self._progress.body_of is not None

    @property
    def outstanding(self) -> int:
        """How many replies are owed; the end of mail data in LMTP counts its recipients."""
        return self._progress.outstanding()

    @property
    def waiting(self) -> bool:
        """Whether a client that goes in lock-step has to wait for the server."""
        return self._progress.waiting

    @property
    def chunk_left(self) -> int:
        """Octets of the BDAT chunk that are still to travel."""
        return self._progress.chunk_left

    @property
    def begins_line(self) -> bool:
        """Whether the next octet of mail data is the first one of a line (CRLF ends one)."""
        return self._progress.begins_line

    @property
    def begun(self) -> bytes:
        """The beginning of a line that Raw sent and nothing has ended yet."""
        return self._outgoing.begun

    def secret_places(self, octets: bytes) -> "tuple[SecretPlace, ...]":
        """Where a secret may stand in `octets` of the client, were they sent now."""
        from mailprobe.protocol.places import secret_places  # where a secret is said

        return secret_places(self.catalogue, self._progress, self.begun, octets)

    @property
    def unread(self) -> int:
        """Octets that came and were not read: in the server role, behind the last command."""
        return len(self._buffer.octets)

    @property
    def unfinished(self) -> bytes:
        """The octets of a reply that is not whole yet."""
        return self._replies.unfinished + self._buffer.octets

    @property
    def inside(self) -> str:
        """What the other side is in the middle of, for a sentence; "" between two of its words."""
        if self.reading_body:
            return "in the middle of a multi-line response"
        if not self.unfinished:
            return ""
        what = "a reply" if self.role is Role.CLIENT else _PLACES[self.phase]
        return f"in the middle of {what}: {safe(self.unfinished[:_SHOWN])}"

    def owed(self) -> Owed | None:
        """What the next reply of the server belongs to; None: nothing is owed."""
        self._progress.settle_idle()
        return self._progress.next_owed()

    def due_next(self) -> str:
        """What comes next from the server, for a sentence: "a reply to RCPT"."""
        return self._progress.due_next()

    def advise(self, command: Command) -> tuple[Advice, ...]:
        """Which rules `command` would break now.  Nothing is sent, nothing is blocked."""
        return self.catalogue.advise(command, self.facts)

    # ----------------------------------------------------------------------------- we speak

    def send(self, item: Command | Answer | Data | Raw | Reply | Body, at: float) -> bytes:
        """The octets that say `item`; the events that follow tell what it meant.

        Raises Misuse when `item` does not belong to this role or place.
        """
        self._at = at
        send = self._sends.get(type(item))
        if send is None:
            raise Misuse(f"a {self.role.value} sends no {type(item).__name__}")
        return send(self, item)

    def _send_command(self, command: Command) -> bytes:
        phase = self._progress.phase
        if phase is Phase.ANSWER:
            raise Misuse(_CHALLENGED)
        if _LF in command.line:
            raise Misuse(_ONE_LINE)
        octets = command.line + CRLF
        if phase is Phase.COMMAND and not self._outgoing.begun:
            self._outgoing.take_command(command, octets, self._at)
        else:
            self._outgoing.take(octets, self._at)
        return octets

    def _send_answer(self, answer: Answer) -> bytes:
        if self.phase is not Phase.ANSWER:
            raise Misuse(_CHALLENGED)
        if _LF in answer.line:
            raise Misuse(_ONE_LINE)
        octets = answer.line + CRLF
        self._outgoing.take(octets, self._at)
        return octets

    def _send_data(self, data: Data) -> bytes:
        if self.phase not in (Phase.DATA, Phase.CHUNK):
            raise Misuse("mail data without a go-ahead")
        return self._send_raw(data)

    def _send_raw(self, item: Data | Raw) -> bytes:
        self._outgoing.take(item.octets, self._at)
        return item.octets

    def _send_reply(self, reply: Reply) -> bytes:
        if self.reading_body:
            raise Misuse("the multi-line response has not ended")
        self._events.append(events.ReplySent(self._at, reply))
        self._progress.settle(self._progress.next_owed(), reply)
        return reply.wire

    def _send_body(self, body: Body) -> bytes:
        if not self.reading_body:
            raise Misuse("no reply has opened a multi-line response")
        self._progress.keep_listing(body.octets)
        octets = self._stuffer.feed(body.octets)
        if body.last:
            octets += self._stuffer.finish()
            self._stuffer = Stuffer()
            self._progress.end_body()
        return octets

    # ------------------------------------------------------------------ the other side speaks

    def receive_data(self, octets: bytes | memoryview, at: float) -> None:
        """Take in what came; nothing at all (`b""`) is the end of the stream."""
        self._at = at
        if self.lost:
            return
        if not octets:
            self._ended = True
        elif self._body is None or self._buffer.octets:
            self._buffer.append(octets)
        else:  # a body is read where its octets lie
            try:
                self._read_body(self._body, octets)
            except Failure as failure:
                self._misread(failure)

    def next_event(self) -> Event | NeedData:
        """What happened next, in the order of the wire."""
        told = self._events
        try:
            while not told:
                if not self._buffer.octets or self.lost or not self._read():
                    if self._ended and not self.lost:
                        self._judge_end()
                    return told.popleft() if told else NEED_DATA
        except Failure as failure:
            self._misread(failure)
        return told.popleft()

    def _judge_end(self) -> None:
        """What came whole before the end of the stream was told: tell what the end cut off."""
        self._progress.settle_idle()
        if self.role is Role.SERVER and self._progress.waiting:
            return  # a client that only listens may still be told, and have said more
        self._ended = False
        if where := self._cut_off():
            self.fail(Word.EOF, f"the connection was closed {where}", self._at)

    def _cut_off(self) -> str:
        """What the stream must not end in; "" when this is a good place."""
        if inside := self.inside:
            return inside
        if self.state in (State.CLOSED, State.UPDATE):
            return ""
        if self._progress.next_owed():
            return f"without {self.due_next()}"
        return f"in the middle of {_PLACES[self.phase]}" if self.phase is not Phase.COMMAND else ""

    def fail(self, word: Word, sentence: str, at: float, octets: bytes = b"") -> None:
        """Say that the dialogue cannot go on; what came of an unfinished reply goes with it.

        `octets` came behind that, and were read by somebody else.
        """
        if self.lost:
            return
        held = self._body.unfinished() if self._body else b""
        octets = held + self._replies.forget() + self._buffer.take_all() + octets
        self.lost = True
        self._events.append(events.Failed(at, word, sentence, octets))

    def close(self, how: str, at: float) -> None:
        """The link is gone; `how` is one of `events.Ending`."""
        self.lost = True
        self._progress.move(State.CLOSED)
        self._events.append(events.Closed(at, how))

    def start_tls(self, started: events.TlsStarted) -> None:
        """TLS is up: from the first octet, or by upgrade, which forgets what went before."""
        self._at = started.at
        self._events.append(started)
        if not started.implicit:
            self._forget()
            self._progress.start_over()
        self.facts.tls = True

    def _misread(self, failure: Failure) -> None:
        """A line that is no reply is told and passed over; anything worse ends the framing."""
        if failure.word is Word.PROTOCOL and (line := self._replies.forget()):
            self._events.append(events.Failed(self._at, failure.word, failure.sentence, line))
            return
        octets = self._replies.forget() or self._buffer.take(self.limits.line)
        self.lost = True
        self._events.append(events.Failed(self._at, failure.word, failure.sentence, octets))

    # ------------------------------------------------------------- client role: reading replies

    def _read_server(self) -> bool:
        """Take one step through the octets that came; False when more are needed."""
        if self.facts.state is State.TLS:
            # Whatever stands behind the go-ahead was not sent by the peer that TLS will prove
            # (RFC 3207, section 5; CVE-2021-22947 and its kin).
            shown = safe(bytes(self._buffer.octets[:_SHOWN]))
            raise Failure(Word.SECURITY, f"text was injected before TLS: {shown}")
        if self._body is not None:
            return self._read_body(self._body, self._buffer.take_all())
        progress = self._progress
        owed = progress.next_owed()
        reply = self._replies.read(challenge=owed is not None and owed.row.then is Then.SASL)
        if reply is None:
            return False
        self._events.append(self._told_reply(reply, owed))
        progress.settle(owed, reply)
        if progress.body_of is not None:
            self._body = BodyReader(self.limits)
        if progress.phase is Phase.DATA:
            self._outgoing.turn_into_data()
        for deviation in reply.deviations:
            self._events.append(events.Deviated(self._at, deviation))
        return True

    def _told_reply(self, reply: Reply, owed: Owed | None) -> Event:
        if owed is None:
            return events.Unsolicited(self._at, reply)
        if owed.stage is Stage.GREETING:
            return events.Greeting(self._at, reply)
        recipient = self.facts.recipients[owed.answered] if owed.each else None
        body = owed.lines is Lines.MULTI and reply.positive
        return events.ReplyReceived(self._at, reply, owed.command, recipient, body)

    def _read_body(self, body: BodyReader, octets: bytes | memoryview) -> bool:
        piece = body.feed(octets)
        if piece.wire or piece.last:
            self._events.append(self._told_body(piece))
        self._buffer.append(piece.rest)
        if piece.failure:
            raise piece.failure
        if piece.last:
            self._body = None
            if self.role is Role.CLIENT:
                self._progress.end_body()
            else:
                self._progress.end_data()
        return True

    def _told_body(self, piece: Piece) -> Event:
        if self.role is Role.SERVER:
            return events.DataReceived(self._at, piece.octets, piece.last)
        self._progress.keep_listing(piece.octets)
        return events.BodyChunk(self._at, piece.octets, piece.wire, piece.last)

    # ------------------------------------------------------------ server role: reading commands

    def _read_client(self) -> bool:
        """The same, as the server reads."""
        if self.phase is Phase.CHUNK:
            piece = self._buffer.take(self.chunk_left)
            last = self._progress.count_chunk(len(piece))
            self._events.append(events.DataReceived(self._at, piece, last))
            return True
        self._progress.settle_idle()
        if self._progress.waiting or self.state is State.TLS:
            return False  # one command at a time: what it is followed by depends on our reply
        if self.phase is Phase.DATA:
            self._body = BodyReader(self.limits)
            return self._read_body(self._body, self._buffer.take_all())
        line = self._buffer.take_line(self.limits.line, "a command line")
        if line is None:
            return False
        content = line[:-2] if line.endswith(CRLF) else line[:-1]
        if self.phase is Phase.ANSWER:
            command = self._progress.expect_after_answer()
            self._events.append(events.AnswerReceived(self._at, content, command))
        else:
            if len(line) == len(content) + 1:  # RFC 5321, section 2.3.8
                deviation = Deviation("bare LF", "RFC 5321, section 2.3.8", len(content))
                self._events.append(events.Deviated(self._at, deviation))
            self._command_received(Command(content))
        return True

    def _command_received(self, command: Command) -> None:
        self._events.append(events.CommandReceived(self._at, command))
        owed = self._progress.expect(command)
        if owed.row.then is Then.CHUNK and self.phase is Phase.COMMAND:
            self._events.append(events.DataReceived(self._at, b"", last=True))


# What each role can say.
_SENDS: dict[Role, dict[type, Callable[..., bytes]]] = {
    Role.CLIENT: {
        Command: Connection._send_command,
        Answer: Connection._send_answer,
        Data: Connection._send_data,
        Raw: Connection._send_raw,
    },
    Role.SERVER: {Reply: Connection._send_reply, Body: Connection._send_body},
}
