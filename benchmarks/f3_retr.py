"""F3: RETR of 200 MB into a file, whole processes; our file is the one beside a recording."""

import sys
from functools import partial
from pathlib import Path

from measure import ROOT, Figure, Run, compare, compile_peer, empty, folder, process, server, show

OCTETS = 200_000_000
RESIDENT = 40  # MB
_LIMITS = {"pop3": ("plain lines", 0.75), "dotted": ("each line dot-stuffed", 1.8)}


def measure() -> list[Figure]:
    with folder() as place:
        peer = compile_peer(place)
        return [_compare(peer, kind, *limits) for kind, limits in _LIMITS.items()]


def _compare(peer: Path, kind: str, lines: str, limit: float) -> Figure:
    with server([peer, kind, str(OCTETS)]) as port, folder() as place:
        return compare(
            "F3",
            f"RETR 200 MB to a file, recorded, {lines}",
            partial(_mailprobe, port, place),
            "curl",
            partial(_curl, port, place),
            limit=limit,
            most=RESIDENT,
        )


def _mailprobe(port: str, place: Path) -> Run:
    empty(place)
    return process([sys.executable, ROOT / "benchmarks" / "sessions.py", "retr", port, place])


def _curl(port: str, place: Path) -> Run:
    empty(place)
    url = f"pop3://alice:secret@127.0.0.1:{port}/1"
    return process(["curl", "--silent", "--fail", "--output", place / "message", url])


if __name__ == "__main__":
    show(measure)
