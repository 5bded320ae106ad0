"""What is read in F11, in a process of its own; prints the seconds that it took.

parsing.py parse TRANSCRIPT
parsing.py json FILE
"""

import json
import sys
import time
from pathlib import Path

from mailprobe.transcript.parse import parse


def read_transcript(path: str) -> int:
    return len(parse(Path(path).read_bytes(), path).lines)


def read_lines(path: str) -> int:
    with Path(path).open("rb") as file:
        return len([json.loads(line) for line in file])


if __name__ == "__main__":
    how, path = sys.argv[1:]
    begun = time.perf_counter()
    count = read_transcript(path) if how == "parse" else read_lines(path)
    print(time.perf_counter() - begun)
    sys.exit(not count)
