"""What a transcript needs from outside before anything is sent: secrets, names, files.

Looked at along its steps, in their order: a capture counts from where it is made.
"""

from collections.abc import Mapping, Sequence

from mailprobe.errors import Word
from mailprobe.player.playing.problems import Account, Stopped
from mailprobe.protocol.catalogue import Lines, Then
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
    Pieces,
    Placeholder,
    TlsLine,
    Wire,
)
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
from mailprobe.transcript.talks.names import SIDE_BY_SIDE, wildcard_beside
from mailprobe.transcript.talks.shadow import catalogue_of
from mailprobe.transcript.values import LIVE
from mailprobe.value import field, mutable

_BODY_FILE = "is"  # the operator of `@assert body is FILE`


@mutable
class Needs:
    """`secrets` in the order in which they are said first; `files` with the lines that name them.

    Raises Stopped where a name has no value: `known` are those that have one.  `broken` are those
    whose values hold a line end or NUL, and whether only C= may send it, or nothing.
    """

    known: set[str]
    peers: Mapping[int, Peer]
    broken: Mapping[str, bool] = field(default_factory=dict)
    secrets: dict[str, Line] = field(default_factory=dict)
    files: dict[str, Line] = field(default_factory=dict)
    _mechanisms: dict[int, str] = field(default_factory=dict)  # of the last AUTH, by connection
    _begun: set[int] = field(default_factory=set)  # connections on which {=sasl} has begun
    # Units that may open mail data and have no reply yet, by connection.
    _openers: dict[int, set[int]] = field(default_factory=dict)

    def add(self, steps: Sequence[Step]) -> None:
        """Look at all steps."""
        for step in steps:
            match step:
                case Write():
                    self._write(step)
                case Repeat(steps=inner):
                    outer, self._openers = self._openers, {}  # on connections of its own
                    self.add(inner)
                    self._openers = outer
                case Reply(connection=connection, expected=expected, context=context):
                    self._settle(connection, context.unit)
                    for line in expected.lines:
                        if isinstance(line, Wire | Pattern):
                            self._capture(line, line.pieces)
                        if isinstance(line, FileLine):
                            self.files.setdefault(line.path, line)
                case RawLine(expected=expected):
                    line = expected.line if isinstance(expected, ExpectedLine) else expected
                    self._capture(line, expected.pieces)
                case Handshake(line=TlsLine(version=version) as line) if version is not None:
                    self._capture(line, version)
                case Check(line=line):
                    self._check(step)
                case _:
                    pass

    def _capture(self, line: Line, pieces: Pieces) -> None:
        if len(pieces) > 1:
            beside = wildcard_beside(pieces, self.known | self.secrets.keys())
            if beside is not None:
                raise _at(line, beside, SIDE_BY_SIDE, Word.SYNTAX)
        self.known |= {each.name for each in pieces if isinstance(each, Placeholder) and each.name}

    def _write(self, step: Write) -> None:
        for line, secret in zip(step.lines, step.secret, strict=True):
            if isinstance(line, FileLine):
                self.files.setdefault(line.path, line)
                continue
            for index, piece in enumerate(line.pieces):
                if not isinstance(piece, bytes):
                    self._piece(line, piece, secret=index in secret)
        self._refuse_travelling(step)
        for unit in step.units:
            self._unit(step.connection, unit)

    def _settle(self, connection: int, unit: int | None) -> None:
        """The server has answered that unit, and so what stands before it."""
        if unit is not None:
            openers = self._openers.get(connection, set())
            openers -= {number for number in openers if number <= unit}

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
                raise _travelling(*inside[0])
            left = [pair for pair in left if pair not in inside]
            if self._opens_data(step.connection, unit):
                openers.add(unit.number)
        if openers and left:
            raise _travelling(*left[0])

    def _is_public(self, piece: Placeholder | Function) -> bool:
        """Whether it says but what the file itself has: a setting, a capture, a sample."""
        if isinstance(piece, Function):
            names = [each.name for each in piece.arguments if isinstance(each, Name)]
            return piece.word not in LIVE and all(name in self.known for name in names)
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

    def _piece(self, line: Wire, piece: Placeholder | Function, *, secret: bool) -> None:
        self._refuse_broken(line, piece)
        if isinstance(piece, Function):
            if piece.word in LIVE and not secret:
                raise _at(line, piece, f"{{={piece.word}}} is said in a login, and nowhere else")
            for argument in piece.arguments if piece.word not in LIVE else ():
                if isinstance(argument, Name):
                    self._name(argument.name, line, piece, secret=secret)
        elif piece.sample is None:
            self._name(piece.name, line, piece, secret=secret)
        elif piece.name:
            self.known.add(piece.name)

    def _refuse_broken(self, line: Wire, piece: Placeholder | Function) -> None:
        """A value that would be more than one line."""
        names = [piece.name] if isinstance(piece, Placeholder) else []
        if isinstance(piece, Function) and piece.word == "repeat":
            names = [each.name for each in piece.arguments if isinstance(each, Name)]
        for name in names:
            exact = self.broken.get(name)
            if exact is not None and not (exact and line.form is Form.EXACT):
                hint = "; only C= sends such a value of a matrix" if exact else ""
                sentence = f"the value of {{{name}}} holds CR, LF or NUL{hint}"
                raise _at(line, piece, sentence, Word.SYNTAX)

    def _name(self, name: str, line: Line, piece: Placeholder | Function, *, secret: bool) -> None:
        if name in self.known:
            return
        if name and secret:
            self.secrets.setdefault(name, line)
            return
        what = f"{{{name}}} has no value" if name else "this placeholder has no sample to be sent"
        how = f": write set {name}:, or give --set {name}=VALUE" if name else ""
        raise _at(line, piece, f"{what}{how}")

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
        from mailprobe.player.credentials import secret_of, speaks, user_of

        mechanism = ""
        if piece.word == "sasl":
            mechanism = self._mechanisms.get(connection, "")
            if mechanism and not speaks(mechanism):
                raise _at(line, piece, f"mailprobe speaks no {safe(mechanism)} yet")
            if connection in self._begun and not piece.arguments:
                return
            self._begun.add(connection)
            user = user_of(piece)
            if isinstance(user, Name):
                self._name(user.name, line, piece, secret=False)
        self._name(secret_of(mechanism, piece), line, piece, secret=True)

    def _check(self, step: Check) -> None:
        line = step.line
        for piece in line.value:
            if isinstance(piece, Placeholder) and piece.sample is None:
                self._name(piece.name, line, piece, secret=False)
        if line.operator == _BODY_FILE and all(isinstance(each, bytes) for each in line.value):
            path = b"".join(each for each in line.value if isinstance(each, bytes))
            self.files.setdefault(path.decode("utf-8", "surrogateescape"), line)


def _travelling(line: Line, piece: Placeholder | Function) -> Stopped:
    sentence = (
        "a secret behind a command that may open mail data, before its reply, would travel on: "
        "write the reply between them"
    )
    return _at(line, piece, sentence, Word.SECURITY)


def _at(
    line: Line, piece: Placeholder | Function, sentence: str, word: Word = Word.USAGE
) -> Stopped:
    place = line.place._replace(column=piece.column)
    return Stopped(word, sentence, place, Account(width=piece.width))
