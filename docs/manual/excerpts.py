"""Exchanges of the shipped transcripts, as examples: for each verb the one that shows it best."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from mailprobe.protocol.catalogue import CommandSpec
from mailprobe.protocol.model import Protocol
from mailprobe.transcript.model import FileLine, Line, Pattern, Question, Transcript, Wire
from mailprobe.transcript.parse import parse
from mailprobe.value import frozen

_MOST = 16  # lines of an example
# A reply behind which what the client says belongs to the command (354, 334; "+" of POP3).
_GO_ON = re.compile(r"3[0-9]{2}(?![^ -])|\+(?: |$)")
_OF_THE_WIRE = (Wire, FileLine, Question, Pattern)
_BEST = "recorded"  # the folder in which no line was written by hand
_WRITTEN = ("S?", "S+", "S-", "S*", "S~")  # what is demanded, and not what was said

_Rank = tuple[bool, bool, bool, str]


@frozen
class Excerpt:
    """Lines as they stand in a transcript; `source` is its path from the folder of them all."""

    source: str
    lines: tuple[str, ...]


class Excerpts:
    """All exchanges of a folder of transcripts, by protocol and verb."""

    def __init__(self, folder: Path) -> None:
        self._found: dict[tuple[str, str], list[tuple[_Rank, Excerpt]]] = {}
        for path in sorted(folder.rglob("*.mpt")):
            name = path.relative_to(folder).as_posix()
            self._read(name, parse(path.read_bytes(), name))

    def of(self, protocol: Protocol, row: CommandSpec) -> Excerpt | None:
        """The example of a command: a positive reply first, then one that a server has said."""
        ranked = self._found.get((protocol, row.verb))
        return min(ranked, key=lambda one: one[0])[1] if ranked else None

    def _read(self, name: str, transcript: Transcript) -> None:
        peers = transcript.head.peers
        for connection, lines in _dialogues(transcript.lines):
            protocol = peers[connection].protocol if connection in peers else peers[1].protocol
            for verb, shown, positive in _exchanges(lines):
                recorded = name.partition("/")[0] == _BEST
                heard = not any(line.startswith(_WRITTEN) for line in shown)
                rank = (not positive, not recorded, not heard, name)
                found = self._found.setdefault((protocol, verb), [])
                found.append((rank, Excerpt(name, shown)))


def _dialogues(lines: Sequence[Line]) -> Iterator[tuple[int, list[Line]]]:
    """The lines of the wire, connection by connection; what stands in a block is no example."""
    wires = [line for line in lines if isinstance(line, _OF_THE_WIRE)]
    for connection in sorted({line.connection for line in wires}):
        yield connection, [line for line in wires if line.connection == connection]


def _exchanges(lines: Sequence[Line]) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Each command with what belongs to it: its verb, the lines, whether it was accepted.

    One that is followed by another, in a group, shows nothing by itself, and is none.
    """
    number = 0
    while number < len(lines):
        start = number
        number = _behind(lines, number, by_client=True)
        if number == start + 1 or _content(lines[start]).upper().startswith("BDAT"):
            verb = _content(lines[start]).partition(" ")[0].upper()
            replied, number = number, _behind(lines, number, by_client=False)
            positive = (
                _content(lines[replied]).startswith(("2", "3", "+")) if replied < number else False
            )
            while _GO_ON.match(_content(lines[number - 1])) and number < len(lines):
                number = _behind(lines, number, by_client=True)
                number = _behind(lines, number, by_client=False)
            if replied < number:
                yield verb, _short([line.text for line in lines[start:number]]), positive
        else:
            number = _behind(lines, number, by_client=False)


def _behind(lines: Sequence[Line], number: int, *, by_client: bool) -> int:
    """The first line from `number` on that the other side says."""
    while number < len(lines) and _by_client(lines[number]) == by_client:
        number += 1
    return number


def _short(lines: list[str]) -> tuple[str, ...]:
    if len(lines) <= _MOST:
        return tuple(lines)
    return (*lines[: _MOST - 2], "# ...", lines[-1])


def _by_client(line: Line) -> bool:
    return isinstance(line, Wire | FileLine) and line.side == "C"


def _content(line: Line) -> str:
    """What stands behind the tag."""
    return line.text.partition(" ")[2]
