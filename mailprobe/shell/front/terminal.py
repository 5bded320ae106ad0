"""The terminal's modes and the signals of a shell: put in place together, undone in every exit.

Between two prompts nothing that is typed may be echoed (it may be a password), and every key
has to arrive at the next prompt as it was pressed.
"""

import os
import select
import signal
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

Handler = Callable[[int, FrameType | None], object] | signal.Handlers

_DEADLY = (signal.SIGTERM, signal.SIGHUP)
_UNWINDING = 3.0  # seconds that an end by signal may take
_TWICE = 1.0  # seconds between two interrupts that mean: leave


class Terminated(SystemExit):
    """SIGTERM or SIGHUP came; an exit, so that an event loop lets it through."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.number = number


class Interrupts:
    """Ctrl-C while nobody reads keys: a descriptor that becomes readable, never an exception."""

    def __init__(self) -> None:
        self.descriptor, self._write = os.pipe()
        os.set_blocking(self.descriptor, False)
        os.set_blocking(self._write, False)
        self._last = -_TWICE
        self.twice = False  # two of them in a second: the person wants to leave

    def press(self) -> None:
        """Take note of a Ctrl-C."""
        now = time.monotonic()
        self.twice = self.twice or now - self._last < _TWICE
        self._last = now

    @contextmanager
    def passed_over(self) -> Iterator[None]:
        """What is pressed inside is for another program."""
        twice = self.twice
        try:
            yield
        finally:
            self.clear()
            self.forget()
            self.twice = twice

    def forget(self) -> None:
        """Another key was pressed: the next Ctrl-C is a first one again."""
        self._last = -_TWICE

    def clear(self) -> bool:
        """Make the descriptor unreadable; tells whether it was."""
        seen = False
        with suppress(BlockingIOError):
            while os.read(self.descriptor, 512):
                seen = True
        return seen

    def close(self) -> None:
        os.close(self.descriptor)
        os.close(self._write)

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        self.note()

    def note(self) -> None:
        """Take note of a Ctrl-C, and make the descriptor readable."""
        self.press()
        with suppress(BlockingIOError):  # full of interrupts that nobody looked at
            os.write(self._write, b"\0")


class Terminal:
    """The modes of the terminal at `descriptor`; `found` are those to put back in the end."""

    def __init__(self, descriptor: int, found: "list[Any] | None" = None) -> None:
        self._descriptor = descriptor
        self._found = termios.tcgetattr(descriptor) if found is None else list(found)

    def quiet(self) -> None:
        """No echo, no line editing; Ctrl-C and Ctrl-Z still make signals."""
        modes = termios.tcgetattr(self._descriptor)
        modes[0] = self._found[0]
        modes[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
        modes[3] |= termios.ISIG
        modes[6][termios.VMIN], modes[6][termios.VTIME] = 1, 0
        termios.tcsetattr(self._descriptor, termios.TCSANOW, modes)

    def restore(self) -> None:
        """Put everything back as it was found."""
        self._put_back(termios.TCSADRAIN)

    def leave(self) -> None:
        """Put everything back, and forget what was typed ahead: a login shell would run it."""
        self._put_back(termios.TCSAFLUSH)

    def _put_back(self, when: int) -> None:
        with suppress(termios.error):  # the terminal is gone
            termios.tcsetattr(self._descriptor, when, self._found)

    def discard(self) -> bool:
        """Forget what was typed and not read; tells whether there was anything."""
        ready, _, _ = select.select([self._descriptor], [], [], 0)
        with suppress(termios.error):
            termios.tcflush(self._descriptor, termios.TCIFLUSH)
        return bool(ready)

    def make_raw(self) -> None:
        """Every key is read as it is, Ctrl-C and Ctrl-Z too."""
        modes = termios.tcgetattr(self._descriptor)
        modes[0] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR | termios.IXON)
        modes[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
        termios.tcsetattr(self._descriptor, termios.TCSANOW, modes)

    @contextmanager
    def raw(self) -> Iterator[None]:
        """Raw inside, quiet again behind."""
        self.make_raw()
        try:
            yield
        finally:
            self.quiet()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """As it was found inside, for another program that stops and goes on with us."""
        before = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        self.restore()
        try:
            yield
        finally:
            self.quiet()
            signal.signal(signal.SIGTSTP, before)

    def suspend(self) -> None:
        """Stop, as a person's Ctrl-Z asks, with the terminal as it was found."""
        self.restore()
        before = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)  # returns when somebody continues us
        signal.signal(signal.SIGTSTP, before)
        self.quiet()


class _Ending:
    """What SIGTERM and SIGHUP do: unwind, and where that takes too long, end at once."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._number = signal.SIGTERM

    def begin(self, number: int, frame: FrameType | None) -> None:
        # An event loop may lose an exception that is raised inside one of its callbacks.
        self._number = signal.Signals(number)
        for once in _DEADLY:
            signal.signal(once, self.finish)  # a second signal does not wait
        signal.signal(signal.SIGALRM, self.finish)
        signal.setitimer(signal.ITIMER_REAL, _UNWINDING)
        raise Terminated(number)

    def finish(self, number: int, frame: FrameType | None) -> None:
        self._terminal.leave()
        signal.signal(self._number, signal.SIG_DFL)
        os.kill(os.getpid(), self._number)


@contextmanager
def taken(terminal: Terminal, interrupts: Interrupts) -> Iterator[None]:
    """Own the terminal and the signals of a person at a keyboard."""
    handlers: dict[signal.Signals, Handler] = {
        signal.SIGINT: interrupts.on_signal,
        signal.SIGTSTP: lambda number, frame: terminal.suspend(),
        signal.SIGCONT: signal.SIG_DFL,
        signal.SIGALRM: signal.SIG_DFL,
        **dict.fromkeys(_DEADLY, _Ending(terminal).begin),
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        terminal.quiet()
        yield
    finally:
        terminal.leave()
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
