"""Every way in which a file can be played: values of its matrix, branches, known mistakes.

It knows nothing of what the steps mean; that is for those who look at them.
"""

from collections.abc import Callable, Iterator
from itertools import islice

from mailprobe.transcript.dialogue import compile_steps
from mailprobe.transcript.load import Variant, variants
from mailprobe.transcript.model import Transcript, Unreadable, Wrong
from mailprobe.transcript.steps import Choice, Repeat, Step
from mailprobe.transcript.values import Values
from mailprobe.value import frozen

MOST = 64  # ways for one value of the matrix, and for one known mistake
_VARIANTS = 16  # combinations of the values of matrices
_MISTAKES = 256

Report = Callable[[Unreadable], None]


@frozen
class Walkthrough:
    """One way through a file.  `values` are those that are known before it begins."""

    steps: tuple[Step, ...]
    values: dict[str, bytes]
    wrong: int | None = None  # it ends in the known mistake of this number

    def each(self) -> Iterator[Step]:
        """Every step, those of a `@poll`, too."""
        yield from each(self.steps)


def each(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Every step, those inside of others, too."""
    for step in steps:
        yield step
        if isinstance(step, Repeat):
            yield from each(step.steps)


def walkthroughs(transcript: Transcript, report: Report) -> Iterator[Walkthrough]:
    """The ways, as far as there are not too many.  What cannot be played is told to `report`."""
    mistakes = sum(isinstance(line, Wrong) for line in transcript.walk())
    try:
        found: list[Variant] = list(islice(variants(transcript.head), _VARIANTS))
    except Unreadable as fault:
        report(fault)
        return
    for number, variant in enumerate(found):
        try:
            values = _values(transcript, variant)
        except Unreadable as fault:
            report(fault)
            return
        yield from _ways(transcript, values, None, report)
        if not number:  # a mistake does not depend on the matrix
            for wrong in range(min(mistakes, _MISTAKES)):
                yield from _ways(transcript, values, wrong, report)


def _values(transcript: Transcript, variant: Variant) -> dict[str, bytes]:
    values = Values(matrix=variant.values, now=lambda form: "now", uuid=lambda: "uuid")
    for setting in transcript.settings():
        values.define(setting)
    return values.settings


def _ways(
    transcript: Transcript, values: dict[str, bytes], wrong: int | None, report: Report
) -> Iterator[Walkthrough]:
    left: list[tuple[int, ...]] = [()]
    for _ in range(MOST):
        if not left:
            return
        choices = left.pop()
        try:
            steps = compile_steps(transcript, values, choices, wrong)
        except Unreadable as fault:
            report(fault)
            continue
        branches = _open(steps)
        if not branches:
            yield Walkthrough(steps, values, wrong)
        left += [(*choices, branch) for branch in reversed(range(branches))]


def _open(steps: tuple[Step, ...]) -> int:
    """How many ways there are on behind the last step: 0 where all is decided."""
    match steps[-1:]:
        case (Choice(line=line),):
            return len(line.branches)
        case (Repeat(steps=inner),):
            return _open(inner)
        case _:
            return 0
