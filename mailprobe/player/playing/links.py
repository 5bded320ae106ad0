"""A connection of a transcript that speaks SMTP, LMTP or POP3: what came, in order, to be asked.

A `Session` in which nobody waits unless the file says so, and no TLS starts but by the file.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from mailprobe.errors import Failure, Word
from mailprobe.player.playing.hosts import Way
from mailprobe.player.playing.linked import Linked
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Catalogue, Then
from mailprobe.protocol.events import Ending, Event
from mailprobe.protocol.items import Phase, Raw
from mailprobe.protocol.model import Command, Reply, State, Verdict
from mailprobe.safe import safe
from mailprobe.session import Observer, Session, Settings
from mailprobe.transcript.format import lines_of
from mailprobe.transcript.model import Line
from mailprobe.transport.connect import connect
from mailprobe.transport.link import Interrupted, TlsSettings
from mailprobe.value import mutable, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.player.playing.bodies import Body, SentMail

# What may come and lie there that nothing awaits; the replies that the file has come on top.
_UNAWAITED = 1_000
_UNAWAITED_OCTETS = 1024 * 1024
_SHOWN = 200  # octets that fit into a sentence


@mutable
class Arrival:
    """A reply that came, and what it answers."""

    reply: Reply
    at: float  # seconds since the session opened
    command: Command | None = None
    recipient: bytes | None = None
    body: "Body | None" = None
    whole: bool = True  # False while its body is under way
    owed: bool = True


Entry = Arrival | events.Failed | events.Closed


class MailLink(Linked, Session):
    """One connection.  `entries` is what came and was not taken yet; `Closed` is never taken.

    `keeps` says that somebody will ask for the mail data that was sent; `lines` tells how many
    the file has.
    """

    def __init__(
        self,
        number: int,
        way: Way,
        catalogue: Catalogue,
        settings: Settings,
        observers: Sequence[Observer],
        *,
        wakeup: int | None,
        keeps: bool,
        lines: Callable[[], int] = int,
    ) -> None:
        super().__init__(catalogue, (*observers, self._note), settings)
        self.number = number
        self.way = way
        self.entries: deque[Entry] = deque()
        self.answered_at = 0.0  # when something was sent, or its answer taken, last
        self.stored = 0  # mails that the server has accepted
        self.message: Body | None = None  # the last multi-line response, or mail data, that is kept
        self.logins = 0  # AUTH commands so far
        self.auth: Command | None = None  # the last of them
        self.auth_messages = 0  # what the client has said in it
        self.challenge: bytes | None = None  # in base64, where it waits for its answer
        self.said: Line | None = None  # the C line that was sent last
        self.ended = False  # we have ended it, and the file has no more of it
        self.tail = b"\r\n"  # the last two octets that were sent
        self._wakeup = wakeup
        self._keeps = keeps
        self._lines = lines
        self._unawaited = self._unawaited_octets = 0  # that lie there, in `entries`
        self._flood: Failure | None = None
        self._opening = False
        self._half_closed = False
        self._reading: Arrival | None = None  # whose body is under way
        self._sending: SentMail | None = None
        self._sent_last = False  # of the chunks of one mail

    # ------------------------------------------------------------------------ opening, ending

    def reach(self) -> None:
        """Connect, and start TLS if it is implicit; the greeting is not waited for."""
        self._opening = True
        way = self.way
        link = partial(connect, addresses=way.addresses, wakeup=self._wakeup, way=way.through)
        try:
            self.open(self.way.target, link)
        finally:
            self._opening = False

    def wait(self) -> bool:
        return True if self._opening else super().wait()

    def upgrade_by(self, tls: TlsSettings) -> None:
        """The handshake behind a go-ahead.  Raises Failure."""
        self.settings = replace(self.settings, tls=tls)
        self.start_tls(implicit=False)

    def half_close(self) -> None:
        super().half_close()
        self._half_closed = True

    def drop(self) -> None:
        """End at once; what came of a reply that is not whole is told before."""
        if self.unfinished and not self.closed:
            self.give_up(Failure(Word.EOF, "the connection was ended in the middle of a reply"))
        else:
            super().drop()

    def leave(self) -> None:
        """End as politely as the place allows."""
        if self._half_closed:
            self.poll()
            (self.drop if self.unfinished else self.close)()
        elif self.state in (State.CONNECT, State.TLS):
            self.drop()
        else:
            super().leave()

    # -------------------------------------------------------------------------- what is known

    @property
    def go_ahead(self) -> bool:
        """Whether the server waits for our handshake."""
        return self.state is State.TLS

    @property
    def in_data(self) -> bool:
        return self.connection.phase is Phase.DATA

    @property
    def unfinished(self) -> bytes:
        """What came of a reply that is not whole."""
        return self.connection.unfinished

    @property
    def due(self) -> int:
        """Replies that the server still owes, or has given and nobody took."""
        came = sum(isinstance(entry, Arrival) and entry.owed for entry in self.entries)
        return came + self.connection.outstanding

    @property
    def due_name(self) -> str:
        """The first of them, for a sentence: "a reply to RCPT"."""
        for entry in self.entries:
            if isinstance(entry, Arrival) and entry.owed:
                return f"a reply to {safe(entry.command.verb)}" if entry.command else "a greeting"
        return self.connection.due_next()

    @property
    def unanswered(self) -> bool:
        """Whether the server still owes something, on a link that nobody has ended."""
        return not self.closed and not self._half_closed and self.due > 0

    def unread(self, owed: int) -> str:
        """What came and belongs to nothing, where `owed` replies are awaited; "": nothing.

        Raises Failure when the link is gone.
        """
        self.poll()
        if self._flood is not None:
            raise self._flood
        for entry in self.entries:
            if isinstance(entry, events.Failed):
                raise Failure(entry.word, entry.sentence)
            if isinstance(entry, events.Closed):
                raise Failure(Word.EOF, "the connection is closed")
        came = [entry.reply for entry in self.entries if isinstance(entry, Arrival)]
        if len(came) > owed:
            return f"the server has said {safe(came[owed].lines[0][:_SHOWN])}"
        if len(came) + self.connection.outstanding > owed:
            return f"the server owes {self.connection.due_next()}"
        if self.unfinished and not owed:
            return f"the server has begun to say {safe(self.unfinished[:_SHOWN])}"
        return ""

    def surplus(self, behind: int) -> str:
        """What came that nothing is owed, where the file has `behind` replies more; "": nothing."""
        if not self.closed:
            self.poll()
        came = [
            entry
            for entry in self.entries
            if (isinstance(entry, Arrival) and not entry.owed)
            or (isinstance(entry, events.Failed) and entry.word is Word.PROTOCOL)
        ]
        if len(came) > behind:
            first = came[behind]
            said = first.reply.lines[0] if isinstance(first, Arrival) else first.octets
            return f"the server has said {safe(said[:_SHOWN])}"
        if self.unfinished and not (self.due or behind):
            return f"the server has begun to say {safe(self.unfinished[:_SHOWN])}"
        return ""

    @property
    def unasked(self) -> str:
        """A reply that came when all was answered; "": none.

        What a server says too much may come so late that QUIT seems to be answered by it.
        """
        for entry in self.entries:
            if isinstance(entry, Arrival) and not entry.owed:
                return f"the server has said {safe(entry.reply.lines[0][:_SHOWN])} unasked"
        return ""

    # --------------------------------------------------------------------------------- talking

    def write(self, octets: bytes, *, secret: bool) -> None:
        """Send octets by one write.  Raises Failure, Interrupted."""
        item = Raw(octets)
        exposed = self.exposes(item) or (secret and not self._hidden)
        if exposed and not self.settings.insecure_auth:
            raise Failure(
                Word.SECURITY,
                f"a secret would travel in the clear to {self.transport.peer}: "
                "use TLS, or --insecure-auth if you mean it",
            )
        self.answered_at = self.now()
        self.tail = (self.tail + octets[-2:])[-2:]
        try:
            octets = self.connection.send(item, self.answered_at)
            whole = self.transmit(self.transport, octets, self.deadline(time.monotonic()))
        except Failure as failure:
            # What the server said before it went is looked at first.
            if failure.word not in (Word.EOF, Word.RESET) or not self.closed:
                raise
            whole = True
        if not whole:
            raise Interrupted

    @property
    def _hidden(self) -> bool:
        return self.connection.facts.tls or self.loopback

    def look(self, deadline: float) -> Entry | None:
        """What comes next; None when that is not here, or not whole, by `deadline`.

        The body of a multi-line response has only the silence.
        """
        entries = self.entries
        while True:
            if entries:
                head = entries[0]
                if not isinstance(head, Arrival) or head.whole or self.closed:
                    return head
                deadline = self.deadline(time.monotonic())
            elif time.monotonic() > deadline:
                return None
            if not self.listen(deadline):
                return None

    def take(self) -> None:
        """What came next was understood."""
        entry = self.entries.popleft()
        if not self.entries:
            self._unawaited = self._unawaited_octets = 0
        self.forgive()
        if isinstance(entry, Arrival):
            self.answered_at = entry.at
            if entry.body is not None:
                self.message = entry.body
            if entry.command is self.auth and entry.reply.verdict is Verdict.GO_ON:
                self.challenge = entry.reply.texts[0].strip()

    @property
    def nothing_came(self) -> bool:
        """Whether the server is silent, and still there."""
        return not self.entries and not self.unfinished

    def complete_cut(self, arrival: Arrival) -> None:
        """A multi-line response that ended too soon: what was held back of it belongs to it."""
        tail = self.entries[1] if len(self.entries) > 1 else None
        if isinstance(tail, events.Failed) and arrival.body is not None:
            arrival.body.feed(tail.octets)
            del self.entries[1]

    @property
    def word_of_end(self) -> Word:
        """How the link ended: `eof` or `reset`."""
        last = self.entries[-1] if self.entries else None
        reset = isinstance(last, events.Closed) and last.how == Ending.RESET
        return Word.RESET if reset else Word.EOF

    def take_in(self, octets: memoryview) -> None:
        super().take_in(octets)
        # A server that talks on and on must not fill the memory of whoever waits for silence.
        if self._unawaited <= _UNAWAITED and self._unawaited_octets <= _UNAWAITED_OCTETS:
            return
        lines = self._lines()  # a file may have as many, in one go
        if self._unawaited > _UNAWAITED + lines or self._unawaited_octets > (
            _UNAWAITED_OCTETS + lines * self.settings.limits.line
        ):
            self._flood = Failure(
                Word.MISMATCH,
                f"expected nothing more, and the server has said {self._unawaited} lines that "
                "nothing awaits",
            )
            self.give_up(self._flood)  # told where something else is due

    def _count_unawaited(self, octets: bytes) -> None:
        self._unawaited += 1
        self._unawaited_octets += len(octets)

    # -------------------------------------------------------------------------------- noting

    def _note(self, event: Event) -> None:
        if (note := _NOTES.get(type(event))) is not None:
            note(self, event)

    def _came(self, event: events.Greeting) -> None:
        self.entries.append(Arrival(event.reply, event.at))

    def _came_unasked(self, event: events.Unsolicited) -> None:
        self.entries.append(Arrival(event.reply, event.at, owed=False))
        self._count_unawaited(event.reply.wire)

    def _answered(self, event: events.ReplyReceived) -> None:
        arrival = Arrival(event.reply, event.at, event.command, event.recipient)
        if event.body:
            from mailprobe.player.playing.bodies import Body

            arrival.body, arrival.whole = Body(), False
            self._reading = arrival
        self.entries.append(arrival)
        row = self.connection.catalogue.row(event.command)
        if row.then is Then.DATA or row.says_last(event.command):
            self.stored += event.reply.positive  # 354 is not

    def _body_came(self, event: events.BodyChunk) -> None:
        arrival = self._reading
        assert arrival is not None  # its reply has come
        assert arrival.body is not None  # and has opened it
        arrival.body.feed(event.octets)
        arrival.whole = event.last

    def _commanded(self, event: events.CommandSent) -> None:
        row = self.connection.catalogue.row(event.command)
        if row.then is Then.SASL:
            self.logins += 1
            self.auth, self.challenge = event.command, None
            self.auth_messages = len(event.command.argument.split()) > 1
        if not self._keeps:
            return
        from mailprobe.player.playing.bodies import SentMail

        if row.then is Then.DATA:
            self._sending, self._sent_last = SentMail(stuffed=True), True
        elif row.takes_last:
            if self._sending is None or self._sent_last:
                self._sending = SentMail(stuffed=False)
            self._sent_last = row.says_last(event.command)

    def _login_went(self, event: events.AnswerSent) -> None:
        self.auth_messages += 1
        self.challenge = None

    def _data_went(self, event: events.DataSent) -> None:
        if self._sending is not None:
            self._sending.feed(event.octets)
            self.message = self._sending.body

    def _failed(self, event: events.Failed) -> None:
        # Lines that are no reply are told as one where they came together; a file has them one
        # by one.
        lines = lines_of(event.octets) if event.word is Word.PROTOCOL else []
        for line in lines or [event.octets]:
            self.entries.append(replace(event, octets=line))
            self._count_unawaited(line)

    def _ended(self, event: events.Closed) -> None:
        self.entries.append(event)


_NOTES: dict[type[Event], Callable[..., None]] = {
    events.Greeting: MailLink._came,
    events.Unsolicited: MailLink._came_unasked,
    events.ReplyReceived: MailLink._answered,
    events.BodyChunk: MailLink._body_came,
    events.CommandSent: MailLink._commanded,
    events.AnswerSent: MailLink._login_went,
    events.DataSent: MailLink._data_went,
    events.Failed: MailLink._failed,
    events.Closed: MailLink._ended,
}
