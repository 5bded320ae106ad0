"""What goes through a part of a line, as sets of places.

A place is the gap before an octet, a set of places an int with a bit for each.  To go through
one octet of a class moves all places of the set at once (a shift), and so does any number of
octets (an addition, whose carry runs along): both cost the same on the worst line and the best.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache

from mailprobe.patterns import pattern
from mailprobe.value import frozen

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from typing import Protocol
else:
    Protocol = object

_FEW = 1000  # occurrences of a literal that are looked up one by one
_OPERATION = 200  # what the shortest operation costs, in octets looked at
_MIRROR = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))
_ALL = bytes(range(256))
_CONTINUATION = pattern(rb"[^\x80-\xbf]")


class Line:
    """The octets of one line as sets of places.  `spend` is told how many are looked at."""

    def __init__(self, octets: bytes, spend: Callable[[int], None]) -> None:
        self.octets = octets
        self.spend = spend
        self.size = len(octets)
        self.cost = self.size // 8 + _OPERATION
        self._members: dict[bytes, int] = {}
        self._mirrored: dict[bytes, int] = {}
        self._occurrences: dict[bytes, int] = {}
        self.characters = self._boundaries()

    def members(self, table: bytes) -> int:
        """The octets that are of a class: 49 in its table."""
        bits = self._members.get(table)
        if bits is None:
            self.spend(3 * self.size + _OPERATION)
            bits = self._members[table] = _bits(self.octets.translate(table))
        return bits

    def mirrored(self, table: bytes) -> int:
        """The same in the line read backwards."""
        bits = self._mirrored.get(table)
        if bits is None:
            bits = self._mirrored[table] = self.mirror(self.members(table), self.size)
        return bits

    def mirror(self, bits: int, count: int) -> int:
        """The lowest `count` bits in the opposite order."""
        self.spend(self.size + _OPERATION)
        length = count // 8 + 1
        octets = bits.to_bytes(length, "little")[::-1].translate(_MIRROR)
        return int.from_bytes(octets, "little") >> (8 * length - count)

    def occurrences(self, octets: bytes) -> int:
        """Where `octets` begin."""
        bits = self._occurrences.get(octets)
        if bits is None:
            bits = self._occurrences[octets] = self._find(octets)
        return bits

    def _find(self, octets: bytes) -> int:
        marks = bytearray(b"0" * self.size)
        at, found = self.octets.find(octets), 0
        while at >= 0 and found < _FEW:
            self.spend(len(octets) + _OPERATION)
            marks[at] = 49
            found += 1
            at = self.octets.find(octets, at + 1)
        self.spend(4 * self.size)
        if at < 0:
            return _bits(marks)
        bits = (1 << self.size) - 1
        for offset, octet in enumerate(octets):
            self.spend(self.cost)
            bits &= self.members(_of_octet(octet)) >> offset
        return bits

    def _boundaries(self) -> int:
        """The places between characters: UTF-8, and an octet that is none as one character."""
        if self.octets.isascii():
            return (2 << self.size) - 1
        self.spend(5 * self.size)
        text = self.octets.decode("utf-8", "surrogateescape").encode("utf-8", "replace")
        return _bits(text.translate(table_of(_CONTINUATION))) | 1 << self.size


def _bits(marks: bytes | bytearray) -> int:
    """An int from octets "0" and "1", the first of them as its lowest bit."""
    return int(marks[::-1] or b"0", 2)


@cache
def _of_octet(octet: int) -> bytes:
    return table_of(re.compile(re.escape(bytes([octet])), re.DOTALL))


@cache
def table_of(members: re.Pattern[bytes]) -> bytes:
    return bytes(49 if members.match(_ALL, octet, octet + 1) else 48 for octet in range(256))


# ------------------------------------------------------------------------------- the algebra


class Node(Protocol):
    """Something that goes through a part of a line.

    `ends` says where it can end that begins at one of `places`, `starts` the opposite;
    `source` is the same as a regular expression of characters.
    """

    @property
    def source(self) -> str: ...
    def ends(self, line: Line, places: int) -> int: ...
    def starts(self, line: Line, places: int) -> int: ...


@frozen
class One:
    """One octet of a class."""

    octets: str  # a class as a regular expression has it
    table: bytes

    @property
    def source(self) -> str:
        return self.octets.replace(r"\xff", r"\U0010ffff")

    def ends(self, line: Line, places: int) -> int:
        line.spend(line.cost)
        return (places & line.members(self.table)) << 1

    def starts(self, line: Line, places: int) -> int:
        line.spend(line.cost)
        return (places >> 1) & line.members(self.table)


@frozen
class Run:
    """Any number of octets of a class, none too."""

    octets: str
    table: bytes

    @property
    def source(self) -> str:
        return self.octets.replace(r"\xff", r"\U0010ffff") + "*"

    def ends(self, line: Line, places: int) -> int:
        line.spend(4 * line.cost)
        return _run(places, line.members(self.table))

    def starts(self, line: Line, places: int) -> int:
        line.spend(4 * line.cost)
        mirrored = line.mirror(places, line.size + 1)
        return line.mirror(_run(mirrored, line.mirrored(self.table)), line.size + 1)


def _run(places: int, members: int) -> int:
    """Where any number of members leads: the carry of the sum runs to the end of each run."""
    return (((places & members) + members) ^ members) | places


@frozen
class Octets:
    """Octets to the letter."""

    octets: bytes

    @property
    def source(self) -> str:
        return re.escape(self.octets.decode("utf-8", "surrogateescape"))

    def ends(self, line: Line, places: int) -> int:
        if not self.octets:
            return places
        if places & (places - 1) == 0 and places:  # one place: most often so
            at = places.bit_length() - 1
            line.spend(line.cost + len(self.octets))
            return places << len(self.octets) if line.octets.startswith(self.octets, at) else 0
        line.spend(line.cost)
        return (places & line.occurrences(self.octets)) << len(self.octets)

    def starts(self, line: Line, places: int) -> int:
        if not self.octets:
            return places
        if places & (places - 1) == 0 and places:
            at = places.bit_length() - 1 - len(self.octets)
            line.spend(line.cost + len(self.octets))
            return 1 << at if at >= 0 and line.octets.startswith(self.octets, at) else 0
        line.spend(line.cost)
        return (places >> len(self.octets)) & line.occurrences(self.octets)


@frozen
class Chain:
    """One after the other."""

    nodes: tuple[Node, ...]

    @property
    def source(self) -> str:
        return "".join(node.source for node in self.nodes)

    def ends(self, line: Line, places: int) -> int:
        for node in self.nodes:
            if not places:  # most alternatives are none at their first octet
                return 0
            places = node.ends(line, places)
        return places

    def starts(self, line: Line, places: int) -> int:
        for node in reversed(self.nodes):
            if not places:
                return 0
            places = node.starts(line, places)
        return places


@frozen
class Choice:
    """One of them."""

    nodes: tuple[Node, ...]

    @property
    def source(self) -> str:
        return f"(?:{'|'.join(node.source for node in self.nodes)})"

    def ends(self, line: Line, places: int) -> int:
        found = 0
        for node in self.nodes:
            found |= node.ends(line, places)
        return found

    def starts(self, line: Line, places: int) -> int:
        found = 0
        for node in self.nodes:
            found |= node.starts(line, places)
        return found


@frozen
class Net:
    """Ways from `first` to one of `last`: what leads from where to where, in order, never back."""

    source: str
    edges: tuple[tuple[str, Node, str], ...]
    first: str
    last: tuple[str, ...]

    def ends(self, line: Line, places: int) -> int:
        reached = {self.first: places}
        for before, node, behind in self.edges:
            if here := reached.get(before):
                reached[behind] = reached.get(behind, 0) | node.ends(line, here)
        return _union(reached.get(name, 0) for name in self.last)

    def starts(self, line: Line, places: int) -> int:
        reached = dict.fromkeys(self.last, places)
        for before, node, behind in reversed(self.edges):
            if here := reached.get(behind):
                reached[before] = reached.get(before, 0) | node.starts(line, here)
        return reached.get(self.first, 0)


def _union(sets: Iterable[int]) -> int:
    found = 0
    for places in sets:
        found |= places
    return found
