"""F6: NOOP 10,000 times, each after the reply to the last, both ends on one core.

Starts do not count: each client prints what its NOOPs took.
"""

import os
import sys
from functools import partial
from pathlib import Path

from measure import (
    ROOT,
    Command,
    Figure,
    Run,
    compare,
    compile_peer,
    empty,
    folder,
    process,
    server,
    show,
)

COUNT = 10_000
_PAIRS = 41  # half a second each, and a machine may be slow for ten of them


def measure() -> list[Figure]:
    core = max(os.sched_getaffinity(0))
    with folder() as tools, folder() as place:
        peer = compile_peer(tools)
        with server([peer, "smtp"], core=core) as port:
            figure = compare(
                "F6",
                f"NOOP {COUNT:,} times in turn, recorded",
                partial(_mailprobe, port, place, core),
                "a C client",
                partial(_peer, peer, port, core),
                limit=2.2,
                pairs=_PAIRS,
            )
            return [figure]


def _mailprobe(port: str, place: Path, core: int) -> Run:
    empty(place)
    work = ROOT / "benchmarks" / "sessions.py"
    command: Command = [sys.executable, work, "noop", port, place, str(COUNT)]
    return process(command, timed_inside=True, core=core)


def _peer(peer: Path, port: str, core: int) -> Run:
    return process([peer, "noop", port, str(COUNT)], timed_inside=True, core=core)


if __name__ == "__main__":
    show(measure)
