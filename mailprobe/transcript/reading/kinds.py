"""What each type of a placeholder matches: a table, and the grammars that it needs."""

import re
from collections.abc import Callable
from functools import cache

from mailprobe.transcript.reading.nodes import Chain, Choice, Net, Node, Octets, One, Run, table_of

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
    return One(octets, table_of(re.compile(octets.encode("ascii"))))


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
