"""What lint says of names: those without a value, those without a use, secrets in the open."""

import re
from collections.abc import Iterator

from mailprobe.patterns import pattern
from mailprobe.transcript.linting.notes import Tell, about, about_piece
from mailprobe.transcript.model import (
    Assert,
    Function,
    Line,
    Name,
    Pattern,
    Piece,
    Pieces,
    Place,
    Placeholder,
    TlsLine,
    Transcript,
    Wire,
)
from mailprobe.transcript.steps import (
    Check,
    ExpectedLine,
    Handshake,
    RawLine,
    Repeat,
    Reply,
    Step,
    Write,
)
from mailprobe.transcript.talks.names import SIDE_BY_SIDE, wildcard_beside
from mailprobe.transcript.talks.walkthrough import Walkthrough, settings_of
from mailprobe.transcript.values import LIVE

_SECRET = pattern(r"(?:password|token|typed)(?:-?[0-9]+)?")
_IMPLIED = ("user", "password", "token")  # what {=sasl} and {=apop} look for
# A host to which anything may be said, and which a file may name: this machine.
_NEAR = pattern(
    r"sandbox(?:/.*)?|unix:.*|/.*"
    r"|(?:[a-z0-9+]+://)?\[?(?:localhost|127(?:\.[0-9]{1,3}){3}|::1)\]?(?::[0-9]+)?/?",
    re.IGNORECASE,
)


def is_near(connect: str) -> bool:
    """Whether that is this machine, or nothing that anybody knows."""
    return not connect or _NEAR.fullmatch(connect) is not None


def check_names(transcript: Transcript, walkthrough: Walkthrough, tell: Tell) -> None:
    """Names that nothing gives a value, and secrets that are none."""
    checking = _Checking(transcript, set(walkthrough.values), tell)
    checking.look(walkthrough.steps)


