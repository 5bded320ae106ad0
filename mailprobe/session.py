"""A session: a `Connection`, a `Transport` and a clock, told as events to observers.

Observers are called in order, with every event, before anything else happens.  Nothing here
writes to a terminal or a file, and nothing here knows who types.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import IO

from mailprobe import files
from mailprobe.errors import Failure, Word
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import BEFORE_TLS, Catalogue, Then
from mailprobe.protocol.connection import (
    NEED_DATA,
    Answer,
    Connection,
    Data,
    Phase,
    Raw,
)
from mailprobe.protocol.events import Ending, Event
from mailprobe.protocol.facts import Effect
from mailprobe.protocol.framing import Limits
from mailprobe.protocol.model import Command, Reply, Role, State
from mailprobe.transport.connect import connect
from mailprobe.transport.link import (
    Interrupted,
    PlainText,
    TlsFacts,
    TlsSettings,
    Transport,
    WriteFailed,
)
from mailprobe.transport.names import own_name
from mailprobe.transport.target import Target, Tls

Observer = Callable[[Event], None]
Item = Command | Answer | Data | Raw

_IN_MEMORY = 1024 * 1024  # octets of a body before it goes to a file that only we can read
_KEPT = 100  # exchanges that are remembered
_BODIES = 8  # bodies that are kept with them
_FAREWELL = 1.0  # seconds that a polite end may take


@dataclass(frozen=True, slots=True)
class Settings:
    """How a session behaves.  Times in seconds; `end` is a moment of `time.monotonic()`."""

    timeout: float = 60.0  # the longest silence, and the longest time for a whole reply
    end: float | None = None  # when the run is over, whatever it is doing (--max-time)
    limits: Limits = field(default_factory=Limits)
    tls: TlsSettings = field(default_factory=TlsSettings)
    starttls: bool = False  # TLS before anything but hello, by STARTTLS or STLS
    insecure_auth: bool = False  # credentials may travel in the clear
    hello_name: str = ""  # what EHLO, LHLO say; "" is this host's own name
    keep_bodies: bool = True


@dataclass(slots=True)
class Exchange:
    """What happened to one command.  Times are seconds since the session opened."""

    command: Command
    sent_at: float
    replies: list[Reply] = field(default_factory=list)
    took: float = 0.0  # from the command to the last reply so far
    # Of a multi-line response, dots undone; only the newest few exchanges keep theirs.
    body: IO[bytes] | None = None


class Session:
    """A link to one server, from the first octet to the last.

    Methods that wait raise Failure after the `Failed` event was observed; they return False
    when the wakeup descriptor of the transport became readable first.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        observers: Sequence[Observer] = (),
        settings: Settings | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings or Settings()
        self.connection = Connection(catalogue, Role.CLIENT, self.settings.limits)
        self.exchanges: deque[Exchange] = deque(maxlen=_KEPT)
        self.closed = False
        self._observers = tuple(observers)
        self._clock = clock
        self._started = clock()
        self._transport: Transport | None = None
        self._server_name = ""
        self._failure: Failure | None = None
        self._reading: Exchange | None = None  # whose body is coming
        self._bodies: deque[Exchange] = deque()  # whose bodies are kept

    # ------------------------------------------------------------------------ opening, ending

    def open(self, target: Target, link: Callable[..., Transport] | None = None) -> bool:
        """Reach `target`, start TLS if it is implicit, and wait for the greeting.

        `link` makes the transport (default: `transport.connect.connect`).  Raises Failure, or
        `transport.link.Interrupted` while there is no link yet.
        """
        self._server_name = target.server_name
        try:
            transport = (link or connect)(
                target, deadline=self._deadline(), on_event=self._observe, clock=self.now
            )
        except Failure as failure:
            raise self._give_up(self._explain(failure, failure.sentence)) from None
        return self.attach(transport, implicit_tls=target.tls is Tls.IMPLICIT)

    def attach(self, transport: Transport, *, implicit_tls: bool = False) -> bool:
        """Take over a transport that is connected, and wait for the greeting."""
        self._transport = transport
        if implicit_tls:
            self._start_tls(implicit=True)
        return self.wait()

    def close(self) -> None:
        """End politely: close_notify, FIN, and at most a second for the server's own end."""
        if self._transport is not None and not self.closed:
            limit = time.monotonic() + _FAREWELL
            end = self.settings.end
            self._transport.close(limit if end is None else min(limit, end))
            # Without QUIT or 421 it was we who ended it, even if the server's FIN came, too.
            over = self.state in (State.CLOSED, State.UPDATE)
            self._end((self._transport.ending if over else None) or Ending.LOCAL)

    def leave(self) -> None:
        """QUIT, wait at most a second, close; a failure on the way is an event, no more.

        Never QUIT after 421 or inside mail data.  In POP3 marks are taken back first, and where
        that is refused there is no QUIT, which would delete (RFC 1939, section 6).
        """
        limit = time.monotonic() + _FAREWELL
        end = self.settings.end
        self.settings = replace(self.settings, end=limit if end is None else min(limit, end))
        try:
            if self.connection.phase is Phase.ANSWER:
                self.send(Answer(b"*"))
                self.wait()
            over = self.state in (State.CLOSED, State.UPDATE)
            if self.connection.phase is Phase.COMMAND and not over:
                self._say_goodbye()
        except (Failure, Interrupted):
            pass
        if self.connection.phase is Phase.COMMAND:
            self.close()
        self.drop()

    def _say_goodbye(self) -> None:
        if self.connection.facts.marked:
            unmarked = self.exchange(b"RSET")
            if unmarked is None or not unmarked.replies[-1].positive:
                return
        self.exchange(b"QUIT")

    def drop(self) -> None:
        """End at once, without a word to the server: in POP3 nothing is deleted."""
        if self._transport is not None and not self.closed:
            self._transport.drop()
            self._end(Ending.LOCAL)

    def release(self) -> None:
        """Let go of the bodies that were kept; they cannot be looked at any more."""
        for exchange in self.exchanges:
            if exchange.body is not None:
                exchange.body.close()

    # ---------------------------------------------------------------------------- what is known

    def now(self) -> float:
        """Seconds since the session opened."""
        return self._clock() - self._started

    @property
    def state(self) -> State:
        return self.connection.state

    @property
    def transport(self) -> Transport:
        """The link.  Raises Failure `usage` when there is none."""
        if self._transport is None:
            raise Failure(Word.USAGE, "there is no connection")
        return self._transport

    @property
    def last(self) -> Exchange | None:
        return self.exchanges[-1] if self.exchanges else None

    @property
    def loopback(self) -> bool:
        """Whether what we send stays on this machine."""
        peer = self.transport.peer
        return peer.startswith(("127.", "[::1]", "[::ffff:127.", "unix", "memory"))

    def exposes(self, item: Item) -> bool:
        """Whether `item` carries a credential over a link that others can read."""
        if self.connection.facts.tls or self.loopback:
            return False
        match item:
            case Answer(line=line):
                return line not in (b"", b"*")
            case Command():
                return self._credential(item)
            case Raw(octets=octets) if self.connection.phase is Phase.ANSWER:
                return octets.strip() not in (b"", b"*")
            case Raw(octets=octets) if self.connection.phase is Phase.COMMAND:
                lines = octets.replace(b"\r", b"").split(b"\n")
                return any(self._credential(Command(line)) for line in lines)
            case _:
                return False

    def _credential(self, command: Command) -> bool:
        row = self.connection.catalogue.row(command)
        return bool(row.secret and command.argument) or (
            self.connection.catalogue.secret_in(command) is not None
        )

    # ------------------------------------------------------------------------------- talking

    def item(self, line: bytes) -> Item:
        """What a typed line is where the session stands; in mail data it is not stuffed."""
        match self.connection.phase:
            case Phase.ANSWER:
                return Answer(line)
            case Phase.DATA | Phase.CHUNK:
                return Data(line + b"\r\n")
            case _:
                return Command(line)

    def must_upgrade(self, item: Item) -> bool:
        """Whether TLS has to be up before `item` may go."""
        if not self.settings.starttls or self.connection.facts.tls:
            return False
        return not (isinstance(item, Command) and item.verb in BEFORE_TLS)

    def send(self, item: Item) -> bool:
        """Send `item`, after reading what already came; False when interrupted.

        Raises Failure `security` when `item` needs TLS that cannot be had, or is a credential
        that others could read; nothing was sent then.
        """
        self.poll()
        self._check()
        if self.state is State.TLS:  # the go-ahead came while nobody waited
            self._start_tls(implicit=False)
        if self.must_upgrade(item) and not self.upgrade():
            return False
        if self.exposes(item) and not self.settings.insecure_auth:
            raise Failure(
                Word.SECURITY,
                f"a credential would travel in the clear to {self.transport.peer}: "
                "use TLS (--starttls, --tls), or --insecure-auth",
            )
        octets = self.connection.send(item, self.now())
        return self._write(octets)

    def exchange(self, line: bytes) -> Exchange | None:
        """Send a command, wait for all that is owed, and return what happened.

        None when the wait was interrupted.
        """
        self.send(Command(line))
        return self.last if self.wait() else None

    def wait(self) -> bool:
        """Wait until nothing is owed, then do the handshake that a go-ahead asks for.

        A line that is no reply is raised as `protocol`, and may be waited past: the link lives.
        """
        connection, deadline, owed = self.connection, 0.0, -1
        while (outstanding := connection.outstanding) or connection.reading_body:
            if outstanding != owed or connection.reading_body:
                deadline, owed = self._deadline(), outstanding
            self._check()
            if not self._receive(deadline):
                return False
        self.check()
        if self.state is State.TLS and not self.closed:
            self._start_tls(implicit=False)
        return True

    def poll(self) -> None:
        """Take in what has come already, without waiting; `check` tells what went wrong."""
        if self._transport is None or self.connection.lost:
            return
        deadline = 0.0
        try:
            while (octets := self._transport.poll_receive()) is not None:
                self._take(octets)
                if self.closed:
                    return
                deadline = deadline or self._deadline()
                if time.monotonic() > deadline:
                    raise Failure(Word.TIMEOUT, "")
        except Failure as failure:
            what = f"the end of what {self._transport.peer} says did not come"
            self._failure = self._give_up(self._explain(failure, what))

    def upgrade(self) -> bool:
        """Start TLS by STARTTLS or STLS, with hello before and after, as if it were typed.

        False when interrupted.  Raises Failure `security` when the server does not offer it, or
        refuses.
        """
        catalogue, facts = self.connection.catalogue, self.connection.facts
        verb = next(row.verb for row in catalogue if row.then is Then.TLS)
        if not self.wait():
            return False
        if facts.tls:
            return True
        if any(catalogue.row(one.command).then is Then.TLS for one in self.exchanges):
            raise Failure(Word.SECURITY, f"TLS is required and {verb} was refused")
        hello = self._hello_line()
        unasked = hello and facts.offers is None and not self._said_hello()
        if unasked and self.exchange(hello) is None:
            return False
        if verb not in (facts.offers or ()) and (hello or facts.offers is not None):
            raise Failure(Word.SECURITY, f"TLS is required and {verb} is not offered")
        if self.exchange(verb.encode()) is None:
            return False
        if not self.connection.facts.tls:
            raise Failure(Word.SECURITY, f"TLS is required and {verb} was refused")
        return not hello or self.exchange(self._hello_line()) is not None

    def _said_hello(self) -> list[bytes]:
        """Every EHLO or LHLO so far."""
        rows = self.connection.catalogue
        hellos = [row.verb for row in rows if row.effect is Effect.EXTENSIONS]
        return [one.command.line for one in self.exchanges if one.command.verb in hellos]

    def _hello_line(self) -> bytes:
        """The hello that was said last, or the one to begin with; nothing in POP3."""
        verbs = [row.verb for row in self.connection.catalogue if row.effect is Effect.EXTENSIONS]
        if not verbs:
            return b""
        if said := self._said_hello():
            return said[-1]
        name = self.settings.hello_name or own_name(self.transport.local)
        return f"{verbs[0]} {name}".encode()

    # ------------------------------------------------------------------------------- the wire

    def _deadline(self) -> float:
        """The moment at which a reply that is due now is late."""
        limit = time.monotonic() + self.settings.timeout
        return limit if self.settings.end is None else min(limit, self.settings.end)

    def _write(self, octets: bytes) -> bool:
        try:
            sent = self.transport.send(octets, self._deadline(), self.poll)
        except WriteFailed as failure:
            self._read_on(failure)
            return True
        except Failure as failure:
            what = f"{self.transport.peer} took nothing more"
            raise self._give_up(self._explain(failure, what)) from None
        self._pump()
        return sent == len(octets)

    def _read_on(self, failure: Failure) -> None:
        """The server takes nothing more; what it said before may be the answer, a 421.

        Raises what the server's end was, or `failure`, where it was not.
        """
        self._pump()
        deadline = self._deadline()
        while not self.closed:
            if not self._receive(deadline):
                raise self._give_up(failure) from None
        self.check()
        if self.connection.waiting:
            raise failure

    def _receive(self, deadline: float) -> bool:
        try:
            octets = self.transport.receive(deadline)
            if octets is None:
                return False
            self._take(octets)
            late = time.monotonic() > deadline and self.connection.waiting
        except Failure as failure:
            raise self._give_up(self._explain(failure, self._overdue())) from None
        if late and not self.closed:
            raise self._give_up(self._explain(Failure(Word.TIMEOUT, ""), self._overdue()))
        return True

    def _overdue(self) -> str:
        return f"{self.connection.due_next()} did not come from {self.transport.peer}"

    def _explain(self, failure: Failure, what: str) -> Failure:
        """Say what was too late, and which limit it was."""
        if failure.word is not Word.TIMEOUT:
            return failure
        end = self.settings.end
        over = end is not None and time.monotonic() >= end
        limit = "--max-time" if over else f"{self.settings.timeout:g} s (--timeout)"
        hint = ""
        silent = self.connection.state is State.CONNECT and not self.connection.facts.tls
        if silent and self._transport is not None:
            hint = "; a port that wants TLS at once is silent, too: try --tls"
        return Failure(Word.TIMEOUT, f"{what} within {limit}{hint}")

    def _take(self, octets: memoryview) -> None:
        if len(octets):
            self.connection.receive_data(octets, self.now())
            self._pump()
            if self.connection.lost:  # nothing that comes can be understood any more
                self._abandon()
            return
        ending = self.transport.ending or Ending.EOF
        if ending == Ending.RESET and self.connection.waiting:
            due = self.connection.due_next()
            self.connection.fail(Word.RESET, f"the connection was reset before {due}", self.now())
        self.connection.receive_data(b"", self.now())
        self._pump()
        self.transport.drop()
        self._end(ending)

    def _start_tls(self, *, implicit: bool) -> None:
        try:
            facts = self.transport.start_tls(
                self.settings.tls, self._server_name, self._deadline(), upgrade=not implicit
            )
        except PlainText as failure:
            raise self._give_up(failure, failure.octets) from None
        except Failure as failure:
            what = f"the TLS handshake with {self.transport.peer} was not finished"
            raise self._give_up(self._explain(failure, what)) from None
        except Interrupted:
            self.drop()
            raise
        self.connection.start_tls(self._started_tls(facts, implicit=implicit))
        self._pump()

    def _started_tls(self, facts: TlsFacts, *, implicit: bool) -> events.TlsStarted:
        return events.TlsStarted(
            self.now(), facts.version, facts.cipher, facts.server_name, facts.verified, implicit
        )

    def _give_up(self, failure: Failure, octets: bytes = b"") -> Failure:
        """Tell observers that the session failed, and end it; returns what to raise now."""
        self.connection.fail(failure.word, failure.sentence, self.now(), octets)
        self._pump()
        self._abandon()
        self._failure = None
        return failure

    def _abandon(self) -> None:
        if self._transport is not None:
            self._transport.drop()
        self._end(Ending.LOCAL)

    def _end(self, how: str) -> None:
        if self.closed:
            return
        self.closed = True
        self.connection.close(how, self.now())
        self._pump()

    def check(self) -> None:
        """Raise the failure that `poll` has met, once."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _check(self) -> None:
        """Raise the failure that an event told of, once; without one, nothing can be sent."""
        self.check()
        if self.closed:
            raise Failure(Word.EOF, "the connection is closed")

    # -------------------------------------------------------------------------------- observing

    def _pump(self) -> None:
        while (event := self.connection.next_event()) is not NEED_DATA:
            self._observe(event)

    def _observe(self, event: Event) -> None:
        match event:
            case events.CommandSent():
                self._remember(Exchange(event.command, event.at))
            case events.ReplyReceived():
                self._answered(event)
            case events.BodyChunk():
                self._keep(event)
            case events.Failed():
                self._failure = self._failure or Failure(event.word, event.sentence)
            case _:
                pass
        for observer in self._observers:
            observer(event)

    def _remember(self, exchange: Exchange) -> None:
        if len(self.exchanges) == _KEPT and (oldest := self.exchanges[0].body) is not None:
            oldest.close()
        self.exchanges.append(exchange)

    def _answered(self, event: events.ReplyReceived) -> None:
        for exchange in reversed(self.exchanges):
            if exchange.command is event.command:
                exchange.replies.append(event.reply)
                exchange.took = event.at - exchange.sent_at
                if event.body:
                    self._reading = exchange
                    exchange.body = self._spool(exchange) if self.settings.keep_bodies else None
                return

    def _spool(self, exchange: Exchange) -> IO[bytes]:
        if len(self._bodies) == _BODIES:
            oldest = self._bodies.popleft()
            if oldest.body is not None:
                oldest.body.close()
                oldest.body = None
        self._bodies.append(exchange)
        return files.Spool(_IN_MEMORY)

    def _keep(self, event: events.BodyChunk) -> None:
        exchange = self._reading
        if exchange is None:
            return
        exchange.took = event.at - exchange.sent_at
        if exchange.body is not None:
            try:
                files.keep(exchange.body, event.octets)
            except Failure:  # the disk is full; whoever looks finds no body rather than a part
                exchange.body = None
