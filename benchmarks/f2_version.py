"""F2: `mailprobe --version` against `python -c pass`, whole processes."""

import sys
from functools import partial
from pathlib import Path

from measure import Command, Figure, compare, process, show

# What the entry point of an installed package does, without the wrapper of one installer.
_ENTRY = "import sys; from mailprobe.__main__ import main; sys.exit(main())"
_PAIRS = 41  # they are short


def measure() -> list[Figure]:
    # A shim in front of the interpreter would cost ten times what is measured.
    python = Path(sys.executable)
    ours: Command = [python, "-c", _ENTRY, "--version"]
    theirs: Command = [python, "-c", "pass"]
    figure = compare(
        "F2",
        "mailprobe --version",
        partial(process, ours),
        "python -c pass",
        partial(process, theirs),
        limit=1.8,
        pairs=_PAIRS,
    )
    return [figure]


if __name__ == "__main__":
    show(measure)
