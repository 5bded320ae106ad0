"""The echo of the keyboard: off from the first moment, as it was found in every end.

What is typed ahead may be a password, and a terminal shows it long before anybody reads it.
This is loaded before all else, and knows nothing of what is typed.
"""

import os
import signal
import termios
from collections.abc import Callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DEADLY = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_LOCAL = 3  # the place of the local modes, ECHO among them, in what termios gives
_Handler = Callable[[int, object], None]


class Keyboard:
    """The terminal at `descriptor`; `found` are its modes before anything was changed."""

    def __init__(self, descriptor: int) -> None:
        """Raises termios.error where it is no terminal, or gone."""
        self.found: list[Any] = termios.tcgetattr(descriptor)
        self._descriptor = descriptor
        self._hushed = False
        self._before: dict[signal.Signals, object] = {}

    def hush(self) -> None:
        """Echo nothing from now on, until `release` or `leave`; a stop shows it as it was."""
        handlers: dict[signal.Signals, _Handler] = {
            signal.SIGTSTP: self._stop,
            signal.SIGCONT: self._go_on,
            **dict.fromkeys(_DEADLY, self._end),
        }
        for number, handler in handlers.items():
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup wants that to stay
                self._before[number] = signal.signal(number, handler)
        self._hushed = True
        self._silence()

    def release(self) -> None:
        """Put everything back; what was typed and not read is for whoever reads next."""
        self._let_go(termios.TCSADRAIN)

    def leave(self) -> None:
        """Put everything back, and forget what was typed ahead: a login shell would run it."""
        self._let_go(termios.TCSAFLUSH)

    def forget(self) -> None:
        """Somebody else has put the modes back."""
        self._hushed = False
        self.release()

    def _let_go(self, when: int) -> None:
        self._put_back(when)
        self._hushed = False
        while self._before:
            number, handler = self._before.popitem()
            signal.signal(number, handler)  # type: ignore[arg-type]  # what it has given

    def _silence(self) -> None:
        if not self._hushed or not self._is_ours():
            return
        try:
            modes = termios.tcgetattr(self._descriptor)
            modes[_LOCAL] &= ~termios.ECHO
            termios.tcsetattr(self._descriptor, termios.TCSANOW, modes)
        except termios.error:
            pass  # the terminal is gone

    def _put_back(self, when: int) -> None:
        if not self._hushed or not self._is_ours():
            return
        try:
            termios.tcsetattr(self._descriptor, when, self.found)
        except termios.error:
            pass

    def _is_ours(self) -> bool:
        """Whether its modes may be changed: a job in the background would be stopped for it."""
        try:
            return os.tcgetpgrp(self._descriptor) == os.getpgrp()
        except OSError:  # it controls no jobs
            return True

    # ---------------------------------------------------------------------------------- signals

    def _stop(self, number: int, frame: object) -> None:
        """Stop, as Ctrl-Z asks, with the terminal as it was found."""
        self._put_back(termios.TCSADRAIN)
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)  # returns when somebody continues us
        signal.signal(signal.SIGTSTP, self._stop)
        self._silence()

    def _go_on(self, number: int, frame: object) -> None:
        """Back in the foreground, however we were stopped."""
        self._silence()

    def _end(self, number: int, frame: object) -> None:
        self._put_back(termios.TCSAFLUSH)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
