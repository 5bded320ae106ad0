"""F10: show 10,000 coloured replies on a terminal, against ANSI codes written by hand.

Both write and flush each reply for itself, for a person waits for it.
"""

import sys
from functools import partial

from measure import ROOT, Figure, Run, compare, process, show

REPLIES = 10_000


def measure() -> list[Figure]:
    figure = compare(
        "F10",
        f"show {REPLIES:,} coloured replies",
        partial(_show, "screen"),
        "ANSI codes by hand",
        partial(_show, "hand"),
        limit=5,
    )
    return [figure]


def _show(how: str) -> Run:
    command = [sys.executable, ROOT / "benchmarks" / "replies.py", how, str(REPLIES)]
    return process(command, timed_inside=True)


if __name__ == "__main__":
    show(measure)
