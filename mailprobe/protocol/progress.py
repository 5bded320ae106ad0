"""How far a dialogue has come: which replies are owed, and what a reply changes.

Commands and replies go in, in the order of the wire; phase, state and facts come out.  It must not
know which role we play, how octets are framed, or what the time is.
"""

from collections import deque
from collections.abc import Callable

from mailprobe.enums import Enum, auto
from mailprobe.protocol.catalogue import GO_AHEADS, Catalogue, CommandSpec, Lines, Then
from mailprobe.protocol.facts import Effect, Facts
from mailprobe.protocol.framing import CRLF, EndFinder
from mailprobe.protocol.items import Phase
from mailprobe.protocol.model import Command, Protocol, Reply, State, Verdict
from mailprobe.safe import safe
from mailprobe.value import mutable


class Stage(Enum):
    """What a reply is owed to."""

    GREETING = auto()
    COMMAND = auto()
    DATA = auto()  # the end of mail data
    CHUNK = auto()
    LAST_CHUNK = auto()


@mutable
class Owed:
    """One command, or the end of its mail data, that waits for its reply."""

    stage: Stage
    command: Command
    row: CommandSpec
    lines: Lines  # how long a reply to this argument is
    each: bool = False  # LMTP: every recipient has its reply
    answered: int = 0  # how many replies have come


_GREETING = Command(b"")
_LISTING = 1024 * 1024  # octets of a listing that are kept to learn from


