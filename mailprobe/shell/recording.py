"""The recording of a shell or a pipe: from the first octet on, even if it is asked for later."""

import datetime
from collections.abc import Callable
from pathlib import Path

from mailprobe.errors import Failure, Word
from mailprobe.protocol.events import Event
from mailprobe.shell.backlog import Backlog, Note
from mailprobe.transcript.record import Recorder
from mailprobe.transport.target import Target, Tls
from mailprobe.version import VERSION


class Recording:
    """An observer.  `warn` hears, once, of a file that cannot be written any more."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._recorder: Recorder | None = None
        self._backlog: Backlog | None = Backlog()
        self._target: Target | None = None

    @property
    def running(self) -> bool:
        return self._recorder is not None

    def __call__(self, event: Event) -> None:
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
        ended, self._recorder = self._recorder, None
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
            recorder.note(entry.text) if isinstance(entry, Note) else recorder(entry)
        self._recorder = recorder
        self._close_backlog()

    def note(self, text: str) -> None:
        if self._backlog is not None:
            self._backlog.append(Note(text))
        if self._recorder is not None:
            self._recorder.note(text)

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
