"""Header fields: unfolded, with encoded-words (RFC 2047) and parameters (RFC 2231) undone.

Everything here comes from the peer: all lengths are bounded, and nothing raises.
"""

import binascii
import re
from collections.abc import Iterator

from mailprobe.patterns import pattern
from mailprobe.render.mime.charsets import decode
from mailprobe.render.mime.encodings import from_base64
from mailprobe.value import frozen

_STRUCTURED = 8192  # octets of a field that is looked into for parameters
_FOLD = pattern(rb"\r?\n(?=[ \t])")
_LINE_END = pattern(rb"[\r\n]+")
# The end may be missing; the charset, too.
_WORD = pattern(rb"=\?([^?\s]{0,100})\?([BbQq])\?([^?]*)(\?=|\?\Z|\Z)")
_PARAMETER = pattern(
    r';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*+)"|([^;]*))', re.ASCII | re.DOTALL
)
_SECTION = pattern(r"(.*?)(?:\*(\d{1,3}))?(\*)?\Z", re.DOTALL)
_ESCAPED = pattern(r"\\(.)", re.DOTALL)
_HEX = pattern(rb"%([0-9A-Fa-f]{2})")


@frozen
class Field:
    """A header field; `raw` is what stands behind the colon, as it came."""

    name: str
    raw: bytes
    text: str  # decoded; goes through `safe()` on its way to a person
    notes: tuple[str, ...] = ()


def read_field(name: bytes, raw: bytes) -> Field:
    """A field from its name and the octets behind the colon, folds included."""
    text, notes = unwrap(raw)
    return Field(name.decode("ascii", "replace"), raw, text, tuple(dict.fromkeys(notes)))


def unfold(raw: bytes) -> bytes:
    """One line of it (RFC 5322, section 2.2.3)."""
    return _LINE_END.sub(b" ", _FOLD.sub(b"", raw)).strip(b" \t")


def unwrap(raw: bytes) -> tuple[str, list[str]]:
    """The text of a field with its encoded-words decoded, and what is wrong with it."""
    line, notes = unfold(raw), []
    if not line.isascii():
        notes.append("8-bit octets in the header")
    text: list[str] = []
    for octets, charset, wrong in _joined(_pieces(line)):
        found = decode(octets, charset)
        text.append(found.text)
        notes += [*wrong, *found.notes]
    return "".join(text), notes


_Piece = tuple[bytes, str | None, list[str]]  # octets; their charset, None for bare text; notes


def _pieces(line: bytes) -> Iterator[_Piece]:
    """Bare text and encoded-words in their order; blanks between two words are nothing."""
    at, after_word = 0, False
    for match in _WORD.finditer(line):
        between = line[at : match.start()]
        if between and not (after_word and not between.strip(b" \t")):
            yield between, None, []
        yield _word(match)
        at, after_word = match.end(), True
    if line[at:]:
        yield line[at:], None, []


def _word(match: re.Match[bytes]) -> _Piece:
    charset, encoding, text, end = match.groups()
    notes = [] if end == b"?=" else ["an encoded-word does not end"]
    if not charset:
        notes.append("an encoded-word names no charset")
    if encoding in b"Bb":
        octets, broken = from_base64(text)
        notes += broken
    else:
        octets = binascii.a2b_qp(text, header=True)
    name = charset.decode("ascii", "replace").partition("*")[0]  # RFC 2231: a language behind it
    return octets, name, notes


def _joined(pieces: Iterator[_Piece]) -> Iterator[tuple[bytes, str, list[str]]]:
    """Neighbours of one charset as one: mailers part characters in the middle."""
    collected: list[bytes] = []
    charset: str | None = None
    notes: list[str] = []
    for octets, name, wrong in pieces:
        if collected and name != charset:
            yield b"".join(collected), charset or "", notes
            collected, notes = [], []
        collected.append(octets)
        charset, notes = name, notes + wrong
    if collected:
        yield b"".join(collected), charset or "", notes


# ------------------------------------------------------------------------------------ parameters


def parameters(raw: bytes) -> tuple[str, dict[str, str]]:
    """What stands before the first semicolon, lower case, and the parameters behind it."""
    line = unfold(raw[:_STRUCTURED]).decode("utf-8", "surrogateescape")
    found: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in _PARAMETER.finditer(line):
        section = _SECTION.match(match[1].lower())
        assert section is not None  # it matches everything
        quoted = match[2]
        value = match[3].strip() if quoted is None else _ESCAPED.sub(r"\1", quoted)
        pieces = found.setdefault(section[1], {})
        pieces.setdefault(int(section[2] or 0), (value, section[3] is not None))
    return line.partition(";")[0].strip().lower(), {
        name: _value([pieces[number] for number in sorted(pieces)])
        for name, pieces in found.items()
    }


def _value(pieces: list[tuple[str, bool]]) -> str:
    """A value of RFC 2231, or a plain one; in that mailers write encoded-words all the same."""
    octets = [text.encode("utf-8", "surrogateescape") for text, _ in pieces]
    if not pieces[0][1]:
        return unwrap(b"".join(octets))[0]
    charset, first, rest = b"", octets[0], octets[1:]
    if first.count(b"'") >= 2:
        charset, _, first = first.split(b"'", 2)
    whole = _HEX.sub(lambda match: binascii.unhexlify(match[1]), b"".join([first, *rest]))
    return decode(whole, charset.decode("ascii", "replace")).text