class _Checking:
    """Goes along steps; a name has a value from where it is captured, or sent as a sample."""

    def __init__(self, transcript: Transcript, known: set[str], tell: Tell) -> None:
        self._known = known
        self._tell = tell
        self._settings = {setting.name: setting for setting in settings_of(transcript)}
        self._headers = {line.place[:2]: line for line in transcript.headers}
        self._peers = transcript.head.peers
        self._said: set[str] = set()  # secrets: a server may repeat them
        self._begun: set[int] = set()  # connections on which somebody has logged in

    def look(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            match step:
                case Write():
                    self._write(step)
                case Repeat(steps=inner):
                    self.look(inner)
                case Reply(expected=expected):
                    for line in expected.lines:
                        self._capture(line)
                case RawLine(expected=ExpectedLine(line=line, pieces=pieces)):
                    self._pieces(line, pieces)
                case RawLine(expected=Pattern(pieces=pieces) as line):
                    self._pieces(line, pieces)
                case Handshake(line=line):
                    self._pieces(line, line.version or ())
                case Check(line=line):
                    for piece in line.value:
                        self._piece(line, piece, step.connection, secret=False)
                case _:
                    pass

    def _capture(self, line: Line) -> None:
        if isinstance(line, Wire | Pattern):
            self._pieces(line, line.pieces)

    def _pieces(self, line: Line, pieces: Pieces) -> None:
        beside = wildcard_beside(pieces, self._known | self._said)
        if beside is not None:
            self._tell(about_piece(line, beside, SIDE_BY_SIDE, error=True))
        self._known |= set(_placeholders(pieces))

    def _write(self, step: Write) -> None:
        for line, secret in zip(step.lines, step.secret, strict=True):
            for index, piece in enumerate(line.pieces if isinstance(line, Wire) else ()):
                self._piece(line, piece, step.connection, secret=index in secret)

    def _piece(self, line: Line, piece: Piece, connection: int, *, secret: bool) -> None:
        match piece:
            case Placeholder(name=name, sample=None):
                self._name(line, piece, name, secret=secret)
            case Placeholder(name=name):
                self._known.add(name)
            case Function(word=word) if word in LIVE:
                self._login(line, piece, connection, secret=secret)
            case Function():
                for name in _arguments(piece):
                    self._name(line, piece, name, secret=secret)
            case _:
                pass
        if secret:
            for name in _secrets(piece):
                self._refuse_public(name, connection)

    def _login(self, line: Line, piece: Function, connection: int, *, secret: bool) -> None:
        if not secret:
            sentence = f"{{={piece.word}}} is said in a login, and nowhere else"
            self._tell(about_piece(line, piece, sentence, error=True))
        elif piece.word == "sasl" and not piece.arguments and self._is_nameless(connection):
            sentence = f"{{={piece.word}}} begins as {{user}}, which has no value: write set user:"
            self._tell(about_piece(line, piece, sentence, error=True))
        self._begun.add(connection)

    def _is_nameless(self, connection: int) -> bool:
        """Whether a login without a name in it would begin; an APOP says its name beside it."""
        return connection not in self._begun and "user" not in self._known

    def _name(self, line: Line, piece: Placeholder | Function, name: str, *, secret: bool) -> None:
        if name in self._known:
            return
        if secret and name:
            self._said.add(name)
            return
        sentence = "this placeholder has no sample that could be sent: write {...=sample}"
        if name:
            sentence = f"{{{name}}} has no value here: write set {name}:, or give it a sample"
        if _SECRET.fullmatch(name):
            sentence = f"{{{name}}} is a secret, and this is no place for one: it would travel on"
        self._tell(about_piece(line, piece, sentence, error=True))

    def _refuse_public(self, name: str, connection: int) -> None:
        """A password that stands in the file, for a server that is not on this machine."""
        setting, peer = self._settings.get(name), self._peers.get(connection)
        if setting is None or peer is None or is_near(peer.connect):
            return
        header = self._headers.get(setting.place[:2])
        if header is not None:
            sentence = (
                f"whoever reads the file reads {{{name}}}: without set {name}: it is a secret"
            )
            self._tell(about(header, sentence))


def _secrets(piece: Piece) -> tuple[str, ...]:
    """The names whose values a piece in a secret place tells."""
    match piece:
        case Placeholder(name=name):
            return (name,)
        case Function(word=word) if word in LIVE:
            return tuple(_arguments(piece)) or _IMPLIED[1:]
        case Function():
            return tuple(_arguments(piece))
        case _:
            return ()


# -------------------------------------------------------------------------------- unused names


def check_unused(transcript: Transcript, tell: Tell) -> None:
    """`set` and `matrix` that nobody asks for."""
    used = set(used_names(transcript))
    headers = {line.place.line: line for line in transcript.headers}
    defined: list[tuple[str, Place]] = [
        (each.name, each.place) for each in transcript.head.settings
    ]
    defined += [(each.name, each.place) for each in transcript.head.matrices]
    for name, place in defined:
        if name not in used:
            tell(about(headers[place.line], f"{{{name}}} is used nowhere"))


def used_names(transcript: Transcript) -> Iterator[str]:
    """Every name that is asked for, or captured."""
    for setting in settings_of(transcript):
        yield from _names(setting.pieces)
    for line in transcript.walk():
        match line:
            case Wire(pieces=pieces) | Pattern(pieces=pieces):
                yield from _names(pieces)
            case TlsLine(version=version):
                yield from _names(version or ())
            case Assert(fact=fact, value=value):
                yield fact
                yield from _names(value)
            case _:
                pass


def _names(pieces: Pieces) -> Iterator[str]:
    for piece in pieces:
        match piece:
            case Placeholder(name=name):
                yield name
            case Function(word=word):
                yield from _arguments(piece)
                yield from _IMPLIED if word in LIVE else ()
            case _:
                pass


def _arguments(function: Function) -> Iterator[str]:
    return (argument.name for argument in function.arguments if isinstance(argument, Name))


def _placeholders(pieces: Pieces) -> Iterator[str]:
    return (piece.name for piece in pieces if isinstance(piece, Placeholder) and piece.name)
