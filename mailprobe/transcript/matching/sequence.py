"""Lines in an order: what a file demands of a reply or a body, against what comes.

Nothing is kept of the lines that came: a body may be long.  All ways to match are followed at
once; of two that meet, the one that leaves less to `S*` goes on.
"""

from collections.abc import Iterable

from mailprobe.enums import Enum, auto
from mailprobe.patterns import pattern
from mailprobe.transcript.matching.mismatch import (
    Mismatch,
    at_content,
    at_octet,
    at_piece,
    column_of,
)
from mailprobe.transcript.matching.pattern import Budget, Pattern
from mailprobe.transcript.model import FileLine, Form, Function, Line, Piece, Pieces, Placeholder
from mailprobe.transcript.model import Pattern as PatternLine
from mailprobe.transcript.steps import ExpectedLine
from mailprobe.transcript.values import Values
from mailprobe.value import frozen, mutable, replace

# How often a line that came may be looked at for its length, beyond what the budget holds.
_EACH = 50

Entry = ExpectedLine | PatternLine | FileLine
Captures = dict[str, bytes]


@mutable
class Looking:
    """What all parts of one check share; `line` is the one of the file that is looked at."""

    values: Values
    budget: Budget
    line: Line

    def came(self, content: bytes) -> None:
        """A line came: it may be looked at some times for its length, whatever is left."""
        self.budget.work += _EACH * (200 + len(content))


class Overlay:
    """Values, and behind them what one way to match has captured."""

    def __init__(self, values: Values, captures: Captures) -> None:
        self._values = values
        self._captures = captures

    def find(self, name: str) -> bytes | None:
        value = self._values.find(name)
        return self._captures.get(name) if value is None else value

    def call(self, function: Function) -> bytes:
        return self._values.call(function, self.find)


class Rule(Enum):
    """What a part of a sequence takes."""

    LINE = auto()  # the next line
    FIND = auto()  # the next line that matches, wherever it is
    STAR = auto()  # any number of lines that match, as few as will do
    SKIP = auto()  # any number of lines


@frozen
class Part:
    """A part of a sequence.  `pieces` are without a line end; a STAR without them takes any."""

    rule: Rule
    pieces: Pieces = ()
    entry: ExpectedLine | PatternLine | None = None  # None: SKIP
    exact: bool = True  # the line end counts, too

    @property
    def line(self) -> Line | None:
        """Where it is written."""
        return self.entry.line if isinstance(self.entry, ExpectedLine) else self.entry


@mutable
class _Way:
    """One way to match: the part it stands at, and what it captured so far."""

    at: int
    captures: Captures
    pattern: Pattern | None  # of that part; None: it takes every line, or there is no part


def recorded(entry: Entry) -> bool:
    """Whether the entry says what was seen, not what must come."""
    if isinstance(entry, ExpectedLine):
        return entry.form is not Form.COOKED
    return isinstance(entry, FileLine)


def unmasked(entry: Entry) -> Entry:
    """The same, but in a recorded line each run of `*` stands for whatever was there."""
    if not isinstance(entry, ExpectedLine) or not recorded(entry):
        return entry
    pieces: list[Piece] = []
    at = 0  # octets so far
    for piece in entry.pieces:
        assert isinstance(piece, bytes)  # what was recorded holds no names
        for part in _STARS.split(piece):
            if part.startswith(b"*"):
                column = column_of(entry.line, at)
                pieces.append(Placeholder("", "any", None, None, column, len(part)))
            elif part:
                pieces.append(part)
            at += len(part)
    return replace(entry, pieces=tuple(pieces))


def anything(pieces: Pieces) -> bool:
    """Whether it is `{}` alone, which takes every line."""
    match pieces:
        case (Placeholder(name="", kind="any", regex=None),):
            return True
        case _:
            return False


def parts_of(entries: Iterable[Entry], *, text: bool, first: bool) -> list[Part]:
    """What the entries of a reply or a body demand.

    At the level `text` every line is accounted for, unless all entries are written ones.
    `first`: their first line is that of the reply.
    """
    entries = tuple(entries)
    strict = text and (not entries or any(map(recorded, entries)))
    parts: list[Part] = []
    clean = _blank_separator if first and not text else _same
    for number, entry in enumerate(entries):
        starred = bool(parts) and parts[-1].rule is Rule.STAR
        match entry:
            case PatternLine(pieces=pieces):
                wanted = () if anything(pieces) else clean(pieces)
                parts.append(Part(Rule.STAR, wanted, entry, text))
            case ExpectedLine(pieces=pieces) if strict or not recorded(entry):
                anchored = strict or starred or (first and number == 0)
                rule = Rule.LINE if anchored else Rule.FIND
                parts.append(Part(rule, clean(pieces), entry, text))
            case _:
                parts.append(Part(Rule.SKIP))
    if not strict and not (parts and parts[-1].rule is Rule.STAR):
        parts.append(Part(Rule.SKIP))
    return parts


_STARS = pattern(rb"(\*+)")
_HEAD = pattern(rb"([2-5][0-9][0-9]|\+OK|-ERR|\+)(?:[ -]|\Z)")


