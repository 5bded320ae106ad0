"""How every benchmark measures: two commands in turn, again and again, and the ratio of each pair.

A figure is the median of these ratios: a machine that slows down slows both of a pair.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEER = ROOT / "benchmarks" / "peer.c"
PAIRS = 9

Command = Sequence[str | Path]


@dataclass(frozen=True, slots=True)
class Run:
    """One measured piece of work."""

    seconds: float
    resident: float  # MB at the most, of the process that did it


@dataclass(frozen=True, slots=True)
class Figure:
    """What was found: one row of the table."""

    name: str  # "F3"
    work: str
    peer: str
    ratio: float
    limit: float
    ours: Run  # medians
    theirs: Run
    most: float | None = None  # MB that may be resident

    @property
    def over(self) -> bool:
        return self.ratio > self.limit or (self.most is not None and self.ours.resident > self.most)

    @property
    def shown(self) -> tuple[str, str]:
        """The ratio, and its limit."""
        digits = 2 if self.limit >= 0.1 else 3
        return f"{self.ratio:.{digits}f}", f"{self.limit:.3g}"

    def __str__(self) -> str:
        ratio, limit = self.shown
        row = f"{self.name:4}{self.work:44} ratio {ratio} (limit {limit})"
        if self.most is not None:
            row += f", {self.ours.resident:.0f} MB (limit {self.most:g})"
        times = f"{_time(self.ours)} against {_time(self.theirs)} of {self.peer}"
        return f"{row} {'OVER' if self.over else 'ok'}; {times}"


def _time(run: Run) -> str:
    milliseconds = run.seconds * 1000
    return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{milliseconds:.2f} ms"


def compare(
    name: str,
    work: str,
    ours: Callable[[], Run],
    peer: str,
    theirs: Callable[[], Run],
    *,
    limit: float,
    most: float | None = None,
    pairs: int = PAIRS,
) -> Figure:
    """Measure both in turn, after one run of each that does not count."""
    ours(), theirs()
    mine: list[Run] = []
    other: list[Run] = []
    for pair in range(pairs):
        # Who goes first changes: neither always finds the caches as the other left them.
        for ours_now in (pair % 2 == 0, pair % 2 == 1):
            (mine if ours_now else other).append(ours() if ours_now else theirs())
    ratio = statistics.median(a.seconds / b.seconds for a, b in zip(mine, other, strict=True))
    return Figure(name, work, peer, ratio, limit, _median(mine), _median(other), most)


def _median(runs: list[Run]) -> Run:
    seconds = statistics.median(run.seconds for run in runs)
    return Run(seconds, statistics.median(run.resident for run in runs))


def show(measure: Callable[[], list[Figure]]) -> None:
    """What each benchmark does as a command: print its rows; status 1 when one is over."""
    figures = measure()
    for figure in figures:
        print(figure, flush=True)
    sys.exit(any(figure.over for figure in figures))


# --------------------------------------------------------------------------------- processes


def environment() -> dict[str, str]:
    """This project's code for every Python that is started, which may write its bytecode."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**kept, "PYTHONPATH": str(ROOT)}


def process(
    command: Command,
    *,
    timed_inside: bool = False,
    processor_time: bool = False,
    core: int | None = None,
) -> Run:
    """Run a command from start to end; `timed_inside`: it prints its own seconds.

    `processor_time`: what it costs counts, not what it waits.  `core` is the one processor that
    it may use.  Raises RuntimeError when it fails.
    """
    words = [str(word) for word in command]
    begun = time.perf_counter()
    started = subprocess.Popen(words, stdout=subprocess.PIPE, env=environment())
    if core is not None:
        os.sched_setaffinity(started.pid, {core})
    output = started.stdout.read() if started.stdout else b""
    _, status, used = os.wait4(started.pid, 0)
    seconds = time.perf_counter() - begun
    started.returncode = os.waitstatus_to_exitcode(status)
    if started.stdout:
        started.stdout.close()
    if started.returncode:
        raise RuntimeError(f"status {started.returncode} of {' '.join(words)}")
    if timed_inside:
        seconds = float(output)
    elif processor_time:
        seconds = used.ru_utime + used.ru_stime
    return Run(seconds, _resident(used))


def _resident(used: resource.struct_rusage) -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return used.ru_maxrss * unit / 1e6


@contextmanager
def server(command: Command, *, core: int | None = None) -> Iterator[str]:
    """A server that runs meanwhile; gives the first line that it prints."""
    words = [str(word) for word in command]
    before = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})  # the child has it from us, with all its threads
    started = subprocess.Popen(words, stdout=subprocess.PIPE, env=environment(), text=True)
    os.sched_setaffinity(0, before)
    assert started.stdout is not None  # it was asked for
    try:
        yield started.stdout.readline().strip()
    finally:
        started.kill()
        started.wait()
        started.stdout.close()


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that is gone afterwards, with what was written still on its way to the disk."""
    with tempfile.TemporaryDirectory(prefix="mailprobe-benchmark-") as name:
        yield Path(name)


def empty(place: Path) -> None:
    for file in place.iterdir():
        file.unlink()


def compile_peer(place: Path) -> Path:
    """The C program of `peer.c`; its top says what it does."""
    program = place / "peer"
    subprocess.run(["cc", "-O2", "-o", program, PEER], check=True)
    return program
