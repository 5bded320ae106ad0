"""A transcript as it would be heard: who says what, in order, with the samples of the file.

Of alternatives the first is taken, mistakes are left out unless somebody asks for them, a poll
passes the first time.  What is a command, mail data or a body is for the connection to know
that reads along.
"""

import copy
from collections.abc import Callable, Iterable, Iterator

from mailprobe.enums import StrEnum
from mailprobe.patterns import pattern
from mailprobe.protocol.events import Event
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.framing import stuff
from mailprobe.protocol.items import Phase
from mailprobe.render.wording import by_language, chosen, notation, shown
from mailprobe.safe import safe
from mailprobe.transcript.model import (
    Alt,
    EventLine,
    FileLine,
    Function,
    Happening,
    Include,
    Lesson,
    Line,
    Pattern,
    Piece,
    Pieces,
    Poll,
    Question,
    Setting,
    Title,
    TlsLine,
    Transcript,
    Wire,
    Wrong,
)
from mailprobe.transcript.talks.shadow import PROTOCOLS, Shadow
from mailprobe.value import field, frozen, mutable

_LINE_END = pattern(rb"\r\n|\r|\n")


class Kind(StrEnum):
    """What somebody says, or what happens."""

    COMMAND = "command"
    ANSWER = "answer"  # to a SASL challenge
    DATA = "data"  # mail data
    REPLY = "reply"
    BODY = "body"  # of a multi-line response
    LINE = "line"  # of a protocol that nobody knows
    REMARK = "remark"  # what no peer says: TLS, the end, conditions
    PAUSE = "pause"
    TITLE = "title"
    LESSON = "lesson"


_PHASES = {
    Phase.COMMAND: Kind.COMMAND,
    Phase.ANSWER: Kind.ANSWER,
    Phase.DATA: Kind.DATA,
    Phase.CHUNK: Kind.DATA,
}
_HAPPENED = {
    Happening.CLOSE: "the connection is closed",
    Happening.RESET: "the connection is reset",
}
_WAITS = (Happening.PAUSE, Happening.AFTER, Happening.SILENT)
_ASIDES = 100  # known mistakes and alternatives that are heard, of one file
_SMALL = 100  # messages and recipients: who knows more than that takes longer to copy


@frozen
class Turn:
    """One line.  `text` can be shown as it is; `events` are what it meant to the connection."""

    line: Line
    side: str  # "C", "S", or "" where nobody speaks
    connection: int
    kind: Kind
    text: str
    seconds: float = 0.0  # of a pause
    events: tuple[Event, ...] = ()
    facts: Facts | None = None  # of the connection, behind `events`; the next turn alters them


def turns(
    transcript: Transcript,
    *,
    language: str = "",
    read: Callable[[str], bytes] | None = None,
    asides: bool = False,
) -> Iterator[Turn]:
    """The whole dialogue.  Without `read`, or where it fails, a body file stands for itself.

    With `asides` the known mistakes are heard, too, and all alternatives: each begins where the
    dialogue stands, and leaves no trace in it.
    """
    return _Reader(transcript, language, read, asides=asides).turns()


@mutable
class _Values:
    """What names stand for, as far as the file says it."""

    known: dict[str, bytes] = field(default_factory=dict)

    def set(self, settings: Iterable[Setting]) -> None:
        for setting in settings:
            if all(isinstance(piece, bytes) for piece in setting.pieces):
                self.known.setdefault(setting.name, self.octets(setting.pieces))

    def octets(self, pieces: Pieces) -> bytes:
        return b"".join(map(self._octets, pieces))

    def text(self, pieces: Pieces) -> str:
        """The same, to be shown as a session shows it: by `safe()`."""
        return "".join(
            notation(piece) if self._value(piece) is None else safe(self._octets(piece))
            for piece in pieces
        )

    def _octets(self, piece: Piece) -> bytes:
        value = self._value(piece)
        return notation(piece).encode() if value is None else value

    def _value(self, piece: Piece) -> bytes | None:
        if isinstance(piece, bytes):
            return piece
        if isinstance(piece, Function):
            return None
        if piece.name in self.known:
            return self.known[piece.name]
        if piece.name and piece.sample is not None:
            self.known[piece.name] = piece.sample
        return piece.sample


