"""Examples in the notation of the RFCs: `C:` and `S:`, indented, with their continuation lines.

RFC 821 writes `S:` for the sender and `R:` for the receiver.  Pages end where they end: the lines
of their feet and heads are passed over.
"""

import re
from collections.abc import Iterator, Sequence

from mailprobe.patterns import pattern
from mailprobe.transcript.importing.items import Said, Shown
from mailprobe.transcript.importing.source import is_greeting
from mailprobe.value import replace

_TAGGED = pattern(rb"([ \t]*)(?:([CSR]):|(C[ ]?[&/][ ]?S):)(?:[ \t](.*)|())", re.DOTALL)
_PAGE = pattern(rb".*\[Page [0-9]+\][ \t]*|RFC [0-9]+ {3,}.*(?:19|20)[0-9]{2}[ \t]*", re.DOTALL)
_ELLIPSIS = pattern(rb"[ \t]*(?:\. ?){3}[ \t]*|[ \t]*\[\.{3}\][ \t]*")
_BASE64 = pattern(rb"[A-Za-z0-9+/]+={0,2}")
_LONG = 16  # characters of base64 that nobody takes for a word


def recognises(lines: Sequence[bytes]) -> bool:
    """Whether both sides speak, by their tags."""
    sides = {match[2] for line in lines if (match := _TAGGED.fullmatch(line))}
    return {b"C", b"S"} <= sides or {b"S", b"R"} <= sides


def read(lines: Sequence[bytes]) -> list[Shown]:
    """The sessions: what prose parts is two of them.  Those with a greeting come first."""
    sides = _sides(lines)
    sessions: list[list[Said]] = []
    said: tuple[str, bytes] | None = None  # the line that may go on
    column = -1  # of the tag
    parted = True
    for line in (line.replace(b"\x0c", b"") for line in lines):  # form feeds
        if match := _TAGGED.fullmatch(line):
            if parted:
                sessions.append([])
            parted = False
            _put(sessions, said)
            side = sides.get(match[2] or b"", "C")
            said, column = (side, (match[4] or b"").rstrip(b" \t")), len(match[1])
        elif not line.strip() or _PAGE.fullmatch(line) or _ELLIPSIS.fullmatch(line):
            _put(sessions, said)
            said = None
        elif (rest := _continued(line, column)) and said:
            said = (said[0], _joined(said[1], rest))
        else:
            _put(sessions, said)
            said, parted = None, True
    _put(sessions, said)
    found = [Shown(items=[*_dedented(session)], stage_directions=True) for session in sessions]
    return sorted(found, key=lambda shown: not _greets(shown))


def _sides(lines: Sequence[bytes]) -> dict[bytes, str]:
    """Who is who by the tags: with `R:` it is RFC 821's receiver that answers."""
    tags = {match[2] for line in lines if (match := _TAGGED.fullmatch(line))}
    if b"R" in tags and b"C" not in tags:
        return {b"S": "C", b"R": "S"}
    return {b"C": "C", b"S": "S", b"R": "S"}


def _put(sessions: Sequence[list[Said]], said: tuple[str, bytes] | None) -> None:
    if said is not None:
        sessions[-1].append(Said(*said))


def _dedented(lines: Sequence[Said]) -> Iterator[Said]:
    """Without the blanks behind the tags that all lines share: RFC 1939 sets its lines off.

    Remarks like `<close connection>` stand further out there.
    """
    octets = [said.octets for said in lines if said.octets]
    run = min((_indentation(line) for line in octets if not _is_remark(line)), default=0)
    for said in lines:
        yield replace(said, octets=said.octets[min(run, _indentation(said.octets)) :])


def _is_remark(octets: bytes) -> bool:
    return octets.lstrip(b" \t").startswith(b"<") and octets.endswith(b">")


def _indentation(octets: bytes) -> int:
    return len(octets) - len(octets.lstrip(b" \t"))


def _continued(line: bytes, column: int) -> bytes:
    """What a line adds to the one before: it stands further in than the tag did."""
    rest = line.lstrip(b" \t")
    return rest.rstrip(b" \t") if len(line) - len(rest) > column >= 0 else b""


def _joined(before: bytes, rest: bytes) -> bytes:
    """Base64 was cut, text was broken at a blank."""
    word = before.rpartition(b" ")[2]
    cut = len(word) >= _LONG and _BASE64.fullmatch(word) and _BASE64.fullmatch(rest)
    return before + rest if cut else before + b" " + rest


def _greets(shown: Shown) -> bool:
    said = [item for item in shown.items if isinstance(item, Said)]
    spoken = [item for item in said if not _is_remark(item.octets)]
    return bool(spoken) and spoken[0].side == "S" and is_greeting(spoken[0].octets)
