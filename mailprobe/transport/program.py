"""A link to a program that was started for it: its standard input and output, over a socket pair.

What it writes to its standard error, and how it ended, are remarks.  Only the command line names
programs.
"""

import contextlib
import os
import select
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence

from mailprobe.errors import Failure, Word
from mailprobe.protocol.events import Event, Remarked
from mailprobe.safe import safe
from mailprobe.transport import faults
from mailprobe.transport.stream import Stream

_PATIENCE = 1.0  # seconds for a program to end when it is told to
_READER = 0.2  # seconds for the last of its standard error, which others may hold open
_LINES = 100  # of standard error that are told
_WIDTH = 500  # octets of each
_BLOCK = 4096
_BLOCKS = 16


class Program(Stream):
    """The link; it ends with the program, and the program with it.

    Raises Failure CONNECT when the program cannot be started.
    """

    relayed = True  # where it takes what it is told, nobody here knows

    def __init__(
        self,
        words: Sequence[str],
        on_event: Callable[[Event], None],
        clock: Callable[[], float],
        wakeup: int | None,
    ) -> None:
        self._name = safe(os.path.basename(words[0]))  # noqa: PTH119 - pathlib costs 4 ms
        self._on_event = on_event
        self._clock = clock
        self._heard = False
        self._over = False  # and that was told
        mine, its = socket.socketpair()
        try:
            with its:
                # A session of its own: Ctrl-C is for us, and no password is asked for behind us.
                self._process = subprocess.Popen(
                    words,
                    stdin=its.fileno(),
                    stdout=its.fileno(),
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                )
        except (OSError, ValueError) as error:
            mine.close()
            why = _reason(error)
            raise Failure(Word.CONNECT, f"cannot start {safe(words[0])}: {why}") from None
        assert self._process.stderr is not None  # it was asked for
        with self._process.stderr as stderr:
            self._errors = _Errors(os.dup(stderr.fileno()))
        super().__init__(mine, peer=f"program {self._name}", wakeup=wakeup)

    def receive(self, deadline: float | None = None) -> memoryview | None:
        return self._passed(super().receive(deadline))

    def poll_receive(self) -> memoryview | None:
        return self._passed(super().poll_receive())

    def _passed(self, view: memoryview | None) -> memoryview | None:
        """Tell what there is to tell beside what came."""
        if view:
            self._heard = True
        elif view is not None:
            self._finish(_PATIENCE / 2)  # it has closed its end, and is about to go
        self._tell()
        return view

    def drop(self) -> None:
        super().drop()
        self._finish(0.0)

    def reset(self) -> None:
        self.drop()

    # -------------------------------------------------------------------------- the program

    def _finish(self, patience: float) -> None:
        """Wait for the end of the program, and bring it about when it does not come."""
        if self._over:
            return
        self._over = True
        ended = self._waited(patience)
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if self._waited(0.0):
                break
            with contextlib.suppress(OSError):  # it goes at this very moment
                os.killpg(self._process.pid, sign)
            self._waited(_PATIENCE)
        self._errors.finish()
        self._tell()
        if ended and (self._process.returncode or not self._heard):
            self._remark(_how(self._process.returncode, heard=self._heard))

    def _waited(self, seconds: float) -> bool:
        """Whether it has ended, after so long at most."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _tell(self) -> None:
        for line in self._errors.take():
            self._remark(f"says: {line}")

    def _remark(self, what: str) -> None:
        self._on_event(Remarked(self._clock(), f"{self._name} {what}"))


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such program"
    return faults.reason(error) if isinstance(error, OSError) else safe(str(error))


def _how(status: int, *, heard: bool) -> str:
    how = f"ended with status {status}" if status >= 0 else f"was ended by signal {-status}"
    return how if heard else f"{how} before it said anything"


class _Errors:
    """Reads standard error to its end, so that nobody waits for us; keeps a bounded part of it.

    The descriptor is its own: who still holds the other end may do so for longer than the link.
    """

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._open = True
        self._lines: list[str] = []
        self._left = _LINES
        self._begun = b""  # a line that has not ended
        self._thread = threading.Thread(target=self._read, daemon=True, name="standard error")
        self._thread.start()

    def take(self) -> list[str]:
        """What came since, line by line: all that was written before what has come otherwise."""
        with self._lock:
            self._drain()
            lines, self._lines = self._lines, []
        return lines

    def finish(self) -> None:
        """Wait for the rest of it, not for long."""
        self._thread.join(_READER)

    def _read(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        while self._open:
            poll.poll()
            with self._lock:
                self._drain()
        os.close(self._descriptor)

    def _drain(self) -> None:
        """Take in what is there, a pipe full of it at most."""
        for _ in range(_BLOCKS if self._open else 0):
            try:
                octets = os.read(self._descriptor, _BLOCK)
            except BlockingIOError:
                return
            *whole, rest = (self._begun + octets).split(b"\n")
            self._begun = rest[:_WIDTH]
            self._keep(whole)
            if not octets:
                self._open = False
                self._keep([self._begun])
                return

    def _keep(self, lines: Sequence[bytes]) -> None:
        for line in filter(None, (line.rstrip(b"\r") for line in lines)):
            self._left -= 1
            if self._left >= 0:
                self._lines.append(safe(line[:_WIDTH]))
            elif self._left == -1:
                self._lines.append("... (the rest of its standard error is not shown)")
