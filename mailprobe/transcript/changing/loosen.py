"""loosen: what is known to be another one in every run becomes a placeholder.

Only recorded S lines change, and C lines that repeat what a server gave; each keeps what was
recorded as its sample.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mailprobe.patterns import pattern
from mailprobe.transcript.changing.editing import rewritten, splice
from mailprobe.transcript.changing.spots import Spot, spots
from mailprobe.transcript.changing.volatile import Again, Field, fields_of
from mailprobe.transcript.linting.names import used_names
from mailprobe.transcript.model import (
    Alt,
    Form,
    Include,
    Line,
    Piece,
    Pieces,
    Placeholder,
    Poll,
    Transcript,
    Wire,
    Wrong,
)

_LEAST = 6  # octets of a value that is known again wherever it stands
_WORD = pattern(rb"[^\s<>()\[\],;]+")
_RESERVED = frozenset({"password", "token", "user"})


class _Given(NamedTuple):
    """What a server has given: the name of it, and where else it counts."""

    name: str
    again: Again


Known = dict[bytes, _Given]


def loosen(transcript: Transcript) -> bytes:
    """The file with placeholders for what is volatile in it.  Raises Unreadable."""
    changes = loosened_lines(transcript)
    return splice(transcript.octets, {number: [text] for number, text in changes.items()})


def loosened_lines(transcript: Transcript) -> dict[int, str]:
    """The lines that change, by their number.  Raises Unreadable."""
    loosening = _Loosening(transcript)
    loosening.take(transcript.lines, {})
    return loosening.changes


class _Loosening:
    """One pass over the lines, in their order.  `changes` are lines by their number."""

    def __init__(self, transcript: Transcript) -> None:
        self.changes: dict[int, str] = {}
        self._name = transcript.name
        self._spots = spots(transcript)
        self._taken = set(used_names(transcript)) | _RESERVED
        self._taken |= {setting.name for setting in transcript.head.settings}
        self._taken |= {matrix.name for matrix in transcript.head.matrices}
        self._counts: dict[str, int] = {}  # by the beginning of a name
        self._said: set[bytes] = set()  # words of the client: what comes back is not volatile

    def take(self, lines: Iterable[Line], known: Known) -> None:
        """Lines in a row; what a branch or a mistake captures counts inside of it alone."""
        for line in lines:
            match line:
                case Wire(side="S"):
                    self._server(line, known)
                case Wire():
                    self._client(line, known)
                case Alt(branches=branches):
                    for branch in branches:
                        self.take(branch.lines, dict(known))
                case Wrong(lines=inner):
                    self.take(inner, dict(known))
                case Poll(lines=inner) | Include(lines=inner):
                    self.take(inner, known)
                case _:
                    pass

    # -------------------------------------------------------------------------- the server

    def _server(self, line: Wire, known: Known) -> None:
        spot = self._spots.get(line.place[:2])
        if spot is None or line.place.file != self._name:
            return
        fields = [field for field in fields_of(spot) if not self._is_echo(spot, field)]
        parts = [
            _Part(field.start, field.end, self._placeholder(spot, field, known)) for field in fields
        ]
        if not spot.body:
            for part in _parts_again(spot.octets, known):
                if all(part.end <= other.start or other.end <= part.start for other in parts):
                    parts.append(part)
        if parts:
            self._change(line, _cut(spot.octets, sorted(parts, key=lambda part: part.start)))

    def _is_echo(self, spot: Spot, field: Field) -> bool:
        return spot.octets[field.start : field.end] in self._said

    def _placeholder(self, spot: Spot, field: Field, known: Known) -> Placeholder:
        value = spot.octets[field.start : field.end]
        if field.again is not Again.NOTHING and value in known:
            return Placeholder(known[value].name, "any", None, None)
        name = self._new_name(field.name) if field.name else ""
        if field.again is not Again.NOTHING:
            known[value] = _Given(name, field.again)
        return Placeholder(name, field.kind, None, value)

    def _new_name(self, base: str) -> str:
        name = base
        while name in self._taken:
            self._counts[base] = number = self._counts.get(base, 1) + 1
            name = f"{base}-{number}"
        self._taken.add(name)
        return name

    # -------------------------------------------------------------------------- the client

    def _client(self, line: Wire, known: Known) -> None:
        for piece in line.pieces:
            if isinstance(piece, bytes):
                self._said |= {word for word in _WORD.findall(piece) if word not in known}
                self._said |= {b"<" + word + b">" for word in _WORD.findall(piece) if b"@" in word}
        if line.place.file != self._name or line.form is Form.EXACT:
            return
        told = {value: given for value, given in known.items() if given.again is Again.COMMANDS}
        pieces: list[Piece] = []
        for piece in line.pieces:
            pieces += [piece]
            if isinstance(piece, bytes) and (parts := list(_parts_again(piece, told))):
                pieces[-1:] = _cut(piece, parts)
        if tuple(pieces) != line.pieces:
            self._change(line, tuple(pieces))

    def _change(self, line: Wire, pieces: Pieces) -> None:
        text = rewritten(line, pieces)
        if text is not None:
            self.changes[line.place.line] = text


class _Part(NamedTuple):
    """A placeholder in the place of some octets."""

    start: int
    end: int
    placeholder: Placeholder


def _cut(octets: bytes, parts: Iterable[_Part]) -> Pieces:
    """Octets with placeholders in their places."""
    pieces: list[Piece] = []
    at = 0
    for part in parts:
        pieces += [octets[at : part.start]] if part.start > at else []
        pieces.append(part.placeholder)
        at = part.end
    return (*pieces, octets[at:]) if at < len(octets) else tuple(pieces)


def _parts_again(octets: bytes, known: Known) -> Iterator[_Part]:
    """Where words stand that a server gave before."""
    for match in _WORD.finditer(octets) if known else ():
        given = known.get(match[0])
        if given is not None and len(match[0]) >= _LEAST:
            yield _Part(*match.span(), Placeholder(given.name, "any", None, None))
