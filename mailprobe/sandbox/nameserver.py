"""What a name server says of one small zone: for practice alone.

Octets in, octets out: it reads and writes the messages of RFC 1035 by itself.
"""

import socket
import struct
from collections.abc import Callable, Iterator

from mailprobe.sandbox.manners import Record, Zone

_HEADER = struct.Struct("!6H")  # RFC 1035, section 4.1.1
_QUESTION = struct.Struct("!2H")
_RECORD = struct.Struct("!2HIH")
_TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16}
_ANY = 255
_INTERNET = 1
_OURS = (_INTERNET, _ANY)  # classes
_TTL = 300  # seconds
_QR, _AA, _TC, _RD, _RA = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080
_NO_ERROR, _FORMAT_ERROR, _SERVFAIL, _NXDOMAIN, _NOT_IMPLEMENTED, _REFUSED = range(6)
_OPCODE = 0x7800
_CHAIN = 8  # CNAMEs that are followed


class _Malformed(Exception):
    """The octets are no question."""


def answer(zone: Zone, octets: bytes, most: int) -> bytes:
    """The reply to a message; b"" where it is none that wants one.

    A reply of more than `most` octets says so and holds no record (RFC 1035, section 4.1.1).
    """
    if len(octets) < _HEADER.size:
        return b""
    identifier, flags, questions, *_ = _HEADER.unpack_from(octets)
    if flags & _QR:
        return b""
    about = _QR | _AA | _RA | flags & (_OPCODE | _RD)
    if flags & _OPCODE:
        return _HEADER.pack(identifier, about | _NOT_IMPLEMENTED, 0, 0, 0, 0)
    try:
        if questions != 1:
            raise _Malformed
        name, end = _name(octets, _HEADER.size)
        if len(octets) < end + _QUESTION.size:
            raise _Malformed
        kind, space = _QUESTION.unpack_from(octets, end)
    except _Malformed:
        return _HEADER.pack(identifier, about | _FORMAT_ERROR, 0, 0, 0, 0)
    question = octets[_HEADER.size : end + _QUESTION.size]
    code, records = _find(zone, name, kind) if space in _OURS else (_REFUSED, [])
    packed = [_packed(record) for record in records]
    soa = [] if records or code not in (_NO_ERROR, _NXDOMAIN) else [_soa(_origin(zone, name))]
    head = _HEADER.pack(identifier, about | code, 1, len(packed), len(soa), 0)
    reply = head + question + b"".join((*packed, *soa))
    if len(reply) > most:
        return _HEADER.pack(identifier, about | code | _TC, 1, 0, 0, 0) + question
    return reply


def _name(octets: bytes, at: int) -> tuple[str, int]:
    """The name that is asked for, in lower case without its final dot, and where it ends."""
    labels: list[str] = []
    while True:
        if at >= len(octets):
            raise _Malformed
        length = octets[at]
        at += 1
        if not length:
            return ".".join(labels).lower(), at
        if length > 63 or at + length > len(octets):  # a pointer has nothing to point to here
            raise _Malformed
        # A dot inside of a label parts nothing, and no record has one (section 5.1).
        labels.append(octets[at : at + length].decode("latin-1").replace(".", "\\046"))
        at += length


def _find(zone: Zone, name: str, kind: int) -> tuple[int, list[Record]]:
    """The response code, and the records of the answer, with the CNAMEs that lead to them."""
    origin = _origin(zone, name)
    if origin is None:
        return _REFUSED, []
    found: list[Record] = []
    for _ in range(_CHAIN):
        if name in zone.failing:
            return _SERVFAIL, []
        here = [record for record in zone.records if record.name == name]
        if not here:
            inner = name == origin or any(
                record.name.endswith(f".{name}") for record in zone.records
            )
            return (_NO_ERROR if inner else _NXDOMAIN), found
        fits = [record for record in here if kind in (_TYPES[record.kind], _ANY)]
        alias = next((record for record in here if record.kind == "CNAME"), None)
        if fits or alias is None:
            return _NO_ERROR, [*found, *fits]
        found.append(alias)
        name = alias.data.removesuffix(".").lower()
    return _SERVFAIL, []


def _origin(zone: Zone, name: str) -> str | None:
    """The top of the part of the zone that a name belongs to."""
    return next((each for each in zone.origins if name == each or name.endswith(f".{each}")), None)


def _wire_name(name: str) -> bytes:
    labels = name.removesuffix(".").split(".") if name != "." else []
    return b"".join(bytes([len(label)]) + label.encode("ascii") for label in labels) + b"\0"


def _packed(record: Record) -> bytes:
    data = _DATA[record.kind](record.data)
    head = _RECORD.pack(_TYPES[record.kind], _INTERNET, _TTL, len(data))
    return _wire_name(record.name) + head + data


def _soa(origin: str | None) -> bytes:
    """What a negative answer is known by (RFC 2308, section 3)."""
    data = _wire_name("ns.invalid.") + _wire_name("hostmaster.invalid.")
    data += struct.pack("!5I", 1, 3600, 600, 86400, 60)
    head = _RECORD.pack(_TYPES["SOA"], _INTERNET, 60, len(data))
    return _wire_name(origin or ".") + head + data


def _exchange(data: str) -> bytes:
    preference, host = data.split()
    return struct.pack("!H", int(preference)) + _wire_name(host)


def _text(data: str) -> bytes:
    """Character-strings of up to 255 octets (RFC 1035, section 3.3.14)."""
    return b"".join(bytes([len(piece)]) + piece for piece in _pieces(data.encode()))


def _pieces(octets: bytes) -> Iterator[bytes]:
    for start in range(0, len(octets), 255):
        yield octets[start : start + 255]


_DATA: dict[str, Callable[[str], bytes]] = {
    "A": socket.inet_aton,
    "CNAME": _wire_name,
    "PTR": _wire_name,
    "MX": _exchange,
    "TXT": _text,
}
