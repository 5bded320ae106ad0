"""Every benchmark, one after the other, and the table for the README (Markdown).

    python benchmarks/run.py

Status 1 when a figure is over its limit.
"""

import sys

import f1_replay
import f2_version
import f3_retr
import f4_data
import f5_recorder
import f6_noop
import f7_many
import f8_pipelined
import f9_prompt
import f10_colour
import f11_parse
import f12_sandbox
import f13_key
import f14_growth
from measure import Figure

_ALL = (
    f1_replay,
    f2_version,
    f3_retr,
    f4_data,
    f5_recorder,
    f6_noop,
    f7_many,
    f8_pipelined,
    f9_prompt,
    f10_colour,
    f11_parse,
    f12_sandbox,
    f13_key,
    f14_growth,
)


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
    cells = (figure.name, figure.work, figure.peer, *figure.shown, memory)
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
