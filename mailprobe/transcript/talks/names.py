"""Which names of a file have a value when they are needed, before anything is sent."""

from collections.abc import Container, Iterable, Iterator, Sequence

from mailprobe.transcript.model import Line, Pattern, Pieces, Placeholder, TlsLine, Wire
from mailprobe.transcript.steps import Handshake, RawLine, Repeat, Reply, Step, Write

SIDE_BY_SIDE = "two wildcards side by side say nothing, and neither name has a value here"


def wildcard_beside(pieces: Pieces, known: Container[str]) -> Placeholder | None:
    """The second of two wildcards side by side, which say nothing; None where there are none.

    A name that has a value is no wildcard; nor is one that stands in the line a second time.
    """
    before, seen = False, set[str]()
    for piece in pieces:
        open_ = isinstance(piece, Placeholder) and piece.name not in known
        if isinstance(piece, Placeholder) and open_:
            open_ = piece.name not in seen or not piece.name
            if before and open_:
                return piece
            seen.add(piece.name)
        before = open_
    return None


def unset(steps: Sequence[Step], known: Iterable[str]) -> Iterator[tuple[Line, Placeholder]]:
    """Names in C lines that nothing gives a value, and that stand in no secret place.

    `known` are the settings and the values of a matrix; captures count from where they are made.
    """
    names = set(known)
    for step in steps:
        match step:
            case Write():
                for line, secret in zip(step.lines, step.secret, strict=True):
                    if isinstance(line, Wire):
                        yield from _unset_in(line, secret, names)
            case Repeat(steps=inner):
                yield from unset(inner, names)
                # A capture of a round may be used behind it.
                names |= {name for one in inner for name in _of_step(one)}
            case _:
                names |= _of_step(step)


def _unset_in(
    line: Wire, secret: frozenset[int], names: set[str]
) -> Iterator[tuple[Line, Placeholder]]:
    for index, piece in enumerate(line.pieces):
        if not isinstance(piece, Placeholder) or index in secret:
            continue
        if piece.name not in names and piece.sample is None:
            yield line, piece


def _of_step(step: Step) -> set[str]:
    match step:
        case Reply(expected=expected):
            return set().union(*map(_captured, expected.lines))
        case RawLine(expected=expected):
            return _names(expected.pieces)
        case Handshake(line=TlsLine(version=version)) if version is not None:
            return _names(version)
        case _:
            return set()


def _captured(line: Line) -> set[str]:
    match line:
        case Wire(pieces=pieces) | Pattern(pieces=pieces):
            return _names(pieces)
        case _:
            return set()


def _names(pieces: Pieces) -> set[str]:
    return {piece.name for piece in pieces if isinstance(piece, Placeholder) and piece.name}
