"""What a transcript asks of a player, in order: what to write, and what must come.

Plain values, made by `dialogue` from the lines of the file.  Both players walk along them: the
client writes the `Write`s and checks the `Reply`s, the server the other way round.
"""

from mailprobe.enums import Enum, auto
from mailprobe.protocol.model import Command
from mailprobe.transcript.model import (
    Alt,
    Assert,
    EventLine,
    FileLine,
    Form,
    Line,
    Pattern,
    Pieces,
    Place,
    Poll,
    Question,
    Title,
    TlsLine,
    Wire,
)
from mailprobe.value import frozen


@frozen
class ExpectedLine:
    """One line of a reply or body as the file has it; pieces of `S=` are joined to lines."""

    line: Line  # where it is written; of a joined one, where it begins
    form: Form  # COOKED: written, it says what must come; all others: recorded
    pieces: Pieces  # without the line end
    end: bytes  # CRLF, LF, or nothing where the line is cut off


@frozen
class Expected:
    """One reply that the file demands.

    With `question` (`S?`) there are neither `status` nor `body` lines.  `body` is None where no
    multi-line response belongs to the reply; the lone dot is not a part of it.
    """

    place: Place
    question: Question | None
    status: tuple[ExpectedLine | Pattern, ...]  # a Pattern here is `S*`
    conditions: tuple[Pattern, ...]  # S+ S-
    body: tuple[ExpectedLine | Pattern | FileLine, ...] | None
    whole: bool  # False: `S@ close` or `S@ reset` cuts it short
    # Everything that the file says for it, in order: what a server says, and when.
    lines: tuple[Line, ...]
    open: bool = False  # not whole, because the file ends in it: what comes behind is free
    masked: bool = False  # the recorder has written `*` in the place of a secret


@frozen
class Context:
    """What a reply answers.

    `command` is None for the greeting and for a reply that nothing is owed.  `recipient` is the
    forward-path that an LMTP reply to the end of mail data speaks of.
    """

    command: Command | None
    greeting: bool = False
    unsolicited: bool = False
    unit: int | None = None  # number of the `Unit` on this connection that it answers
    recipient: bytes | None = None
    data: bool = False  # it answers mail data, or a chunk, not the command line
    hello: bool = False  # it tells service extensions or capabilities: EHLO, LHLO, CAPA
    multi: bool = False  # a positive one is followed by a body
    malformed: bool = False  # what the file has is no reply: nothing is owed it, no code counts


# ---------------------------------------------------------------------------------- the steps


class Sort(Enum):
    """What a part of what the client writes is."""

    COMMAND = auto()
    ANSWER = auto()  # to a SASL challenge
    DATA = auto()  # mail data with its end, or all of one BDAT chunk
    RAW = auto()  # octets that end no line: nothing is owed them


@frozen
class Unit:
    """One command line, answer, or message of the client, as the file has it.

    `pieces` is without the line end, and None for mail data, which `lines` hold.
    """

    number: int  # counts those of one connection, from 0
    sort: Sort
    pieces: Pieces | None
    lines: tuple[Wire | FileLine, ...]  # where it is written; lines may be parts of two units
    end: bytes = b"\r\n"  # the line end that `pieces` is without; b"": a name holds it


@frozen
class Write:
    """C lines that are one write.

    `secret` holds for each line the indexes of those pieces that stand in a secret place.
    `units` are those that end in it.
    """

    connection: int
    lines: tuple[Wire | FileLine, ...]
    secret: tuple[frozenset[int], ...]
    units: tuple[Unit, ...]


@frozen
class Reply:
    """A reply that must come.  Times in seconds, for this reply alone."""

    connection: int
    expected: Expected
    context: Context
    within: float | None = None
    after: float | None = None


@frozen
class RawLine:
    """`protocol: raw`: one line, to the letter; or `S*`, any number of them."""

    connection: int
    expected: ExpectedLine | Pattern
    within: float | None = None
    after: float | None = None


@frozen
class Happens:
    """An event line that stands for itself: pause, silent, flush, close, reset."""

    line: EventLine


@frozen
class Handshake:
    """TLS starts here."""

    line: TlsLine


@frozen
class Check:
    """`@assert`, about what connection `connection` has just seen."""

    line: Assert
    connection: int


@frozen
class Choice:
    """An `@alt` that has not been decided: nothing behind it is known yet."""

    line: Alt


@frozen
class Repeat:
    """A `@poll`; `steps` are those of one round, on connections that it opens itself."""

    line: Poll
    steps: tuple["Step", ...]


@frozen
class Section:
    """A step of the transcript begins: `==`."""

    line: Title


Step = Write | Reply | RawLine | Happens | Handshake | Check | Choice | Repeat | Section


def connection_of(step: Step) -> int | None:
    """The number of the connection that a step is about, if it is about one."""
    match step:
        case Write(connection=number) | Reply(connection=number) | RawLine(connection=number):
            return number
        case Happens(line=line) | Handshake(line=line):
            return line.connection
        case _:
            return None
