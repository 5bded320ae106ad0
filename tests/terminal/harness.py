"""A terminal with a person at it: mailprobe on a real pty, a screen that pyte draws, and a server.

Nothing here waits for a time: every wait is for content, and gives up with the screen in hand.
"""

import os
import re
import select
import socket
import sys
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import pyte

from tests.terminal.warm import Child

PATIENCE = 60.0  # seconds until what has not come will not come
_RAW = re.compile(rb"\x1b\]|\x07|\x9b")  # what no prompt of ours ever writes


class Spawned:
    """mailprobe as anybody starts it: a process that has loaded nothing yet."""

    def __init__(
        self, words: tuple[str, ...], *, size: tuple[int, int], env: dict[str, str]
    ) -> None:
        command = ["-m", "mailprobe", *words]
        # its environment is typed to be that of this process
        self._child = pexpect.spawn(sys.executable, command, env=env, dimensions=size)  # type: ignore[arg-type]
        self._child.delaybeforesend = None
        self.terminal = self._child.child_fd
        self.pid = self._child.pid

    def write(self, octets: bytes) -> None:
        self._child.send(octets)

    def wait(self) -> int:
        """The exit status, or minus the signal that ended it."""
        self._child.wait()
        status, signal = self._child.exitstatus, self._child.signalstatus
        return -(signal or 0) if status is None else int(status)

    def close(self) -> None:
        self._child.close(force=True)


class Person:
    """mailprobe in a terminal of `columns` by `rows`; `cold` starts it as anybody does."""

    def __init__(
        self,
        *words: str,
        columns: int = 80,
        rows: int = 24,
        env: dict[str, str] | None = None,
        cold: bool = False,
    ) -> None:
        self.home = Path(os.environ["HOME"])
        surroundings = {
            **os.environ,
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "PROMPT_TOOLKIT_NO_CPR": "1",
            **(env or {}),
        }
        start = Spawned if cold else Child
        self.child: Spawned | Child = start(words, size=(rows, columns), env=surroundings)
        self.output = bytearray()  # every octet that reached the terminal
        self._screen = pyte.HistoryScreen(columns, rows, history=20_000)
        self._stream = pyte.ByteStream(self._screen)
        self._draw: Callable[[bytes], None] = self._stream.feed

    # ------------------------------------------------------------------------------ looking

    @property
    def rows(self) -> list[str]:
        return [row.rstrip() for row in self._screen.display]

    @property
    def screen(self) -> str:
        """What the terminal shows now."""
        return "\n".join(self.rows)

    @property
    def line(self) -> str:
        """The row that the cursor is in."""
        return self.rows[self._screen.cursor.y]

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Read until `condition` holds."""
        end = time.monotonic() + PATIENCE
        while not condition():
            left = end - time.monotonic()
            # in small steps, for what is waited for may happen in a server and not here
            if left <= 0 or not self._read(min(left, 0.05)):
                assert condition(), f"{what} did not come; the screen:\n{self.screen}"
                return

    def sees(self, text: str) -> None:
        """Wait until `text` stands on the screen."""
        self.wait(lambda: text in self.screen, repr(text))

    def sees_line(self, text: str) -> None:
        """Wait until the row of the cursor begins with `text`."""
        self.wait(lambda: self.line.startswith(text), f"a line {text!r}")

    def prompted(self, prompt: str) -> None:
        """Wait for an open, empty prompt."""
        self.wait(lambda: self.line == prompt.rstrip(), f"the prompt {prompt!r}")

    def skims(self, pattern: bytes) -> None:
        """Read until `pattern` came, and draw only the end of it all: pyte is slow."""
        skipped, start = bytearray(), len(self.output)
        self._draw = skipped.extend
        self.wait(
            lambda: (
                re.search(pattern, self.output[max(start, len(self.output) - 4096) :]) is not None
            ),
            repr(pattern),
        )
        self._draw = self._stream.feed
        # CAN gives up a sequence that the part before was cut in; the tail begins with a line
        tail = bytes(skipped[-4096:])
        self._draw(b"\x18\r\n" + tail[tail.find(b"\n") + 1 :])

    def _read(self, left: float) -> bool:
        ready, _, _ = select.select([self.child.terminal], [], [], left)
        if not ready:
            return True
        try:
            octets = os.read(self.child.terminal, 65536)
        except OSError:  # the child is gone
            octets = b""
        self.output += octets
        self._draw(octets)
        return bool(octets)

    # ------------------------------------------------------------------------------- typing

    def type(self, text: str | bytes) -> None:
        self.child.write(text.encode() if isinstance(text, str) else text)

    def enter(self, line: str = "") -> None:
        self.type(line + "\r")

    def echoes(self) -> bool:
        """Whether the terminal itself would echo a key now."""
        return bool(termios.tcgetattr(self.child.terminal)[3] & termios.ECHO)

    # ------------------------------------------------------------------------------- leaving

    def ended(self) -> int:
        """Wait for the end; returns the exit status."""
        end = time.monotonic() + PATIENCE
        while self._read(max(0.0, end - time.monotonic())):
            assert time.monotonic() < end, f"it did not end; the screen:\n{self.screen}"
        return self.child.wait()

    def close(self) -> None:
        self.child.close()


class Server:
    """A server that does what a test says, when it says so: one connection, in a thread."""

    def __init__(self, script: Callable[["Server"], None]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        self.port: int = self._listener.getsockname()[1]
        self.target = f"127.0.0.1:{self.port}"
        self.received: list[bytes] = []
        self.fault: BaseException | None = None
        self._go = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(script,), daemon=True)
        self._thread.start()

    def _run(self, script: Callable[["Server"], None]) -> None:
        try:
            self._link, _ = self._listener.accept()
            self._link.settimeout(PATIENCE)
            self._file = self._link.makefile("rb")
            with self._link, self._file:
                script(self)
        except BaseException as error:  # noqa: BLE001 - told by `finish`, in the test's thread
            self.fault = error

    def say(self, text: str | bytes) -> None:
        octets = text.encode() if isinstance(text, str) else text
        self._link.sendall(octets if octets.endswith(b"\n") else octets + b"\r\n")

    def hear(self) -> bytes:
        """The next line of the client; b"" at its end."""
        try:
            line = self._file.readline()
        except ConnectionResetError:  # a client that was killed
            line = b""
        self.received.append(line)
        return line

    def take(self, count: int) -> bytes:
        """So many octets of the client."""
        return self._file.read(count)

    def hear_all(self) -> None:
        while self.hear():
            pass

    def answer(self, replies: dict[bytes, str]) -> None:
        """Answer each verb as `replies` says, everything else by 250, until the client ends."""
        while line := self.hear():
            self.say(replies.get(line.split()[0].upper() if line.split() else b"", "250 ok"))

    def wait(self) -> None:
        """Go on only when the test says `go()`."""
        assert self._go.wait(PATIENCE), "the test never said go"
        self._go.clear()

    def go(self) -> None:
        self._go.set()

    def finish(self) -> None:
        self._thread.join(PATIENCE)
        self._listener.close()
        assert not self._thread.is_alive(), "the server's script did not end"
        if self.fault is not None:
            raise self.fault


def nothing_raw(output: bytes | bytearray) -> bool:
    return _RAW.search(output) is None
