"""Every benchmark, one after the other, and the table for the README (Markdown).

    python benchmarks/run.py

Status 1 when a figure is over its limit.
"""

import sys

import f2_version
import f3_retr
import f4_data
import f6_noop
import f12_sandbox
from measure import Figure

_ALL = (f2_version, f3_retr, f4_data, f6_noop, f12_sandbox)


def main() -> int:
    figures: list[Figure] = []
    for benchmark in _ALL:
        for figure in benchmark.measure():
            print(figure, file=sys.stderr, flush=True)
            figures.append(figure)
    print("| | work | against | ratio | at most | memory |")
    print("|---|---|---|---|---|---|")
    for figure in figures:
        print(_row(figure))
    return any(figure.over for figure in figures)


def _row(figure: Figure) -> str:
    memory = f"{figure.ours.resident:.0f} MB" if figure.most is not None else ""
    cells = (figure.name, figure.work, figure.peer, f"{figure.ratio:.2f}", f"{figure.limit:g}")
    return f"| {' | '.join((*cells, memory))} |"


if __name__ == "__main__":
    sys.exit(main())
