"""From the steps of a transcript to what a server hears and says on each connection.

It knows no wire, no clock, no value.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mailprobe.player.serving.agenda import (
    Agenda,
    Hearing,
    Kind,
    Part,
    Saying,
    Turn,
    chunk_of,
    code_for,
    content,
    place_of,
)
from mailprobe.protocol.catalogue import GO_AHEADS, Then
from mailprobe.protocol.smtp import SMTP
from mailprobe.transcript.format import lines_of
from mailprobe.transcript.model import (
    Alt,
    FileLine,
    Happening,
    Include,
    Line,
    Peer,
    Piece,
    Transcript,
    Wire,
    Wrong,
    walk,
)
from mailprobe.transcript.steps import (
    ExpectedLine,
    Handshake,
    Happens,
    RawLine,
    Repeat,
    Reply,
    Sort,
    Step,
    Unit,
    Write,
    connection_of,
)
from mailprobe.value import field, mutable, replace

RAW = "raw"
_ENDS = (Happening.CLOSE, Happening.RESET)


def parts(
    transcript: Transcript, steps: Sequence[Step], wrongs: Iterable[Sequence[Step]] = ()
) -> tuple[Part, ...]:
    """The connections of a transcript, in the order in which they are opened.

    `wrongs` are the steps up to each known mistake, in the order of the file.
    """
    peers = transcript.head.peers
    agendas = [
        agenda(number, scene, raw=peers[number].protocol == RAW)
        for scene in scenes(steps)
        for number in numbers_of(scene)
    ]
    mistakes: list[tuple[int, int, Agenda]] = []
    blocks = mistakes_in(transcript.lines)
    for block, until in zip(blocks, wrongs, strict=True):
        mistakes.append(_mistake(block, until, peers))
    found = []
    for each in agendas:
        peer = peers[each.connection]
        mine = [(at, wrong) for number, at, wrong in mistakes if number == each.connection]
        *_, last = (line.place for line in transcript.walk() if _speaks(line, each.connection))
        found.append(Part(each, peer.protocol, peer.implicit_tls, last, tuple(mine)))
        mistakes = [row for row in mistakes if row[0] != each.connection]
    return tuple(found)


def mistakes_in(lines: Iterable[Line]) -> Iterator[Wrong]:
    """The known mistakes on the way that is played: the first branch of each `@alt`."""
    for line in lines:
        match line:
            case Wrong():
                yield line
            case Include(lines=inner):
                yield from mistakes_in(inner)
            case Alt(branches=(first, *_)):
                yield from mistakes_in(first.lines)
            case _:
                pass


def scenes(steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
    """The steps of the whole file, and those of each round of `@poll`, which opens its own."""
    yield steps
    for step in steps:
        if isinstance(step, Repeat):
            yield step.steps


def numbers_of(steps: Sequence[Step]) -> list[int]:
    """The connections that have a part in these steps, in the order in which they are opened."""
    return list(dict.fromkeys(number for step in steps if (number := connection_of(step))))


def agenda(connection: int, steps: Sequence[Step], *, raw: bool) -> Agenda:
    """What stands in `steps` for one connection."""
    maker = _Maker(connection, raw)
    for step in steps:
        if connection_of(step) == connection:
            maker.take(step)
    return maker.finish()


def _mistake(
    block: Wrong, until: Sequence[Step], peers: Mapping[int, Peer]
) -> tuple[int, int, Agenda]:
    """The connection of a known mistake, the hearing in whose place it comes, and its own."""
    lines = {id(line) for line in walk(block.lines)}
    first = next(line for line in block.lines if isinstance(line, Wire | FileLine))
    number = first.connection
    whole = agenda(number, until, raw=peers[number].protocol == RAW)
    at = next(
        index
        for index, hearing in enumerate(whole.hearings)
        if any(id(line) in lines for line in hearing.lines)
    )
    turns = tuple(
        replace(turn, needs=turn.needs - at, wants=0) for turn in whole.turns if turn.needs > at
    )
    return number, at, Agenda(number, whole.hearings[at:], turns)


# ---------------------------------------------------------------------------------- the maker


@mutable
class _Maker:
    """An agenda that grows."""

    connection: int
    raw: bool
    hearings: list[Hearing] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    _heard: dict[int, int] = field(default_factory=dict)  # number of a unit: hearings up to it
    _secret: dict[int, frozenset[int]] = field(default_factory=dict)  # by identity of a line
    _open: list[Wire | FileLine] = field(default_factory=list)  # lines that end nothing yet
    _in_mail: bool = False

    def take(self, step: Step) -> None:
        """The next step of this connection."""
        match step:
            case Write() if self.raw:
                self.hearings += _raw_hearings(step.lines)
            case Write():
                self._write(step)
            case Reply():
                self._reply(step)
            case Handshake():
                self._start_tls(step)
            case Happens(line=line) if line.side == "C":
                if line.word in _ENDS:
                    self._end_rest()
                    self.hearings.append(Hearing(Kind.END, (), line.place, line.text))
            case Happens(line=line) if line.word in _ENDS:
                self._end_rest()
                self._say(step, len(self.hearings))
            case RawLine() | Happens():
                self._say(step, len(self.hearings))
            case _:
                raise AssertionError("no step of a connection")

    def finish(self) -> Agenda:
        """All of it."""
        self._end_rest()
        return Agenda(self.connection, tuple(self.hearings), tuple(self.turns))

    # --------------------------------------------------------------------------- the server

    def _say(self, saying: Saying, needs: int, wants: int = 0) -> None:
        before = self.turns[-1].needs if self.turns else 0
        begun = sum(map(_length, self._open))
        self.turns.append(Turn(saying, max(needs, before), wants, begun))

    def _reply(self, step: Reply) -> None:
        context = step.context
        if context.greeting:
            self._say(step, 0, wants=len(self.hearings))
        elif context.unit is not None:
            self._say(step, self._heard[context.unit])
        else:
            self._say(step, len(self.hearings))
        self._in_mail = self._in_mail or _opens_mail(step)

    def _start_tls(self, step: Handshake) -> None:
        """What came in the clear is heard before the go-ahead is given."""
        self._end_rest()
        if self.turns:
            self.turns[-1] = replace(self.turns[-1], needs=len(self.hearings))
        self._say(step, len(self.hearings))
        self.hearings.append(Hearing(Kind.TLS, (), step.line.place, step.line.text))

    # --------------------------------------------------------------------------- the client

    def _write(self, step: Write) -> None:
        for line, secret in zip(step.lines, step.secret, strict=True):
            self._secret[id(line)] = secret
        self._open += step.lines
        for unit in step.units:
            self._hear(unit)
        if step.units:
            last = step.units[-1].lines[-1]
            del self._open[: [id(line) for line in self._open].index(id(last)) + 1]

    def _hear(self, unit: Unit) -> None:
        kind = Kind.LINE
        if unit.sort is Sort.DATA:
            kind = Kind.CHUNK if self._chunk_follows() else Kind.MAIL
        self._in_mail = False
        first = unit.lines[0]
        secret = self._secret[id(first)] if len(unit.lines) == 1 else frozenset()
        text = content(first) if kind is Kind.LINE else "mail data"
        self.hearings.append(
            Hearing(kind, unit.lines, place_of(first), text, unit.pieces, secret, unit)
        )
        self._heard[unit.number] = len(self.hearings)

    def _chunk_follows(self) -> bool:
        command = self.hearings[-1].command if self.hearings else None
        return command is not None and chunk_of(command) > 0

    def _end_rest(self) -> None:
        """What was begun and never ended."""
        if self._open:
            lines, self._open = tuple(self._open), []
            in_mail = self._in_mail or self._chunk_follows()
            first = lines[0]
            self.hearings.append(
                Hearing(Kind.REST, lines, place_of(first), content(first), in_mail=in_mail)
            )


def _opens_mail(step: Reply) -> bool:
    """Whether mail data follows this reply."""
    command, status = step.context.command, step.expected.status
    if command is None or step.context.data or SMTP.row(command).then is not Then.DATA:
        return False
    code = next(iter(GO_AHEADS[Then.DATA]))
    if step.expected.question is not None:
        return code_for(step, SMTP) == code
    last = status[-1] if status else None
    first = last.pieces[:1] if isinstance(last, ExpectedLine) else ()
    return bool(first) and isinstance(first[0], bytes) and first[0].startswith(code.encode())


def _length(line: Wire | FileLine) -> int:
    """About how many octets a line is on the wire: one at least."""
    if isinstance(line, FileLine):
        return 1
    return sum(len(piece) if isinstance(piece, bytes) else 1 for piece in line.pieces) + len(
        line.end
    )


def _raw_hearings(lines: Iterable[Wire | FileLine]) -> Iterator[Hearing]:
    """Lines of `protocol: raw`; what has no end is heard by its octets."""
    for line in lines:
        if isinstance(line, FileLine):
            yield Hearing(Kind.REST, (line,), place_of(line), content(line))
            continue
        pieces: list[Piece] = []
        for piece in (*line.pieces, line.end):
            for part in lines_of(piece) if isinstance(piece, bytes) else (piece,):
                pieces.append(part)
                if isinstance(part, bytes) and part.endswith(b"\n"):
                    yield _raw_hearing(Kind.LINE, line, pieces)
                    pieces = []
        if pieces:
            yield _raw_hearing(Kind.REST, line, pieces)


def _raw_hearing(kind: Kind, line: Wire, pieces: list[Piece]) -> Hearing:
    return Hearing(kind, (line,), place_of(line), content(line), tuple(pieces))


def _speaks(line: Line, connection: int) -> bool:
    return getattr(line, "connection", 0) == connection
