"""What `curl --trace` and `--trace-ascii` write: each transfer with its offsets.

The first shows every octet; the second has a dot for those that are not printable ASCII.
"""

import re
from collections.abc import Iterator, Sequence

from mailprobe.patterns import pattern
from mailprobe.transcript.importing.curl import TIME, connected_to, told
from mailprobe.transcript.importing.items import Remark, Said, Shown

_HEAD = pattern(TIME + rb"(==|=>|<=) (Info|Send header|Send data|Recv header|Recv data)(.*)")
_OTHER = pattern(TIME + rb"(?:=>|<=) (?:Send|Recv) ")
_SIZE = pattern(rb", ([0-9]+) bytes \(0x[0-9a-f]+\)")
_ROW = pattern(rb"([0-9a-f]{4,}): (.*)", re.DOTALL)
_HEX = pattern(rb"((?:[0-9a-f]{2} ){1,16}) *")
_DOTS = "curl wrote a dot for each octet that is not printable ASCII"


def recognises(lines: Sequence[bytes]) -> bool:
    """Whether it is a trace of curl."""
    return any((match := _HEAD.match(line)) and match[1] != b"==" for line in lines)


def read(lines: Sequence[bytes]) -> list[Shown]:
    """The sessions, in their order."""
    exact = not any(_is_plain(line) for line in lines)
    sessions: list[Shown] = []
    shown = Shown(items=[] if exact else [Remark(_DOTS)])
    for head, rows in _transfers(lines):
        if head[1] == b"==":
            text = head[3].removeprefix(b": ").lstrip()
            if (server := connected_to(text)) is not None:
                shown = Shown(server, [] if exact else [Remark(_DOTS)])
            told(text, shown.items)
            continue
        if not sessions or sessions[-1] is not shown:
            sessions.append(shown)
        side = "C" if head[1] == b"=>" else "S"
        size = _SIZE.fullmatch(head[3])
        octets = _octets(rows, int(size[1][:15]) if size else 0, exact=exact)
        for line in octets.split(b"\n")[:-1]:
            shown.items.append(Said(side, line.removesuffix(b"\r")))
        if rest := octets.rpartition(b"\n")[2]:
            shown.items.append(Said(side, rest, b""))
    return sessions


def _is_plain(line: bytes) -> bool:
    """Whether it is a row of text, and not of octets in hexadecimal."""
    match = _ROW.fullmatch(line)
    return match is not None and _HEX.match(match[2]) is None


def _transfers(lines: Sequence[bytes]) -> Iterator[tuple[re.Match[bytes], list[tuple[int, bytes]]]]:
    head: re.Match[bytes] | None = None
    rows: list[tuple[int, bytes]] = []
    for line in lines:
        match = _HEAD.fullmatch(line)
        if match or _OTHER.match(line):
            if head is not None:
                yield head, rows
            head, rows = match, []
        elif row := _ROW.fullmatch(line):
            rows.append((int(row[1][:12], 16), row[2]))
    if head is not None:
        yield head, rows


def _octets(rows: Sequence[tuple[int, bytes]], size: int, *, exact: bool) -> bytes:
    if exact:
        found = [match[1] for _, text in rows if (match := _HEX.match(text))]
        return b"".join(bytes.fromhex(octets.decode("ascii")) for octets in found)
    parts = []
    ends = [*(offset for offset, _ in rows), size][1:]
    for (offset, text), end in zip(rows, ends, strict=False):  # no rows: one end too many
        parts.append(text + b"\r\n" if end - offset == len(text) + 2 else text)
    return b"".join(parts)
