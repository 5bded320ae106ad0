"""F14: what one more transcript costs, from 1,000 to 10,000 of them, against from 10 to 1,000.

Time of the processor: a machine that is busy with other work makes no run more costly.
"""

from functools import partial
from pathlib import Path

from measure import Figure, Run, compare, compile_peer, folder, process, server, show
from replays import fill, replay

FEW, MANY, MOST = 10, 1_000, 10_000
RESIDENT = 40  # MB


def measure() -> list[Figure]:
    with folder() as place, server([compile_peer(place), "smtp"]) as port:
        for count in (FEW, MANY, MOST):
            fill(place / str(count), count)
        figure = compare(
            "F14",
            f"one more transcript, up to {MOST:,}",
            partial(_one_more, port, place, MANY, MOST),
            f"up to {MANY:,}",
            partial(_one_more, port, place, FEW, MANY),
            limit=1.2,
            most=RESIDENT,
        )
        return [figure]


def _one_more(port: str, place: Path, fewer: int, more: int) -> Run:
    """The mean of those by which `more` exceeds `fewer`."""
    small = process(replay(port, place / str(fewer)), processor_time=True)
    large = process(replay(port, place / str(more)), processor_time=True)
    return Run((large.seconds - small.seconds) / (more - fewer), large.resident)


if __name__ == "__main__":
    show(measure)
