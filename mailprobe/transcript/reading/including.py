"""What a transcript includes, read and put in the place of the line that names it."""

import os.path
from pathlib import Path

from mailprobe.errors import Failure, Word
from mailprobe.files import read_small
from mailprobe.transcript.load import resolve
from mailprobe.transcript.model import (
    Alt,
    Assert,
    Branch,
    FileLine,
    Include,
    Line,
    Poll,
    Transcript,
    Unreadable,
    Wrong,
    walk,
)
from mailprobe.transcript.parse import MOST_LINES, parse
from mailprobe.transcript.reading.source import LARGEST
from mailprobe.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_DEEPEST = 10  # files that include each other
_MOST_INCLUDES = 1000
_HERE = Path()


class Loader:
    """Reads what a transcript includes, and what that includes, within bounds."""

    def __init__(self, path: str | Path, transcript: Transcript, octets: int) -> None:
        self._folder = Path(path).parent
        self._head = transcript.head
        self._name = transcript.name
        self._open = [os.path.realpath(path)]  # the files that are being read
        self._octets = octets
        self._lines = transcript.octets.count(b"\n")
        self._files = 0

    def expand(
        self, lines: tuple[Line, ...], base: Path = _HERE, *, poll: bool = False
    ) -> tuple[Line, ...]:
        """`lines` with what they include.

        `base` is the folder in which their paths begin; behind it, all are told from the folder
        of the transcript.  `poll`: they stand in a `@poll`.
        """
        return tuple([self._expanded(line, base, poll=poll) for line in lines])

    def _expanded(self, line: Line, base: Path, *, poll: bool) -> Line:
        match line:
            case Include():
                return self._include(line, base, poll=poll)
            case Alt(branches=branches):
                ways = tuple(self._branch(branch, base, poll=poll) for branch in branches)
                return replace(line, branches=ways)
            case Poll(lines=lines):
                return replace(line, lines=self.expand(lines, base, poll=True))
            case Wrong(lines=lines):
                return replace(line, lines=self.expand(lines, base, poll=poll))
            case FileLine(path=path) if base != _HERE:
                return replace(line, path=str(base / path))
            case Assert(operator="is", value=value) if base != _HERE:
                return replace(line, value=(f"{base}/".encode(), *value))
            case _:
                return line

    def _branch(self, branch: Branch, base: Path, *, poll: bool) -> Branch:
        return replace(branch, lines=self.expand(branch.lines, base, poll=poll))

    def _include(self, line: Include, base: Path, *, poll: bool) -> Include:
        path = base / line.path
        try:
            real = resolve(self._folder, str(path))
            self._check_nesting(line, str(real))
            octets = read_small(real, LARGEST + 1)
        except Unreadable:
            raise
        except Failure as failure:
            _refuse(line, failure.sentence, failure.word)
        self._count(line, octets)
        included = parse(octets, str(Path(self._name).parent / path))
        self._check_included(line, included, poll=poll)
        self._open.append(str(real))
        lines = self.expand(included.lines, path.parent, poll=poll)
        self._open.pop()
        return replace(line, settings=included.head.settings, lines=lines)

    def _check_nesting(self, line: Include, real: str) -> None:
        if real in self._open:
            _refuse(line, "this file is being read already: it would include itself")
        if len(self._open) > _DEEPEST:
            _refuse(line, f"more than {_DEEPEST} files that include each other")

    def _count(self, line: Include, octets: bytes) -> None:
        self._files += 1
        self._octets += len(octets)
        self._lines += octets.count(b"\n")
        if self._files > _MOST_INCLUDES:
            _refuse(line, f"more than {_MOST_INCLUDES} files are included")
        if self._octets > LARGEST or self._lines > MOST_LINES:
            _refuse(line, f"with it there are more than {LARGEST} octets or {MOST_LINES} lines")

    def _check_included(self, line: Include, included: Transcript, *, poll: bool) -> None:
        for matrix in included.head.matrices:
            place = matrix.place
            text = next(header.text for header in included.headers if header.place == place)
            sentence = "a file that another one includes has no matrix"
            raise Unreadable(place, sentence, text, len(text))
        for number, peer in included.head.peers.items():
            ours = self._head.peers[number].protocol if number in self._head.peers else ""
            if ours and peer.protocol and ours != peer.protocol:
                _refuse(line, f"that file speaks {peer.protocol}, and this one {ours}")
        if poll and any(isinstance(inner, (Poll, Wrong)) for inner in walk(included.lines)):
            _refuse(line, "that file holds a block which cannot stand inside @poll")


def _refuse(line: Include, sentence: str, word: Word = Word.SYNTAX) -> "NoReturn":
    place = line.place._replace(column=line.text.rindex(line.path) + 1)
    raise Unreadable(place, sentence, line.text, len(line.path), word=word) from None
