"""Lines that were written before a secret in them was known as one: the same lines without it.

A pure function of the text of a recording.  Each line stays where it stands: it is as many octets
long as it was, and says as many octets of the wire, each one of the secret as `*`.
"""

from collections.abc import Callable, Iterable

from mailprobe.patterns import pattern
from mailprobe.transcript.format import escape, wire_lines
from mailprobe.transcript.model import Place
from mailprobe.transcript.reading.cooked import read_escaped

Blot = Callable[[str, bytes], bytes]

_WIRE = pattern(rb"([CS])[2-9]?([:\\=~]) (.+)")
_DEMAND = pattern(rb"S[2-9]?[+-] .+")
_TOLD = pattern(rb"(\| |== |# incomplete: [a-z]+: )(.+)")
# Cooked text: a run without placeholders, or a placeholder.
_ESCAPE = rb"\\(?:u\{[0-9A-Fa-f]*\}|.)"
_COOKED = pattern(
    rb"(?P<plain>(?:" + _ESCAPE + rb'|[^\\{}])+)|\{(?:"(?:' + _ESCAPE + rb'|[^"\\])*"|[^"{}])*\}'
)
_QUOTED = pattern(rb'"((?:' + _ESCAPE + rb'|[^"\\])*)"')


def masked(text: bytes, secrets: Iterable[bytes], blot: Blot) -> tuple[int, bytes]:
    """What of whole lines has to be written anew, and where it begins; nothing: b"".

    `blot` gives octets of a side without any secret that is known; `secrets` are those that no
    line was written without.
    """
    needles = {needle for secret in secrets for needle in _spellings(secret)}
    if not any(map(text.__contains__, needles)):
        return 0, b""
    lines = text.split(b"\n")
    changed = []
    for number, line in enumerate(lines):
        if any(map(line.__contains__, needles)) and (new := _masked_line(line, blot)) != line:
            lines[number] = new.ljust(len(line), b"\n")  # a line without anything says nothing
            changed.append(number)
    if not changed:
        return 0, b""
    first, last = changed[0], changed[-1]
    return sum(map(len, lines[:first])) + first, b"\n".join(lines[first : last + 1])


def _spellings(secret: bytes) -> Iterable[bytes]:
    """How a secret may be written in a line; a blank at its end, too."""
    yield secret
    for cooked in (False, True):
        yield escape(secret.rstrip(b" "), cooked=cooked).encode()


def _masked_line(line: bytes, blot: Blot) -> bytes:
    if match := _WIRE.fullmatch(line):
        side, tag, content = match[1].decode(), match[2], match[3]
        head = line[: match.start(3)]
        if tag == b":":
            return head + _characters(blot(side, content), content)
        if tag == b"~" or (tag == b"=" and side == "C"):
            return head + _cooked(side, content, blot)
        return _escaped(head, line, content, b"" if tag == b"=" else b"\r\n", blot)
    if _DEMAND.fullmatch(line) and blot("", line) != line:
        return b"#" + blot("", line)[1:]  # it could not be met any more
    if match := _TOLD.fullmatch(line):
        return match[1] + _characters(blot("", match[2]), match[2])
    return line


def _escaped(head: bytes, line: bytes, content: bytes, end: bytes, blot: Blot) -> bytes:
    """`head` is what stands before the content: side, connection, tag and blank."""
    octets = _octets(content)
    blotted = blot(head[:1].decode(), octets)
    if blotted == octets:
        return line
    return wire_lines(head[:-2].decode(), _characters(blotted, octets) + end)[:-1]


def _cooked(side: str, content: bytes, blot: Blot) -> bytes:
    """Text between placeholders, and the quoted arguments of functions; names stay."""
    said = b""
    for match in _COOKED.finditer(content):
        if match["plain"] is None:
            said += _QUOTED.sub(lambda each: b'"' + _argument(each[1], blot) + b'"', match[0])
        else:
            said += _plain(match[0], side if not match.start() else "", blot)
    return said[:-1] + b"\\s" if said.endswith(b" ") else said


def _plain(text: bytes, side: str, blot: Blot) -> bytes:
    octets = _octets(text)
    return escape(_characters(blot(side, octets), octets), cooked=True).encode()


def _argument(text: bytes, blot: Blot) -> bytes:
    return _plain(text, "", blot).replace(b'"', b"\\x22")


def _octets(text: bytes) -> bytes:
    return read_escaped(text.decode(), Place("", 1))


def _characters(blotted: bytes, octets: bytes) -> bytes:
    """`blotted`, without what is left of a character of which a secret was a part."""
    if blotted == octets or octets.isascii():
        return blotted
    kept, at = bytearray(blotted), 0
    for character in octets.decode("utf-8", "surrogateescape"):
        end = at + len(character.encode("utf-8", "surrogateescape"))
        if blotted[at:end] != octets[at:end]:
            kept[at:end] = b"*" * (end - at)
        at = end
    return bytes(kept)
