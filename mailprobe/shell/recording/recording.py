"""The recording of a shell or a pipe: from the first octet on, even if it is asked for later."""

from collections.abc import Callable

from mailprobe.errors import Failure, Word
from mailprobe.protocol import events
from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.events import Event
from mailprobe.protocol.model import Reply
from mailprobe.session import Exchange
from mailprobe.shell.recording.backlog import Kind, Note
from mailprobe.shell.recording.tape import Tape
from mailprobe.transport.target import Target

TYPE_CHECKING = False  # the grammar is needed where somebody demands something
if TYPE_CHECKING:
    from pathlib import Path

    from mailprobe.transcript.model import Line
    from mailprobe.transcript.values import Values

_HEARD = (events.Greeting, events.ReplyReceived, events.Unsolicited)
_SPOKEN = (events.CommandSent, events.AnswerSent, events.DataSent, events.RawSent)
_ON_THE_WAY = (events.Resolved, events.Connecting, events.StateChanged)


class Recording:
    """An observer of one connection.  `warn` hears what is wrong with the recording."""

    def __init__(self, warn: Callable[[str], None], tape: Tape | None = None) -> None:
        self._warn = warn
        self._tape = tape or Tape(warn)
        self.number = self._tape.next_number
        self.count = 0  # commands of this connection
        self._target: Target | None = None
        self._linked = False  # somebody was reached
        self._in_vain: events.Failed | None = None  # why nobody was
        self._above: Reply | None = None  # the reply that was written last
        self._body = False  # a multi-line response follows it
        self._demanded: list[Line] = []  # of that reply
        self._values: Values | None = None  # what was captured by what is demanded
        self._asked: Line | None = None  # what the next reply must be

    @property
    def running(self) -> bool:
        return self._tape.recorder is not None

    @property
    def full(self) -> bool:
        """Whether `beside` has no number left to give, or no room: `forget` comes first."""
        return self._tape.full

    def __call__(self, event: Event) -> None:
        if not self._linked and self._is_in_vain(event):
            return
        self._follow(event)
        self.count += isinstance(event, events.CommandSent)
        self._tape.add(self.number, event)

    def _is_in_vain(self, event: Event) -> bool:
        """Whether nobody was reached so far: then another connection may take the number."""
        if isinstance(event, events.Failed) and not event.octets:
            self._in_vain = event
            return True
        over = isinstance(event, events.Closed) and self._in_vain is not None
        self._linked = not (over or isinstance(event, _ON_THE_WAY))
        return not self._linked

    def beside(self) -> "Recording":
        """The recording of the next connection, in the same file."""
        return Recording(self._warn, self._tape)

    def start(self, path: "str | Path") -> None:
        """Make the file now, so that a name that cannot be had is told before anything else.

        Raises Failure `usage`.  From here on nothing is kept in memory.
        """
        self._tape.start(path)

    def hide(self, secret: bytes, user: bytes = b"") -> None:
        """Mask a secret that was never said on the wire, whoever says it.

        One that is in the name of its `user` would take that name with it.
        """
        if secret not in user:
            self._tape.hide(secret)

    def begin(self, target: Target) -> None:
        """A connection is about to be made."""
        self._target = target
        self._tape.begin(self.number, target)

    def forget(self) -> bool:
        """Forget the connections, which are over; True when a recording ended with them."""
        return self._tape.forget()

    def save(self, path: "str | Path") -> None:
        """Write all connections from their beginning, and go on.  Raises Failure `usage`."""
        self._tape.save(path)

    def note(self, text: str) -> None:
        """Write lesson text."""
        self._add(Note(text))

    def step(self, title: str) -> None:
        """Begin a step."""
        self._add(Note(title, Kind.STEP))

    def expect(self, text: str, exchange: Exchange | None = None) -> None:
        """Demand something: `CLASS` of the next reply, `+ TEXT` or `- TEXT` of the last one.

        `exchange` is the last one: it may hold the body of that reply.  What does not hold now is
        told and not written: it could never be met.  Raises Failure `usage`.
        """
        from mailprobe.shell.recording import demanding

        line = demanding.expectation(text)
        if self._target is not None:
            demanding.refuse_impossible(line, self._target.protocol)
        self._refuse_secret(line)
        if line.text.startswith("S?"):
            self._asked = line
        elif self._above is None:
            raise Failure(Word.USAGE, "no reply stands above: demand something when one came")
        elif unmet := self._unmet(line, self._above, exchange):
            self._warn(f"that does not hold, and was not written: {unmet}")
            return
        else:
            self._demanded.append(line)
        self._add(Note(line.text, Kind.EXPECTATION))

    def _refuse_secret(self, line: "Line") -> None:
        recorder, octets = self._tape.recorder, line.text.encode("utf-8", "surrogateescape")
        if recorder is not None and recorder.secrets.holds(octets):
            raise Failure(Word.USAGE, "a secret is in that: demand something else of the reply")

    def _unmet(self, line: "Line", above: Reply, exchange: Exchange | None) -> str:
        """Why what is demanded now of the reply above is not so; "" where it is, or may be."""
        from mailprobe.shell.recording.demanding import unmet_lines
        from mailprobe.transcript.values import Values

        if exchange is None or not any(reply is above for reply in exchange.replies):
            exchange = None  # a greeting, or what nobody asked for
        if self._target is None or (self._body and (exchange is None or exchange.body is None)):
            return ""
        catalogue = catalogue_of(self._target.protocol)
        self._values = self._values or Values()
        lines = [*self._demanded, line]
        return unmet_lines(lines, above, exchange, catalogue, self._values)

    def _add(self, note: Note) -> None:
        self._tape.add(self.number, note)

    def _follow(self, event: Event) -> None:
        """Keep the reply that stands above, and look whether it is what was demanded."""
        if isinstance(event, _HEARD):
            self._tape.heard(self.number)
            self._above, self._demanded = event.reply, []
            self._body = isinstance(event, events.ReplyReceived) and event.body
            if self._asked is not None:
                self._judge(self._asked, event.reply)
        elif isinstance(event, _SPOKEN):
            self._tape.heard(self.number)
            self._above = None
        elif isinstance(event, events.Closed):
            self._tape.heard(self.number)

    def _judge(self, asked: "Line", reply: Reply) -> None:
        from mailprobe.shell.recording.demanding import unmet_class

        self._asked = None
        if unmet := unmet_class(asked, reply):
            self._warn(f"demanded and not met: {unmet}")

    def close(self) -> None:
        """End the recording of all connections."""
        if self._in_vain is not None and not self._linked:
            self._tape.add(self.number, self._in_vain)
        self._tape.close()
