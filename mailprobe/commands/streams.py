"""The standard streams and signals of one run: the edge that every subcommand shares."""

import contextlib
import errno
import io
import os
import signal
import stat
import sys
from collections.abc import Iterator

from mailprobe.errors import Failure, Word
from mailprobe.safe import safe
from mailprobe.transport.link import Interrupted

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from typing import IO, TextIO, TypeVar

    from mailprobe.keyboard import Keyboard

    T = TypeVar("T", str, bytes)

_PIECE = 64 * 1024


class Streams:
    """Standard output and error of one run.  Everything is flushed at once.

    `keyboard` is that of a person whom nothing echoes, where standard input is one.
    """

    def __init__(self, out: "TextIO", err: "TextIO", keyboard: "Keyboard | None" = None) -> None:
        self.keyboard = keyboard
        self._out = out
        self._err = err

    @property
    def on_terminal(self) -> bool:
        """Whether standard output is one."""
        return self._out.isatty()

    @property
    def told_on_terminal(self) -> bool:
        """Whether standard error is one."""
        return self._err.isatty()

    def write(self, text: str) -> None:
        """Raises BrokenPipeError when nobody reads any more, and Failure `usage`."""
        self._write(self._out, text)

    def write_octets(self, octets: bytes) -> None:
        """Write what is no text, and so nothing for a terminal.  Raises as `write` does."""
        if self.on_terminal:
            raise Failure(Word.USAGE, "this is nothing for a terminal: send it to a file")
        self._write(getattr(self._out, "buffer", io.BytesIO()), octets)

    def _write(self, out: "IO[T]", what: "T") -> None:
        try:
            out.write(what)
            out.flush()
        except BrokenPipeError:
            self._out = io.StringIO()  # reports in files are still finished
            raise
        except OSError as error:
            self._out = io.StringIO()  # the few lines that still come go nowhere
            sentence = f"cannot write to standard output: {error.strerror}"
            raise Failure(Word.USAGE, sentence) from None

    def tell(self, line: str) -> None:
        """Write a line to standard error.  Never raises."""
        self.draw(line + "\n")

    def draw(self, text: str) -> None:
        """Write to standard error as it is.  Never raises."""
        with contextlib.suppress(OSError):  # the status says the same
            self._err.write(text)
            self._err.flush()


@contextlib.contextmanager
def source(name: str | None) -> Iterator[int]:
    """A descriptor to read a file from; None and "-" are standard input.

    Raises Failure `usage` when it cannot be opened.
    """
    if (name is None or name == "-") and sys.stdin:
        yield sys.stdin.fileno()
        return
    if name is None or name == "-":  # standard input was closed before we began
        name = os.devnull
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Failure(Word.USAGE, f"cannot read {safe(name)}: {reason}") from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def read_whole(name: str, limit: int) -> bytes:
    """All of a file, which may be a pipe; "-" is standard input.

    Raises Failure `usage`, and `limit` for more than `limit` octets.
    """
    pieces, size = [], 0
    with source(name) as descriptor:
        try:
            while piece := os.read(descriptor, _PIECE):
                pieces.append(piece)
                size += len(piece)
                if size > limit:
                    break
        except OSError as error:
            raise Failure(Word.USAGE, f"cannot read {safe(name)}: {error.strerror}") from None
    if size > limit:
        raise Failure(Word.LIMIT, f"{safe(name)} is longer than {limit // 1024**2} MiB")
    return b"".join(pieces)


@contextlib.contextmanager
def wakeup() -> Iterator[int]:
    """A descriptor that SIGINT, SIGTERM and SIGHUP make readable.

    So none of them is an exception in the middle of a reply, and all that was made is taken away.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def wake(number: int, frame: object) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(writing, b"\0")

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup wants that to stay
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, wake) for number in numbers}
    try:
        yield reading
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)


def ask_secret(prompt: str, wakeup: int | None) -> str | None:
    """Ask the person at the terminal without echo; None when there is nobody.

    Raises Interrupted when `wakeup` becomes readable first.
    """
    return _ask(prompt, wakeup, echo=False)


def ask(prompt: str, wakeup: int | None) -> str | None:
    """The same with echo."""
    return _ask(prompt, wakeup, echo=True)


def nobody_to_ask() -> bool:
    """Whether nobody sits at a terminal."""
    return not sys.stdin or not sys.stdin.isatty()


def _ask(prompt: str, wakeup: int | None, *, echo: bool) -> str | None:
    import select
    import termios

    if nobody_to_ask():
        return None
    try:
        tty = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        before = termios.tcgetattr(tty)
        flags = before[3] if echo else before[3] & ~termios.ECHO
        termios.tcsetattr(tty, termios.TCSAFLUSH, [*before[:3], flags, *before[4:]])
        try:
            os.write(tty, prompt.encode())
            ready = select.select([tty] if wakeup is None else [tty, wakeup], [], [])[0]
            if wakeup in ready:
                raise Interrupted
            line = os.read(tty, 4096)
        finally:
            termios.tcsetattr(tty, termios.TCSAFLUSH, before)
            os.write(tty, b"" if echo else b"\n")
    except (OSError, termios.error):
        return None
    finally:
        os.close(tty)
    return os.fsdecode(line.rstrip(b"\r\n")) if line else None


@contextlib.contextmanager
def terminal() -> Iterator[None]:
    """Where the terminal goes away, that is an end as by SIGHUP."""
    import termios

    try:
        yield
    except (OSError, termios.error) as error:
        if error.args[0] != errno.EIO:
            raise
        raise SystemExit(128 + signal.SIGHUP) from None
