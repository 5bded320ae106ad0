"""The server's side: whether a client said what the file has for it."""

from collections.abc import Iterator

from mailprobe.protocol import grammar
from mailprobe.protocol.catalogue import Catalogue, Kind
from mailprobe.protocol.model import Command
from mailprobe.safe import safe
from mailprobe.transcript.matching.mismatch import Mismatch, at_content, at_octet
from mailprobe.transcript.matching.pattern import Budget, Pattern, TooLong
from mailprobe.transcript.matching.sequence import unlike
from mailprobe.transcript.model import Form, Function, Level, Line, Pieces, Wire
from mailprobe.transcript.steps import ExpectedLine, Sort, Unit
from mailprobe.transcript.values import LIVE, Unknown, Values
from mailprobe.value import replace

_PATHS = frozenset({Kind.REVERSE_PATH, Kind.FORWARD_PATH})
# Numbers, counts, and words that say what follows (LAST, the kind of XTND).
_WORDS = frozenset({Kind.MESSAGE_NUMBER, Kind.LINES, Kind.CHUNK_SIZE, Kind.KEYWORD})
_ANYTHING = LIVE | {"uuid", "now"}  # what only the client can tell
_CANCEL = b"*"  # RFC 4954, section 4: the one answer that is no credential


class _Live:
    """Values; what only the live dialogue can tell may be anything."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def find(self, name: str) -> bytes | None:
        return self._values.find(name)

    def call(self, function: Function) -> bytes | None:
        return None if function.word in _ANYTHING else self._values.call(function)


def check_command(
    unit: Unit, line: bytes, level: Level, values: Values, catalogue: Catalogue
) -> Mismatch | None:
    """Whether `line`, without its end, is the command or answer that the file has.

    A line with placeholders (`C~`) is written: it must match at every level, but for the case of
    its verb.  Captures go into `values` when it does.  Mail data is not for this function.
    """
    place = _place(unit)
    pieces = unit.pieces or ()
    budget = Budget(clock=values.clock)
    try:
        pattern = Pattern(pieces, _Live(values))
        if pattern.literal is not None and not _written(unit) and level is not Level.TEXT:
            return _check_recorded(unit, pattern.literal, line, level, catalogue)
        if level is not Level.TEXT and unit.sort is Sort.COMMAND:
            pattern, content = _any_case(pieces, values), _upper_verb(line)
        else:
            content = line
        found = pattern.match(content, budget)
        if found is None:
            expected = ExpectedLine(place, Form.VERBATIM, pieces, b"")
            return unlike(expected, pieces, pattern, content, b"")
    except TooLong:
        return at_content(place, "to match this against what came takes too long")
    except Unknown as unknown:
        return at_content(place, unknown.sentence)
    if unit.sort is Sort.ANSWER and line == _CANCEL and pattern.literal is None:
        return at_content(place, "the client gave up the login")
    values.take(found)
    return None


def live_parts(unit: Unit, line: bytes, values: Values) -> tuple[tuple[Function, bytes], ...]:
    """What stands in a line that matches for each {=sasl} and {=apop}, to be verified."""
    pieces = unit.pieces or ()
    try:
        spans = Pattern(pieces, _Live(values)).spans(line, Budget())
        upper = spans or _any_case(pieces, values).spans(_upper_verb(line), Budget())
    except (TooLong, Unknown):
        return ()
    return tuple(
        (piece, upper[index])
        for index, piece in enumerate(pieces)
        if isinstance(piece, Function) and piece.word in LIVE and index in upper
    )


def _place(unit: Unit) -> Line:
    """The line to point at: a written one, if there is."""
    cooked = (line for line in unit.lines if isinstance(line, Wire) and line.form is Form.COOKED)
    return next(cooked, unit.lines[0])


def _written(unit: Unit) -> bool:
    return any(isinstance(line, Wire) and line.form is Form.COOKED for line in unit.lines)


def _any_case(pieces: Pieces, values: Values) -> Pattern:
    """The pattern with its verb in upper case, where it has one to the letter."""
    first = pieces[0] if pieces else b""
    if isinstance(first, bytes) and (b" " in first or len(pieces) == 1):
        pieces = (_upper_verb(first), *pieces[1:])
    return Pattern(pieces, _Live(values))


def _upper_verb(line: bytes) -> bytes:
    verb, blank, rest = line.partition(b" ")
    return verb.upper() + blank + rest


def _check_recorded(
    unit: Unit, wanted: bytes, line: bytes, level: Level, catalogue: Catalogue
) -> Mismatch | None:
    place = unit.lines[0]
    if unit.sort is Sort.ANSWER:
        if (wanted == _CANCEL) is (line == _CANCEL):
            return None  # credentials are free
        given_up = "gave up the login" if line == _CANCEL else "did not give up the login"
        return at_content(place, f"the client {given_up}")
    one, other = Command(wanted), Command(line)
    if one.verb != other.verb:
        mismatch = at_content(place, f"the client said {_shown(other)}, not {_shown(one)}")
        width = max(1, min(mismatch.width, len(one.verb)))
        return replace(mismatch, width=width, expected=wanted, got=line)
    if level is Level.CLASS or list(_parts(one, catalogue)) == list(_parts(other, catalogue)):
        return None
    expected = ExpectedLine(place, Form.VERBATIM, (wanted,), b"")
    return at_octet(expected, line, f"the client gave {_shown(one)} another argument")


def _shown(command: Command) -> str:
    return safe(command.verb.encode("latin-1")[:40]) or "an empty line"


def _parts(command: Command, catalogue: Catalogue) -> Iterator[bytes]:
    """Path, message-number, count: what makes it this command and no other."""
    words = command.argument.split()
    for index, parameter in enumerate(catalogue.row(command).arguments):
        if parameter.kind in _PATHS:
            yield grammar.path_in(command.argument)
        elif parameter.kind in _WORDS:
            yield words[index].upper() if index < len(words) else b""
