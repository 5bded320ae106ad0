"""What a transcript demanded and what came instead: plain values for whoever reports it."""

import re
from collections.abc import Callable

from mailprobe.patterns import pattern
from mailprobe.safe import safe
from mailprobe.transcript.model import Form, Line, Pieces, Place, Wire
from mailprobe.transcript.steps import ExpectedLine
from mailprobe.value import frozen, replace

_TAG = pattern(r"[CS][2-9]?[:\\=~<>?+*@-] ?")
_ESCAPE = pattern(r"\\u\{([0-9A-Fa-f]+)\}|\\x..|\\.|.", re.DOTALL)
_BEFORE, _AFTER = 24, 48  # octets that a diff shows around the first difference


@frozen
class Mismatch:
    """Something that did not come as it must.

    `place` is where the file demands it, `width` what the caret covers there, in characters, and
    `text` the whole line.  `sentence` and `hint` are fit to be shown.  `expected` and `got` are
    two lines that should be the same, octets as they travel; they may hold a secret.
    """

    place: Place
    width: int
    text: str
    sentence: str
    hint: str = ""
    expected: bytes | None = None
    got: bytes | None = None

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}"

    def difference(self, mask: Callable[[bytes], bytes] | None = None) -> tuple[str, ...]:
        """Two lines and a caret below their first difference; nothing where there are no two.

        `mask` takes secrets out.  Long lines are cut to what stands around the difference.
        """
        if self.expected is None or self.got is None:
            return ()
        expected, got = (mask(line) if mask else line for line in (self.expected, self.got))
        return _difference(expected, got)

    def hinted(self, hint: str) -> "Mismatch":
        """The same with another hint."""
        return replace(self, hint=hint)


def first_difference(one: bytes, other: bytes) -> int:
    """How many octets both begin with; never in the middle of a character of UTF-8."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    for back in range(min(low, 3) + 1):
        if _whole(one[low - back :]) and _whole(other[low - back :]):
            return low - back
    return low


def _whole(octets: bytes) -> bool:
    """Whether a character begins here, or the end is."""
    return not octets or not 0x80 <= octets[0] <= 0xBF


def _difference(expected: bytes, got: bytes) -> tuple[str, str, str]:
    at = first_difference(expected, got)
    start = max(0, at - _BEFORE)
    start += next((i for i in range(4) if _whole(expected[start + i :])), 0) if start else 0
    before = "..." if start else ""
    shown = [
        before + safe(line[start : at + _AFTER]) + ("..." if len(line) > at + _AFTER else "")
        for line in (expected, got)
    ]
    width = len(before + safe(expected[start:at]))
    return shown[0], shown[1], " " * width + "^"


# ------------------------------------------------------------------------ where in the file


def content_column(line: Line) -> int:
    """The column at which the content of a wire or expectation line begins."""
    match = _TAG.match(line.text)
    return match.end() + 1 if match else 1


def at_content(line: Line, sentence: str, hint: str = "") -> Mismatch:
    """A mismatch about all that the line says."""
    column = content_column(line)
    width = len(line.text) - column + 1
    if width < 1:
        column, width = 1, max(1, len(line.text))
    return Mismatch(line.place._replace(column=column), width, line.text, sentence, hint)


def at_word(line: Line, word: str, sentence: str, hint: str = "") -> Mismatch:
    """A mismatch about one word of the line, in whatever case it stands there."""
    column = content_column(line)
    pattern = rf"(?<![\w-]){re.escape(word)}(?![\w-])"
    match = re.compile(pattern, re.IGNORECASE).search(line.text, column - 1)
    if not match or not word:
        return at_content(line, sentence, hint)
    place = line.place._replace(column=match.start() + 1)
    return Mismatch(place, len(word), line.text, sentence, hint)


def at_piece(line: Line, pieces: Pieces, index: int, sentence: str) -> Mismatch:
    """A mismatch about one piece of cooked text: a placeholder, or what stands between two."""
    ends = [(content_column(line), 0)]  # column and width of each piece
    for number, piece in enumerate(pieces):
        if isinstance(piece, bytes):
            start = ends[-1][0] + ends[-1][1]
            following = pieces[number + 1] if number + 1 < len(pieces) else None
            end = len(line.text) + 1
            if following is not None and not isinstance(following, bytes):
                end = following.column
            ends.append((start, max(1, end - start)))
        else:
            ends.append((piece.column, piece.width))
    if index >= len(pieces):
        column, width = len(line.text) + 1, 1
    else:
        column, width = ends[index + 1]
    return Mismatch(line.place._replace(column=column), width, line.text, sentence)


def at_octet(expected: ExpectedLine, got: bytes, sentence: str) -> Mismatch:
    """A mismatch of a line that must come to the letter, `got` with its end."""
    octets = b"".join(piece for piece in expected.pieces if isinstance(piece, bytes))
    octets += expected.end
    column = column_of(expected.line, first_difference(octets, got))
    place = expected.line.place._replace(column=column)
    return Mismatch(place, 1, expected.line.text, sentence, "", octets, got)


def column_of(line: Line, offset: int) -> int:
    """The column in the file at which octet `offset` of a line is written."""
    start = content_column(line)
    escaped = isinstance(line, Wire) and line.form is not Form.VERBATIM
    column, octets = start, 0
    for token in _ESCAPE.finditer(line.text, start - 1) if escaped else line.text[start - 1 :]:
        if octets >= offset:
            break
        text = token if isinstance(token, str) else token[0]
        octets += _octets_of(token)
        column += len(text)
    return column


def _octets_of(token: "str | re.Match[str]") -> int:
    if isinstance(token, str):
        return len(token.encode("utf-8", "surrogateescape"))
    if token[1]:
        return len(chr(int(token[1], 16)).encode("utf-8", "surrogatepass"))
    return 1 if token[0].startswith("\\") else len(token[0].encode("utf-8", "surrogateescape"))
