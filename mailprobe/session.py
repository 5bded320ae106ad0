"""A session: what a client may say on the wire, when, and what it remembers of the answers.

Nothing here writes to a terminal or a file, and nothing here knows who types.
"""

import time
from collections.abc import Callable, Sequence

from mailprobe.errors import Failure, Word
from mailprobe.exchanges import Exchange, ExchangeLog
from mailprobe.protocol.catalogue import BEFORE_TLS, Catalogue, Then
from mailprobe.protocol.events import Ending
from mailprobe.protocol.facts import Effect
from mailprobe.protocol.framing import CRLF
from mailprobe.protocol.items import Answer, Data, Phase, Raw
from mailprobe.protocol.model import Command, State
from mailprobe.safe import safe
from mailprobe.transport.connect import connect
from mailprobe.transport.link import Interrupted, Transport
from mailprobe.transport.target import Target, Tls
from mailprobe.value import replace
from mailprobe.wire import Observer, Settings, Wire

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from mailprobe.protocol.sasl import Binding

__all__ = ["Exchange", "Item", "Observer", "Session", "Settings"]

Item = Command | Answer | Data | Raw

_LOOPBACK = ("127.", "[::1]", "[::ffff:127.", "unix", "memory")  # how such peers are written
_FAREWELL = 1.0  # seconds that a polite end may take
_PATIENCE = 0.25  # seconds of it for a server that ends the link of its own accord


