"""The names of a file, along its steps: which have a value when they are needed.

A capture counts from where it is made.  What is wrong is told with its place, before anything is
sent; who asks decides what becomes of that.  This module knows no values.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

from mailprobe.enums import Enum, auto
from mailprobe.patterns import pattern
from mailprobe.protocol.catalogue import Lines, Then
from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.model import Command
from mailprobe.safe import safe
from mailprobe.transcript.model import (
    FileLine,
    Form,
    Function,
    Line,
    Name,
    Pattern,
    Peer,
    Piece,
    Pieces,
    Place,
    Placeholder,
    TlsLine,
    Wire,
)
from mailprobe.transcript.reading.lines import FACTS
from mailprobe.transcript.steps import (
    Check,
    ExpectedLine,
    Handshake,
    RawLine,
    Repeat,
    Reply,
    Sort,
    Step,
    Unit,
    Write,
)
from mailprobe.transcript.talks.logins import carries_other, other_of, secret_of, speaks, user_of
from mailprobe.transcript.values import LIVE
from mailprobe.value import field, frozen, mutable

_MESSAGE = "message."  # begins a fact that is a field
_SECRET = pattern(r"(?:password|token|typed)(?:-?[0-9]+)?")  # what is hardly ever another thing


class Kind(Enum):
    """What may be wrong with a name."""

    UNSET = auto()  # it has no value, or a placeholder has no sample
    BESIDE = auto()  # two wildcards side by side: nobody knows which takes what
    BROKEN = auto()  # its value is more than one line
    TRAVELLING = auto()  # a secret where it may become a part of a mail


@frozen
class Trouble:
    """One of these, where it stands, and a sentence for people."""

    kind: Kind
    line: Line
    column: int  # of the line, from 1
    width: int
    sentence: str
    name: str = ""

    @property
    def place(self) -> Place:
        return self.line.place._replace(column=self.column)


def wildcard_beside(pieces: Pieces, known: Container[str]) -> Placeholder | None:
    """The second of two wildcards side by side, which say nothing; None where there are none.

    A name that has a value is no wildcard; nor is one that stands in the line a second time.
    """
    before, seen = False, set[str]()
    for piece in pieces:
        open_ = isinstance(piece, Placeholder) and piece.name not in known
        if isinstance(piece, Placeholder) and open_:
            open_ = piece.name not in seen or not piece.name
            if before and open_:
                return piece
            seen.add(piece.name)
        before = open_
    return None


def ambiguous(
    steps: Sequence[Step], known: Iterable[str], peers: Mapping[int, Peer]
) -> Trouble | None:
    """The first wildcards side by side for a server, to which a C line makes names known, too."""
    found: list[Trouble] = []

    def tell(trouble: Trouble) -> None:
        names.known.add(trouble.name)
        if trouble.kind is Kind.BESIDE:
            found.append(trouble)

    names = Names(set(known), peers, tell)
    names.look(steps)
    return found[0] if found else None


@mutable
class Names:
    """Goes along steps.

    `known` are the names that have a value, the settings at first.  `secrets` are those that
    somebody has to be asked for, in the order in which they are said, with the lines that say
    them first.  `broken` are names whose values hold a line end or NUL, and whether C= may send
    them, or nothing.  `tell` is told what is wrong, and may raise it.
    """

    known: set[str]
    peers: Mapping[int, Peer]
    tell: Callable[[Trouble], None]
    broken: Mapping[str, bool] = field(default_factory=dict)
    secrets: dict[str, Line] = field(default_factory=dict)
    _mechanisms: dict[int, str] = field(default_factory=dict)  # of the last AUTH, by connection
    _begun: set[int] = field(default_factory=set)  # connections on which {=sasl} has begun
    # Units that may open mail data and have no reply yet, by connection.
    _openers: dict[int, set[int]] = field(default_factory=dict)

    def look(self, steps: Sequence[Step]) -> None:
        """Look at all steps."""
        for step in steps:
            match step:
                case Write():
                    self._write(step)
                case Repeat(steps=inner):
                    outer, self._openers = self._openers, {}  # on connections of its own
                    self.look(inner)
                    self._openers = outer
                case Reply(connection=connection, expected=expected, context=context):
                    self._settle(connection, context.unit)
                    for line in expected.lines:
                        if isinstance(line, Wire | Pattern):
                            self._capture(line, line.pieces)
                case RawLine(expected=expected):
                    line = expected.line if isinstance(expected, ExpectedLine) else expected
                    self._capture(line, expected.pieces)
                case Handshake(line=TlsLine(version=version) as line) if version is not None:
                    self._capture(line, version)
                case Check():
                    self._check(step)
                case _:
                    pass

    def _tell(self, kind: Kind, line: Line, at: Placeholder | Function, sentence: str) -> None:
        name = at.name if isinstance(at, Placeholder) else ""
        self.tell(Trouble(kind, line, at.column, at.width, sentence, name))

    # -------------------------------------------------------------------- what the server says

    def _capture(self, line: Line, pieces: Pieces) -> None:
        if len(pieces) > 1:
            self._refuse_beside(line, pieces)
        self.known |= {each.name for each in pieces if isinstance(each, Placeholder) and each.name}

    def _refuse_beside(self, line: Line, pieces: Pieces) -> None:
        beside = wildcard_beside(pieces, self.known | self.secrets.keys())
        if beside is not None:
            sentence = "two wildcards side by side say nothing, and neither name has a value here"
            self._tell(Kind.BESIDE, line, beside, sentence)

    def _settle(self, connection: int, unit: int | None) -> None:
        """The server has answered that unit, and so what stands before it."""
        if unit is not None:
            openers = self._openers.get(connection, set())
            openers -= {number for number in openers if number <= unit}

    # -------------------------------------------------------------------- what the client says

    def _write(self, step: Write) -> None:
        for line, secret in zip(step.lines, step.secret, strict=True):
            if isinstance(line, FileLine):
                continue
            if len(line.pieces) > 1:  # a server has to tell them apart
                self._refuse_beside(line, line.pieces)
            for index, piece in enumerate(line.pieces):
                if not isinstance(piece, bytes):
                    self._refuse_broken(line, piece)
                    self._piece(line, piece, secret=index in secret)
        self._refuse_travelling(step)
        for unit in step.units:
            self._unit(step.connection, unit)

    def _piece(self, line: Line, piece: Placeholder | Function, *, secret: bool) -> None:
        if isinstance(piece, Function):
            if piece.word in LIVE and not secret:
                sentence = f"{{={piece.word}}} is said in a login, and nowhere else"
                self._tell(Kind.UNSET, line, piece, sentence)
            for name in arguments(piece) if piece.word not in LIVE else ():
                self._name(name, line, piece, secret=secret)
        elif piece.sample is None:
            self._name(piece.name, line, piece, secret=secret)
        elif piece.name:
            self.known.add(piece.name)

    def _name(self, name: str, line: Line, piece: Placeholder | Function, *, secret: bool) -> None:
        if name in self.known:
            return
        if name and secret:
            self.secrets.setdefault(name, line)
            return
        self._tell(Kind.UNSET, line, piece, _without_value(name))

    def _refuse_broken(self, line: Wire, piece: Placeholder | Function) -> None:
        """A value that would be more than one line."""
        names = [piece.name] if isinstance(piece, Placeholder) else []
        if isinstance(piece, Function) and piece.word == "repeat":
            names = list(arguments(piece))
        for name in names:
            exact = self.broken.get(name)
            if exact is not None and not (exact and line.form is Form.EXACT):
                hint = "; only C= sends such a value of a matrix" if exact else ""
                sentence = f"the value of {{{name}}} holds CR, LF or NUL{hint}"
                self._tell(Kind.BROKEN, line, piece, sentence)

    # ------------------------------------------------------------------------------- mail data

    def _refuse_travelling(self, step: Write) -> None:
        """A secret behind a command that may open mail data: it would travel on in a mail."""
        left = [
            (line, piece)
            for line, secret in zip(step.lines, step.secret, strict=True)
            for index, piece in enumerate(line.pieces if isinstance(line, Wire) else ())
            if index in secret and not isinstance(piece, bytes) and not self._is_public(piece)
        ]
        openers = self._openers.setdefault(step.connection, set())
        for unit in step.units:
            said = unit.pieces or ()
            inside = [(line, piece) for line, piece in left if any(each is piece for each in said)]
            if openers and inside:
                self._tell_travelling(*inside[0])
            left = [pair for pair in left if pair not in inside]
            if self._opens_data(step.connection, unit):
                openers.add(unit.number)
        if openers and left:
            self._tell_travelling(*left[0])

    def _tell_travelling(self, line: Line, piece: Placeholder | Function) -> None:
        sentence = (
            "a secret behind a command that may open mail data, before its reply, would travel "
            "on: write the reply between them"
        )
        self._tell(Kind.TRAVELLING, line, piece, sentence)

    def _is_public(self, piece: Placeholder | Function) -> bool:
        """Whether it says but what the file itself has: a setting, a capture, a sample."""
        if isinstance(piece, Function):
            return piece.word not in LIVE and all(name in self.known for name in arguments(piece))
        return piece.sample is not None or piece.name in self.known

    def _opens_data(self, connection: int, unit: Unit) -> bool:
        """Whether what comes behind it may be mail data, for all that is known before."""
        first = unit.pieces[0] if unit.sort is Sort.COMMAND and unit.pieces else b""
        if not isinstance(first, bytes):
            return False  # the player looks again when it is said
        command = Command(first)
        row = catalogue_of(self.peers[connection].protocol).row(command)
        opens = row.then in (Then.DATA, Then.CHUNK)
        return opens or row.shape.of(command.argument) is Lines.DATA

    # ---------------------------------------------------------------------------------- logins

    def _unit(self, connection: int, unit: Unit) -> None:
        """The logins in a command, or in an answer."""
        if unit.sort is Sort.COMMAND and unit.pieces and isinstance(unit.pieces[0], bytes):
            command = Command(unit.pieces[0])
            catalogue = catalogue_of(self.peers[connection].protocol)
            if catalogue.row(command).then is Then.SASL:
                words = command.argument.split()
                self._mechanisms[connection] = words[0].upper().decode("latin-1") if words else ""
                self._begun.discard(connection)
        for piece in unit.pieces or ():
            if isinstance(piece, Function) and piece.word in LIVE:
                self._login(connection, unit.lines[-1], piece)

    def _login(self, connection: int, line: Line, piece: Function) -> None:
        mechanism = ""
        if piece.word == "sasl":
            mechanism = self._mechanisms.get(connection, "")
            if mechanism and not speaks(mechanism):
                sentence = f"mailprobe speaks no {safe(mechanism)} yet"
                self._tell(Kind.UNSET, line, piece, sentence)
            if mechanism and other_of(piece) and not carries_other(mechanism):
                sentence = f"{safe(mechanism)} says only who logs in, not whom he acts for"
                self._tell(Kind.UNSET, line, piece, sentence)
            if connection in self._begun and not piece.arguments:
                return
            self._begun.add(connection)
            user = user_of(piece)
            if isinstance(user, Name):
                self._name(user.name, line, piece, secret=False)
        if secret := secret_of(mechanism, piece):
            self._name(secret, line, piece, secret=True)

    # -------------------------------------------------------------------------------- assertions

    def _check(self, step: Check) -> None:
        line, fact = step.line, step.line.fact
        is_name = fact not in FACTS and not fact.startswith(_MESSAGE)
        if is_name and fact not in self.known and fact not in self.secrets:
            column = line.text.index(fact, len("@assert")) + 1
            sentence = f"no line before has set or captured {{{fact}}}: write set {fact}:"
            self.tell(Trouble(Kind.UNSET, line, column, len(fact), sentence, fact))
        for piece in line.value:
            if not isinstance(piece, bytes):
                self._piece(line, piece, secret=False)


def _without_value(name: str) -> str:
    if not name:
        return "this placeholder has no sample that could be sent: write {...=sample}"
    if _SECRET.fullmatch(name):
        return f"{{{name}}} is a secret, and this is no place for one: it would travel on"
    return (
        f"{{{name}}} has no value here: write set {name}:, give it a sample, or play the file with "
        f"--set {name}=VALUE"
    )


def arguments(piece: Piece) -> Iterator[str]:
    """The names that a function is given."""
    given = piece.arguments if isinstance(piece, Function) else ()
    return (argument.name for argument in given if isinstance(argument, Name))
