"""F8: a pipelined group against the same commands in lock-step, 1,000 sessions of each.

A mail to ten recipients.  What is read and made ready before the first session does not count.
"""

import sys
from functools import partial
from pathlib import Path

from measure import ROOT, Figure, Run, compare, compile_peer, folder, process, server, show
from replays import LOCK_STEP, PIPELINED

SESSIONS = 1000


def measure() -> list[Figure]:
    with folder() as place, server([compile_peer(place), "smtp"]) as port:
        for name, text in (("pipelined", PIPELINED), ("lock-step", LOCK_STEP)):
            (place / f"{name}.mpt").write_text(text)
        figure = compare(
            "F8",
            f"{SESSIONS:,} sessions with a pipelined group",
            partial(_play, port, place / "pipelined.mpt"),
            "lock-step",
            partial(_play, port, place / "lock-step.mpt"),
            limit=0.7,
        )
        return [figure]


def _play(port: str, path: Path) -> Run:
    work = ROOT / "benchmarks" / "sessions.py"
    return process([sys.executable, work, "play", port, path, str(SESSIONS)], timed_inside=True)


if __name__ == "__main__":
    show(measure)
