"""How far a long transfer has come: one line of a terminal, written over and erased again."""

from collections.abc import Callable

from mailprobe.patterns import pattern
from mailprobe.render.widths import size_text

_AFTER = 0.5  # seconds of a transfer, before anybody wants to know
_EVERY = 0.1  # seconds between two looks
_LONG = 256 * 1024  # octets of mail data; fewer may be what a person types
_SIZE = pattern(rb"\+OK .{0,60}?([0-9]{1,12}) (?:octets|bytes)")
_START, _ERASE = "\r", "\r\x1b[K"


def size_of(line: bytes) -> int | None:
    """What the reply to RETR says that will come; servers are free to say it."""
    match = _SIZE.match(line)
    return int(match[1]) if match else None


class Progress:
    """`rewritable` tells whether the terminal can do it, and no prompt is open on it."""

    def __init__(self, write: Callable[[str], None], rewritable: Callable[[], bool]) -> None:
        self.shown = False
        self._write = write
        self._rewritable = rewritable
        self._began = 0.0
        self._told = 0.0
        self._whole: int | None = None  # octets that are to come, where that is known
        self._sent = 0

    def begin(self, at: float, whole: int | None) -> None:
        """A body comes."""
        self._began = self._told = at
        self._whole = whole

    def received(self, octets: int, at: float) -> None:
        """So many octets of the body have come, and nothing else is shown of them."""
        self._tell(octets, at, "received")

    def sent(self, octets: int, at: float, *, last: bool) -> None:
        """Mail data went out."""
        if not self._sent:
            self._began = self._told = at
            self._whole = None
        self._sent += octets
        if last:
            self._sent = 0
            self.erase()
        elif self._sent > _LONG:
            self._tell(self._sent, at, "sent")

    def _tell(self, octets: int, at: float, what: str) -> None:
        took = at - self._began
        if took < _AFTER or at - self._told < _EVERY or not self._rewritable():
            return
        self._told, self.shown = at, True
        of = f" of {size_text(self._whole)}" if self._whole and self._whole >= octets else ""
        rate = size_text(octets / took)
        self._write(f"{_START}{what} {size_text(octets)}{of}, {rate}/s\x1b[K")

    def erase(self) -> None:
        if self.shown:
            self.shown = False
            self._write(_ERASE)
