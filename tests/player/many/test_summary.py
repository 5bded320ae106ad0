"""Counts, the exit status, the last line."""

import itertools

import pytest

from mailprobe.errors import ExitStatus, Word
from mailprobe.player.many.summary import Summary
from mailprobe.player.results import Verdict
from tests.player.helpers import DRAWN, passed, skipped, wrong

# From the hardest on.
ORDER = [Word.INTERNAL, Word.USAGE, Word.SYNTAX, Word.CONNECT, Word.MISMATCH]


@pytest.mark.parametrize("first, second", list(itertools.combinations(ORDER, 2)))
@pytest.mark.parametrize("turned", [False, True])
def test_the_hardest_wins(first: Word, second: Word, turned: bool) -> None:
    """In whatever order they come, and whatever else passed."""
    summary = Summary()
    for word in (second, first) if turned else (first, second):
        summary.add(wrong(word, f"{word}.mpt"))
        summary.add(passed())
    assert summary.status is first.status
    assert summary.last_line() == (
        f"mailprobe: {first}: {first}.mpt: it went wrong; 2 of 4 transcripts did not pass"
    )


def test_the_place_of_one_that_failed() -> None:
    """The last line says where to look."""
    summary = Summary()
    summary.add(DRAWN)
    assert summary.last_line() == (
        "mailprobe: mismatch: transcripts/submission.mpt:27:4: no line of the reply matches"
    )


def test_all_is_well() -> None:
    """Some passed, the others were skipped: 0, and nothing to say."""
    summary = Summary()
    for result in (passed(), skipped()):
        summary.add(result)
    assert (summary.status, summary.last_line()) == (ExitStatus.OK, "")
    assert (summary.total, summary.bad) == (2, 0)
    assert summary.counts[Verdict.SKIPPED] == 1


@pytest.mark.parametrize("kind", ["empty", "skipped", "deselected"])
def test_nothing_ran(kind: str) -> None:
    """5: nobody shall take that for a success."""
    summary = Summary(deselected=3 if kind == "deselected" else 0)
    if kind == "skipped":
        summary.add(skipped())
    assert summary.status is ExitStatus.NOTHING_RAN
    assert summary.last_line().startswith("mailprobe: usage: nothing ran: ")


def test_an_interruption() -> None:
    """130 whatever else was found, and no sentence: who pressed Ctrl-C knows."""
    summary = Summary(interrupted=True)
    summary.add(wrong(Word.SYNTAX))
    assert (summary.status, summary.last_line()) == (ExitStatus.INTERRUPTED, "")


@pytest.mark.parametrize(
    "result, status",
    [
        (passed(), ExitStatus.UNREACHED),
        (wrong(Word.MISMATCH), ExitStatus.UNREACHED),
        (wrong(Word.SYNTAX), ExitStatus.SYNTAX),
    ],
)
def test_out_of_time(result: object, status: ExitStatus) -> None:
    """What was not played for want of time is a timeout, unless something is harder."""
    summary = Summary(out_of_time=True, cut_short="--max-time 1 s is over")
    summary.add(result)  # type: ignore[arg-type]  # results
    assert summary.status is status
    assert summary.last_line().startswith("mailprobe: timeout: ") is (status == 4)
