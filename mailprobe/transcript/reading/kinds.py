"""What each type of a placeholder matches, as sets of places in a line.

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
        return _bits(text.translate(_table(_CONTINUATION))) | 1 << self.size


def _bits(marks: bytes | bytearray) -> int:
    """An int from octets "0" and "1", the first of them as its lowest bit."""
    return int(marks[::-1] or b"0", 2)


@cache
def _of_octet(octet: int) -> bytes:
    return _table(re.compile(re.escape(bytes([octet])), re.DOTALL))


@cache
def _table(members: re.Pattern[bytes]) -> bytes:
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
    """Ways from `first` to one of `last`: what leads from where to where, in order, in no circle."""

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


# --------------------------------------------------------------------------------- the types

_VALUE = r"[^\r\n\0]"  # what a value may hold
_DIGIT, _HEX, _LETTER = "[0-9]", "[0-9A-Fa-f]", "[A-Za-z]"
_BLANK = r"[ \t]"
# RFC 5322, section 3.2.3, atext and the dot; RFC 6532, section 3.2 adds all that is not ASCII.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\x80-\xff-]"
# RFC 5321, section 4.1.2, sub-domain; RFC 6531, section 3.3; hosts with "_" are seen.
_LABEL, _LABELS = r"[A-Za-z0-9_\x80-\xff]", r"[A-Za-z0-9_.\x80-\xff-]"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (*("Jan", "Feb", "Mar", "Apr", "May", "Jun"), *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"))


def _one(octets: str) -> One:
    return One(octets, _table(re.compile(octets.encode("ascii"))))


def _any(octets: str) -> Run:
    return Run(octets, _one(octets).table)


def _some(octets: str) -> Chain:
    return Chain((_one(octets), _any(octets)))


def _chain(*parts: Node | str) -> Chain:
    return Chain(tuple(Octets(part.encode()) if isinstance(part, str) else part for part in parts))


def _choice(*parts: Node | str) -> Choice:
    return Choice(tuple(_chain(part) for part in parts))


def _perhaps(*parts: Node | str) -> Choice:
    return Choice((_chain(*parts), Chain(())))


def _digits(least: int, most: int) -> Chain:
    digit = _one(_DIGIT)
    return _chain(*[digit] * least, *[_perhaps(digit)] * (most - least))


def _version_4() -> Node:
    # 0 to 255 without a zero in front (RFC 3986, section 3.2.2, dec-octet)
    digit = _one(_DIGIT)
    byte = _choice(
        _chain("25", _one("[0-5]")),
        _chain("2", _one("[0-4]"), digit),
        _chain("1", digit, digit),
        _chain(_one("[1-9]"), digit),
        digit,
    )
    return _chain(byte, ".", byte, ".", byte, ".", byte)


def _version_6(version_4: Node) -> Node:
    """RFC 4291, section 2.2: eight groups, or fewer around one "::", the last two as IPv4."""
    group, colon, gap, nothing = _hex_group(), Octets(b":"), Octets(b"::"), Chain(())
    edges: list[tuple[str, Node, str]] = []
    for count in range(8):  # groups that stand in front
        edges.append((f"open {count}", group, f"groups {count + 1}"))
        if count < 7:
            edges.append((f"groups {count + 1}", colon, f"open {count + 1}"))
        edges.append((f"groups {count}" if count else "open 0", gap, f"gap {count}"))
    edges.append(("open 6", nothing, "tail"))
    for count in range(7):  # groups on both sides of the gap
        edges += [(f"gap {count}", nothing, f"after {count}")]
        edges += [(f"after {count}", group, f"behind {count + 1}")]
        if count < 6:
            edges.append((f"after {count}", nothing, "tail"))
            edges.append((f"behind {count + 1}", colon, f"after {count + 1}"))
    edges.append(("tail", version_4, "end"))
    ends = ["groups 8", "end", *(f"gap {count}" for count in range(8))]
    ends += [f"behind {count}" for count in range(1, 8)]
    return Net(_version_6_source(version_4.source), tuple(edges), "open 0", tuple(ends))


def _hex_group() -> Node:
    digit = _one(_HEX)
    longer: Node = _perhaps(digit)
    for _ in range(2):
        longer = _perhaps(digit, longer)
    return _chain(digit, longer)


def _version_6_source(version_4: str) -> str:
    """RFC 3986, section 3.2.2, IPv6address."""
    group = f"{_HEX}{{1,4}}"
    ways = [f"(?:{group}:){{7}}{group}", f"(?:{group}:){{6}}{version_4}"]
    for count in range(8):
        before = f"{group}(?::{group}){{{count - 1}}}" if count else ""
        behind = [f"{group}(?::{group}){{0,{6 - count}}}"] if count < 7 else []
        behind += [f"(?:{group}:){{0,{5 - count}}}{version_4}"] if count < 6 else []
        ways.append(f"{before}::" + (f"(?:{'|'.join(behind)})?" if behind else ""))
    return f"(?:{'|'.join(ways)})"


def _ip() -> Node:
    # RFC 5321, section 4.1.3
    version_4 = _version_4()
    version_6 = _version_6(version_4)
    literal = _choice(version_4, _chain(_perhaps("IPv6:"), version_6))
    return _choice(version_4, version_6, _chain("[", literal, "]"))


def _host() -> Node:
    # RFC 5321, section 4.1.2: Domain, or an address-literal of dcontent
    name = _chain(_one(_LABEL), _perhaps(_any(_LABELS), _one(_LABEL)))
    return _choice(name, _chain("[", _some("[!-Z^-~]"), "]"))


def _address() -> Node:
    # RFC 5321, section 4.1.2: Local-part "@" ( Domain / address-literal )
    local_part = _choice(_some(_ATOM), _chain('"', _any(_VALUE), '"'))
    return _chain(local_part, "@", _host())


def _date() -> Node:
    # RFC 5322, section 3.3: date-time, with the comment that often follows the zone
    blanks, two = _some(_BLANK), _digits(2, 2)
    zone = _choice(_chain(_one("[+-]"), _digits(4, 4)), _some(_LETTER))
    return _chain(
        _perhaps(_choice(*_DAYS), ",", _any(_BLANK)),
        *(_digits(1, 2), blanks, _choice(*_MONTHS), blanks, _digits(2, 4), blanks),
        *(two, ":", two, _perhaps(":", two), blanks, zone),
        _perhaps(blanks, "(", _any(r"[^()\r\n\0]"), ")"),
    )


_KINDS: dict[str, Callable[[], Node]] = {
    "any": lambda: _any(r"[\0-\xff]"),
    "text": lambda: _some(r"[\0-\xff]"),
    "int": lambda: _some(_DIGIT),
    "num": lambda: _chain(_perhaps(_one("[+-]")), _some(_DIGIT), _perhaps(".", _some(_DIGIT))),
    "word": lambda: _some(r"[^ \t\r\n\0]"),
    "token": lambda: _some(_ATOM),
    "host": _host,
    "ip": _ip,
    "addr": _address,
    # RFC 5322, section 3.6.4, as loosely as an APOP timestamp (RFC 1939, section 7)
    "msgid": lambda: _chain("<", _some(r"[^<>@ \t\r\n\0]"), "@", _some(r"[^<>@ \t\r\n\0]"), ">"),
    "date": _date,
    # RFC 4648, section 4; an empty text is written as nothing, or as "=" (RFC 4954, section 4)
    "b64": lambda: _choice(_chain(_some("[A-Za-z0-9+/]"), _perhaps("=", _perhaps("="))), "="),
    "hex": lambda: _some(_HEX),
    # what mail servers call a message in their queue: letters, digits, and Exim's hyphens
    "qid": lambda: _chain(_one("[A-Za-z0-9]"), _any("[A-Za-z0-9-]")),
    # RFC 3463, section 2: status-code = class "." subject "." detail
    "esc": lambda: _chain(_one("[245]"), ".", _digits(1, 3), ".", _digits(1, 3)),
}
_NAMED: dict[str, Callable[[], Node]] = {"any": lambda: _any(_VALUE), "text": lambda: _some(_VALUE)}
LAZY = frozenset({"any", "text"})  # take as little as will do, all others as much as they can


@cache
def kind_of(kind: str, *, named: bool) -> Node:
    """What a type matches; with a name never CR, LF or NUL."""
    return (_NAMED.get(kind, _KINDS[kind]) if named else _KINDS[kind])()
