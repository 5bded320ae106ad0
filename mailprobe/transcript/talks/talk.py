"""One connection of a file while it is compiled: what mail protocols and `raw` have in common.

Lines come in pieces (`S=`), events and ends stand between them.
"""

from abc import ABC, abstractmethod

from mailprobe.protocol.events import Ending
from mailprobe.transcript.format import lines_of
from mailprobe.transcript.model import (
    EventLine,
    FileLine,
    Form,
    Happening,
    Line,
    Pattern,
    Piece,
    Pieces,
    Question,
    TlsLine,
    Unreadable,
    Wire,
)
from mailprobe.transcript.steps import (
    Context,
    Expected,
    ExpectedLine,
    Happens,
    Reply,
    Step,
    Unit,
    Write,
)
from mailprobe.value import field, mutable

ENDS = {Happening.CLOSE: Ending.EOF, Happening.RESET: Ending.RESET}


def without_end(pieces: list[Piece]) -> tuple[Pieces, bytes]:
    """A line without its end, and that end."""
    last = pieces[-1]
    if not isinstance(last, bytes):
        return tuple(pieces), b""
    end = next((end for end in (b"\r\n", b"\n") if last.endswith(end)), b"")
    content = last[: len(last) - len(end)]
    return (*pieces[:-1], *([content] if content else [])), end


def fault(line: Line, sentence: str) -> Unreadable:
    return Unreadable(line.place, sentence, line.text, max(1, len(line.text)))


@mutable
class Writing:
    """A `Write` that may still grow."""

    connection: int
    lines: list[Wire | FileLine] = field(default_factory=list)
    secret: list[set[int]] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)

    def finish(self) -> Write:
        secret = tuple(frozenset(indexes) for indexes in self.secret)
        return Write(self.connection, tuple(self.lines), secret, tuple(self.units))


@mutable
class Answer:
    """A `Reply` that may still grow."""

    connection: int
    first: Line
    within: float | None
    after: float | None
    lines: list[Line] = field(default_factory=list)
    question: Question | None = None
    status: list[ExpectedLine | Pattern] = field(default_factory=list)
    conditions: list[Pattern] = field(default_factory=list)
    body: list[ExpectedLine | Pattern | FileLine] | None = None
    context: Context = field(default_factory=lambda: Context(None))
    whole: bool = True
    open: bool = False
    masked: bool = False

    def finish(self) -> Reply:
        expected = Expected(
            self.first.place,
            self.question,
            tuple(self.status),
            tuple(self.conditions),
            None if self.body is None else tuple(self.body),
            self.whole,
            tuple(self.lines),
            self.open,
            self.masked,
        )
        return Reply(self.connection, expected, self.context, self.within, self.after)


Draft = Writing | Answer | Step


class Talk(ABC):
    """One connection.  What both kinds have: lines in pieces, events, ends."""

    def __init__(self, connection: int, drafts: list[Draft]) -> None:
        self._connection = connection
        self._drafts = drafts
        self._writing: Writing | None = None  # the group of C lines that goes on
        self._partial: list[tuple[Wire, Piece]] = []  # an S line that has no end yet
        self._within: float | None = None  # of the next reply
        self._after: float | None = None
        self._ended: Line | None = None
        self._half: Line | None = None  # `C@ close`

    def take(self, line: Wire | FileLine | Question | Pattern) -> None:
        """One line of either side.  Raises Unreadable."""
        if self._ended is not None:
            number = self._ended.place.line
            raise fault(line, f"connection {self._connection} has ended in line {number}")
        if isinstance(line, Wire | FileLine) and line.side == "C":
            self._write(line)
            return
        self._writing = None
        match line:
            case Wire():
                self._hear_pieces(line)
            case FileLine():
                self._hear_file(line)
            case Question():
                self._ask(line)
            case Pattern(tag="*"):
                self._any_lines(line)
            case _:
                self._condition(line)

    def happen(self, line: EventLine) -> None:
        """`C@` or `S@`.  Raises Unreadable."""
        self._writing = None
        if line.side == "S" and line.word is Happening.WITHIN:
            self._within = line.seconds
        elif line.side == "S" and self._inside(line):
            pass
        elif line.side == "S" and line.word is Happening.AFTER:
            self._after = line.seconds
        else:
            self._drafts.append(Happens(line))
        if line.word in ENDS:
            self._end(line)

    def _end(self, line: EventLine) -> None:
        if line.side == "C" and line.word is Happening.CLOSE:
            self._half = line  # S lines may follow
        else:
            self._ended = line

    def _write(self, line: Wire | FileLine) -> None:
        if self._half is not None:
            number = self._half.place.line
            raise fault(line, f"the client has closed its side in line {number}")
        self._finish_reply()
        writing = self._writing
        if writing is None or self._drafts[-1] is not writing:
            writing = self._writing = Writing(self._connection)
            self._drafts.append(writing)
        writing.lines.append(line)
        writing.secret.append(set())
        self._say(writing, line)

    def _hear_pieces(self, line: Wire) -> None:
        """Join what `S=` cuts, and cut what it joins, into lines."""
        self._begin(line)
        for piece in (*line.pieces, line.end):
            if isinstance(piece, bytes):
                for part in lines_of(piece):
                    self._partial.append((line, part))
                    if part.endswith(b"\n"):
                        self._hear(self._take_partial())
            else:
                self._partial.append((line, piece))

    def _take_partial(self) -> ExpectedLine:
        parts, self._partial = self._partial, []
        pieces: list[Piece] = []
        for _, piece in parts:
            if pieces and isinstance(piece, bytes) and isinstance(pieces[-1], bytes):
                pieces[-1] += piece
            else:
                pieces.append(piece)
        content, end = without_end(pieces)
        lines = [line for line, _ in parts]
        cooked = next((line for line in lines if line.form is Form.COOKED), lines[0])
        return ExpectedLine(cooked, cooked.form, content, end)

    @abstractmethod
    def _say(self, writing: Writing, line: Wire | FileLine) -> None: ...
    @abstractmethod
    def _begin(self, line: Line) -> None: ...
    @abstractmethod
    def _hear(self, line: ExpectedLine) -> None: ...
    @abstractmethod
    def _hear_file(self, line: FileLine) -> None: ...
    @abstractmethod
    def _ask(self, line: Question) -> None: ...
    @abstractmethod
    def _any_lines(self, line: Pattern) -> None: ...
    @abstractmethod
    def _condition(self, line: Pattern) -> None: ...
    @abstractmethod
    def _inside(self, line: EventLine) -> bool:
        """Take an event that happens inside of a reply; False when it stands alone."""

    @abstractmethod
    def _finish_reply(self) -> None:
        """Something else begins.  Raises Unreadable when the reply has no end."""

    @abstractmethod
    def start_tls(self, line: TlsLine) -> None:
        """`@tls`."""

    def finish(self, *, inside: bool = False) -> None:
        """The file is over, or the block `inside` of it.  Raises Unreadable."""
        self._finish_reply()
