"""How long each thing took: what a session remembers, as spans of time.

It reads a log that is kept anyhow, so that nothing is slower for it.  Of a command it knows the
verb alone: an argument may be a secret, and so may a verb that no table has.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import ceil

from mailprobe.enums import StrEnum
from mailprobe.exchanges import Exchange
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Catalogue, Then
from mailprobe.protocol.events import Event
from mailprobe.protocol.model import Verdict
from mailprobe.value import frozen

OTHER = "other command"  # whose verb is in no table
_NO_REPLY = "no reply"
_FAILED = "failed"


class Kind(StrEnum):
    """What a span is about."""

    DNS = "dns"
    CONNECT = "connect"
    TUNNEL = "tunnel"  # through a proxy to which we are connected
    TLS = "tls"
    GREETING = "greeting"
    COMMAND = "command"
    ANSWER = "answer"  # to a SASL challenge
    DATA = "data"  # mail data on its way: the client's time, and not the server's
    END_OF_DATA = "end-of-data"


@frozen
class Span:
    """From `start` to `end`, in seconds since the session opened.

    `first` is when the first line of a multi-line response had come.  `outcome` is a reply code,
    or words; "" for what has none.
    """

    kind: Kind
    name: str  # "DNS", "EHLO", "mail data"
    start: float
    end: float
    outcome: str = ""
    failed: bool = False
    first: float | None = None

    @property
    def seconds(self) -> float:
        return self.end - self.start


@frozen
class Timing:
    """A whole session: its spans in the order in which they began."""

    spans: tuple[Span, ...]
    whole: float  # seconds, from the opening to the end, or to the last thing known

    @property
    def waited(self) -> float:
        """Seconds in which something was waited for; what overlaps counts once."""
        total, until = 0.0, 0.0
        for span in self.spans:
            if span.kind is not Kind.DATA and span.end > until:
                total += span.end - max(span.start, until)
                until = span.end
        return total

    def slowest(self, count: int = 3) -> tuple[Span, ...]:
        """The longest of what was waited for, the longest first."""
        waits = [span for span in self.spans if span.kind is not Kind.DATA]
        return tuple(sorted(waits, key=lambda span: -span.seconds)[:count])


def timing_of(
    catalogue: Catalogue,
    milestones: Iterable[tuple[float, Event]],
    exchanges: Iterable[Exchange],
) -> Timing:
    """The timing of a session by what it remembers (`Session.milestones`, `.exchanges`)."""
    known = list(milestones)
    spans = list(_way(known))
    end = known[-1][1] if known else None
    until = end.at if isinstance(end, events.Closed) else 0.0
    for exchange in exchanges:
        spans += _parts(catalogue, exchange, until)
    spans.sort(key=lambda span: (span.start, span.end))
    ends = [event.at for _, event in known] + [span.end for span in spans]
    return Timing(tuple(spans), max(ends, default=0.0))


# -------------------------------------------------------------------------------------- the way


def _way(milestones: Sequence[tuple[float, Event]]) -> Iterator[Span]:
    """Look-up, attempts to connect, handshakes and greeting."""
    trying: events.Connecting | None = None
    greeted = False
    for since, event in milestones:
        match event:
            case events.Resolved():
                yield Span(Kind.DNS, "DNS", since, event.at)
            case events.Connecting():
                if trying is not None:
                    yield Span(Kind.CONNECT, "connect", trying.at, event.at, _FAILED, failed=True)
                trying = event
            case events.Connected():
                yield Span(Kind.CONNECT, "connect", since, event.at)
                trying = None
            case events.Tunnelled():
                yield Span(Kind.TUNNEL, "proxy", since, event.at)
            case events.TlsStarted():
                yield Span(Kind.TLS, "TLS", since, event.at, event.version)
            case events.TlsFailed():
                yield Span(Kind.TLS, "TLS", since, event.at, _FAILED, failed=True)
            case events.Greeting(reply=reply):
                greeted = True
                refused = reply.refused
                yield Span(Kind.GREETING, "greeting", since, event.at, reply.code, failed=refused)
            case _:
                yield from _broken_off(trying, milestones, since, event, greeted=greeted)


def _broken_off(
    trying: events.Connecting | None,
    milestones: Sequence[tuple[float, Event]],
    since: float,
    end: Event,
    *,
    greeted: bool,
) -> Iterator[Span]:
    """What the end of the session has cut off."""
    last = milestones[-2][1] if len(milestones) > 1 else None
    if last is None:
        yield Span(Kind.DNS, "DNS", 0.0, end.at, _FAILED, failed=True)
    elif trying is not None:
        yield Span(Kind.CONNECT, "connect", trying.at, end.at, _FAILED, failed=True)
    elif not greeted and not isinstance(last, events.TlsFailed):
        yield Span(Kind.GREETING, "greeting", since, end.at, _NO_REPLY, failed=True)


# --------------------------------------------------------------------------------- the commands


def _parts(catalogue: Catalogue, exchange: Exchange, until: float) -> Iterator[Span]:
    """A command, and what followed it: answers to challenges, or mail data and its end.

    `until` is the end of the session, as far as it is known.
    """
    steps, waits = exchange.steps or [], exchange.waits or []
    row = catalogue.row(exchange.command)
    name = exchange.command.verb if exchange.command.verb in catalogue else OTHER
    by_data = row.then is not Then.SASL
    kind, called = Kind.COMMAND, name
    start = exchange.sent_at
    for index, step in enumerate(steps):
        if took := waits[index]:
            code = exchange.replies[index].code if index < len(exchange.replies) else ""
            yield Span(kind, called, start, start + took, code)
        if by_data:
            yield Span(Kind.DATA, "mail data", start + took, step)
        start, kind, called = step, *_next(row.then, name)
    yield _last(exchange, kind, called, start, until)


def _next(then: Then, name: str) -> tuple[Kind, str]:
    """What is waited for behind a step."""
    if then is Then.SASL:
        return Kind.ANSWER, f"{name} answer"
    # a chunk is answered behind its octets, and perhaps not the last one
    return (Kind.COMMAND, name) if then is Then.CHUNK else (Kind.END_OF_DATA, "end of mail data")


def _last(exchange: Exchange, kind: Kind, name: str, start: float, until: float) -> Span:
    """The wait for the last reply, which may not have come."""
    steps, waits, replies = exchange.steps or [], exchange.waits or [], exchange.replies
    went_on = bool(replies) and replies[-1].verdict is Verdict.GO_ON
    if not replies or (went_on and len(replies) <= len(steps)):
        return Span(kind, name, start, max(start, until), _NO_REPLY, failed=True)
    end, reply = start + exchange.took, replies[-1]
    first = start + waits[0] if waits and not steps else None
    return Span(kind, name, start, end, reply.code, failed=reply.refused, first=first)


# --------------------------------------------------------------------------------- many sessions


@frozen
class Row:
    """What all spans of one name have in common; seconds."""

    name: str
    count: int
    least: float
    median: float
    p90: float
    p99: float
    most: float
    failed: int


class Tally:
    """Spans of many sessions, by their names.  `words` counts how the sessions failed."""

    WHOLE = "whole session"

    def __init__(self) -> None:
        self.sessions = 0
        self.words: dict[str, int] = {}
        self._seconds: dict[str, list[float]] = {}
        self._failed: dict[str, int] = {}

    def add(self, timing: Timing | None, word: str = "") -> None:
        """Take in one session; `word` is that of the failure that ended it."""
        self.sessions += 1
        if word:
            self.words[word] = self.words.get(word, 0) + 1
        if timing is None:
            return
        for span in timing.spans:
            self._count(span.name, span.seconds, failed=span.failed)
        self._count(self.WHOLE, timing.whole, failed=bool(word))

    def _count(self, name: str, seconds: float, *, failed: bool) -> None:
        self._seconds.setdefault(name, []).append(seconds)
        self._failed[name] = self._failed.get(name, 0) + failed

    def rows(self) -> list[Row]:
        """In the order in which the names came first, the whole session last."""
        names = [name for name in self._seconds if name != self.WHOLE]
        return [self._row(name) for name in [*names, self.WHOLE] if name in self._seconds]

    def _row(self, name: str) -> Row:
        known = sorted(self._seconds[name])
        return Row(
            name,
            len(known),
            known[0],
            percentile(known, 50),
            percentile(known, 90),
            percentile(known, 99),
            known[-1],
            self._failed[name],
        )


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The smallest of `ordered` that at least so many percent do not exceed (nearest rank)."""
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]