class _Reader:
    def __init__(
        self,
        transcript: Transcript,
        language: str,
        read: Callable[[str], bytes] | None,
        *,
        asides: bool,
    ) -> None:
        self._asides = _ASIDES if asides else 0  # that may still be heard
        self._transcript = transcript
        self._language = chosen(transcript, language)
        self._read = read
        self._shadows: dict[int, Shadow] = {}
        self._values = _Values()
        self._values.set(transcript.head.settings)
        for matrix in transcript.head.matrices:
            self._values.known.setdefault(matrix.name, matrix.values[0][1])

    def turns(self) -> Iterator[Turn]:
        yield from self._heard(self._transcript.lines)

    def _heard(self, lines: Iterable[Line]) -> Iterator[Turn]:
        played = list(self._played(lines))
        for line, language in by_language(self._transcript, played):
            if language in ("", self._language):
                yield from self._turn(line)

    def _beside(self, lines: Iterable[Line]) -> Iterator[Turn]:
        """Lines that are heard from here, and forgotten again."""
        if self._asides <= 0:
            return
        facts = [shadow.connection.facts for shadow in self._shadows.values()]
        known_of = sum(len(one.messages) + len(one.recipients) for one in facts)
        self._asides -= 1 + known_of // _SMALL
        shadows, known = self._shadows, self._values.known
        self._shadows = {number: _copied(shadow) for number, shadow in shadows.items()}
        self._values.known = dict(known)
        yield from self._heard(lines)
        self._shadows, self._values.known = shadows, known

    def _played(self, lines: Iterable[Line]) -> Iterator[Line]:
        """The lines that a run would come through."""
        for line in lines:
            match line:
                case Include(lines=inner, settings=settings):
                    self._values.set(settings)
                    yield from self._played(inner)
                case Alt(branches=(first, *_)):
                    yield line
                    yield from self._played(first.lines)
                case Poll(lines=inner):
                    yield line
                    yield from self._played(inner)
                case _:
                    yield line

    def _turn(self, line: Line) -> Iterator[Turn]:
        match line:
            case Wire(side="C"):
                yield self._said(line)
            case Wire():
                yield self._answered(line)
            case FileLine():
                yield from self._filed(line)
            case Question():
                yield self._classes(line)
            case Pattern(connection=connection, tag=tag, pieces=pieces):
                how = {"+": "with", "-": "without", "*": "lines like"}[tag]
                text = f"{how} {self._values.text(pieces)}"
                yield Turn(line, "S", connection, Kind.REMARK, text)
            case EventLine():
                yield from self._happened(line)
            case TlsLine(connection=connection):
                self._shadow(connection, lambda shadow: shadow.start_tls(implicit=False))
                yield Turn(line, "", connection, Kind.REMARK, "TLS starts here")
            case Title(content=content):
                yield Turn(line, "", 1, Kind.TITLE, shown(content))
            case Lesson(tag="|", content=content) if content:
                yield Turn(line, "", 1, Kind.LESSON, shown(content))
            case Alt(branches=(first, *others)):
                text = f"{shown(first.name)}: one of {len(others) + 1} ways to go on"
                yield Turn(line, "", 1, Kind.REMARK, text)
                for other in others:
                    yield from self._beside(other.lines)
            case Wrong(lines=lines):
                yield from self._beside(lines)
            case Poll(within=within):
                yield Turn(line, "", 1, Kind.REMARK, f"again, until it passes, for {within:g} s")
            case _:
                pass

    # ------------------------------------------------------------------------- the two sides

    def _said(self, line: Wire) -> Turn:
        octets = self._values.octets(line.pieces) + line.end
        kind = Kind.LINE
        found: tuple[Event, ...] = ()
        if shadow := self._of(line.connection):
            kind = _PHASES[shadow.connection.phase]
            found = tuple(shadow.write(octets))
        return Turn(line, "C", line.connection, kind, self._values.text(line.pieces), events=found)

    def _answered(self, line: Wire) -> Turn:
        octets = self._values.octets(line.pieces) + line.end
        text = self._values.text(line.pieces)
        shadow = self._of(line.connection)
        if shadow is None:
            return Turn(line, "S", line.connection, Kind.LINE, text)
        kind = Kind.BODY if shadow.connection.reading_body else Kind.REPLY
        found = tuple(shadow.hear(octets))
        facts = shadow.connection.facts
        return Turn(line, "S", line.connection, kind, text, events=found, facts=facts)

    def _classes(self, line: Question) -> Turn:
        text = " or ".join(shown(str(one)) for one in line.classes)
        shadow = self._of(line.connection)
        if shadow is None:
            return Turn(line, "S", line.connection, Kind.REPLY, text)
        found = tuple(shadow.hear_class(line.classes[0]))
        facts = shadow.connection.facts
        return Turn(line, "S", line.connection, Kind.REPLY, text, events=found, facts=facts)

    def _filed(self, line: FileLine) -> Iterator[Turn]:
        kind = Kind.DATA if line.side == "C" else Kind.BODY
        octets = self._read(line.path) if self._read else None
        found: tuple[Event, ...] = ()
        if shadow := self._of(line.connection):
            if octets is None:
                found = tuple(shadow.write_file()) if line.side == "C" else ()
            else:
                wire = octets if line.raw else self._travelling(octets, line, shadow)
                found = tuple(shadow.write(wire) if line.side == "C" else shadow.hear(wire))
        text = f"(the file {shown(line.path)})"
        yield Turn(line, line.side, line.connection, kind, text, events=found)

    @staticmethod
    def _travelling(octets: bytes, line: FileLine, shadow: Shadow) -> bytes:
        """A file as it is sent: CRLF at the end of each line, dots doubled but in a chunk."""
        mended = _LINE_END.sub(b"\r\n", octets)
        if mended and not mended.endswith(b"\r\n"):
            mended += b"\r\n"
        chunk = line.side == "C" and shadow.connection.phase is Phase.CHUNK
        return mended if chunk else stuff(mended)

    def _happened(self, line: EventLine) -> Iterator[Turn]:
        if line.word in _WAITS:
            yield Turn(line, line.side, line.connection, Kind.PAUSE, "", seconds=line.seconds)
        elif line.word in _HAPPENED:
            who = "client" if line.side == "C" else "server"
            text = f"{_HAPPENED[line.word]} by the {who}"
            yield Turn(line, "", line.connection, Kind.REMARK, text)

    # ---------------------------------------------------------------------- reading along

    def _of(self, connection: int) -> Shadow | None:
        """Who reads along; nobody, where the protocol is unknown."""
        if connection not in self._shadows:
            peer = self._transcript.head.peers.get(connection)
            if peer is None or peer.protocol not in PROTOCOLS:
                return None
            self._shadows[connection] = Shadow(peer.protocol, {})
            if peer.implicit_tls:
                self._shadows[connection].start_tls(implicit=True)
        return self._shadows[connection]

    def _shadow(self, connection: int, do: Callable[[Shadow], None]) -> None:
        if shadow := self._of(connection):
            do(shadow)


def _copied(shadow: Shadow) -> Shadow:
    """One that goes its own way; the table of the protocol is everybody's."""
    return copy.deepcopy(shadow, {id(shadow.catalogue): shadow.catalogue})
