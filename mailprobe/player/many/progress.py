"""A progress bar for long runs: one line that is drawn over, on a terminal."""

from collections.abc import Callable

_PATIENCE = 2.0  # seconds that a run may take without one
_EVERY = 0.1  # seconds between two drawings
_BAR = 30  # columns


class Progress:
    """How far a run is.  `draw` writes text as it is; `total` is the number of files."""

    def __init__(self, draw: Callable[[str], None], clock: Callable[[], float], total: int) -> None:
        self._draw = draw
        self._clock = clock
        self._total = total
        self._started = clock()
        self._drawn_at = 0.0
        self._there = False

    def show(self, done: int, bad: int) -> None:
        """`done` files have been played, `bad` transcripts did not pass."""
        now = self._clock()
        if now - self._started < _PATIENCE or now - self._drawn_at < _EVERY:
            return
        full = _BAR * done // max(self._total, 1)
        failed = f", {bad} did not pass" if bad else ""
        took = f"{now - self._started:.0f} s"
        bar = "#" * full + "." * (_BAR - full)
        self._draw(f"\r\x1b[K[{bar}] {done} of {self._total} files{failed}, {took}")
        self._drawn_at, self._there = now, True

    def erase(self) -> None:
        """Make room for what is printed."""
        if self._there:
            self._draw("\r\x1b[K")
            self._there, self._drawn_at = False, 0.0
