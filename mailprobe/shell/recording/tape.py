"""Where the recordings of all connections go: one file in the order of time, or a backlog for it.

It knows numbers of connections and no sessions.
"""

import datetime
from collections.abc import Callable

from mailprobe.errors import Failure, Word
from mailprobe.protocol.events import Event
from mailprobe.shell.recording.backlog import Backlog, Kind, Note, Turn
from mailprobe.transport.target import Target, Tls
from mailprobe.version import VERSION

TYPE_CHECKING = False  # most sessions write nothing: what writes is loaded where it is made
if TYPE_CHECKING:
    from pathlib import Path

    from mailprobe.transcript.record import Recorder
    from mailprobe.transcript.recording.writer import Writer

MOST = 9  # connections that a transcript can name


class Tape:
    """Connections are numbered from 1 on.  `warn` hears of a file that can be written no more."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._backlog: Backlog | None = Backlog()
        self._recorder: Recorder | None = None
        self._writers: dict[int, Writer] = {}
        self._targets: dict[int, Target] = {}  # of the connections that began
        self._heard: set[int] = set()  # connections of which there is a line to write
        self._turn = 1  # the connection that the last entry is of
        self._hidden: dict[bytes, None] = {}  # secrets that travel in no form that is known

    @property
    def recorder(self) -> "Recorder | None":
        return self._recorder

    @property
    def next_number(self) -> int:
        """The number of the next connection; that of one that came to nothing is free again."""
        last = len(self._targets)
        taken = last in self._heard or last in self._writers  # the header may name it
        return last + 1 if taken else max(last, 1)

    @property
    def full(self) -> bool:
        """Whether no other connection finds room."""
        given_up = self._backlog is not None and self._backlog.given_up
        return self.next_number > MOST or given_up

    def begin(self, number: int, target: Target) -> None:
        """A connection is about to be made."""
        self._targets[number] = target

    def heard(self, number: int) -> None:
        """Something was said on a connection."""
        self._heard.add(number)

    def hide(self, secret: bytes) -> None:
        """Mask a secret from now on, and in what is written later."""
        self._hidden[secret] = None
        if self._recorder is not None:
            self._recorder.secrets.hide(secret)

    def add(self, number: int, entry: Event | Note) -> None:
        """Keep, or write, what happened on a connection."""
        if self._backlog is not None:
            if number != self._turn:
                self._turn = number
                self._backlog.append(Turn(number))
            self._backlog.append(entry)
        elif self._recorder is not None and number in self._targets:
            _write(self._writer(self._recorder, number), entry)

    def start(self, path: "str | Path") -> None:
        """Write into `path` from here on, and keep nothing.  Raises Failure `usage`."""
        self._recorder = self._record(path)
        self._close_backlog()

    def save(self, path: "str | Path") -> None:
        """Write all connections from their beginning, and go on.  Raises Failure `usage`."""
        if self._recorder is not None or self._backlog is None:
            raise Failure(Word.USAGE, "this connection is being recorded already")
        if not self._targets:
            raise Failure(Word.USAGE, "there is no connection to record")
        self._backlog.check()  # before there is a file that would hold a header alone
        recorder = self._record(path)
        for number in self._targets:
            self._writer(recorder, number)
        turn = 1
        for entry in self._backlog:
            if isinstance(entry, Turn):
                turn = entry.number
            else:
                _write(self._writers[turn], entry)
        self._recorder = recorder
        self._close_backlog()

    def forget(self) -> bool:
        """Begin anew with connection 1; True when a recording ended with it."""
        ended = self._recorder is not None
        self.close()
        self._backlog = Backlog()
        self._turn = 1
        for of_before in (self._writers, self._targets, self._heard):
            of_before.clear()
        return ended

    def close(self) -> None:
        if self._recorder is not None:
            if self._targets:  # nobody was reached: the header says who was asked for
                self._writer(self._recorder, 1)
            self._recorder.close()
            self._recorder = None
        self._close_backlog()

    def _close_backlog(self) -> None:
        if self._backlog is not None:
            self._backlog.close()
            self._backlog = None

    def _record(self, path: "str | Path") -> "Recorder":
        from mailprobe.transcript.record import Recorder

        recorder = Recorder(path, self._warn)
        for secret in self._hidden:
            recorder.secrets.hide(secret)
        return recorder

    def _writer(self, recorder: "Recorder", number: int) -> "Writer":
        """That of a connection: the recorder itself, or another one beside it."""
        if (writer := self._writers.get(number)) is not None:
            return writer
        target = self._targets[number]
        said, implicit = str(target), target.tls is Tls.IMPLICIT
        if number > 1:
            other = recorder.beside(number, target.protocol, said, implicit_tls=implicit)
            self._writers[number] = other
            return other
        now = datetime.datetime.now(datetime.UTC)
        recorded = f"{now:%Y-%m-%dT%H:%M:%SZ} mailprobe/{VERSION}"
        recorder.begin(target.protocol, said, implicit_tls=implicit, recorded=recorded)
        self._writers[number] = recorder
        return recorder


def _write(writer: "Writer", entry: Event | Note) -> None:
    if not isinstance(entry, Note):
        writer(entry)
        return
    match entry.kind:
        case Kind.NOTE:
            writer.note(entry.text)
        case Kind.STEP:
            writer.step(entry.text)
        case Kind.EXPECTATION:
            writer.expect(entry.text)
