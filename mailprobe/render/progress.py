"""How far a long transfer has come: one line of a terminal, written over and erased again."""

from collections.abc import Callable

from mailprobe.patterns import pattern
from mailprobe.render.widths import size_text

_AFTER = 0.5  # seconds of a transfer, before anybody wants to know
_EVERY = 0.1  # seconds between two looks
_LONG = 16 * 1024  # octets of mail data; fewer may be what a person types
_MUCH = 64 * 1024  # octets, of which there is a word at once
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
        self._first = 0  # octets of the first piece

    def begin(self, at: float, whole: int | None) -> None:
        """A body comes."""
        self._began = self._told = at
        self._whole = whole

    def received(self, octets: int, at: float) -> None:
        """So many octets of the body have come, and nothing else is shown of them."""
        self._tell(octets, at, "received")

    def sent(self, octets: int, at: float, *, last: bool) -> None:
        """The transport has taken mail data.

        How fast is known from the second piece on: it took the first one before anybody looked.
        """
        if not self._sent:
            self._began = self._told = at
            self._whole, self._first = None, octets
        self._sent += octets
        total, first = self._sent, self._first
        if last:
            self._sent = 0
        if last and total > _LONG:
            took = at - self._began
            rate = (total - first) / took if took >= _AFTER else 0
            self._put(f"sent {size_text(total)}", rate, ", waiting for the reply")
        elif total > _LONG and at - self._began >= _AFTER and at - self._told >= _EVERY:
            self._told = at
            self._put(f"sent {size_text(total)}", (total - first) / (at - self._began))
        elif total > _MUCH and not self.shown:  # the server may take nothing more for a long time
            self._put(f"sent {size_text(total)}", 0)

    def _tell(self, octets: int, at: float, what: str) -> None:
        took = at - self._began
        if took < _AFTER or at - self._told < _EVERY:
            return
        self._told = at
        of = f" of {size_text(self._whole)}" if self._whole and self._whole >= octets else ""
        self._put(f"{what} {size_text(octets)}{of}", octets / took)

    def _put(self, text: str, rate: float, behind: str = "") -> None:
        """Write over the line; where no time has passed, nobody knows a rate."""
        if self._rewritable():
            self.shown = True
            speed = f", {size_text(rate)}/s" if rate else ""
            self._write(f"{_START}{text}{speed}{behind}\x1b[K")

    def rest(self) -> None:
        """The person has the word: what he sends next is counted by itself."""
        self._sent = 0
        self.erase()

    def erase(self) -> None:
        if self.shown:
            self.shown = False
            self._write(_ERASE)
