"""A body as far as it is shown: the first rows of it, and how much more there is.

What is folded away is counted and not read: ten megabytes cost what counting line ends costs.
"""

from collections.abc import Callable, Mapping

from mailprobe.patterns import pattern
from mailprobe.protocol.facts import Message
from mailprobe.render.body import BodyText
from mailprobe.render.widths import size_text
from mailprobe.safe import safe

FETCHING = frozenset({"RETR", "TOP"})  # what these bring is a message
LISTING = frozenset({"LIST", "UIDL"})  # and these a line for each message
_UNIQUE_IDS = frozenset({"UIDL"})
_NARROW = 40  # columns: rows of fewer are counted as if they had them
_ROW = pattern(rb"([0-9]{1,10}) ([^ ]+)")


class Folded:
    """Octets in pieces, text out; `most` rows of `columns` are shown, 0 is all of them."""

    def __init__(self, most: int = 0, columns: int = 80) -> None:
        self._most = most
        self._rows = most
        self._room = most * max(columns, _NARROW)  # octets: long lines take several rows
        self._text = BodyText()
        self._hidden = 0  # octets
        self._lines = 0  # hidden
        self.folded = False

    def feed(self, octets: bytes) -> str:
        """The text of the next piece, as far as it is shown."""
        if self.folded:
            self._hide(octets)
            return ""
        if not self._most:
            return self._text.feed(octets)
        lines = octets.count(b"\n")
        whole = octets[-1:] in (b"", b"\n")
        if len(octets) <= self._room and lines + (not whole) <= self._rows:
            self._rows -= lines
            self._room -= len(octets)
            return self._text.feed(octets)
        self.folded = True
        cut = self._cut(octets)
        self._hide(octets[cut:])
        return self._text.feed(octets[:cut]) + self._text.finish()

    def finish(self) -> str:
        """What is left of the line that is open, and its end."""
        return self._text.finish()

    @property
    def more(self) -> str:
        """How much is not shown: `130,987 more lines, 9.6 MB`; "" where all of it is."""
        return _more(self._lines, "line", self._hidden) if self.folded else ""

    def _hide(self, octets: bytes) -> None:
        self._hidden += len(octets)
        self._lines += octets.count(b"\n")

    def _cut(self, octets: bytes) -> int:
        at = 0
        for _ in range(self._rows):
            end = octets.find(b"\n", at) + 1
            if not end or end > self._room:
                break
            at = end
        else:
            return at
        if at:
            return at
        at = min(len(octets), self._room)
        while 0 < at < len(octets) and octets[at] & 0xC0 == 0x80:  # no half characters
            at -= 1
        return at


class Listing:
    """The answer to LIST or UIDL: as it came where that fits the screen, else as a table.

    `messages` tells what else is known of them.
    """

    def __init__(
        self, verb: str, messages: Callable[[], Mapping[int, Message]], most: int, columns: int
    ) -> None:
        self._verb = verb
        self._messages = messages
        self._most = most
        self._columns = columns
        self._held = b""
        self._rest = Folded()  # a listing that is none is shown as text
        self._rows = 0  # hidden
        self._hidden = 0  # octets
        self.folded = False

    def feed(self, octets: bytes) -> str:
        if self.folded:
            self._hidden += len(octets)
            self._rows += octets.count(b"\n")
            return ""
        if self._rest.folded:
            return self._rest.feed(octets)
        self._held += octets
        lines = self._held.count(b"\n")
        if lines <= self._most and len(self._held) < self._most * 600:  # octets of a line
            return ""
        return self._fold()

    def _fold(self) -> str:
        held, self._held = self._held, b""
        lines = held.split(b"\n", self._most)
        shown, hidden = lines[: self._most], lines[self._most :]
        rows = listing_rows(self._verb, shown, self._messages())
        if rows is None:
            self._rest = Folded(self._most, self._columns)
            text = self._rest.feed(held)
            self._rest.folded = True
            return text
        self.folded = True
        self._hidden = sum(map(len, hidden))
        self._rows = sum(line.count(b"\n") for line in hidden)
        return listing_text(rows)

    def finish(self) -> str:
        held, self._held = self._held, b""
        return self._rest.feed(held) + self._rest.finish()

    @property
    def more(self) -> str:
        return _more(self._rows, "message", self._hidden) if self.folded else self._rest.more


def listing_rows(
    verb: str, lines: list[bytes], messages: Mapping[int, Message]
) -> list[tuple[str, str, str]] | None:
    """Number, octets and unique-id of each line; None where that is no listing."""
    rows = []
    for line in lines:
        match = _ROW.match(line.rstrip(b"\r"))
        if match is None:
            return None
        known = messages.get(int(match[1]))
        size = str(known.size) if known is not None and known.size is not None else ""
        name = (known.unique_id or "") if known is not None else ""
        said = match[2].decode("utf-8", "surrogateescape")
        rows.append((match[1].decode(), *((size, said) if verb in _UNIQUE_IDS else (said, name))))
    return rows


def listing_text(rows: list[tuple[str, str, str]]) -> str:
    """A table of them, numbers to the right; ends in LF."""
    columns = [("number", "octets", "unique-id"), *rows]
    cells = [tuple(map(safe, row)) for row in columns]
    if not any(row[2] for row in rows):
        cells = [(*row[:2], "") for row in cells]
    wide = [max(len(row[at]) for row in cells) for at in (0, 1)]
    return "".join(
        f"  {one.rjust(wide[0])}  {two.rjust(wide[1])}  {three}".rstrip() + "\n"
        for one, two, three in cells
    )


def _more(lines: int, what: str, octets: int) -> str:
    one = f"{lines:,} more {what}{'' if lines == 1 else 's'}" if lines else "more of this line"
    return f"{one}, {size_text(octets)}"
