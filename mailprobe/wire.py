"""The wire: a `Connection` over a `Transport`, with a bound of time on everything.

What happens is told to observers as events, in order, each to all of them before anything else
happens.  It sends octets that others have composed, and decides about TLS and ends alone.
"""

import math
import time
from collections.abc import Callable, Sequence
from types import MethodType

from mailprobe.errors import Failure, Word
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.connection import Connection
from mailprobe.protocol.events import Ending, Event
from mailprobe.protocol.framing import Limits
from mailprobe.protocol.items import NEED_DATA, NeedData
from mailprobe.protocol.model import Role, State
from mailprobe.transport.link import (
    Interrupted,
    PlainText,
    TlsFacts,
    TlsSettings,
    Transport,
    WriteFailed,
)
from mailprobe.value import field, frozen, replace

Observer = Callable[[Event], None]

_NO_LINK = "there is no connection"
# Ends in the middle of something, and what became of the link.
_ABRUPT = {
    Ending.RESET: (Word.RESET, "reset"),
    Ending.TRUNCATED: (Word.EOF, "closed without close_notify"),
}


@frozen
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
    keep_exchanges: int = 100  # the newest
    piece: int = 0  # octets that go out in one write; 0: all that there are
    pause: float = 0.0  # seconds between two such writes


