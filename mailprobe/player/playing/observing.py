"""What a run is asked to tell besides what its file says: times, and what no RFC allows.

Nothing of this is loaded, and nobody listens, where nobody asked.
"""

from collections.abc import Callable, Mapping

from mailprobe.player.options import Options
from mailprobe.player.playing.links import MailLink
from mailprobe.player.results import Measured
from mailprobe.protocol.connection import catalogue_of
from mailprobe.session import Observer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.protocol.linting.linter import Findings

EXCHANGES = 1000  # of each connection that are timed
_TOLD = 50  # deviations of one run


class Watching:
    """One run.  `began` is the moment of `time.monotonic()` from which times are counted."""

    def __init__(self, options: Options) -> None:
        self._timed = options.timed
        self._findings = _findings() if options.lint else None

    def observers(self, protocol: str) -> list[Observer]:
        """Who listens to a connection."""
        if self._findings is None:
            return []
        from mailprobe.protocol.linting.linter import Linter

        return [Linter(catalogue_of(protocol), self._findings)]

    def deviations(self, shown: Callable[[str], str]) -> tuple[str, ...]:
        """A sentence for each, without secrets."""
        if self._findings is None:
            return ()
        found = [
            f"{one.sentence}{f', {one.count} times' if one.count > 1 else ''}"
            for one in self._findings
        ]
        more = len(found) - _TOLD + self._findings.surplus
        return tuple(map(shown, found[:_TOLD])) + ((f"and {more} more",) if more > 0 else ())

    def measured(self, links: "Mapping[int, object]", began: float) -> tuple[Measured, ...]:
        """How long the parts of each connection took."""
        if not self._timed:
            return ()
        from mailprobe.timing import timing_of

        found = []
        for number, link in links.items():
            if isinstance(link, MailLink):
                log = link.connection.catalogue, link.milestones, link.exchanges
                found.append(Measured(number, max(0.0, link.opened - began), timing_of(*log)))
        return tuple(found)


def _findings() -> "Findings":
    from mailprobe.protocol.linting.linter import Findings

    return Findings()
