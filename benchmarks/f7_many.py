"""F7: 1,000 transcripts, 8 at a time, against smtp-source of Postfix and against swaks.

swaks is started again for each session: fifty times, which is taken twenty-fold.
"""

from functools import partial
from pathlib import Path

from f1_replay import swaks
from measure import (
    Command,
    Figure,
    Run,
    compare,
    compile_peer,
    folder,
    process,
    server,
    show,
)
from replays import fill, replay

COUNT, PARALLEL = 1000, 8
_STARTS = 50


def measure() -> list[Figure]:
    with folder() as place, server([compile_peer(place), "smtp"]) as port:
        scripts = place / "scripts"
        fill(scripts, COUNT)
        work = f"{COUNT:,} transcripts, {PARALLEL} at a time"
        ours = partial(process, replay(port, scripts, "-j", str(PARALLEL)))
        return [
            compare("F7", work, ours, "smtp-source", partial(_smtp_source, port), limit=1.5),
            compare("F7", work, ours, "swaks processes", partial(_swaks, port), limit=1 / 60),
        ]


def _smtp_source(port: str) -> Run:
    program = next(
        (path for path in (Path("/usr/sbin/smtp-source"),) if path.is_file()), Path("smtp-source")
    )
    words: Command = [program, "-s", str(PARALLEL), "-m", str(COUNT), f"127.0.0.1:{port}"]
    return process(words)


def _swaks(port: str) -> Run:
    runs = [process(swaks(port)) for _ in range(_STARTS)]
    return Run(sum(run.seconds for run in runs) * COUNT / _STARTS, runs[0].resident)


if __name__ == "__main__":
    show(measure)
