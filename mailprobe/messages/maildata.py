"""Octets on their way into mail data: measured, line ends mended, dots doubled, block by block.

However large a message is, no more than a block of it is held.  Pure: it reads no file and no link.
"""

from collections.abc import Iterable

from mailprobe.patterns import pattern
from mailprobe.protocol.framing import CRLF, Stuffer
from mailprobe.value import frozen

LONGEST = 998  # octets of a line without its CRLF (RFC 5322, section 2.1.1)

_LINE_END = pattern(rb"\r\n?|\n")
_EIGHT_BIT = pattern(rb"[\x80-\xff]")
_BARE = pattern(rb"(?<!\r)\n|\r(?!\n)")


class Mender:
    """Makes CRLF of every line end: of CRLF, of a bare LF and of a bare CR.

    RFC 5321, section 2.3.8: neither CR nor LF may travel alone.
    """

    def __init__(self) -> None:
        self._held = b""  # a CR whose LF may come

    def feed(self, block: bytes) -> bytes:
        octets = self._held + block
        self._held = b"\r" if octets.endswith(b"\r") else b""
        return _LINE_END.sub(CRLF, octets[: len(octets) - len(self._held)])

    def finish(self) -> bytes:
        held, self._held = self._held, b""
        return CRLF if held else b""


class Writer:
    """Turns the octets of a message into those of DATA.

    `ends` is what every line end becomes, None leaves them as they are; `stuffing` doubles the
    dot that begins a line (RFC 5321, section 4.5.2).  `fresh` says that a line begins with it.
    """

    def __init__(
        self, *, ends: bytes | None = CRLF, stuffing: bool = True, fresh: bool = True
    ) -> None:
        self._ends = ends
        self._mender = None if ends is None else Mender()
        self._stuffer = Stuffer(CRLF if fresh else b"") if stuffing else None
        self._tail = CRLF if fresh else b""  # the last octets that went out

    def feed(self, block: bytes) -> bytes:
        return self._write(block if self._mender is None else self._mender.feed(block))

    def finish(self) -> bytes:
        """What is still held, and the end of mail data, which is a line of its own."""
        rest = b"" if self._mender is None else self._write(self._mender.finish())
        return rest + (b"" if self._tail == CRLF else CRLF) + b".\r\n"

    def _write(self, octets: bytes) -> bytes:
        if self._stuffer is not None:
            octets = self._stuffer.feed(octets)
        if self._ends not in (None, CRLF):
            octets = octets.replace(CRLF, self._ends)
        self._tail = (self._tail + octets[-2:])[-2:]
        return octets


@frozen
class Measure:
    """What there is to know of a message before it is sent.  `size` in octets, as SIZE counts:
    with CRLF for every line end, without doubled dots (RFC 1870, section 5)."""

    size: int
    longest: int  # octets of the longest line, without its end
    eight_bit: bool
    nul: bool
    bare: bool  # CR or LF stands alone somewhere
    headers: bytes = b""  # up to the first empty line, or as much of them as is looked at


_HEADERS = 64 * 1024  # octets of a message's beginning that are looked at
_NO_HEADERS = pattern(rb"\r?\n\r?\n")


def measure(blocks: Iterable[bytes]) -> Measure:
    """Look at a message once, from its beginning to its end."""
    mender, size, longest, line = Mender(), 0, 0, 0
    eight_bit = nul = bare = False
    beginning, held = b"", b""
    for block in blocks:
        if len(beginning) < _HEADERS:
            beginning += block
        eight_bit = eight_bit or _EIGHT_BIT.search(block) is not None
        nul = nul or b"\0" in block
        octets = held + block
        held = b"\r" if octets.endswith(b"\r") else b""  # its LF may come with the next block
        bare = bare or _BARE.search(octets[: len(octets) - len(held)]) is not None
        mended = mender.feed(block)
        size += len(mended)
        first, *rest = map(len, mended.split(CRLF))
        line += first
        longest = max(longest, line, *rest, 0)
        line = rest[-1] if rest else line
    size += len(mender.finish()) + (len(CRLF) if line and not held else 0)
    headers = _NO_HEADERS.split(beginning, 1)[0][:_HEADERS]
    return Measure(size, longest, eight_bit, nul, bare or bool(held), headers)
