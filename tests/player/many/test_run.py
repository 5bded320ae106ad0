"""Many transcripts: order, locks, ends."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailprobe.errors import Word
from mailprobe.player.many.locks import Lock
from mailprobe.player.many.run import Run
from mailprobe.player.many.scripts import Script
from mailprobe.player.results import Result, Verdict
from mailprobe.transcript.model import Head, Transcript
from mailprobe.transport.link import Interrupted
from mailprobe.value import replace
from tests.player.helpers import passed, skipped

LONG = 60.0


def script(name: str, lock: str = "") -> Script:
    return Script(Path(name), name, Transcript(name, b"", (), Head(lock=lock), ()), {})


def locks_of(script: Script) -> list[Lock]:
    lock = script.transcript.head.lock
    return [Lock("", lock.encode())] if lock else []


def names(results: list[Result]) -> list[str]:
    return [result.name for result in results]


@pytest.mark.parametrize("jobs", [1, 2, 8])
def test_results_keep_the_order_of_the_files(jobs: int) -> None:
    """Results that need no playing stand where they belong."""
    work = [script(str(n)) if n % 3 else skipped(str(n)) for n in range(100)]
    out: list[Result] = []
    Run(iter(work), lambda script: passed(script.name), out.append).run(jobs)
    assert names(out) == [str(n) for n in range(100)]


def test_one_that_ends_late_holds_the_others_back() -> None:
    """The first is played until all others have been; it comes first all the same."""
    played = threading.Semaphore(0)
    out: list[Result] = []

    def play(script: Script) -> Result:
        if script.name == "0":
            for _ in range(9):
                assert played.acquire(timeout=LONG)
        else:
            played.release()
        return passed(script.name)

    Run((script(str(n)) for n in range(10)), play, out.append).run(2)
    assert names(out) == [str(n) for n in range(10)]


def test_one_lock_is_held_by_one_alone() -> None:
    """Those of a lock are played in turn, in their order, while others go on."""
    inside: list[str] = []
    order: list[str] = []
    free = threading.Event()

    def play(script: Script) -> Result:
        lock = script.transcript.head.lock
        if not lock:
            free.set()
            return passed(script.name)
        assert lock not in inside
        inside.append(lock)
        order.append(script.name)
        assert free.wait(LONG)  # a script without a lock gets through in the meantime
        inside.remove(lock)
        return passed(script.name)

    work = [*(script(str(n), "a") for n in range(5)), script("free")]
    out: list[Result] = []
    Run(iter(work), play, out.append, locks_of=locks_of).run(4)
    assert order == ["0", "1", "2", "3", "4"]
    assert names(out) == [*order, "free"]


def test_more_wait_for_a_lock_than_are_kept_aside() -> None:
    """All are played, and not all are read at once."""
    read: list[int] = []
    out: list[Result] = []
    most = 0

    def work() -> Iterator[Script]:
        for n in range(500):
            read.append(n)
            yield script(str(n), "a")

    def play(script: Script) -> Result:
        nonlocal most
        most = max(most, len(read) - int(script.name))
        return passed(script.name)

    Run(work(), play, out.append, locks_of=locks_of).run(4)
    assert names(out) == [str(n) for n in range(500)]
    assert most < 100


@pytest.mark.parametrize("jobs", [1, 4])
def test_fail_fast(jobs: int) -> None:
    """Nothing begins after one did not pass; those on their way still count."""
    played: list[str] = []
    out: list[Result] = []

    def play(script: Script) -> Result:
        played.append(script.name)
        verdict = Verdict.FAILED if script.name == "3" else Verdict.PASSED
        return replace(passed(script.name), verdict=verdict)

    run = Run((script(str(n)) for n in range(1000)), play, out.append, fail_fast=True)
    run.run(jobs)
    assert run.failed_fast
    assert len(played) <= 4 + 2 * jobs + (900 if jobs > 1 else 0)
    assert names(out) == sorted(played, key=int)


@pytest.mark.parametrize("jobs", [1, 4])
def test_an_interruption_ends_it(jobs: int) -> None:
    """Results so far are delivered, in order; the one that was stopped is an error there."""
    out: list[Result] = []

    def play(script: Script) -> Result:
        if script.name == "5":
            raise Interrupted
        return passed(script.name)

    run = Run((script(str(n)) for n in range(1000)), play, out.append)
    run.run(jobs)
    assert run.interrupted
    assert run.unfinished()
    assert names(out)[:5] == ["0", "1", "2", "3", "4"]
    stopped = out[5]
    assert (stopped.name, stopped.verdict) == ("5", Verdict.ERROR)
    assert stopped.problem is not None
    assert stopped.problem.word is Word.INTERRUPTED
    assert names(out) == sorted(names(out), key=int)


@pytest.mark.parametrize("jobs", [1, 4])
@pytest.mark.parametrize("where", ["play", "deliver", "work", "locks"])
def test_a_fault_of_ours_is_raised(jobs: int, where: str) -> None:
    """In the thread that asked for the run, when all others have ended."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    def work() -> Iterator[Script]:
        yield script("0", "a")
        if where == "work":
            fail()
        yield script("1", "b")

    run = Run(
        work(),
        fail if where == "play" else lambda script: passed(script.name),  # type: ignore[arg-type,return-value]  # it never returns
        fail if where == "deliver" else lambda result: None,
        locks_of=fail if where == "locks" else locks_of,  # type: ignore[arg-type]  # nor here
    )
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError):
        run.run(jobs)
    assert threading.active_count() == before


def test_nothing_begins_when_it_is_over() -> None:
    """The time, or a person, may end it before the first."""
    out: list[Result] = []
    Run(iter([script("0")]), lambda script: passed(), out.append, stopped=lambda: True).run()
    assert out == []


def test_what_waited_for_a_lock_is_not_played_after_the_end() -> None:
    """And what stood behind it in the order is still told of."""
    out: list[Result] = []
    first = threading.Event()

    def play(one: Script) -> Result:
        if one.name == "0":
            assert first.wait(LONG)
        else:
            first.set()
        return replace(passed(one.name), verdict=Verdict.FAILED)

    work = [script("0", "a"), script("1", "a"), script("2")]
    run = Run(iter(work), play, out.append, locks_of=locks_of, fail_fast=True)
    run.run(2)
    assert names(out) == ["0", "2"]
    assert run.unfinished()
