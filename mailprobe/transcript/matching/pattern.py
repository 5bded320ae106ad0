"""One line against octets, placeholders and names: whether it matches, and what it captures.

Every way to match is tried, and no line makes that slow: all of them are followed at once.
Where a placeholder holds a regular expression, the line is handed to a library that gives up
when its time is over.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from mailprobe.patterns import pattern
from mailprobe.transcript.model import Function, Pieces, Placeholder
from mailprobe.transcript.reading.kinds import LAZY, kind_of
from mailprobe.transcript.reading.nodes import Line, Node, Octets
from mailprobe.value import frozen, mutable

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from typing import Any, Protocol
else:
    Protocol = object

LINE_WORK = 500_000_000  # octets looked at: what a line may cost, half a second or so
LINE_SECONDS = 1.0  # of a regular expression on one line
REGEX_SECONDS = 5.0  # of all of them, for one reply
_REGEX_WORK = 20_000  # what a try costs, beside its time
_REPEATED = 20  # names that stand twice in one pattern
_EXPANDED = 50_000  # atoms of a regular expression when its counts are written out
_NEVER = pattern(rb"[\r\n\0]")  # what no value holds

_TOKEN = pattern(
    r"(?P<open>\((?:\?[a-z-]*:)?)|(?P<close>\))|\{(?P<least>\d*)(?:,(?P<most>\d*))?\}"
    r"|(?P<atom>\\.|\[\^?\]?(?:\\.|[^\\\]])*\]|.)",
    re.DOTALL,
)
_BRACE = pattern(r"(\\.|\{(?:\d+(?:,\d*)?|,\d+)\})|\{", re.DOTALL)


class TooLong(Exception):
    """To match this would take too long."""


@mutable
class Budget:
    """How much it may cost to match all lines of one reply.

    `clock` gives seconds, for regular expressions.
    """

    work: int = LINE_WORK  # octets looked at
    seconds: float = REGEX_SECONDS
    clock: Callable[[], float] | None = None

    def spend(self, work: int) -> None:
        """Raises TooLong when nothing is left."""
        self.work -= work
        if self.work < 0:
            raise TooLong


class Known(Protocol):
    """What names and functions stand for at this moment."""

    def find(self, name: str) -> bytes | None:
        """The value of a name; None where it has none yet."""

    def call(self, function: Function) -> bytes | None:
        """What a function gives; None where nobody can say, and anything will do."""


@frozen
class _Item:
    """A part of a pattern.  `index` is that of its piece, of the first where they are joined."""

    node: Node
    index: int
    name: str = ""
    lazy: bool = False  # takes as little of the line as will do
    regex: str = ""
    octets: bytes | None = None  # what must stand there, to the letter
    least: int = 0  # octets that it takes


class Pattern:
    """Pieces, with the values that their names have at this moment.  Raises TooLong."""

    def __init__(self, pieces: Pieces, known: Known) -> None:
        self._count = len(pieces)
        self._items = _items(pieces, known)
        self._compiled: Any = None
        octets = [item.octets for item in self._items]
        # All that it can match, where nothing is open.
        self.literal = b"".join(each for each in octets if each) if None not in octets else None
        self._timed = any(item.regex for item in self._items)
        names = [item.name for item in self._items if item.name]
        # What a match captures.
        self.names = frozenset(names)
        if len(names) - len(self.names) > _REPEATED:
            raise TooLong
        self._split(equal=len(names) > len(self.names))

    def _split(self, *, equal: bool) -> None:
        """Take off what stands to the letter at both ends: it is quickly compared."""
        first, *rest = self._items
        middle = self._items if first.octets is None else rest
        self._prefix = first.octets or b""
        self._suffix = (middle[-1].octets or b"") if middle else b""
        self._middle = middle[:-1] if self._suffix else middle
        # Whether the first place that fits is right for each: then nothing has to be tried.
        self._glob = not equal and all(
            item.lazy is not bool(number % 2) and not item.regex
            for number, item in enumerate(self._middle)
        )

    def match(self, octets: bytes, budget: Budget) -> dict[str, bytes] | None:
        """What the line captures; None when it does not match.  The line has no end.

        Raises TooLong.
        """
        budget.spend(200 + len(octets))
        if self.literal is not None:
            return {} if octets == self.literal else None
        start, end = len(self._prefix), len(octets) - len(self._suffix)
        if end < start or not octets.startswith(self._prefix) or not octets.endswith(self._suffix):
            return None
        if not self._possible(octets, start, end):
            return None
        if self._timed:
            return self._match_timed(octets, budget)
        if self._glob and octets.isascii() and not _NEVER.search(octets):
            return _first_fit(self._middle, octets, start, end)
        return _solve(self._middle, Line(octets, _bounded(budget)), start, end)

    def spans(self, octets: bytes, budget: Budget) -> dict[int, bytes]:
        """What stands in a line that matches for each open piece, by its index.

        Names that must be equal are not looked at.  Nothing with a regular expression.
        """
        if self._timed or self.literal is not None:
            return {}
        items = [
            item
            if item.octets is not None
            else _Item(item.node, item.index, str(item.index), item.lazy)
            for item in self._items
        ]
        found = _solve(items, Line(octets, _bounded(budget)), 0, len(octets)) or {}
        return {int(index): value for index, value in found.items()}

    def stuck(self, octets: bytes) -> int | None:
        """Index of the first piece that cannot match, whatever those before it take.

        Their number when the line goes on behind the last; None where nobody can say.
        """
        try:
            line = Line(octets, Budget().spend)
            places = 1
            for item in self._items:
                if item.regex:
                    return None
                places = item.node.ends(line, places) & line.characters
                if not places:
                    return item.index
        except TooLong:
            return None
        return self._count if not places >> line.size else None

    def _possible(self, octets: bytes, start: int, end: int) -> bool:
        """Whether all that stands to the letter between is there, in order: most often not."""
        for item in self._middle:
            if item.octets is not None:
                start = octets.find(item.octets, start, end)
                if start < 0:
                    return False
                start += len(item.octets)
        return True

    # ------------------------------------------------------------------ regular expressions

    def _match_timed(self, octets: bytes, budget: Budget) -> dict[str, bytes] | None:
        if self._compiled is None:
            self._compiled = _compile(self._items)
        budget.spend(_REGEX_WORK)
        limit = min(LINE_SECONDS, budget.seconds)
        if limit <= 0:
            raise TooLong
        started = budget.clock() if budget.clock else 0.0
        try:
            match = self._compiled.fullmatch(_text(octets), timeout=limit)
        except TimeoutError:  # the library's word for it: no system call is near
            raise TooLong from None
        if budget.clock:
            budget.seconds -= budget.clock() - started
        if match is None:
            return None
        groups: dict[str, str] = match.groupdict()
        found = {
            item.name: groups[f"_{item.index}"].encode("utf-8", "surrogateescape")
            for item in self._items
            if f"_{item.index}" in groups  # of those that are equal, the first
        }
        return None if any(map(_NEVER.search, found.values())) else found


def _text(octets: bytes) -> str:
    """UTF-8, and an octet that is none as one character."""
    return octets.decode("utf-8", "surrogateescape")


def _bounded(budget: Budget) -> Callable[[int], None]:
    """Spend from the budget, and no more for this line than a line may cost."""
    line = Budget()

    def spend(work: int) -> None:
        line.spend(work)
        budget.spend(work)

    return spend


# ------------------------------------------------------------------------------------- items


def _items(pieces: Pieces, known: Known) -> list[_Item]:
    """The parts of a pattern: what stands to the letter side by side is one of them."""
    items: list[_Item] = []
    for item in _each_item(pieces, known):
        if item.octets is not None and items and items[-1].octets is not None:
            before = items.pop()
            item = _literal((before.octets or b"") + item.octets, before.index)
        items.append(item)
    return items or [_literal(b"", 0)]


def _each_item(pieces: Pieces, known: Known) -> Iterator[_Item]:
    for index, piece in enumerate(pieces):
        if isinstance(piece, bytes):
            yield _literal(piece, index)
        elif isinstance(piece, Placeholder):
            value = known.find(piece.name) if piece.name else None
            yield _placeholder(piece, index) if value is None else _literal(value, index)
        elif (value := known.call(piece)) is not None:
            yield _literal(value, index)
        else:
            yield _Item(kind_of("any", named=False), index, lazy=True)


def _literal(octets: bytes, index: int) -> _Item:
    return _Item(Octets(octets), index, octets=octets)


def _placeholder(piece: Placeholder, index: int) -> _Item:
    kind = piece.kind or "any"
    node = kind_of(kind, named=bool(piece.name))
    least = int(kind == "text")
    return _Item(node, index, piece.name, kind in LAZY, piece.regex or "", least=least)


# ---------------------------------------------------------------------------------- matching


def _first_fit(
    items: Sequence[_Item], octets: bytes, start: int, end: int
) -> dict[str, bytes] | None:
    """The same as `_solve` where every other item may be anything, in an ASCII line."""
    captures: dict[str, bytes] = {}
    for number in range(0, len(items), 2):
        item = items[number]
        at = end
        following = items[number + 1].octets or b"" if number + 1 < len(items) else b""
        if number + 1 < len(items):
            at = octets.find(following, start + item.least, end)
        if at < start + item.least:
            return None
        if item.name:
            captures[item.name] = octets[start:at]
        start = at + len(following)
    return captures


def _solve(items: Sequence[_Item], line: Line, start: int, stop: int) -> dict[str, bytes] | None:
    """What is captured when the items take all of the line from `start` to `stop`."""
    behind = _behind(items, line, stop)
    if not behind[0] >> start & 1:
        return None
    captures: dict[str, bytes] = {}
    at = start
    for number, item in enumerate(items):
        ends = item.node.ends(line, 1 << at) & behind[number + 1]
        rest = items[number + 1 :] if item.name else ()
        if any(other.name == item.name for other in rest):
            found = _solve_equal(item, rest, line, at, ends, stop)
            return None if found is None else captures | found
        end = _pick(ends, lazy=item.lazy)
        if item.name:
            captures[item.name] = line.octets[at:end]
        at = end
    return captures


def _behind(items: Sequence[_Item], line: Line, stop: int) -> list[int]:
    """For each item the places from which it, and all behind it, reach `stop`."""
    places = 1 << stop & line.characters
    behind = [places]
    for item in reversed(items):
        places = item.node.starts(line, places) & line.characters
        behind.append(places)
    return behind[::-1]


def _pick(places: int, *, lazy: bool) -> int:
    return (places & -places if lazy else places).bit_length() - 1


def _solve_equal(
    item: _Item, rest: Sequence[_Item], line: Line, start: int, ends: int, stop: int
) -> dict[str, bytes] | None:
    """The name of `item` comes again: try its values, each to the letter in the rest."""
    while ends:
        end = _pick(ends, lazy=item.lazy)
        value = line.octets[start:end]
        fixed = [_literal(value, each.index) if each.name == item.name else each for each in rest]
        found = _solve(fixed, line, end, stop)
        if found is not None:
            return {item.name: value} | found
        line.spend(line.cost)
        ends ^= 1 << end
    return None


def _compile(items: Sequence[_Item]) -> "Any":
    import regex  # 25 ms, and nearly no file holds any

    parts: list[str] = []
    groups: dict[str, int] = {}
    for item in items:
        source = _BRACE.sub(lambda brace: brace[1] or r"\{", item.regex) or item.node.source
        if item.regex and _expanded(item.regex) > _EXPANDED:
            raise TooLong
        if item.lazy and not item.regex:
            source += "?"
        if item.name in groups:
            parts.append(f"(?P=_{groups[item.name]})")
        elif item.name:
            groups[item.name] = item.index
            parts.append(f"(?P<_{item.index}>{source})")
        else:
            parts.append(f"(?:{source})")
    return regex.compile("".join(parts))


def _expanded(source: str) -> int:
    """How many atoms it has when each count is written out: the library does that."""
    sums, last = [0], 0
    for token in _TOKEN.finditer(source):
        if token["open"]:
            sums.append(0)
        elif token["close"]:
            last = sums.pop()
            sums[-1] += last
        elif token["atom"]:
            last = 1
            sums[-1] += last
        else:
            count = max(int(token["least"] or 0), int(token["most"] or 0), 1)
            sums[-1] += last * (count - 1)
            last *= count
    return sums[0]
