"""The text of a multi-line response, as fast as its octets come.

The same as `safe()` of each line, but in pieces that may end anywhere: ten megabytes must not
freeze a terminal.
"""

from mailprobe.patterns import pattern
from mailprobe.safe import safe

_MARK = "< "
_PLAIN = bytes(octet for octet in range(0x20, 0x7F) if octet != 0x5C) + b"\r\n"
# A piece may end between CR and LF, or inside a character of UTF-8.
_UNFINISHED = pattern(rb"(?:\r|[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z")
_END = "\ud800"  # stands for CRLF meanwhile: a character that no octets decode to
_FEW = 16  # characters to replace, up to which one pass for each is faster than one for all
_KNOWN = 10_000  # characters whose looks are remembered


class BodyText:
    """Octets in, text out: CRLF ends a line, every line begins with the mark of the server."""

    def __init__(self, mark: str = _MARK) -> None:
        self._mark = mark
        self._left = b""  # the beginning of what the next piece may complete
        self._open = False  # whether a line has begun and not ended
        self._shown: dict[str, str] = {}  # characters as safe() shows them

    def feed(self, octets: bytes) -> str:
        """The text of the next piece."""
        octets = self._left + octets if self._left else octets
        match = _UNFINISHED.search(octets, max(0, len(octets) - 3))
        self._left = match[0] if match else b""
        return self._lines(octets[: match.start()] if match else octets)

    def finish(self) -> str:
        """What is left, and the end of the line that is open."""
        left, self._left = self._left, b""
        text = self._lines(left)
        if self._open:
            self._open = False
            text += "\n"
        return text

    def _lines(self, octets: bytes) -> str:
        if not octets:
            return ""
        text, mark = self._text(octets), self._mark
        begins = mark if not self._open else ""
        self._open = not text.endswith("\n")
        if mark:
            text = text.replace("\n", f"\n{mark}")
        return begins + (text if self._open else text[: len(text) - len(mark)])

    def _text(self, octets: bytes) -> str:
        """`octets` made safe, CRLF as LF.  A bare LF is shown, and ends the line all the same."""
        ends = octets.count(b"\r\n")
        if (
            not octets.translate(None, _PLAIN)
            and octets.count(b"\n") == ends
            and octets.count(b"\r") == ends
        ):
            return octets.replace(b"\r\n", b"\n").decode("ascii")
        text = octets.decode("utf-8", "surrogateescape").replace("\r\n", _END)
        return _replaced(text, self._odd(set(text)))

    def _odd(self, characters: set[str]) -> dict[str, str]:
        """Those of `characters` that are not shown as they are, and how they are shown."""
        if len(self._shown) > _KNOWN:
            self._shown = {}
        shown = self._shown
        for character in characters.difference(shown):
            shown[character] = safe(character)
        shown |= {_END: "\n", "\n": "\\n\n"}
        return {c: shown[c] for c in characters if shown[c] != c}


def _replaced(text: str, odd: dict[str, str]) -> str:
    if len(odd) > _FEW:
        return text.translate({ord(character): shown for character, shown in odd.items()})
    # the backslash before those that bring new ones, the line ends after the bare LF
    for character in sorted(odd, key=lambda c: (c != "\\", c == _END)):
        text = text.replace(character, odd[character])
    return text
