"""Lines from a descriptor as they come, while the server is watched, too.

Reads no more than is there, never decodes, and takes off nothing but a line end and a BOM.
"""

import os
import select
import time
from collections.abc import Callable

from mailprobe.errors import Failure, Word
from mailprobe.transport.link import Interrupted

_BOM = b"\xef\xbb\xbf"
_READ = 256 * 1024


class LineSource:
    """The input of pipe mode: descriptor `source`, or all of its octets.

    `watch` gives the descriptor of the server's link, or None; when that is readable,
    `on_readable` is called.  Raises Interrupted when `wakeup` becomes readable, and Failure
    `timeout` at `end` (a moment of `time.monotonic()`).
    """

    def __init__(
        self,
        source: int | bytes,
        *,
        watch: Callable[[], int | None] = lambda: None,
        on_readable: Callable[[], None] = lambda: None,
        wakeup: int | None = None,
        end: float | None = None,
    ) -> None:
        self._source = -1 if isinstance(source, bytes) else source
        self._watch = watch
        self._on_readable = on_readable
        self._wakeup = wakeup
        self._end = end
        self._buffer = bytearray(source if isinstance(source, bytes) else b"")
        self._begun = False
        self._ended = isinstance(source, bytes)

    def line(self) -> bytes | None:
        """The next line without its end (LF, and one CR before it); None at the end."""
        octets = self._line()
        if octets is None:
            return None
        if not self._begun:
            self._begun = True
            octets = octets.removeprefix(_BOM)
            if not octets:  # an editor's empty file
                return None
        return octets[:-1].removesuffix(b"\r") if octets.endswith(b"\n") else octets

    def whole_line(self) -> bytes | None:
        """The next line with its end; None at the end."""
        return self._line()

    def _line(self) -> bytes | None:
        searched = 0
        while (at := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if not self._fill():
                return self._cut(searched) or None
        return self._cut(at + 1)

    def _cut(self, count: int) -> bytes:
        octets = bytes(self._buffer[:count])
        del self._buffer[:count]
        return octets

    def whole_lines(self) -> bytes:
        """Every whole line that is there, after waiting for one; b"" at the end."""
        first = self._line()
        if first is None:
            return b""
        return first + self._cut(self._buffer.rfind(b"\n") + 1)

    def take(self, count: int) -> bytes:
        """Up to `count` octets as they are, after waiting for one; b"" at the end."""
        if not self._buffer and not self._fill():
            return b""
        return self._cut(count)

    def pending(self) -> bool:
        """Whether more input is there already; never waits."""
        if self._buffer or self._ended:
            return bool(self._buffer)
        return self.ready() and self._read()

    def ready(self) -> bool:
        """Whether more input, or its end, is there already; reads nothing."""
        if self._ended:
            return True
        poll = select.poll()
        poll.register(self._source, select.POLLIN)
        return bool(poll.poll(0))

    def put_back(self, octets: bytes) -> None:
        """Have `octets` read again, before all others."""
        self._buffer[:0] = octets

    def _fill(self) -> bool:
        if self._ended:
            return False
        self._wait()
        return self._read()

    def _read(self) -> bool:
        octets = os.read(self._source, _READ)
        self._ended = not octets
        self._buffer += octets
        return bool(octets)

    def _wait(self) -> None:
        """Until there is input; what the server says meanwhile is taken in at once."""
        if self._watch() is not None:
            self._on_readable()  # TLS may hold octets of which no descriptor tells
        while True:
            poll = select.poll()
            for descriptor in (self._source, self._wakeup, self._watch()):
                if descriptor is not None:
                    poll.register(descriptor, select.POLLIN)
            left = None if self._end is None else max(0.0, self._end - time.monotonic()) * 1000
            ready = [descriptor for descriptor, _ in poll.poll(left)]
            if not ready:
                raise Failure(Word.TIMEOUT, "the input did not end within --max-time")
            if self._wakeup in ready:
                raise Interrupted
            if self._watch() in ready:
                self._on_readable()
            if self._source in ready:
                return
