"""Octets of a message while a transcript is played: in memory while they are few, else spooled."""

from collections.abc import Iterator

from mailprobe import files
from mailprobe.patterns import pattern
from mailprobe.protocol.framing import BodyReader, Limits, Stuffer

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

BLOCK = 256 * 1024  # octets
_IN_MEMORY = 1024 * 1024  # octets before they go to a file that only we can read
_NO_LIMITS = Limits(1 << 62, 1 << 62, 1 << 62, 1 << 62)
_CR_OR_LF = pattern(rb"\r\n|\r|\n")


class Body:
    """A multi-line response, or the mail data that was sent: its content, dots undone."""

    def __init__(self) -> None:
        self.size = 0  # octets
        self._memory = bytearray()
        self._spool: IO[bytes] | None = None

    def feed(self, octets: bytes) -> None:
        """Take in what follows.  Raises Failure `usage` when the disk is full."""
        self.size += len(octets)
        if self._spool is not None:
            files.keep(self._spool, octets)
            return
        self._memory += octets
        if self.size > _IN_MEMORY:
            from mailprobe.spool import Spool  # only where somebody reads large messages

            self._spool = Spool(_IN_MEMORY)
            files.keep(self._spool, bytes(self._memory))
            self._memory.clear()

    def octets(self, limit: int | None = None) -> bytes:
        """All of it, or the first `limit` octets."""
        if self._spool is None:
            return bytes(self._memory[:limit])
        self._spool.seek(0)
        return self._spool.read(-1 if limit is None else limit)

    def blocks(self) -> Iterator[bytes]:
        """All of it, piece by piece."""
        if self._spool is None:
            yield bytes(self._memory)
            return
        self._spool.seek(0)
        while block := self._spool.read(BLOCK):
            yield block

    @property
    def lines(self) -> int:
        """How many lines there are; a last one without its end counts."""
        count, last = 0, b"\n"
        for block in self.blocks():
            count += block.count(b"\n")
            last = block[-1:] or last
        return count + (last != b"\n")


class SentMail:
    """Reads along with mail data as it travels, and keeps its content."""

    def __init__(self, *, stuffed: bool) -> None:
        self.body = Body()
        self._reader = BodyReader(_NO_LIMITS) if stuffed else None

    def feed(self, wire: bytes) -> None:
        self.body.feed(wire if self._reader is None else self._reader.feed(wire).octets)


def with_crlf(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same text, each line ended by CRLF, the last one, too."""
    held, last = b"", b"\n"
    for block in blocks:
        octets = held + block
        held = b"\r" if octets.endswith(b"\r") else b""  # perhaps the LF comes next
        octets = _CR_OR_LF.sub(b"\r\n", octets[: len(octets) - len(held)])
        last = octets[-1:] or last
        yield octets
    if held or last != b"\n":
        yield b"\r\n"


def unstuffed(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The content of a body that travelled like this, without its end."""
    reader = BodyReader(_NO_LIMITS)
    for block in blocks:
        yield reader.feed(block).octets
    yield reader.unfinished()


def sent_file(path: "Path", *, raw: bool, before: bytes, stuffed: bool) -> Iterator[bytes]:
    """The octets of `C<`: as they are (`raw`), or as a person would mean them.

    `before` is the last octets that travelled ahead of them.  Raises Failure `usage`.
    """
    blocks = files.read_blocks(path, BLOCK)
    if raw:
        yield from blocks
        return
    stuffer = Stuffer((b"\r\n" + before)[-2:])
    for block in with_crlf(blocks):
        yield stuffer.feed(block) if stuffed else block


def same_octets(one: Iterator[bytes], other: Iterator[bytes]) -> bool:
    """Whether two streams say the same, however each of them is cut."""
    left = right = b""
    while True:
        left = left or next(filter(None, one), b"")
        right = right or next(filter(None, other), b"")
        count = min(len(left), len(right))
        if not count:
            return left == right
        if left[:count] != right[:count]:
            return False
        left, right = left[count:], right[count:]
