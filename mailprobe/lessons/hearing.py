"""What happens on one connection of a lesson, put together for the judge.

An observer of a session: commands, answers and mail data that went out, and the replies to each,
whole.  It sends nothing and has no wire.  What is asserted of a connection is known here, too.
"""

from collections import deque
from collections.abc import Callable

from mailprobe.player.playing.bodies import Body, SentMail
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Catalogue, Then
from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.events import Event
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.model import Command, Protocol, Reply, Verdict
from mailprobe.transcript.steps import Sort
from mailprobe.value import field, mutable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol as Interface

    from mailprobe.protocol.sasl import Binding
    from mailprobe.session import Session

    class Listener(Interface):
        """Who is told what an ear has heard; `spoken` None: nothing was owed this reply."""

        def opened(self, ear: "Ear") -> None: ...
        def said(self, ear: "Ear", spoken: "Spoken") -> None: ...
        def heard(self, ear: "Ear", spoken: "Spoken | None", heard: "Heard") -> None: ...
        def secured(self, ear: "Ear") -> None: ...
        def ended(self, ear: "Ear") -> None: ...


_KEPT = 200  # of what was sent, and may still be answered


@mutable
class Spoken:
    """Something that went out; `line` is empty for mail data."""

    sort: Sort
    command: Command
    line: bytes
    replies: int = 0  # that have come
    item: int | None = None  # of the step that waited for it
    turn: int = 0  # which try at the step that was


@mutable
class Heard:
    """A reply, whole."""

    reply: Reply
    command: Command | None = None
    body: Body | None = None


@mutable
class _Pending:
    command: Command
    spoken: list[Spoken] = field(default_factory=list)
    replies: int = 0


class Ear:
    """One connection.  `number` is that of the lesson, None while nobody knows it."""

    def __init__(
        self, judge: "Listener", protocol: Protocol, number: int | None = None, server: str = ""
    ) -> None:
        self.protocol = protocol
        self.server = server
        self.number = number
        self.session: Session | None = None
        self.closed = False
        self.left = False  # a goodbye was said, and answered
        self.greeting: Reply | None = None
        self.message: Body | None = None  # the last multi-line response, or mail data, that is kept
        self.stored = 0  # mails that the server has accepted
        self.tls_version = ""
        self.logins = 0
        self.auth: Command | None = None
        self.auth_messages = 0
        self.challenge: bytes | None = None
        self._judge = judge
        self._catalogue = catalogue_of(protocol)
        self._nothing = Facts(protocol)
        self._pending: deque[_Pending] = deque(maxlen=_KEPT)
        self._reading: tuple[Spoken | None, Heard] | None = None
        self._opener: Command | None = None  # what mail data belongs to
        self._sending: SentMail | None = None
        self._chunks: SentMail | None = None  # a mail that goes by several of them

    # --------------------------------------------------------------------- what is asserted

    @property
    def connection(self) -> "Ear":
        """For those who ask a link for what its connection knows."""
        return self

    @property
    def catalogue(self) -> Catalogue:
        return self._catalogue

    @property
    def facts(self) -> Facts:
        return self._nothing if self.session is None else self.session.connection.facts

    @property
    def deaf(self) -> bool:
        """Whether nothing that is said on it is heard any more."""
        return self.closed or self.left

    @property
    def state(self) -> str:
        return self.facts.state

    def binding_for(self, mechanism: str) -> "Binding | None":
        """What of the TLS channel a login is told."""
        return None if self.session is None else self.session.binding_for(mechanism)

    def follow(self, session: "Session") -> None:
        """Know what that session knows."""
        self.session = session

    # ----------------------------------------------------------------------------- observing

    def __call__(self, event: Event) -> None:
        if (note := _NOTES.get(type(event))) is not None:
            note(self, event)

    def _greeted(self, event: events.Greeting) -> None:
        self.greeting = event.reply
        self._judge.opened(self)

    def _commanded(self, event: events.CommandSent) -> None:
        command, row = event.command, self._catalogue.row(event.command)
        if row.then is Then.SASL:
            self.logins += 1
            self.auth, self.challenge = command, None
            self.auth_messages = len(command.argument.split()) > 1
        if row.then is Then.DATA:
            self._opener, self._sending = command, SentMail(stuffed=True)
        elif row.then is Then.CHUNK:
            self._opener = command
            self._chunks = self._chunks or SentMail(stuffed=False)
            self._sending = self._chunks
        self._speak(Spoken(Sort.COMMAND, command, command.line))

    def _answered_challenge(self, event: events.AnswerSent) -> None:
        self.auth_messages += 1
        self.challenge = None
        self._speak(Spoken(Sort.ANSWER, event.command, event.line))

    def _data_went(self, event: events.DataSent) -> None:
        if self._sending is not None:
            self._sending.feed(event.octets)
            self.message = self._sending.body
        if not event.last or self._opener is None:
            return
        if self._catalogue.row(self._opener).says_last(self._opener):
            self._chunks = None
        self._speak(Spoken(Sort.DATA, self._opener, b""))

    def _speak(self, spoken: Spoken) -> None:
        pending = next((each for each in self._pending if each.command is spoken.command), None)
        if pending is None:
            pending = _Pending(spoken.command)
            self._pending.append(pending)
        if spoken.sort is Sort.DATA and self._catalogue.row(spoken.command).then is Then.CHUNK:
            pending.spoken.clear()  # counted octets are answered, and not the line before them
        pending.spoken.append(spoken)
        self._judge.said(self, spoken)

    def _replied(self, event: events.ReplyReceived) -> None:
        pending = next((each for each in self._pending if each.command is event.command), None)
        spoken = None
        if pending is not None and pending.spoken:
            # LMTP answers the same mail data once for each recipient
            spoken = pending.spoken[min(pending.replies, len(pending.spoken) - 1)]
            pending.replies += 1
        row, reply = self._catalogue.row(event.command), event.reply
        if row.then is Then.DATA or row.says_last(event.command):
            self.stored += reply.positive
        self.left = self.left or (row.then is Then.CLOSE and reply.positive)
        if self.auth is event.command and reply.verdict is Verdict.GO_ON:
            self.challenge = reply.texts[0].strip()
        heard = Heard(reply, event.command)
        if not event.body:
            self._judge.heard(self, spoken, heard)
            return
        heard.body = Body()
        self._reading = spoken, heard

    def _body_came(self, event: events.BodyChunk) -> None:
        if self._reading is None:
            return
        spoken, heard = self._reading
        assert heard.body is not None  # its reply has opened it
        heard.body.feed(event.octets)
        if event.last:
            self._reading, self.message = None, heard.body
            self._judge.heard(self, spoken, heard)

    def _unasked(self, event: events.Unsolicited) -> None:
        self._judge.heard(self, None, Heard(event.reply))

    def _secured(self, event: events.TlsStarted) -> None:
        self.tls_version = event.version
        self._judge.secured(self)

    def _ended(self, event: events.Closed) -> None:
        self.closed = True
        self._judge.ended(self)


_NOTES: dict[type[Event], Callable[..., None]] = {
    events.Greeting: Ear._greeted,
    events.CommandSent: Ear._commanded,
    events.AnswerSent: Ear._answered_challenge,
    events.DataSent: Ear._data_went,
    events.ReplyReceived: Ear._replied,
    events.BodyChunk: Ear._body_came,
    events.Unsolicited: Ear._unasked,
    events.TlsStarted: Ear._secured,
    events.Closed: Ear._ended,
}