def plain(content: bytes) -> bytes:
    """A line of a reply with one blank behind its code, whatever stands there."""
    match = _HEAD.match(content)
    return match[1] + b" " + content[match.end() :] if match else content


def _blank_separator(pieces: Pieces) -> Pieces:
    if pieces and isinstance(pieces[0], bytes):
        return (plain(pieces[0]), *pieces[1:])
    return pieces


def _same(pieces: Pieces) -> Pieces:
    return pieces


class LineSequence:
    """Goes through lines once.  Raises TooLong and Unknown."""

    def __init__(self, parts: list[Part], looking: Looking) -> None:
        self._parts = parts
        self._looking = looking
        self._patterns: dict[int, tuple[Captures, Pattern]] = {}
        reached: dict[int, _Way] = {}
        self._reach(reached, 0, {})
        self._ways = list(reached.values())  # those that are preferred first

    @property
    def idle(self) -> bool:
        """Whether nothing that may still come changes anything."""
        end = len(self._parts)
        return self._ways[0].at == end and end > 0 and self._parts[-1].rule is Rule.SKIP

    def feed(self, content: bytes, end: bytes) -> Mismatch | None:
        """The next line that came."""
        self._looking.came(content)
        reached: dict[int, _Way] = {}
        for way in self._ways:
            if way.at < len(self._parts):
                self._advance(way, self._parts[way.at], content, end, reached)
        if not reached:
            return self._refused(content, end)
        self._ways = list(reached.values())
        return None

    def finish(self) -> Mismatch | Captures:
        """There are no more lines: what was captured, or what is missing."""
        for way in self._ways:
            if way.at == len(self._parts):
                return way.captures
        part = self._parts[max(way.at for way in self._ways)]
        missing = "no line matches" if part.rule is Rule.FIND else "no line came for this one"
        return at_content(part.line or self._looking.line, missing)

    def _advance(
        self, way: _Way, part: Part, content: bytes, end: bytes, reached: dict[int, _Way]
    ) -> None:
        """Where the line leads from here."""
        found = self._match(way, part, content, end)
        if found is None:
            if part.rule is Rule.FIND:
                reached.setdefault(way.at, way)
            return
        captures = way.captures | found if found else way.captures
        self._reach(reached, way.at + (part.rule in (Rule.LINE, Rule.FIND)), captures)

    def _match(self, way: _Way, part: Part, content: bytes, end: bytes) -> Captures | None:
        if way.pattern is None:
            return {}
        self._look_at(part)
        if part.exact and isinstance(part.entry, ExpectedLine) and part.entry.end != end:
            return None
        return way.pattern.match(content, self._looking.budget)

    def _look_at(self, part: Part) -> None:
        self._looking.line = part.line or self._looking.line

    def _reach(self, reached: dict[int, _Way], at: int, captures: Captures) -> None:
        """A way stands at a part, and at each behind it, up to one that must take a line."""
        chain = [at]
        while at < len(self._parts) and self._parts[at].rule in (Rule.STAR, Rule.SKIP):
            at += 1
            chain.append(at)
        for number in reversed(chain):  # as few lines as will do: the last first
            if number not in reached:
                reached[number] = _Way(number, captures, self._pattern(number, captures))

    def _pattern(self, at: int, captures: Captures) -> Pattern | None:
        if at == len(self._parts):
            return None
        part = self._parts[at]
        if not part.pieces and part.rule in (Rule.STAR, Rule.SKIP):
            return None
        known = self._patterns.get(at)
        if known is None or known[0] is not captures:
            self._look_at(part)
            pattern = Pattern(part.pieces, Overlay(self._looking.values, captures))
            known = self._patterns[at] = (captures, pattern)
        return known[1]

    def _refused(self, content: bytes, end: bytes) -> Mismatch:
        """Nothing takes this line: why not, from the way that came furthest."""
        starred = bool(self._parts) and self._parts[-1].rule is Rule.STAR
        last = len(self._parts) - starred  # behind a last `S*` there is nothing to miss
        way = max((way for way in self._ways if way.at <= last), key=lambda way: way.at)
        if way.pattern is None:
            lines = [part.line for part in self._parts if part.line is not None]
            line = lines[-1] if lines else self._looking.line
            return at_content(line, "more lines came than the file has")
        part = self._parts[way.at]
        if isinstance(part.entry, ExpectedLine):
            return unlike(part.entry, part.pieces, way.pattern, content, end)
        return at_content(self._looking.line, "a line came that does not match")


def unlike(
    entry: ExpectedLine, pieces: Pieces, pattern: Pattern, content: bytes, end: bytes
) -> Mismatch:
    """Why a line does not match."""
    if pattern.literal is not None and entry.form is not Form.COOKED:
        return at_octet(entry, content + end, "another line came")
    if pattern.match(content, Budget()) is not None:
        return at_content(entry.line, "the line that came has another end")
    index = pattern.stuck(content)
    if index is None or not pieces:
        return at_content(entry.line, "the line that came does not match")
    if index >= len(pieces):
        return at_piece(entry.line, pieces, index, "the line that came goes on here")
    return at_piece(entry.line, pieces, index, "the line that came does not match here")
