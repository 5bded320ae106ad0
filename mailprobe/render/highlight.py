"""A line of a transcript in pieces, each with the name of what it is: for terminal, page, picture.

Pygments is loaded with this module: import it where it is used.
"""

from collections.abc import Iterator

from pygments.token import (
    Comment,
    Error,
    Generic,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Token,
    _TokenType,
)

from mailprobe.enums import StrEnum
from mailprobe.render.wording import shown
from mailprobe.transcript.pygments_lexer import TranscriptLexer


class Look(StrEnum):
    """What a piece of a line is."""

    PLAIN = "plain"
    CLIENT = "client"  # the tag of a client's line
    SAYS = "says"  # and what it says
    SERVER = "server"
    ANSWERS = "answers"
    CODE = "code"  # of a reply that lets the dialogue go on
    REFUSED = "refused"
    ESCAPE = "escape"
    OPEN = "open"  # a placeholder or function: its braces, name, type
    SAMPLE = "sample"
    WORD = "word"  # of a directive, event or header
    VALUE = "value"
    HEADING = "heading"
    LESSON = "lesson"
    COMMENT = "comment"
    ERROR = "error"


# The first that a kind of token belongs to; those of the lexer, from the narrow to the wide.
_LOOKS: tuple[tuple[_TokenType, Look], ...] = (
    (Error, Look.ERROR),
    (Keyword.Type, Look.OPEN),
    (Keyword.Reserved, Look.WORD),
    (Keyword.Constant, Look.VALUE),
    (Keyword, Look.CLIENT),
    (Name.Tag, Look.SERVER),
    (Name.Function, Look.OPEN),
    (Name.Variable, Look.OPEN),
    (Name, Look.WORD),
    (Generic.Output, Look.ANSWERS),
    (Generic.Error, Look.REFUSED),
    (Generic.Heading, Look.HEADING),
    (Number, Look.CODE),
    (Comment, Look.COMMENT),
    (String.Escape, Look.ESCAPE),
    (String.Interpol, Look.OPEN),
    (String.Regex, Look.OPEN),
    (String.Double, Look.OPEN),
    (String.Other, Look.SAMPLE),
    (String.Doc, Look.LESSON),
    (String, Look.SAYS),
    (Operator, Look.PLAIN),
    (Punctuation, Look.PLAIN),
    (Token, Look.PLAIN),
)
_IN_HEADER = {Look.SAYS: Look.VALUE}

Pieces = list[tuple[Look, str]]


class Highlighter:
    """Cuts lines into pieces; what they hold can be shown as it is."""

    def __init__(self) -> None:
        self._lexer = TranscriptLexer()
        self._known: dict[_TokenType, Look] = {}

    def line(self, text: str) -> Pieces:
        """A line behind the header."""
        return list(self._pieces(text, ("root", "lines")))

    def header(self, text: str) -> Pieces:
        """A line of the header."""
        return [
            (_IN_HEADER.get(look, look), piece) for look, piece in self._pieces(text, ("root",))
        ]

    def _pieces(self, text: str, stack: tuple[str, ...]) -> Iterator[tuple[Look, str]]:
        """Neighbours of one look are one piece."""
        last: Look | None = None
        held: list[str] = []
        for _, token, piece in self._lexer.get_tokens_unprocessed(text, stack):
            look = self._known.get(token) or self._learn(token)
            if look is not last:
                if last:
                    yield last, shown("".join(held))
                last, held = look, []
            held.append(piece)
        if last:
            yield last, shown("".join(held))

    def _learn(self, token: _TokenType) -> Look:
        look = next(look for kind, look in _LOOKS if kind is token or kind in token.split())
        self._known[token] = look
        return look
