"""One client that plays one transcript against us, on one connection or more."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path

from mailprobe.errors import Word
from mailprobe.player.many.scripts import title_of
from mailprobe.player.results import Problem, Result, Verdict
from mailprobe.player.serving.agenda import Part
from mailprobe.player.serving.served import Served
from mailprobe.safe import safe
from mailprobe.transcript.model import Level, Transcript
from mailprobe.value import frozen

_CUT = "the server was stopped"


@frozen
class Score:
    """A transcript with one value of its matrix, ready to be played."""

    name: str  # "file.mpt[eod=lf]", fit to be shown
    path: Path
    transcript: Transcript
    matrix: Mapping[str, bytes]
    level: Level
    parts: tuple[Part, ...]


class Visit:
    """One client that plays one transcript, on one connection or more."""

    def __init__(self, score: Score, served: Served) -> None:
        self.score = score
        self.served = served
        self.folder = score.path.parent
        self.level = score.level
        self.problem: Problem | None = None
        self.cut = False
        self._started = time.monotonic()
        self._changed = threading.Condition()
        self._waiting = list(score.parts)
        self._open = 0
        self._stopped = False

    def fail(self, problem: Problem) -> None:
        """Something is not as the file has it; the first one counts."""
        with self._changed:
            self.problem = self.problem or problem

    def take(self, connection: int) -> Part | None:
        """The part of a connection that has just come, if one is awaited."""
        with self._changed:
            for part in self._waiting:
                if part.connection == connection:
                    self._waiting.remove(part)
                    self._open += 1
                    self._changed.notify_all()
                    return part
            return None

    def leave(self, patience: float) -> bool:
        """A connection is over; whether all of it is.

        The client has `patience` seconds to open its next one, where there is to be one.
        """
        with self._changed:
            self._open -= 1
            if self._open:
                return False
            if self.problem is not None or self.cut or not self._waiting:
                return True
            before = list(self._waiting)
            self._changed.wait_for(lambda: self._stopped or self._waiting != before, patience)
            if self._waiting != before:
                return False  # the next one has come, and it will see to the end
            self.cut = self._stopped
            if not self.cut:
                self.problem = _missing(before[0], patience)
            return True

    def stop(self) -> None:
        """Wait for nobody any more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def result(self) -> Result:
        """What became of it."""
        verdict = Verdict.FAILED if self.problem else Verdict.PASSED
        cut = self.cut and self.problem is None
        return Result(
            self.score.name,
            self.score.path,
            title_of(self.score.transcript.head),
            Verdict.SKIPPED if cut else verdict,
            time.monotonic() - self._started,
            reason=_CUT if cut else "",
            problem=self.problem,
            tags=self.score.transcript.head.tags,
        )


def _missing(part: Part, patience: float) -> Problem:
    """A connection that was never opened."""
    hearing = part.agenda.hearings[0] if part.agenda.hearings else None
    place = hearing.place if hearing else part.last
    sentence = f"connection {part.connection} was not opened within {patience:g} s"
    return Problem(Word.TIMEOUT, sentence, place)


def verdict_line(result: Result) -> str:
    """One line about a client, for people."""
    problem = result.problem
    if result.verdict is Verdict.SKIPPED:
        return f"note: {result.name}: {result.reason}"
    if problem is None:
        return f"note: {result.name} passed"
    place = f"{problem.place}: " if problem.place else ""
    label = result.name.removeprefix(safe(Path(result.path).name))
    return f"{problem.word}: {place}{label}{' ' if label else ''}{problem.sentence}"
