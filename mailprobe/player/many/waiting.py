"""Whether there is time to go on: the end of the run, and a person who wants it to end."""

import select
import time
from collections.abc import Callable


class Waiting:
    """`wakeup` is a descriptor that becomes readable when somebody interrupts; nobody reads it.

    `end` is a moment of `clock`, or None.
    """

    def __init__(
        self,
        wakeup: int | None = None,
        end: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._poll = select.poll()
        if wakeup is not None:
            self._poll.register(wakeup, select.POLLIN)
        self._end = end
        self._clock = clock

    @property
    def interrupted(self) -> bool:
        """Whether somebody wants it to end."""
        return bool(self._poll.poll(0))

    @property
    def out_of_time(self) -> bool:
        """Whether the time for the whole run is over."""
        return self._end is not None and self._clock() >= self._end

    def over(self) -> bool:
        """Whether nothing more should begin."""
        return self.out_of_time or self.interrupted

    def pause(self, seconds: float) -> bool:
        """Wait; returns False, at once, when there is no time for that or nobody wants to wait."""
        if self._end is not None and self._clock() + seconds >= self._end:
            return False
        return not self._poll.poll(seconds * 1000)
