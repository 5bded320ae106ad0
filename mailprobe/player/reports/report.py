"""What every report is: a thing that is told of results, and that writes as it goes."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from mailprobe.player.many.summary import Summary
from mailprobe.player.results import Result

Write = Callable[[str], None]


class Report(ABC):
    """One report.  `begin` comes first, `end` last, even when somebody interrupted the run."""

    def begin(self) -> None:  # noqa: B027 - most have nothing to say there
        """Write what stands at the top."""

    @abstractmethod
    def add(self, result: Result) -> None:
        """Tell of one more."""

    @abstractmethod
    def end(self, summary: Summary) -> None:
        """Write what stands at the bottom."""
