"""A connection of `protocol: raw`: octets both ways, understood by nobody."""

import time
from collections.abc import Sequence

from mailprobe.errors import Failure, Word
from mailprobe.player.playing.bodies import Body
from mailprobe.player.playing.hosts import Way
from mailprobe.player.playing.linked import Linked
from mailprobe.protocol import events
from mailprobe.protocol.events import Ending, Event
from mailprobe.protocol.model import Reply
from mailprobe.safe import safe
from mailprobe.session import Observer, Settings
from mailprobe.transcript.model import Line, Pattern
from mailprobe.transport.connect import connect
from mailprobe.transport.link import Interrupted, TlsSettings, Transport, WriteFailed
from mailprobe.transport.target import Tls

_SHOWN = 200  # octets that fit into a sentence
_FAREWELL = 1.0  # seconds that a polite end may take


class RawLink(Linked):
    """One connection.  `heard` is what came and was not taken yet."""

    stored = 0
    message: Body | None = None

    def __init__(
        self,
        number: int,
        way: Way,
        settings: Settings,
        observers: Sequence[Observer],
        *,
        wakeup: int | None,
    ) -> None:
        self.number = number
        self.way = way
        self.settings = settings
        self.heard = bytearray()
        self.closed = False
        self.ending: str | None = None
        self.failure: Failure | None = None
        self.answered_at = 0.0
        self.star: Pattern | None = None  # the S* that may take lines
        self.said: Line | None = None  # the C line that was sent last
        self.ended = False  # we have ended it, and the file has no more of it
        self.tail = b"\r\n"  # the last two octets that were sent
        self._observers = tuple(observers)
        self._wakeup = wakeup
        self._started = time.monotonic()
        self._transport: Transport | None = None

    # ------------------------------------------------------------------------ opening, ending

    def reach(self) -> None:
        """Connect, and start TLS if it is implicit."""
        self._transport = connect(
            self.way.target,
            addresses=self.way.addresses,
            deadline=self._deadline(),
            on_event=self._tell,
            clock=self.now,
            wakeup=self._wakeup,
            way=self.way.through,
        )
        if self.way.target.tls is Tls.IMPLICIT:
            self._start_tls(self.settings.tls, upgrade=False)

    def upgrade_by(self, tls: TlsSettings) -> None:
        """Start TLS here.  Raises Failure."""
        self._start_tls(tls, upgrade=True)

    def _start_tls(self, tls: TlsSettings, *, upgrade: bool) -> None:
        name = self.way.target.server_name
        facts = self.transport.start_tls(tls, name, self._deadline(), upgrade=upgrade)
        started = events.TlsStarted(
            self.now(), facts.version, facts.cipher, facts.server_name, facts.verified, not upgrade
        )
        self._tell(started)

    def leave(self) -> None:
        """End politely, in a second at most."""
        if self._transport is not None and not self.closed:
            limit, end = time.monotonic() + _FAREWELL, self.settings.end
            self._transport.close(limit if end is None else min(limit, end))
            self.end(Ending.LOCAL)

    def drop(self) -> None:
        """End at once."""
        if self._transport is not None and not self.closed:
            self._transport.drop()
            self.end(Ending.LOCAL)

    # -------------------------------------------------------------------------- what is known

    @property
    def transport(self) -> Transport:
        assert self._transport is not None  # nobody talks before there is a link
        return self._transport

    def now(self) -> float:
        """Seconds since the link was asked for."""
        return time.monotonic() - self._started

    def unread(self) -> str:
        """What came and nobody took; "": nothing.  Raises Failure when the link is gone."""
        while not self.closed and (octets := self.transport.poll_receive()) is not None:
            self.take_in(octets)
        if self.heard:
            return f"the server has said {safe(bytes(self.heard[:_SHOWN]))}"
        if self.closed:
            raise self.failure or Failure(Word.EOF, "the connection is closed")
        return ""

    def surplus(self, behind: int) -> str:
        """What came and nobody takes, where the file has `behind` lines more; "": nothing."""
        while not self.closed and (octets := self.transport.poll_receive()) is not None:
            self.take_in(octets)
        if self.heard and not behind and self.star is None:
            return f"the server has said {safe(bytes(self.heard[:_SHOWN]))}"
        return ""

    # --------------------------------------------------------------------------------- talking

    def write(self, octets: bytes, *, secret: bool) -> None:
        """Send octets by one write; none are secret here.  Raises Failure, Interrupted."""
        self.answered_at = self.now()
        self.tail = (self.tail + octets[-2:])[-2:]
        self._tell(events.RawSent(self.answered_at, octets))
        try:
            sent = self.transport.send(octets, self._deadline())
        except WriteFailed:
            return  # what the server said before it went is looked at first
        if sent < len(octets):
            raise Interrupted

    @property
    def nothing_came(self) -> bool:
        """Whether the server is silent, and still there."""
        return not self.heard and not self.closed

    def take(self, count: int) -> None:
        """The first `count` octets of what came were understood."""
        octets = bytes(self.heard[:count])
        del self.heard[:count]
        self.answered_at = self.now()
        self._tell(events.Unsolicited(self.answered_at, Reply((octets,), "", octets)))

    def take_in(self, octets: memoryview) -> None:
        self.heard += octets
        if not len(octets):
            self.ending = self.transport.ending or Ending.EOF
            self.transport.drop()
            self.end(self.ending)
        elif len(self.heard) > self.settings.limits.reply:
            self.give_up(
                Failure(
                    Word.LIMIT,
                    f"more than {self.settings.limits.reply} octets that the file does not expect "
                    "(--max-reply moves this)",
                )
            )

    def give_up(self, failure: Failure) -> Failure:
        """Nothing more can come; returns why."""
        self.failure = failure
        self.drop()
        return failure

    def end(self, how: str) -> None:
        self.closed = True
        self.ending = self.ending or how
        if self.heard:  # it travelled, whether somebody wanted it or not
            octets = bytes(self.heard)
            self._tell(events.Unsolicited(self.now(), Reply((octets,), "", octets)))
        self._tell(events.Closed(self.now(), how))

    def _tell(self, event: Event) -> None:
        for observer in self._observers:
            observer(event)

    def _deadline(self) -> float:
        limit, end = time.monotonic() + self.settings.timeout, self.settings.end
        return limit if end is None else min(limit, end)
