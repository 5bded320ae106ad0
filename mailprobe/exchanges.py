"""The log of a session: which command got which replies, the newest bodies, and the way there.

An observer of events; it knows no link.
"""

import os
from collections import deque
from collections.abc import Callable
from types import MethodType

from mailprobe import files
from mailprobe.errors import Failure, Word
from mailprobe.protocol import events
from mailprobe.protocol.events import Event
from mailprobe.protocol.model import Command, Reply, Verdict
from mailprobe.safe import safe
from mailprobe.value import field, mutable

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from typing import IO

_IN_MEMORY = 1024 * 1024  # octets of a body before it goes to a file that only we can read
_KEPT = 100  # exchanges that are remembered
_BODIES = 8  # bodies that are kept with them
_MILESTONES = 100  # of the way to the server, and to TLS
_LARGE = 4096  # octets from which a reply counts against those that are kept
_REPLIES = 8 * 1024 * 1024  # octets of replies that are kept


@mutable
class Exchange:
    """What happened to one command.  Times are seconds since the session opened."""

    command: Command
    sent_at: float
    replies: list[Reply] = field(default_factory=list)
    took: float = 0.0  # to the last reply so far, from what was sent before it
    # Of a multi-line response, dots undone; only the newest few exchanges keep theirs.
    body: "IO[bytes] | None" = None
    steps: list[float] | None = None  # when answers, and the last octets of mail data, were sent
    # How long the replies before those steps took, 0.0 where there was none; of a multi-line
    # response, how long its first line took.
    waits: list[float] | None = None

    @property
    def reply(self) -> Reply:
        """The last reply.  Raises Failure `eof` where none has come."""
        if not self.replies:
            raise Failure(Word.EOF, f"no reply to {safe(self.command.verb)} has come")
        return self.replies[-1]

    def read_body(self) -> bytes:
        """The multi-line response, dots undone.

        Raises Failure `usage` where there was none, or it is kept no longer.
        """
        if self.body is None:
            verb = safe(self.command.verb)
            raise Failure(
                Word.USAGE, f"no body of {verb} is kept: none came, or {_BODIES} newer ones did"
            )
        self.body.seek(0)
        return self.body.read()  # up to its end, where more may be written

    def __repr__(self) -> str:
        """For people who look at it: no argument, which may be a secret."""
        said = ", ".join(safe(reply.lines[-1]) for reply in self.replies) or "no reply"
        return f"<Exchange {safe(self.command.verb)}: {said}>"


