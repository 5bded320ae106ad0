"""Many transcripts: threads that take the next one, locks, and results in the order of the files.

Memory does not grow with the number of files: they are read one by one, and a result is given
away as soon as those before it are.
"""

import time
from collections.abc import Callable, Collection, Iterator

from mailprobe.player.many.scripts import Script, interrupted
from mailprobe.player.results import Result, Verdict
from mailprobe.transport.link import Interrupted
from mailprobe.value import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from threading import Condition

    from mailprobe.player.many.locks import Lock, Locks

_ASIDE = 64  # transcripts that are read and wait for a lock


@frozen
class _Task:
    number: int
    script: Script
    locks: "Collection[Lock]"


class _Alone:
    """In the place of a `Condition` where there is but one thread: nobody to wait for."""

    def __enter__(self) -> bool:
        return True

    def __exit__(self, *error: object) -> None:
        pass

    def notify_all(self) -> None:
        pass

    def wait(self) -> None:
        raise AssertionError("nobody else holds a lock")


class Run:
    """One run over `work`.

    `play` plays one script (Interrupted ends the run, and is its result); `deliver` takes the
    results, one at a time and in order; `locks_of` says what a script uses alone; `stopped` is
    asked before each script.
    """

    def __init__(
        self,
        work: Iterator[Script | Result],
        play: Callable[[Script], Result],
        deliver: Callable[[Result], None],
        *,
        locks_of: "Callable[[Script], Collection[Lock]]" = lambda script: (),
        stopped: Callable[[], bool] = lambda: False,
        fail_fast: bool = False,
    ) -> None:
        self._work = work
        self._play = play
        self._deliver = deliver
        self._locks_of = locks_of
        self._stopped = stopped
        self._fail_fast = fail_fast
        self._changed: Condition | _Alone = _Alone()
        self._locks: Locks | None = None
        self._aside: list[_Task] = []
        self._numbers = self._next = 0
        self._results: dict[int, Result] = {}
        self._exhausted = False
        self._stop = False
        self._error: BaseException | None = None
        self.interrupted = False
        self.failed_fast = False

    def unfinished(self) -> bool:
        """Whether something has no result; looks for more, so that it is asked after the end."""
        return bool(self._aside) or self.interrupted or next(self._work, None) is not None

    def run(self, jobs: int = 1) -> None:
        """Play all.  Raises what `play` and `deliver` raised, when all threads have ended."""
        if jobs == 1:
            self._worker()
        else:
            import threading

            self._changed = threading.Condition()
            threads = [
                threading.Thread(target=self._worker, name=f"player-{number}")
                for number in range(1, jobs + 1)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        if self._error is not None:
            raise self._error
        for number in sorted(self._results):  # those behind what was never played
            self._give(number)

    # --------------------------------------------------------------------------- in a thread

    def _worker(self) -> None:
        try:
            while (task := self._take()) is not None:
                self._finish(task, self._played(task))
        except BaseException as error:  # noqa: BLE001 - raised again by `run`
            with self._changed:
                self._error = self._error or error
                self._halt()

    def _played(self, task: _Task) -> Result:
        began = time.monotonic()
        try:
            return self._play(task.script)
        except Interrupted:
            with self._changed:
                self.interrupted = True
                self._halt()
            return interrupted(task.script, time.monotonic() - began)

    def _halt(self) -> None:
        self._stop = True
        self._changed.notify_all()

    def _take(self) -> _Task | None:
        """The next script whose locks are free; waits for one.  None: there are no more."""
        with self._changed:
            while not self._stop and not self._stopped():
                task = self._released() or self._fresh()
                if task is not None:
                    return task
                if self._exhausted and not self._aside:
                    return None
                self._changed.wait()
            self._halt()
            return None

    def _released(self) -> _Task | None:
        for place, task in enumerate(self._aside):
            if self._locked(task):
                return self._aside.pop(place)
        return None

    def _locked(self, task: _Task) -> bool:
        """Take what a task uses alone; returns whether it was free."""
        if not task.locks:
            return True
        if self._locks is None:
            from mailprobe.player.many.locks import Locks

            self._locks = Locks()
        return self._locks.take(task.locks)

    def _fresh(self) -> _Task | None:
        while not self._exhausted and not self._stop and len(self._aside) < _ASIDE:
            item = next(self._work, None)
            if item is None:
                self._exhausted = True
                self._changed.notify_all()
                return None
            number, self._numbers = self._numbers, self._numbers + 1
            if isinstance(item, Result):
                self._keep(number, item)
                continue
            task = _Task(number, item, self._locks_of(item))
            if self._locked(task):
                return task
            self._aside.append(task)
        return None

    def _finish(self, task: _Task, result: Result) -> None:
        with self._changed:
            if self._locks is not None:
                self._locks.give_back(task.locks)
            self._keep(task.number, result)
            self._changed.notify_all()

    def _keep(self, number: int, result: Result) -> None:
        """Hold a result until its turn has come."""
        self._results[number] = result
        if self._fail_fast and result.verdict in (Verdict.FAILED, Verdict.ERROR):
            self.failed_fast = True
            self._halt()
        while self._next in self._results:
            self._give(self._next)
            self._next += 1

    def _give(self, number: int) -> None:
        self._deliver(self._results.pop(number))
