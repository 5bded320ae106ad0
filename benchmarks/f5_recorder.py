"""F5: what a recorder costs where much travels: RETR and DATA of 200 MB, recorded or not.

Both write the message into a file: the recorder beside its recording, the other by an observer
that does nothing else.
"""

import sys
from functools import partial
from pathlib import Path

from f4_data import write_message
from measure import ROOT, Figure, Run, compare, compile_peer, empty, folder, process, server, show

OCTETS = 200_000_000
_WORK = ROOT / "benchmarks" / "sessions.py"


def measure() -> list[Figure]:
    with folder() as tools, folder() as place:
        peer, message = compile_peer(tools), tools / "message"
        write_message(message)
        with server([peer, "pop3", str(OCTETS)]) as pop3, server([peer, "smtp"]) as smtp:
            return [
                _compare("RETR", place, ["retr", pop3, str(place)]),
                _compare("DATA", place, ["data", smtp, str(place), str(message)]),
            ]


def _compare(verb: str, place: Path, words: list[str]) -> Figure:
    return compare(
        "F5",
        f"{verb} 200 MB, recorded",
        partial(_run, place, words),
        "the body alone",
        partial(_run, place, [f"{words[0]}-unrecorded", *words[1:]]),
        limit=1.1,
    )


def _run(place: Path, words: list[str]) -> Run:
    empty(place)
    return process([sys.executable, _WORK, *words])


if __name__ == "__main__":
    show(measure)