class Wire:
    """A link to one server, and what is read from it and written to it.

    Methods that wait raise Failure after the `Failed` event was observed; they return False
    when the wakeup descriptor of the transport became readable first.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        observers: Sequence[Observer],
        settings: Settings,
        clock: Callable[[], float],
    ) -> None:
        self.settings = settings
        self.connection = Connection(catalogue, Role.CLIENT, settings.limits)
        self.closed = False
        self._observers = tuple(observers)
        self._listeners: dict[type[Event], tuple[Observer, ...]] = {}  # who is told of which kind
        self._clock = clock
        self._opened = clock()
        self._transport: Transport | None = None
        self._server_name = ""
        self._failure: Failure | None = None
        self._end_name = "--max-time"  # what sets `settings.end`

    # ---------------------------------------------------------------------------- what is known

    def now(self) -> float:
        """Seconds since the session opened."""
        return self._clock() - self._opened

    @property
    def opened(self) -> float:
        """The moment of the clock from which times are counted."""
        return self._opened

    @property
    def state(self) -> State:
        return self.connection.state

    @property
    def transport(self) -> Transport:
        """The link.  Raises Failure `usage` when there is none."""
        if self._transport is None:
            raise Failure(Word.USAGE, _NO_LINK)
        return self._transport

    # ---------------------------------------------------------------------------------- waiting

    def wait(self) -> bool:
        """Wait until nothing is owed, then do the handshake that a go-ahead asks for.

        A line that is no reply is raised as `protocol`, and may be waited past: the link lives.
        """
        connection, deadline, owed = self.connection, math.inf, -1
        facts = connection.facts
        while outstanding := connection.due():
            if facts.state is State.CLOSED:  # after 421 nobody can be relied on to answer
                break
            transport, now = self._usable(), self._clock()
            if now > deadline:
                raise self._too_late()
            if outstanding != owed or connection.reading_body:
                deadline, owed = self.deadline(now), outstanding
            if not self._receive(transport, deadline):
                return False
        if self._failure is not None:
            self.check()
        if facts.state is State.TLS and not self.closed:
            self.start_tls(implicit=False)
        return True

    def poll(self) -> None:
        """Take in what has come already, without waiting; `check` tells what went wrong."""
        self.glance()

    def glance(self, seconds: float = math.inf) -> bool:
        """Poll, but no longer than that: True when there may be more, however much comes."""
        if self._transport is None or self.connection.lost:
            return False
        late = enough = 0.0
        try:
            while (octets := self._transport.poll_receive()) is not None:
                self.take_in(octets)
                if self.closed:
                    return False
                now = self._clock()
                late, enough = late or self.deadline(now), enough or now + seconds
                if now > late:
                    raise Failure(Word.TIMEOUT, "")
                if now > enough:
                    return True
        except Failure as failure:
            what = f"the end of what {self._transport.peer} says did not come"
            self._failure = self.give_up(self._explain(failure, what))
        return False

    def check(self) -> None:
        """Raise the failure that `poll` has met, once."""
        if self._failure is None:
            return
        failure, self._failure = self._failure, None
        raise failure

    def forgive(self) -> None:
        """Whatever `check` would raise was understood by somebody."""
        self._failure = None

    def _usable(self) -> Transport:
        """The link.  Raises the failure that an event told of, once, or that there is no link."""
        if self._failure is not None:
            self.check()
        if self.closed:
            raise Failure(Word.EOF, "the connection is closed")
        if self._transport is None:
            raise Failure(Word.USAGE, _NO_LINK)
        return self._transport

    # ----------------------------------------------------------------------------------- octets

    def deadline(self, now: float) -> float:
        """The moment at which a reply that is due `now` is late."""
        settings = self.settings
        limit = now + settings.timeout
        return limit if settings.end is None else min(limit, settings.end)

    def _too_late(self) -> Failure:
        """End the session: the deadline has passed, whatever still comes."""
        return self.give_up(self._late(Failure(Word.TIMEOUT, "")))

    def transmit(self, transport: Transport, octets: bytes, deadline: float) -> bool:
        """Send what was composed, and tell of it; False when that was interrupted."""
        try:
            sent = transport.send(octets, deadline, self.poll)
        except WriteFailed as failure:
            self._read_on(failure)
            return True
        except Failure as failure:
            what = f"{transport.peer} took nothing more"
            raise self.give_up(self._explain(failure, what)) from None
        self._pump()
        return sent == len(octets)

    def rest(self, transport: Transport, seconds: float) -> bool:
        """Let `seconds` pass, and take in what comes meanwhile; False when interrupted, or over."""
        end = time.monotonic() + seconds
        while transport.rest(end):
            self.poll()
            if self.closed or self._failure is not None:
                return False
            if time.monotonic() >= end:
                return True
        return False

    def _read_on(self, failure: Failure) -> None:
        """The server takes nothing more; what it said before may be the answer, a 421.

        Raises what the server's end was, or `failure`, where it was not.
        """
        self._pump()
        deadline = self.deadline(self._clock())
        while not self.closed:
            if self.connection.waiting and self._clock() > deadline:
                raise self._too_late()
            if not self._receive(self.transport, deadline):
                raise self.give_up(failure) from None
        self.check()
        if self.connection.waiting:
            raise failure

    def _receive(self, transport: Transport, deadline: float) -> bool:
        try:
            octets = transport.receive(deadline)
            if octets is None:
                return False
            self.take_in(octets)
        except Failure as failure:
            raise self.give_up(self._late(failure)) from None
        return True

    def _late(self, failure: Failure) -> Failure:
        what = f"{self.connection.due_next()} did not come from {self.transport.peer}"
        return self._explain(failure, what, self.hint())

    def hint(self) -> str:
        """What may help somebody who has waited in vain; it follows that sentence."""
        connection = self.connection
        silent = connection.state is State.CONNECT and not connection.unfinished
        if silent and connection.facts.greeting is None and not connection.facts.tls:
            return "; a port that wants TLS at once is silent, too: try --tls"
        return ""

    def _explain(self, failure: Failure, what: str, hint: str = "") -> Failure:
        """Say what was too late, which limit it was, and what may help."""
        if failure.word is not Word.TIMEOUT:
            return failure
        end = self.settings.end
        over = end is not None and time.monotonic() >= end
        limit = self._end_name if over else f"{self.settings.timeout:g} s (--timeout)"
        return Failure(Word.TIMEOUT, f"{what} within {limit}{hint}")

    def take_in(self, octets: memoryview) -> None:
        """What came: understood, and told."""
        connection = self.connection
        if octets:
            connection.receive_data(octets, self._clock() - self._opened)
            self._pump()
            if connection.lost:  # nothing that comes can be understood any more
                self._abandon()
            return
        ending = self.transport.ending or Ending.EOF
        if ending in _ABRUPT and connection.waiting:
            where = connection.inside or f"before {connection.due_next()}"
            word, what = _ABRUPT[ending]
            connection.fail(word, f"the connection was {what} {where}", self.now())
        connection.receive_data(b"", self.now())
        self._pump()
        self.transport.drop()
        self.end(ending)

    def start_tls(self, *, implicit: bool) -> None:
        """The handshake, behind a go-ahead or at once, and what it forgets.  Raises Failure."""
        try:
            facts = self.transport.start_tls(
                self.settings.tls,
                self._server_name,
                self.deadline(self._clock()),
                upgrade=not implicit,
            )
        except PlainText as failure:
            self._tell_tls_failed(implicit=implicit)
            raise self._give_up(failure, failure.octets) from None
        except Failure as failure:
            self._tell_tls_failed(implicit=implicit)
            what = f"the TLS handshake with {self.transport.peer} was not finished"
            raise self.give_up(self._explain(failure, what)) from None
        except Interrupted:
            self._tell_tls_failed(implicit=implicit)
            self.drop()
            raise
        self.connection.start_tls(self._started_tls(facts, implicit=implicit))
        self._pump()

    def _started_tls(self, facts: TlsFacts, *, implicit: bool) -> events.TlsStarted:
        return events.TlsStarted(
            self.now(), facts.version, facts.cipher, facts.server_name, facts.verified, implicit
        )

    def _tell_tls_failed(self, *, implicit: bool) -> None:
        self._observe(events.TlsFailed(self.now(), self.settings.tls.verify, implicit))

    def drop(self) -> None:
        """End at once, without a word to the server: in POP3 nothing is deleted."""
        if self._transport is not None and not self.closed:
            self._transport.drop()
            self.end(Ending.LOCAL)

    def give_up(self, failure: Failure) -> Failure:
        """Tell observers that the session failed, and end it; returns what to raise now."""
        return self._give_up(failure, b"")

    def _give_up(self, failure: Failure, octets: bytes) -> Failure:
        """The same, with octets that somebody else has read."""
        self.connection.fail(failure.word, failure.sentence, self.now(), octets)
        self._pump()
        self._abandon()
        self._failure = None
        return failure

    def _abandon(self) -> None:
        if self._transport is not None:
            self._transport.drop()
        self.end(Ending.LOCAL)

    def end(self, how: str) -> None:
        """The link is gone; `how` is one of `events.Ending`."""
        if self.closed:
            return
        self.closed = True
        self.connection.close(how, self.now())
        self._pump()

    # ---------------------------------------------------------------------------------- telling

    def _pump(self) -> None:
        next_event, listeners = self.connection.next_event, self._listeners
        event = next_event()
        while event is not NEED_DATA:
            if isinstance(event, events.Failed):
                event = self._tell_failed(event)
                continue
            told = listeners.get(type(event))
            for listener in self._listeners_to(type(event)) if told is None else told:
                listener(event)
            event = next_event()

    def _tell_failed(self, first: events.Failed) -> Event | NeedData:
        """Lines that are no reply and came together are told as one; returns what is behind."""
        lines = [first.octets]
        while (
            isinstance(event := self.connection.next_event(), events.Failed)
            and event.word is first.word
            and not self.connection.lost
        ):
            lines.append(event.octets)
        if more := len(lines) - 1:
            sentence = f"{first.sentence}; {more} more {'lines' if more > 1 else 'line'} like it"
            first = replace(first, sentence=sentence, octets=b"".join(lines))
        self._observe(first)
        return event

    def _observe(self, event: Event) -> None:
        if isinstance(event, events.Failed):
            self._failure = self._failure or Failure(event.word, event.sentence)
        for listener in self._listeners_to(type(event)):
            listener(event)

    def _listeners_to(self, kind: type[Event]) -> tuple[Observer, ...]:
        """What is to be called with each event of `kind`, in the order of the observers."""
        if (told := self._listeners.get(kind)) is None:
            found = [_listener(observer, kind) for observer in self._observers]
            told = self._listeners[kind] = tuple([one for one in found if one is not None])
        return told


def _listener(observer: Observer, kind: type[Event]) -> Observer | None:
    """What of `observer` is to be called: it may choose for each kind, by its own `listener`."""
    choose: Callable[[type[Event]], Observer | None] | None = getattr(observer, "listener", None)
    return _callable(observer) if choose is None else choose(kind)


def _callable(observer: Observer) -> Observer:
    """What runs when `observer` is called; Python 3.11 is slow to find it in the class of one."""
    method: object = observer.__call__  # type: ignore[operator]  # mypy knows it by its call alone
    return method if isinstance(method, MethodType) else observer