class ExchangeLog:
    """An observer.  `exchanges` holds the newest, the oldest of them first.

    `milestones` are the events of the way to the server, to its greeting, to TLS and to the end,
    each with the moment at which its part of the way began.  `unsolicited` holds the last reply
    that nobody asked for, if any.
    """

    def __init__(self, *, keep_bodies: bool = True, kept: int = _KEPT) -> None:
        self.exchanges: deque[Exchange] = deque(maxlen=kept)
        self.milestones: list[tuple[float, Event]] = []
        self.unsolicited: deque[events.Unsolicited] = deque(maxlen=1)
        self._kept = kept
        self._keep_bodies = keep_bodies
        self._reading: Exchange | None = None  # whose body is coming
        self._bodies: deque[Exchange] = deque()  # whose bodies are kept
        self._sending: Exchange | None = None  # whose mail data is on its way

    def __call__(self, event: Event) -> None:
        if (remember := self.listener(type(event))) is not None:
            remember(event)

    def listener(self, kind: type[Event]) -> Callable[[Event], None] | None:
        """What takes in the events of `kind`; None: they are not remembered."""
        remember = _MEMORABLE.get(kind)
        return None if remember is None else MethodType(remember, self)

    def release(self) -> None:
        """Let go of the bodies that were kept; they cannot be looked at any more."""
        while self._bodies:
            _close(self._bodies.popleft())

    def ends_by_bare_lf(self) -> bool:
        """Whether the body that is coming ends, so far, in a lone dot between bare LFs."""
        body = self._reading.body if self._reading is not None else None
        if body is None:
            return False
        body.seek(max(0, body.seek(0, os.SEEK_END) - 3))
        return body.read() == b"\n.\n"

    def _sent(self, event: events.CommandSent) -> None:
        if len(self.exchanges) == self._kept and self.exchanges[0].body is not None:
            _close(self.exchanges[0])
        self.exchanges.append(Exchange(event.command, event.at))

    def _answered(self, event: events.ReplyReceived) -> None:
        for exchange in reversed(self.exchanges):
            if exchange.command is event.command:
                since = (
                    exchange.sent_at if exchange.steps is None else _since(exchange, event.reply)
                )
                exchange.replies.append(event.reply)
                if len(event.reply.wire) > _LARGE:
                    self._make_room()
                exchange.took = event.at - since
                if event.body:
                    exchange.waits = [exchange.took]
                    self._reading = exchange
                    exchange.body = self._spool(exchange) if self._keep_bodies else None
                return

    def _make_room(self) -> None:
        """Forget the oldest exchanges while all replies together are too much to be kept.

        Of the last one, which may be a login without end, the oldest replies are forgotten.
        """
        sizes = [sum(len(reply.wire) for reply in one.replies) for one in self.exchanges]
        left = sum(sizes)
        for size in sizes[:-1]:
            if left <= _REPLIES:
                return
            left -= size
            _close(self.exchanges.popleft())
        replies = self.exchanges[-1].replies
        while left > _REPLIES and len(replies) > 1:
            left -= len(replies.pop(0).wire)

    def _stepped(self, event: events.AnswerSent) -> None:
        for exchange in reversed(self.exchanges):
            if exchange.command is event.command:
                _step(exchange, event.at)
                return

    def _wrote(self, event: events.DataSent) -> None:
        if not self.exchanges:
            return
        exchange = self.exchanges[-1]
        if exchange.steps is None or self._sending is not exchange:
            _step(exchange, event.at)
        else:
            exchange.steps[-1] = event.at
        self._sending = None if event.last else exchange

    def _passed(self, event: Event) -> None:
        if len(self.milestones) == _MILESTONES:
            return
        since = self.milestones[-1][1].at if self.milestones else 0.0
        if self.exchanges and (last := self.exchanges[-1]).replies:
            since = max(since, last.sent_at + last.took)
        self.milestones.append((since, event))

    def _heard(self, event: events.Unsolicited) -> None:
        self.unsolicited.append(event)

    def _spool(self, exchange: Exchange) -> "IO[bytes]":
        from mailprobe.spool import Spool  # only where somebody reads a message

        if len(self._bodies) == _BODIES:
            _close(self._bodies.popleft())
        self._bodies.append(exchange)
        return Spool(_IN_MEMORY)

    def _keep(self, event: events.BodyChunk) -> None:
        exchange = self._reading
        if exchange is None:
            return
        exchange.took = event.at - exchange.sent_at
        if exchange.body is None:
            return
        try:
            files.keep(exchange.body, event.octets)
        except Failure:  # the disk is full; whoever looks finds no body rather than a part
            _close(exchange)


_MEMORABLE: dict[type[Event], Callable[..., None]] = {
    events.CommandSent: ExchangeLog._sent,
    events.ReplyReceived: ExchangeLog._answered,
    events.BodyChunk: ExchangeLog._keep,
    events.AnswerSent: ExchangeLog._stepped,
    events.DataSent: ExchangeLog._wrote,
    events.Unsolicited: ExchangeLog._heard,
    events.Resolved: ExchangeLog._passed,
    events.Connecting: ExchangeLog._passed,
    events.Connected: ExchangeLog._passed,
    events.Tunnelled: ExchangeLog._passed,
    events.TlsStarted: ExchangeLog._passed,
    events.TlsFailed: ExchangeLog._passed,
    events.Greeting: ExchangeLog._passed,
    events.Closed: ExchangeLog._passed,
}


def _step(exchange: Exchange, at: float) -> None:
    """Something more of the client went out: what comes is counted from there."""
    steps = exchange.steps or []
    answered = len(exchange.replies) > len(steps)  # else it went ahead of the answer
    exchange.waits = [*(exchange.waits or ()), exchange.took if answered else 0.0]
    exchange.steps = [*steps, at]


def _since(exchange: Exchange, reply: Reply) -> float:
    """When that was sent which `reply` speaks of; a person may have typed a while before it.

    A go-ahead or a challenge may have been foreseen: the steps behind it are out already.
    """
    moments: list[float] = [exchange.sent_at, *(exchange.steps or ())]
    if reply.verdict is not Verdict.GO_ON:
        return moments[-1]
    before = sum(one.verdict is Verdict.GO_ON for one in exchange.replies)
    return moments[min(before, len(moments) - 1)]


def _close(exchange: Exchange) -> None:
    if exchange.body is not None:
        exchange.body.close()
        exchange.body = None