class Session(Wire):
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
        settings = settings or Settings()
        self._log = ExchangeLog(keep_bodies=settings.keep_bodies, kept=settings.keep_exchanges)
        self._asked_for_tls: Word | None = None  # what a refusal of that is
        self.loopback = False  # whether what we send stays on this machine
        self.target: Target | None = None  # whom `open` was asked to reach, and how
        self.link: Callable[..., Transport] | None = None
        self.exchanges = self._log.exchanges  # the newest commands, the oldest of them first
        self.milestones = self._log.milestones  # events of the way, and since when
        self.unsolicited = self._log.unsolicited  # the last reply of that kind, at most
        super().__init__(catalogue, (self._log, *observers), settings, clock)

    # ------------------------------------------------------------------------ opening, ending

    def open(self, target: Target, link: Callable[..., Transport] | None = None) -> bool:
        """Reach `target`, start TLS if it is implicit, and wait for the greeting.

        `link` makes the transport (default: `transport.connect.connect`).  Raises Failure, or
        `transport.link.Interrupted` while there is no link yet.
        """
        self._server_name = target.server_name
        self.target, self.link = target, link
        if target.associations:
            tls = replace(self.settings.tls, associations=target.associations)
            self.settings = replace(self.settings, tls=tls)
        try:
            transport = (link or connect)(
                target,
                deadline=self.deadline(self._clock()),
                on_event=self._observe,
                clock=self.now,
            )
        except Failure as failure:
            raise self.give_up(self._explain(failure, failure.sentence)) from None
        return self.attach(transport, implicit_tls=target.tls is Tls.IMPLICIT)

    def attach(self, transport: Transport, *, implicit_tls: bool = False) -> bool:
        """Take over a transport that is connected, and wait for the greeting."""
        self._transport = transport
        self.loopback = transport.peer.startswith(_LOOPBACK) and not transport.relayed
        if implicit_tls:
            self.start_tls(implicit=True)
        return self.wait()

    def close(self) -> None:
        """End politely: close_notify, FIN, and at most a second for the server's own end.

        Behind QUIT or 421 it is the server that ends it, unless it waits for us.
        """
        self.poll()  # the server may have ended before us
        if self.state in (State.CLOSED, State.UPDATE):
            self._await_end(min(self._farewell(), time.monotonic() + _PATIENCE))
        if self._transport is not None and not self.closed:
            self._transport.close(self._farewell())
            self.end(Ending.LOCAL)

    def _await_end(self, deadline: float) -> None:
        """Take in what comes until the server ends the link, or `deadline`."""
        try:
            while self._transport is not None and not self.closed:
                octets = self._transport.receive(deadline)
                if octets is None or time.monotonic() > deadline:
                    break
                self.take_in(octets)
        except Failure:
            pass  # it waits for us

    def hurry(self) -> None:
        """Let whatever is still said and waited for take a second at most."""
        end = self._farewell()
        if end != self.settings.end:
            self._end_name = f"{_FAREWELL:g} s, as long as a farewell may take"
        self.settings = replace(self.settings, end=end, pause=0.0)

    def _farewell(self) -> float:
        """The moment by which a polite end is over."""
        limit, end = time.monotonic() + _FAREWELL, self.settings.end
        return limit if end is None else min(limit, end)

    def leave(self) -> None:
        """QUIT, wait at most a second, close; a failure on the way is an event, no more.

        Never QUIT after 421, inside mail data or behind a line that was half sent, whose end it
        would become.  In POP3 marks are taken back first, those of a
        DELE that was refused, too; where that is refused there is no QUIT, which would delete
        (RFC 1939, section 6).
        """
        self.hurry()
        try:
            if self.connection.phase is Phase.ANSWER and not self.connection.begun:
                self.send(Answer(b"*"))
                self.wait()
            over = self.state in (State.CLOSED, State.UPDATE)
            if self.between_lines and not over:
                self._say_goodbye()
        except (Failure, Interrupted):
            pass
        if self.between_lines:
            self.close()
        self.drop()

    def _say_goodbye(self) -> None:
        if self.unmark():
            self.exchange(b"QUIT")

    def unmark(self) -> bool:
        """Take back what DELE may have marked, whatever was said to it; whether QUIT does no harm.

        Raises Failure.
        """
        facts = self.connection.facts
        if not facts.marked and not (facts.asked_to_delete and facts.authenticated):
            return True
        unmarked = self.exchange(b"RSET")
        return unmarked is not None and any(reply.positive for reply in unmarked.replies)

    def release(self) -> None:
        """Let go of the bodies that were kept; they cannot be looked at any more."""
        self._log.release()

    # ---------------------------------------------------------------------------- what is known

    @property
    def between_lines(self) -> bool:
        """Whether the next octet would begin a command: neither mail data nor a line is open."""
        return self.connection.phase is Phase.COMMAND and not self.connection.begun

    @property
    def last(self) -> Exchange | None:
        return self.exchanges[-1] if self.exchanges else None

    @property
    def server_name(self) -> str:
        """The host as it was asked for; "" where nobody has named one."""
        return self._server_name

    def exposes(self, item: Item) -> bool:
        """Whether `item` carries a credential over a link that others can read."""
        if self.connection.facts.tls or self.loopback:
            return False
        begun = self.connection.begun  # a line may go out in pieces
        match item:
            case Answer(line=line):
                return begun + line not in (b"", b"*")
            case Command(line=line):
                return self._credential(Command(begun + line))
            case Raw(octets=octets) if self.connection.phase is Phase.ANSWER:
                return (begun + octets).strip() not in (b"", b"*")
            case Raw(octets=octets) if self.connection.phase is Phase.COMMAND:
                lines = (begun + octets).replace(b"\r", b"").split(b"\n")
                return any(self._credential(Command(line)) for line in lines)
            case _:
                return False

    def binding_for(self, mechanism: str) -> "Binding | None":
        """What of the TLS channel a login by SASL is told: see `sasl.binding_for`."""
        from mailprobe.protocol import sasl  # with hashlib and hmac: only where somebody logs in

        for kind in sasl.BINDINGS if self.connection.facts.tls else ():
            if (octets := self.transport.channel_binding(kind)) is not None:
                offered = self.connection.facts.mechanisms
                return sasl.binding_for(mechanism, offered, sasl.Binding(kind, octets))
        return None

    def _credential(self, command: Command) -> bool:
        row = self.connection.catalogue.row(command)
        return bool(row.then is Then.SASL and command.argument) or (
            self.connection.catalogue.secret_in(command) is not None
        )

    def hint(self) -> str:
        if self.connection.reading_body and self._log.ends_by_bare_lf():
            return "; a lone dot came, but bare LFs around it end nothing (RFC 1939, section 3)"
        return super().hint()

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

    def reach_tls(self) -> bool:
        """Begin TLS where it is required and has not begun; False when interrupted.

        Raises Failure like `upgrade`.
        """
        required = self.settings.starttls and not self.connection.facts.tls
        return not required or self.upgrade()

    def send(self, item: Item) -> bool:
        """Send `item`, after reading what already came; False when interrupted.

        Raises Failure `security` when `item` needs TLS that cannot be had, or is a credential
        that others could read; nothing was sent then.
        """
        self.glance()
        transport, connection, settings = self._usable(), self.connection, self.settings
        if connection.facts.state is State.TLS:  # the go-ahead came while nobody waited
            self.start_tls(implicit=False)
        if settings.starttls and not self._prepare_tls(item):
            return False
        if not (self.loopback or settings.insecure_auth) and self.exposes(item):
            raise Failure(
                Word.SECURITY,
                f"a credential would travel in the clear to {transport.peer}: "
                "use TLS (--starttls, --tls), or --insecure-auth",
            )
        if settings.piece:
            return self._send_in_pieces(transport, item)
        now = self._clock()
        octets = connection.send(item, now - self._opened)
        return self.transmit(transport, octets, self.deadline(now))

    def _send_in_pieces(self, transport: Transport, item: Item) -> bool:
        """Send `item` as the settings say: so many octets in one write, so long apart.

        What becomes a whole line by a piece is understood before it goes, for its answer may come
        before the next one; where somebody interrupts it, only what went out counts.
        """
        if not _belongs(item, self.connection.phase):
            self.connection.send(item, self.now())  # raises Misuse
        octets, size, told = _octets_of(item), self.settings.piece, 0
        for start in range(0, len(octets), size):
            if start and not self.rest(transport, self.settings.pause):
                self._usable()  # raises where it is over
                self._tell_sent(Raw(octets[told:start]))
                return False
            end = min(start + size, len(octets))
            whole = end if end == len(octets) else octets.rfind(b"\n", told, end) + 1
            if whole > told:
                self._tell_sent(item if whole - told == len(octets) else Raw(octets[told:whole]))
                told = whole
            if not self.transmit(transport, octets[start:end], self.deadline(self._clock())):
                return False
        return True

    def _tell_sent(self, item: Item) -> None:
        """Have the connection understand what goes out now."""
        self.connection.send(item, self.now())
        self._pump()

    def _prepare_tls(self, item: Item) -> bool:
        """Where TLS is required, reach it before `item` goes; False when interrupted."""
        then = self._then(item)
        if self._tls_was_refused and then is not Then.CLOSE:
            raise self._without_tls("was refused")
        if self.must_upgrade(item) and not self.upgrade():
            return False
        if self._asked_for_tls is None and then is Then.TLS:
            self._asked_for_tls = Word.REFUSED  # the one who typed it sees that, as of any command
        return True

    @property
    def _tls_was_refused(self) -> bool:
        """Whether it is required, was asked for, and the answer was no."""
        connection = self.connection
        asked = self.settings.starttls and self._asked_for_tls is not None
        return asked and not connection.facts.tls and not connection.waiting

    @property
    def _tls_verb(self) -> str:
        return next(row.verb for row in self.connection.catalogue if row.then is Then.TLS)

    def _without_tls(self, why: str) -> Failure:
        word = self._asked_for_tls or Word.SECURITY
        return Failure(word, f"TLS is required and {self._tls_verb} {why}")

    def _then(self, item: Item) -> Then:
        row = self.connection.catalogue.row(item) if isinstance(item, Command) else None
        return row.then if row is not None else Then.NOTHING

    def exchange(self, line: bytes) -> Exchange | None:
        """Send a command, wait for all that is owed, and return what happened.

        None when the wait was interrupted.
        """
        self.send(Command(line))
        return self.exchanges[-1] if self.wait() else None

    def upgrade(self) -> bool:
        """Start TLS by STARTTLS or STLS, with hello before and after, as if it were typed.

        False when interrupted.  Raises Failure `security` when the server does not offer it, or
        refuses.
        """
        facts, verb = self.connection.facts, self._tls_verb
        if not self.wait():
            return False
        if facts.tls:
            return True
        if self._tls_was_refused:
            raise self._without_tls("was refused")
        hello = self.hello_line()
        unasked = hello and facts.offers is None and not self._said_hello()
        if unasked and self.exchange(hello) is None:
            return False
        if verb not in (facts.offers or ()) and (hello or facts.offers is not None):
            raise self._without_tls("is not offered")
        try:
            asked = self.exchange(verb.encode())
        finally:
            self._asked_for_tls = Word.SECURITY
        if asked is None:
            return False
        if not self.connection.facts.tls:
            raise self._without_tls("was refused")
        return not hello or self._say_hello_again()

    def _say_hello_again(self) -> bool:
        """What was offered in the clear does not count (RFC 3207, section 4.2)."""
        again = self.exchange(self.hello_line())
        if again is not None and again.replies[-1].refused:
            said = safe(again.replies[-1].lines[-1])
            raise Failure(Word.REFUSED, f"{again.command.verb} over TLS was answered: {said}")
        return again is not None

    def _said_hello(self) -> list[bytes]:
        """Every EHLO or LHLO so far."""
        rows = self.connection.catalogue
        hellos = [row.verb for row in rows if row.effect is Effect.EXTENSIONS]
        return [one.command.line for one in self.exchanges if one.command.verb in hellos]

    def hello_line(self) -> bytes:
        """The hello that was said last, or the one to begin with; nothing in POP3."""
        verbs = [row.verb for row in self.connection.catalogue if row.effect is Effect.EXTENSIONS]
        if not verbs:
            return b""
        if said := self._said_hello():
            return said[-1]
        name = self.settings.hello_name
        if not name:
            from mailprobe.transport.names import own_name

            name = own_name(self.transport.local)
        return f"{verbs[0]} {name}".encode()


def _octets_of(item: Item) -> bytes:
    """What `item` is on the wire."""
    return item.octets if isinstance(item, Data | Raw) else item.line + CRLF


def _belongs(item: Item, phase: Phase) -> bool:
    """Whether `item` may be said where the session stands."""
    match item:
        case Raw():
            return True
        case Data():
            return phase in (Phase.DATA, Phase.CHUNK)
        case Answer():
            return phase is Phase.ANSWER
        case _:
            return phase is not Phase.ANSWER
