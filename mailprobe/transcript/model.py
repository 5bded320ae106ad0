"""A transcript as a tree: what each line says, and where it stands.

Plain values.  This module must not know how they are read, written, matched or played.
"""

from collections import namedtuple
from collections.abc import Iterator

from mailprobe.enums import Enum, StrEnum
from mailprobe.errors import Failure, Word
from mailprobe.safe import safe
from mailprobe.value import field, frozen


class Place(namedtuple("Place", ("file", "line", "column"), defaults=(1,))):
    """Where something is written.  Lines and columns count from 1, columns in characters."""

    __slots__ = ()

    file: str  # as a person named it
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Unreadable(Failure):
    """A transcript that breaks the grammar.  `text` is the line, `width` what the caret covers.

    `word` is another one where the grammar is kept, and what a line names cannot be read.
    """

    def __init__(
        self,
        place: Place,
        sentence: str,
        text: str = "",
        width: int = 1,
        *,
        word: Word = Word.SYNTAX,
    ) -> None:
        super().__init__(word, f"{safe(str(place))}: {sentence}")
        self.place = place
        self.reason = sentence
        self.text = text
        self.width = width


# ------------------------------------------------------------------------------- cooked text


@frozen
class Name:
    """The argument of a function that names a value."""

    name: str


@frozen
class Placeholder:
    """`{name:type=sample}` or `{name/regex/=sample}`.

    `name` may be "", `kind` is "any" where nothing is said, and "" beside a `regex`.
    """

    name: str
    kind: str
    regex: str | None
    sample: bytes | None
    column: int = field(default=1, compare=False)
    width: int = field(default=1, compare=False)


@frozen
class Function:
    """`{=word(arguments)}`."""

    word: str
    arguments: tuple[Name | int | str, ...]
    column: int = field(default=1, compare=False)
    width: int = field(default=1, compare=False)


Piece = bytes | Placeholder | Function
Pieces = tuple[Piece, ...]


# -------------------------------------------------------------------------------------- lines


@frozen
class Line:
    """One line of the file; `text` is as it stands there, without its end."""

    place: Place
    text: str


@frozen
class Blank(Line):
    """Nothing."""


@frozen
class Comment(Line):
    """`#`: for readers of the file."""


class Form(StrEnum):
    """How the octets of a wire line are written: its tag."""

    VERBATIM = ":"  # the text, CRLF
    ESCAPED = "\\"  # text with escapes, CRLF
    EXACT = "="  # exactly these octets
    COOKED = "~"  # text with escapes and placeholders, CRLF


@frozen
class Wire(Line):
    """Octets of one side.  `pieces` do not hold the CRLF that every form but EXACT adds."""

    side: str  # "C" or "S"
    connection: int
    form: Form
    pieces: Pieces

    @property
    def end(self) -> bytes:
        return b"" if self.form is Form.EXACT else b"\r\n"

    @property
    def octets(self) -> bytes | None:
        """What travels, when nothing in it is open."""
        if all(isinstance(piece, bytes) for piece in self.pieces):
            return b"".join(self.pieces) + self.end  # type: ignore[arg-type]  # just looked at
        return None


@frozen
class FileLine(Line):
    """`C<` or `S>`: a file holds the mail data, or the body of a multi-line response."""

    side: str
    connection: int
    raw: bool
    path: str


@frozen
class ReplyClass:
    """What `S?` allows: `250`, `2xx 2.1.x`, `+OK`, `-ERR [IN-USE]`, `+`, `xxx`."""

    code: str
    enhanced: str | None = None
    response_code: str | None = None  # upper case, without brackets

    def __str__(self) -> str:
        more = f" [{self.response_code}]" if self.response_code else ""
        return self.code + (f" {self.enhanced}" if self.enhanced else "") + more


@frozen
class Question(Line):
    """`S?`: one whole reply of one of these classes."""

    connection: int
    classes: tuple[ReplyClass, ...]


@frozen
class Pattern(Line):
    """`S+` (some line), `S-` (no line) or `S*` (any lines): `tag` is its second character."""

    connection: int
    tag: str
    pieces: Pieces


class Happening(StrEnum):
    """What `C@` and `S@` say."""

    CLOSE = "close"
    RESET = "reset"
    FLUSH = "flush"
    PAUSE = "pause"
    SILENT = "silent"
    WITHIN = "within"
    AFTER = "after"


@frozen
class EventLine(Line):
    """`C@` or `S@`."""

    side: str
    connection: int
    word: Happening
    seconds: float = 0.0