class Progress:
    """What is owed in one session, from the greeting or from TLS on.

    `facts` are changed in place; `moved` is told each change of state: before, after.
    """

    def __init__(
        self, catalogue: Catalogue, facts: Facts, moved: Callable[[State, State], None]
    ) -> None:
        self.facts = facts
        self.phase = Phase.COMMAND
        self.chunk_left = 0  # octets of the BDAT chunk that are still to travel
        self.body_of: tuple[Owed, Reply] | None = None  # the multi-line response under way
        self._catalogue = catalogue
        self._moved = moved
        self._pop3 = catalogue.protocol is Protocol.POP3
        self._lmtp = catalogue.protocol is Protocol.LMTP
        self._first = State.AUTHORIZATION if self._pop3 else State.GREETED  # behind the greeting
        self._owed: deque[Owed] = deque()
        self._listing = bytearray()  # the part of it that there is something to learn from
        self._end = EndFinder()
        self._current = _GREETING  # the AUTH or DATA that answers and mail data belong to
        self._resume = State.CONNECT  # the state that an AUTH goes back to

    # ------------------------------------------------------------------------ what is owed

    def outstanding(self) -> int:
        """How many replies are owed; the end of mail data in LMTP counts its recipients."""
        return sum(map(self._due, self._owed)) if self._lmtp else len(self._owed)

    def due(self) -> int:
        """The same, with the rest of a multi-line response."""
        owed = self.outstanding() if self._lmtp else len(self._owed)
        return owed if self.body_of is None else owed + 1

    @property
    def may_open_data(self) -> bool:
        """Whether a reply that is owed may turn what is behind its command into mail data.

        A server that refuses a chunk may take its octets for commands: that counts as well.
        """
        return any(
            owed.row.then is Then.CHUNK
            or (
                owed.stage is Stage.COMMAND
                and (owed.row.then is Then.DATA or owed.lines is Lines.DATA)
            )
            for owed in self._owed
        )

    def copy(self) -> "Progress":
        """The same, to try what a client may say: of this one nothing changes."""
        from copy import copy  # where a secret is said

        other = copy(self)
        other.facts = copy(self.facts)
        other._owed = deque(map(copy, self._owed))
        other._end = copy(self._end)
        return other

    @property
    def waiting(self) -> bool:
        """Whether anything is owed, be it the rest of a multi-line response."""
        return self.due() > 0

    def next_owed(self) -> Owed | None:
        """What the next reply belongs to."""
        if self._lmtp:
            self.settle_idle()
        return self._owed[0] if self._owed else None

    def due_next(self) -> str:
        """What comes next from the server, for a sentence: "a reply to RCPT"."""
        if self.body_of is not None:
            return "the end of the multi-line response"
        if not self._owed:
            return "anything"
        owed = self._owed[0]
        if owed.stage is Stage.GREETING:
            return "a greeting"
        if owed.stage is Stage.DATA:
            return "a reply to the mail data"
        return f"a reply to {safe(owed.command.verb)}"

    def _due(self, owed: Owed) -> int:
        return len(self.facts.recipients) - owed.answered if owed.each else 1

    # --------------------------------------------------------------------- the client spoke

    def expect_greeting(self) -> None:
        """The link is up: the server speaks first."""
        self._owed.append(self._owe(Stage.GREETING, _GREETING, self._catalogue.row(_GREETING)))

    def expect(self, command: Command) -> Owed:
        """A command is owed one reply, and perhaps counted octets travel behind it."""
        row = self._catalogue.row(command)
        if row.heeded:
            owed = self._heed(command, row)
        else:
            owed = Owed(Stage.COMMAND, command, row, row.shape.of(command.argument))
        self._owed.append(owed)
        return owed

    def _heed(self, command: Command, row: CommandSpec) -> Owed:
        """A command of which more follows, be the reply what it may."""
        if row.takes_last:
            return self._owe(self._begin_chunk(command, row), command, row)
        self.facts.asked_to_delete = True
        return self._owe(Stage.COMMAND, command, row)

    def expect_after_answer(self) -> Command:
        """The answer to a challenge is owed a reply; gives the command that it belongs to."""
        self.phase = Phase.COMMAND
        row = self._catalogue.row(self._current)
        self._owed.append(self._owe(Stage.COMMAND, self._current, row))
        return self._current

    def _owe(self, stage: Stage, command: Command, row: CommandSpec) -> Owed:
        # LMTP answers the end of mail data once for each recipient (RFC 2033, sections 4.2 and
        # 4.3).  BURL is not of it: RFC 4468 speaks of submission, where LAST has one reply.
        each = self._lmtp and (
            stage is Stage.DATA or (stage is Stage.LAST_CHUNK and row.then is Then.CHUNK)
        )
        return Owed(stage, command, row, row.shape.of(command.argument), each)

    def _begin_chunk(self, command: Command, row: CommandSpec) -> Stage:
        match = row.pattern.fullmatch(command.argument)
        if match is None:
            return Stage.CHUNK  # the one reply says "syntax error", and no octets follow
        if row.then is Then.CHUNK:
            self.chunk_left = int(match[1])
            self.phase = Phase.CHUNK if self.chunk_left else Phase.COMMAND
        return Stage.LAST_CHUNK if row.says_last(command) else Stage.CHUNK

    def count_chunk(self, octets: int) -> bool:
        """So many octets of the chunk have travelled; whether they were the last."""
        self.chunk_left -= octets
        if self.chunk_left:
            return False
        self.phase = Phase.COMMAND
        return True

    def find_end(self, octets: bytes) -> int:
        """How many of `octets` are mail data, its end included; -1: all, and more is to come."""
        length = self._end.find(octets)
        if length >= 0:
            self.end_data()
        return length

    @property
    def begins_line(self) -> bool:
        """Whether the next octet of mail data is the first one of a line."""
        return self._end.begins_line

    def end_data(self) -> None:
        """The mail data has ended: that is owed a reply before anything behind it."""
        self.phase = Phase.COMMAND
        self._end = EndFinder()
        row = self._catalogue.row(self._current)
        self._owed.appendleft(self._owe(Stage.DATA, self._current, row))

    # --------------------------------------------------------------------- the server spoke

    def settle_idle(self) -> None:
        """Pass over what is owed no reply: a LAST chunk for no recipient (RFC 2033, 4.3)."""
        while self._owed and self._owed[0].each and not self._due(self._owed[0]):
            self._owed.popleft()
            self._end_transaction()

    def settle(self, owed: Owed | None, reply: Reply) -> None:
        """`reply` belongs to `owed`, the next one; to nothing, it can but announce the end."""
        if owed is not None:
            owed.answered += 1
            if not owed.each or not self._due(owed):
                self._owed.popleft()
                if owed.stage is Stage.COMMAND:
                    if owed.row.consequential or self._matters(owed):
                        self._carry_out(owed, reply)
                else:
                    self._conclude(owed, reply)
        if reply.code == "421":  # whatever it answers (RFC 5321, section 4.2.2)
            self.move(State.CLOSED)

    def _matters(self, owed: Owed) -> bool:
        """Whether a reply to a command without consequences changes anything."""
        lines = owed.lines
        return lines is Lines.MULTI or lines is Lines.DATA or self.facts.state is State.AUTH

    def _conclude(self, owed: Owed, reply: Reply) -> None:
        """Take in a reply to what is no command."""
        if owed.stage is Stage.GREETING:
            self._greeted(reply)
        elif owed.stage is not Stage.CHUNK:
            self._end_transaction()
        elif reply.positive:  # otherwise RSET is all that helps (RFC 3030, section 2)
            self.move(State.BDAT)

    def _greeted(self, reply: Reply) -> None:
        self.facts.greeting = b" ".join(reply.texts)
        if reply.positive:
            self.move(self._first)

    def _end_transaction(self) -> None:
        self.facts.forget_transaction()
        self.move(self._resume if self._pop3 else self._ready())

    def _ready(self) -> State:
        """Where a session stands outside transactions; only hello brings it past hello."""
        return State.GREETED if self.facts.offers is None else State.READY

    def _carry_out(self, owed: Owed, reply: Reply) -> None:
        then = owed.row.then
        if then is Then.SASL:
            self.facts.login_refused = reply.refused
        if reply.verdict is Verdict.DONE:
            if owed.lines is Lines.MULTI:
                self.body_of = (owed, reply)
            elif owed.lines is Lines.DATA:
                self._open_data(owed)
            else:
                self._done(owed, reply, [])
        elif then is Then.DATA and _goes_ahead(owed, reply):
            self._open_data(owed)
        elif then is Then.SASL and _goes_ahead(owed, reply):
            self._challenged(owed)
        elif self.facts.state is State.AUTH:
            self.move(self._resume)

    def _open_data(self, owed: Owed) -> None:
        self._resume = self.facts.state
        self._current = owed.command
        self.phase = Phase.DATA
        self.move(State.DATA)
        # The server takes what was written behind DATA, too early, for mail data: it is owed
        # nothing until there was a lone dot.
        while self._owed and self.phase is Phase.DATA:
            self.find_end(self._owed.popleft().command.line + CRLF)

    def _challenged(self, owed: Owed) -> None:
        if self.facts.state is not State.AUTH:
            self._resume = self.facts.state
        self._current = owed.command
        self.move(State.AUTH)
        if self._owed:  # the server takes the command behind AUTH for the answer
            self._owed[0] = owed
        else:
            self.phase = Phase.ANSWER

    def keep_listing(self, octets: bytes) -> None:
        """Keep a piece of the multi-line response, when there is something to learn from it."""
        if self.body_of and self.body_of[0].row.effect is not Effect.NOTHING:
            self._listing += octets[: _LISTING - len(self._listing)]

    def end_body(self) -> None:
        """The multi-line response has ended: only now its command was carried out."""
        assert self.body_of is not None  # a body has a reply that opened it
        (owed, reply), self.body_of = self.body_of, None
        lines = bytes(self._listing).replace(CRLF, b"\n").split(b"\n")[:-1]
        self._listing.clear()
        self._done(owed, reply, lines)

    def _done(self, owed: Owed, reply: Reply, lines: list[bytes]) -> None:
        """The command was carried out: what it makes known, and where the session stands now."""
        row = owed.row
        if self.facts.state is State.AUTH:
            self.move(self._resume)
        if not row.consequential:
            return
        self.facts.learn(row.effect, owed.command, reply, lines)
        if row.effect is Effect.UNMARK:  # all but what was sent behind it
            marks = (behind.row.effect is Effect.MARK for behind in self._owed)
            self.facts.asked_to_delete = any(marks)
        match row.then:
            case Then.TLS if _goes_ahead(owed, reply):
                self._owed.clear()  # commands written behind it are owed nothing
                self.move(State.TLS)
            case Then.CLOSE:
                in_transaction = self.facts.state is State.TRANSACTION
                self.move(State.UPDATE if in_transaction else State.CLOSED)
            case Then.REVERSE:
                self.move(State.REVERSED)
            case Then.RESTART:
                self.start_over()
            case _ if row.after and owed.lines is not Lines.MULTI:
                self.move(self._ready() if row.after is State.READY else row.after)

    # ------------------------------------------------------------------ where it stands now

    def start_over(self) -> None:
        """Stand where the greeting had led to; what was learnt since does not count."""
        self.facts.forget_session()
        self.move(self._first)

    def move(self, state: State) -> None:
        """Change the state; what is closed stays closed."""
        before = self.facts.state
        if before not in (state, State.CLOSED):
            self.facts.state = state
            self._moved(before, state)


def _goes_ahead(owed: Owed, reply: Reply) -> bool:
    return reply.code in GO_AHEADS[owed.row.then]
