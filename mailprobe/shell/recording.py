"""The recording of a shell or a pipe: from the first octet on, even if it is asked for later."""

import datetime
from collections.abc import Callable
from pathlib import Path

from mailprobe.errors import Failure, Word
from mailprobe.protocol import events
from mailprobe.protocol.events import Event
from mailprobe.protocol.model import Reply
from mailprobe.session import Exchange
from mailprobe.shell.backlog import Backlog, Kind, Note
from mailprobe.shell.opening import catalogue_of
from mailprobe.transcript.record import Recorder
from mailprobe.transport.target import Target, Tls
from mailprobe.version import VERSION

TYPE_CHECKING = False  # the grammar is needed where somebody demands something
if TYPE_CHECKING:
    from mailprobe.transcript.model import Line
    from mailprobe.transcript.values import Values

_WRITERS = {
    Kind.NOTE: Recorder.note,
    Kind.STEP: Recorder.step,
    Kind.EXPECTATION: Recorder.expect,
}
_HEARD = (events.Greeting, events.ReplyReceived, events.Unsolicited)
_SPOKEN = (events.CommandSent, events.AnswerSent, events.DataSent, events.RawSent)


class Recording:
    """An observer.  `warn` hears, once, of a file that cannot be written any more."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._recorder: Recorder | None = None
        self._backlog: Backlog | None = Backlog()
        self._target: Target | None = None
        self._above: Reply | None = None  # the reply that was written last
        self._body = False  # a multi-line response follows it
        self._demanded: list[Line] = []  # of that reply
        self._values: Values | None = None  # what was captured by what is demanded
        self._asked: Line | None = None  # what the next reply must be

    @property
    def running(self) -> bool:
        return self._recorder is not None

    def __call__(self, event: Event) -> None:
        self._follow(event)
        if self._backlog is not None:
            self._backlog.append(event)
        if self._recorder is not None:
            self._recorder(event)

    def start(self, path: Path) -> None:
        """Make the file now, so that a name that cannot be had is told before anything else.

        Raises Failure `usage`.  From here on nothing is kept in memory.
        """
        self._recorder = Recorder(path, self._warn)
        self._close_backlog()

    def begin(self, target: Target) -> None:
        """A connection is about to be made."""
        self._target = target
        if self._recorder is not None:
            self._write_header(self._recorder, target)

    def next_connection(self) -> bool:
        """Forget the connection that is over; True when a recording ended with it."""
        ended, self._recorder, self._values = self._recorder, None, None
        if ended is not None:
            ended.close()
        self._close_backlog()
        self._backlog = Backlog()
        return ended is not None

    def save(self, path: Path) -> None:
        """Write the connection from its beginning, and go on.  Raises Failure `usage`."""
        if self._recorder is not None or self._backlog is None:
            raise Failure(Word.USAGE, "this connection is being recorded already")
        if self._target is None:
            raise Failure(Word.USAGE, "there is no connection to record")
        self._backlog.check()  # before there is a file that would hold a header alone
        recorder = Recorder(path, self._warn)
        self._write_header(recorder, self._target)
        for entry in self._backlog:
            if isinstance(entry, Note):
                _WRITERS[entry.kind](recorder, entry.text)
            else:
                recorder(entry)
        self._recorder = recorder
        self._close_backlog()

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
        from mailprobe.shell import demanding

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
        secrets = self._recorder.secrets if self._recorder is not None else None
        if secrets is not None and secrets.holds(line.text.encode("utf-8", "surrogateescape")):
            raise Failure(Word.USAGE, "a secret is in that: demand something else of the reply")

    def _unmet(self, line: "Line", above: Reply, exchange: Exchange | None) -> str:
        """Why what is demanded now of the reply above is not so; "" where it is, or may be."""
        from mailprobe.shell.demanding import unmet_lines
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
        if self._backlog is not None:
            self._backlog.append(note)
        if self._recorder is not None:
            _WRITERS[note.kind](self._recorder, note.text)

    def _follow(self, event: Event) -> None:
        """Keep the reply that stands above, and look whether it is what was demanded."""
        if isinstance(event, _HEARD):
            self._above, self._demanded = event.reply, []
            self._body = isinstance(event, events.ReplyReceived) and event.body
            if self._asked is not None:
                self._judge(self._asked, event.reply)
        elif isinstance(event, _SPOKEN):
            self._above = None

    def _judge(self, asked: "Line", reply: Reply) -> None:
        from mailprobe.shell.demanding import unmet_class

        self._asked = None
        if unmet := unmet_class(asked, reply):
            self._warn(f"demanded and not met: {unmet}")

    def close(self) -> None:
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None
        self._close_backlog()

    def _close_backlog(self) -> None:
        if self._backlog is not None:
            self._backlog.close()
            self._backlog = None

    def _write_header(self, recorder: Recorder, target: Target) -> None:
        now = datetime.datetime.now(datetime.UTC)
        recorder.begin(
            target.protocol,
            str(target),
            implicit_tls=target.tls is Tls.IMPLICIT,
            recorded=f"{now:%Y-%m-%dT%H:%M:%SZ} mailprobe/{VERSION}",
        )
