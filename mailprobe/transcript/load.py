"""From a path to a transcript: the file, what it includes, and the values of its matrix.

The edge to the files that a transcript may name: those of its own folder, and no other.
"""

import os.path
from itertools import product
from math import prod

from mailprobe.errors import Failure, Word
from mailprobe.files import read_small
from mailprobe.safe import safe
from mailprobe.transcript.model import (
    Alt,
    Head,
    Include,
    Poll,
    Transcript,
    Unreadable,
    Wrong,
)
from mailprobe.transcript.parse import parse
from mailprobe.transcript.reading.source import LARGEST
from mailprobe.value import frozen, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

MOST_VARIANTS = 10_000
_NESTED = (Include, Alt, Poll, Wrong)


@frozen
class Variant:
    """One way through the matrices of a file: `eod=lf,size=0`, and the values it stands for."""

    label: str  # "" without a matrix
    values: dict[str, bytes]


def load(path: "str | Path", name: str | None = None) -> Transcript:
    """The transcript of a file, with what it includes; `name` is what a person calls it.

    Raises Unreadable, Failure `usage` when a file cannot be read, and Failure `security` when it
    is none of the transcript's folder.
    """
    name = str(path) if name is None else name
    octets = read_small(path, LARGEST + 1)
    transcript = parse(octets, name)
    if not any(isinstance(line, _NESTED) for line in transcript.lines):
        return transcript
    from mailprobe.transcript.reading.including import Loader

    loader = Loader(path, transcript, len(octets))
    return replace(transcript, lines=loader.expand(transcript.lines))


def resolve(folder: "str | Path", path: str) -> "Path":
    """The file that a transcript in `folder` calls `path`, wherever symbolic links lead.

    Raises Failure `security` when that is outside of the folder, and `usage` when there is no
    file, or no regular one.
    """
    if "\0" in path:
        raise Failure(Word.USAGE, f"{safe(path)} is no path")
    from pathlib import Path  # most transcripts name no file

    inside = os.path.realpath(folder)
    real = Path(os.path.realpath(Path(inside, path)))
    if not real.is_relative_to(inside):
        raise Failure(
            Word.SECURITY, f"{safe(path)} is outside of the transcript's folder, and is not read"
        )
    if not os.path.isfile(real):  # noqa: PTH113 - Path() would raise for a name that is too long
        reason = "not a regular file" if os.path.lexists(real) else "no such file"
        raise Failure(Word.USAGE, f"cannot read {safe(path)}: {reason}")
    return real


def variants(head: Head) -> list[Variant]:
    """Every combination of the values of all matrices, in the order of the file.

    Raises Unreadable when there are too many.
    """
    if prod(len(matrix.values) for matrix in head.matrices) > MOST_VARIANTS:
        last = head.matrices[-1]
        raise Unreadable(last.place, f"the matrices make more than {MOST_VARIANTS} combinations")
    names = [matrix.name for matrix in head.matrices]
    found = []
    for chosen in product(*(matrix.values for matrix in head.matrices)):
        label = ",".join(f"{name}={label}" for name, (label, _) in zip(names, chosen, strict=True))
        values = {name: octets for name, (_, octets) in zip(names, chosen, strict=True)}
        found.append(Variant(label, values))
    return found
