"""Octets of a client that nobody has taken yet: cut by what the file says comes next."""

from mailprobe.protocol.framing import EndFinder, Limits, ReceiveBuffer, over


class Inbox:
    """What came.  Raises Failure `limit` when something in it is longer than it may be."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buffer = ReceiveBuffer()
        self._finder = EndFinder()  # of the mail data that is being heard
        self._total = 0  # octets of it
        self._kept = bytearray()

    def __len__(self) -> int:
        return len(self._buffer.octets)

    @property
    def begun(self) -> int:
        """Octets of what is not whole yet."""
        return self._total + len(self)

    def feed(self, octets: bytes | memoryview) -> None:
        """Take in what came."""
        self._buffer.append(octets)

    def look(self) -> bytes:
        """All that is there."""
        return bytes(self._buffer.octets)

    def take_line(self) -> bytes | None:
        """The next line with its end, or None."""
        return self._buffer.take_line(self._limits.line, "a line of the client")

    def take(self, count: int) -> bytes:
        """The first `count` octets, or as many as there are."""
        return self._buffer.take(count)

    def take_mail(self, *, keep: bool) -> bytes | None:
        """Mail data with its lone dot as it travelled; None: there is more to come.

        Unless `keep`, it is let go as it comes, and b"" is all of it.
        """
        octets = self._buffer.take_all()
        length = self._finder.find(octets) if octets else -1
        piece = octets if length < 0 else octets[:length]
        self._count(piece, keep=keep)
        if length < 0:
            return None
        self._buffer.append(octets[length:])
        self._finder = EndFinder()
        return self._all()

    def take_chunk(self, left: int, *, keep: bool) -> tuple[int, bytes | None]:
        """How many octets of a chunk are still to come, and all of it when there are none."""
        piece = self._buffer.take(left)
        self._count(piece, keep=keep)
        left -= len(piece)
        return left, None if left else self._all()

    def _count(self, piece: bytes, *, keep: bool) -> None:
        self._total += len(piece)
        if self._total > self._limits.body:
            raise over("body", self._limits.body, "the mail data")
        if keep:
            self._kept += piece

    def _all(self) -> bytes:
        octets, self._total = bytes(self._kept), 0
        self._kept.clear()
        return octets
