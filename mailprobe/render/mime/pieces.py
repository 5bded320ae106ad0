"""The text of a large part in pieces, so that no mail is ever held several times over.

The same as `tree.text_of`, but that an encoding cut apart is mended inside of a piece alone, and
that an octet without a meaning becomes U+FFFD.
"""

import codecs
from collections.abc import Iterator

from mailprobe.patterns import pattern
from mailprobe.render.mime.charsets import codec_of
from mailprobe.render.mime.encodings import ALPHABET, from_base64, from_quoted_printable, undo

_PIECE = 128 * 1024  # octets
_HALF = pattern(rb"=[0-9A-Fa-f]?\Z")
_AT_END = ("base64 that ends early", "base64 without its padding")  # what a cut alone brings about


class Pieces:
    """What stands in `octets` from `start` to `end`; `notes` are complete behind the last piece."""

    def __init__(self, octets: bytes, start: int, end: int, encoding: str) -> None:
        self.notes: list[str] = []
        self._octets = octets
        self._start = start
        self._end = end
        self._encoding = encoding

    def bodies(self) -> Iterator[bytes]:
        """Without the transfer encoding."""
        match self._encoding:
            case "base64":
                return self._from_base64()
            case "quoted-printable":
                return self._from_quoted_printable()
            case _:
                return self._as_it_is()

    def texts(self, charset: str) -> Iterator[str]:
        """The same, as text."""
        reader: codecs.IncrementalDecoder | None = None
        codec = ""
        for body in self.bodies():
            if reader is None:
                codec, notes = codec_of(body, charset)
                self._note(notes)
                reader = codecs.getincrementaldecoder(codec)()
            state = reader.getstate()
            try:
                text = reader.decode(body)
            except UnicodeError:
                self._note([f"octets that are no {codec.upper()}"])
                reader = codecs.getincrementaldecoder(codec)("replace")
                reader.setstate(state)
                text = reader.decode(body)
            yield text
        if reader is not None and reader.getstate()[0]:
            yield "\ufffd"  # half a character

    def _note(self, notes: list[str]) -> None:
        self.notes += [note for note in notes if note not in self.notes]

    def _blocks(self) -> Iterator[tuple[bytes, bool]]:
        """The octets, and whether these are the last."""
        for at in range(self._start, self._end, _PIECE):
            behind = min(at + _PIECE, self._end)
            yield self._octets[at:behind], behind == self._end

    def _as_it_is(self) -> Iterator[bytes]:
        self._note(undo(b"", self._encoding)[1])
        for block, _ in self._blocks():
            yield block

    def _from_base64(self) -> Iterator[bytes]:
        held = b""
        for block, last in self._blocks():
            octets = held + block
            # four letters make three octets, wherever the lines are cut
            letters = len(octets) - len(octets.translate(None, ALPHABET))
            over = 0 if last else letters % 4
            cut = _before(octets, over)
            octets, held = octets[:cut], octets[cut:]
            body, notes = from_base64(octets)
            self._note(notes if last else [note for note in notes if note not in _AT_END])
            yield body

    def _from_quoted_printable(self) -> Iterator[bytes]:
        held = b""
        for block, last in self._blocks():
            octets = held + block
            cut = len(octets)
            if not last:
                cut = octets.rfind(b"\n") + 1
                if not cut:
                    half = _HALF.search(octets)
                    cut = half.start() if half else len(octets)
            octets, held = octets[:cut], octets[cut:]
            body, notes = from_quoted_printable(octets)
            self._note(notes)
            yield body


def _before(octets: bytes, letters: int) -> int:
    """Where the last so many letters of base64 begin."""
    at = len(octets)
    while letters:
        at -= 1
        letters -= octets[at] in ALPHABET
    return at
