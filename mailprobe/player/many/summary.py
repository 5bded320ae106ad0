"""What became of all transcripts together: counts, the exit status, and the last line.

The hardest wins.  An interruption says least of the servers and stands above all; then our own
fault, a mistake in what was asked, a file that does not parse (nobody knows what it would have
found), a server that could not be reached or understood, an expectation that did not hold.
"""

from mailprobe.errors import ExitStatus, Word
from mailprobe.player.results import Result, Verdict
from mailprobe.safe import safe
from mailprobe.value import field, mutable

_HARDEST_FIRST = (
    ExitStatus.INTERRUPTED,
    ExitStatus.INTERNAL,
    ExitStatus.USAGE,
    ExitStatus.SYNTAX,
    ExitStatus.UNREACHED,
    ExitStatus.FAILED,
)


@mutable
class Summary:
    """Counts of results, and the first one of the hardest kind."""

    counts: dict[Verdict, int] = field(default_factory=lambda: dict.fromkeys(Verdict, 0))
    deselected: int = 0  # not asked for
    seconds: float = 0.0
    interrupted: bool = False
    cut_short: str = ""  # why the rest was not played
    out_of_time: bool = False
    hardest: Result | None = None

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def bad(self) -> int:
        return self.counts[Verdict.FAILED] + self.counts[Verdict.ERROR]

    def add(self, result: Result) -> None:
        """Count one more."""
        self.counts[result.verdict] += 1
        if status_of(result) is ExitStatus.OK:
            return
        if self.hardest is None or _rank(result) < _rank(self.hardest):
            self.hardest = result

    @property
    def status(self) -> ExitStatus:
        """What the process returns."""
        if self.interrupted:
            return ExitStatus.INTERRUPTED
        if self.hardest is not None:
            hardest = status_of(self.hardest)
            return ExitStatus.UNREACHED if self._late(hardest) else hardest
        if self.out_of_time:
            return ExitStatus.UNREACHED
        return ExitStatus.OK if self.counts[Verdict.PASSED] else ExitStatus.NOTHING_RAN

    def _late(self, hardest: ExitStatus) -> bool:
        return self.out_of_time and hardest is ExitStatus.FAILED

    def last_line(self) -> str:
        """`mailprobe: WORD: sentence`; "" where all is well, or somebody pressed Ctrl-C."""
        if self.interrupted or self.status is ExitStatus.OK:
            return ""
        if self.hardest is not None and not self._late(status_of(self.hardest)):
            return f"mailprobe: {_word(self.hardest)}: {self._about(self.hardest)}"
        if self.out_of_time:
            return f"mailprobe: {Word.TIMEOUT}: {self.cut_short}, {self.total} were played"
        return f"mailprobe: {Word.USAGE}: {self._nothing()}"

    def _about(self, result: Result) -> str:
        problem = result.problem
        placed = problem is not None and problem.place is not None
        where = safe(str(problem.place)) if placed else result.name  # type: ignore[union-attr]  # it is
        said = f": {problem.sentence}" if problem is not None else ""
        if self.total == 1:
            return f"{where}{said}"
        return f"{where}{said}; {self.bad} of {self.total} transcripts did not pass"

    def _nothing(self) -> str:
        if self.counts[Verdict.SKIPPED]:
            return f"nothing ran: all {self.counts[Verdict.SKIPPED]} transcripts were skipped"
        if self.deselected:
            return f"nothing ran: -k and -t leave none of {self.deselected} transcripts"
        return "nothing ran: there is no *.mpt file in what was named, or in this shard"


def status_of(result: Result) -> ExitStatus:
    """The exit status of one result alone."""
    if result.verdict in (Verdict.PASSED, Verdict.SKIPPED):
        return ExitStatus.OK
    return _word(result).status


def _word(result: Result) -> Word:
    if result.problem is not None:
        return result.problem.word
    return Word.MISMATCH if result.verdict is Verdict.FAILED else Word.INTERNAL


def _rank(result: Result) -> int:
    return _HARDEST_FIRST.index(status_of(result))