@frozen
class Lesson(Line):
    """`|` tells, `?` hints; `language` is "" where the file has one."""

    tag: str
    language: str
    content: str


@frozen
class Title(Line):
    """`==`: a step begins."""

    language: str
    content: str


# --------------------------------------------------------------------------------- directives


@frozen
class TlsLine(Line):
    """`@tls [2] [version=PATTERN] [verify=on|off]`; `verify` None: not said, on."""

    connection: int
    version: Pieces | None
    verify: bool | None


@frozen
class Assert(Line):
    """`@assert FACT OP VALUE`."""

    fact: str
    operator: str
    value: Pieces


@frozen
class Include(Line):
    """`@include PATH`; `lines` is what stands there, once somebody has read it."""

    path: str
    settings: tuple["Setting", ...] = ()
    lines: tuple[Line, ...] = ()


@frozen
class Branch:
    """One way of an `@alt`; `line` is its `@alt` or `@or`."""

    line: Line
    name: str
    lines: tuple[Line, ...]


@frozen
class Alt(Line):
    """`@alt a ... @or b ... @end`: the first branch that fits is taken."""

    branches: tuple[Branch, ...]
    end: Line


@frozen
class Poll(Line):
    """`@poll within=60s every=3s ... @end`: again, with new connections, until it passes."""

    within: float
    every: float
    lines: tuple[Line, ...]
    end: Line


@frozen
class Wrong(Line):
    """`@wrong ... @end`: a known mistake, and what becomes of it."""

    lines: tuple[Line, ...]
    end: Line


# --------------------------------------------------------------------------------- the header


@frozen
class Header(Line):
    """`key argument: value`."""

    key: str
    argument: str
    value: str


@frozen
class Setting:
    """`set NAME: value`."""

    name: str
    pieces: Pieces
    place: Place


@frozen
class Matrix:
    """`matrix NAME: label=value | label=value`."""

    name: str
    values: tuple[tuple[str, bytes], ...]  # label, octets
    place: Place


class Level(Enum):
    """How much of a recorded reply must be the same."""

    CLASS = "class"
    CODE = "code"
    TEXT = "text"


@frozen
class Peer:
    """What the header says of one connection."""

    protocol: str = ""  # smtp, lmtp, pop3, raw; "" where it is not said
    connect: str = ""
    implicit_tls: bool = False
    ca: str = ""
    place: Place | None = None  # of its `connect`, or of what else there is


@frozen
class Head:
    """What the header says, read."""

    titles: dict[str, str] = field(default_factory=dict)  # language ("": the file's own): title
    peers: dict[int, Peer] = field(default_factory=dict)
    level: Level = Level.CODE
    timeout: float | None = None  # seconds
    requires: tuple[tuple[str, ...], ...] = ()  # ("AUTH", "XOAUTH2"): keyword and words, upper case
    settings: tuple[Setting, ...] = ()
    matrices: tuple[Matrix, ...] = ()
    lock: str = ""
    tags: frozenset[str] = frozenset()
    languages: tuple[str, ...] = ()
    lesson: str = ""
    needs: tuple[str, ...] = ()  # lessons
    recorded: str = ""
    source: str = ""


@frozen
class Transcript:
    """A whole file.  `octets` is all of it: printing an untouched one gives them back.

    `headers` and `lines` hold every line once, blanks and comments, too; the lines of a block
    stand in the block.
    """

    name: str  # as a person named it
    octets: bytes
    headers: tuple[Line, ...]
    head: Head
    lines: tuple[Line, ...]

    def walk(self) -> Iterator[Line]:
        """Every line behind the header in its order, those of blocks and included files, too."""
        yield from walk(self.lines)

    def settings(self) -> Iterator[Setting]:
        """Those of the file first: they win over those of what it includes."""
        yield from self.head.settings
        for line in self.walk():
            if isinstance(line, Include):
                yield from line.settings


def walk(lines: tuple[Line, ...]) -> Iterator[Line]:
    """The lines and all that stand inside of them, in the order of the file."""
    for line in lines:
        yield line
        match line:
            case Alt(branches=branches, end=end):
                for number, branch in enumerate(branches):
                    if number:
                        yield branch.line
                    yield from walk(branch.lines)
                yield end
            case Poll(lines=inner, end=end) | Wrong(lines=inner, end=end):
                yield from walk(inner)
                yield end
            case Include(lines=inner):
                yield from walk(inner)
            case _:
                pass
