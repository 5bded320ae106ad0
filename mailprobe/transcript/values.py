"""What names and functions stand for while one transcript is played, once for each run.

Settings, the values of a matrix, captures.  Secrets, SASL and APOP are known elsewhere and come
through hooks; so do time and chance: nothing here reads a clock.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from mailprobe.patterns import pattern
from mailprobe.safe import safe
from mailprobe.transcript.model import (
    Form,
    Function,
    Line,
    Name,
    Piece,
    Pieces,
    Place,
    Placeholder,
    Setting,
    Unreadable,
    Wire,
)

LONGEST = 64 * 1024 * 1024  # octets that one line may become
_NEVER = pattern(rb"[\r\n\0]")
LIVE = frozenset({"sasl", "apop"})  # what they give depends on the server's last message

Reveal = Callable[[str], bytes]  # name of a secret to its value; a Failure when nobody knows it
Live = Callable[[Function], bytes]
Find = Callable[[str], bytes | None]


class Unknown(Exception):
    """Something has no value here; `sentence` says what."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Values:
    """The values of one run.

    `given` are those of `--set` and `--env`: they win over what the file says.  `now` takes a
    format ("": that of a date field), `uuid` nothing.  `clock` gives seconds, from any start.
    """

    def __init__(
        self,
        given: Mapping[str, bytes] | None = None,
        matrix: Mapping[str, bytes] | None = None,
        *,
        now: Callable[[str], str] | None = None,
        uuid: Callable[[], str] | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.clock = clock
        self._matrix = dict(matrix or {})
        self._settings = dict(given or {})
        self._captures: dict[str, bytes] = {}  # in the order of their making
        self._secrets: dict[str, bytes] = {}  # those that were said already
        self._now = now
        self._uuid = uuid

    # --------------------------------------------------------------------------------- names

    @property
    def settings(self) -> dict[str, bytes]:
        """What is known before anything is sent: settings and the values of a matrix."""
        return self._settings | self._matrix

    @property
    def captures(self) -> dict[str, bytes]:
        """What has been captured so far."""
        return dict(self._captures)

    def define(self, setting: Setting) -> None:
        """Compute `set NAME: value`, unless the name has a value.  Raises Unreadable."""
        if setting.name not in self._settings and setting.name not in self._matrix:
            say = _Saying(self, setting.place, "", exact=True)
            self._settings[setting.name] = say.all(setting.pieces)

    def find(self, name: str) -> bytes | None:
        """The value of a name, a secret's too once it was said; None where it has none."""
        value = self.find_public(name)
        return self._secrets.get(name) if value is None else value

    def find_public(self, name: str) -> bytes | None:
        """The same without secrets."""
        for values in (self._matrix, self._settings, self._captures):
            if name in values:
                return values[name]
        return None

    def mark(self) -> int:
        """Where the captures stand, for `undo`."""
        return len(self._captures)

    def undo(self, mark: int) -> None:
        """Forget what was captured since `mark`."""
        for name in list(self._captures)[mark:]:
            del self._captures[name]

    def take(self, captures: Mapping[str, bytes]) -> None:
        """Remember captures; a name that has a value keeps it.

        Raises ValueError for CR, LF or NUL, which no capture holds.
        """
        for name, value in captures.items():
            if _NEVER.search(value):
                raise ValueError(f"CR, LF or NUL in {name}")
            if self.find_public(name) is None:
                self._captures[name] = value

    # ---------------------------------------------------------------------------- what is said

    def octets(
        self,
        line: Wire,
        *,
        secret: frozenset[int] = frozenset(),
        reveal: Reveal | None = None,
        live: Live | None = None,
    ) -> bytes:
        """What a C line puts on the wire, its end included.

        `secret` are the indexes of the pieces that stand in a secret place: there `reveal` gives
        what is neither set nor captured.  `live` answers for {=sasl} and {=apop}.  A sample that
        was used is the value from then on.  Raises Unreadable.
        """
        return b"".join(self.parts(line, secret=secret, reveal=reveal, live=live))

    def parts(
        self,
        line: Wire,
        *,
        secret: frozenset[int] = frozenset(),
        reveal: Reveal | None = None,
        live: Live | None = None,
    ) -> list[bytes]:
        """The same, piece by piece; the line end comes last."""
        exact = line.form is Form.EXACT
        say = _Saying(self, line.place, line.text, exact=exact, live=live)
        return [*say.each(line.pieces, secret=secret, reveal=reveal), line.end]

    def sample(self, pieces: Pieces, line: Line, *, live: Live | None = None) -> bytes:
        """What a server says in the place of an S line: values first, then samples.

        Raises Unreadable where neither is there.
        """
        say = _Saying(self, line.place, line.text, secrets=True, live=live)
        return say.all(pieces)

    def text(self, pieces: Pieces, line: Line) -> bytes:
        """What the argument of a directive says, `@assert` for one.  Raises Unreadable."""
        return _Saying(self, line.place, line.text, exact=True).all(pieces)

    # ------------------------------------------------------------------------------ functions

    def call(self, function: Function, find: Find | None = None) -> bytes:
        """What a function gives; `find` looks names up.  Raises Unknown."""
        word = function.word
        if word in LIVE:
            raise Unknown(f"{{={word}}} stands for a message of the client, and nowhere else")
        if word == "uuid":
            return _made(word, self._uuid and self._uuid())
        if word == "now":
            form = "".join(str(argument) for argument in function.arguments)
            return _made(word, self._now and self._now(form))
        arguments = list(_arguments(function, find or self.find))
        if word == "repeat":
            return _repeated(*arguments)
        return _FUNCTIONS[word](b"".join(arguments))

    def reveal(self, name: str, reveal: Reveal) -> bytes:
        """A secret; from now on it is known when the server repeats it."""
        if name not in self._secrets:
            self._secrets[name] = reveal(name)
        return self._secrets[name]

    def inert(self, function: Function) -> bool:
        """Whether octets that no value may hold are in it by the file's own wish alone."""
        names = [each.name for each in function.arguments if isinstance(each, Name)]
        return all(name in self._matrix for name in names)

    def is_line(self, name: str) -> bool:
        """Whether its value fits into one line."""
        return not _NEVER.search(self.find(name) or b"")

    def is_matrix(self, name: str) -> bool:
        return name in self._matrix


def _md5(octets: bytes) -> bytes:
    import hashlib  # nearly no file asks for it

    return hashlib.md5(octets, usedforsecurity=False).hexdigest().encode()


def _base64(octets: bytes) -> bytes:
    from base64 import b64encode  # 1 ms, where somebody asks for it

    return b64encode(octets)


_FUNCTIONS: dict[str, Callable[[bytes], bytes]] = {
    "b64": _base64,
    "md5": _md5,
    "hex": lambda octets: octets.hex().encode(),
    "len": lambda octets: str(len(octets)).encode(),
}


def _arguments(function: Function, find: Find) -> Iterator[bytes]:
    for argument in function.arguments:
        match argument:
            case Name(name=name):
                value = find(name)
                if value is None:
                    raise Unknown(f"{{={function.word}}} needs {{{name}}}, which has no value here")
                yield value
            case int():
                yield str(argument).encode()
            case _:
                yield argument.encode("utf-8", "surrogateescape")


def _made(word: str, text: str | None) -> bytes:
    if text is None:
        raise Unknown(f"{{={word}}} means nothing here")
    return text.encode("utf-8", "surrogateescape")


def _repeated(octets: bytes, count: bytes) -> bytes:
    if len(octets) * int(count) > LONGEST:
        raise Unknown(f"this is more than {LONGEST} octets")
    return octets * int(count)


class _Saying:
    """One line on its way from pieces to octets."""

    def __init__(
        self,
        values: Values,
        place: Place,
        text: str,
        *,
        exact: bool = False,  # a value of a matrix may hold anything
        secrets: bool = False,  # those that were said are values like all others
        live: Live | None = None,
    ) -> None:
        self._values = values
        self._place = place
        self._text = text
        self._exact = exact
        self._find = values.find if secrets else values.find_public
        self._live = live

    def all(self, pieces: Sequence[Piece]) -> bytes:
        """Raises Unreadable."""
        return b"".join(self.each(pieces))

    def each(
        self,
        pieces: Sequence[Piece],
        *,
        secret: frozenset[int] = frozenset(),
        reveal: Reveal | None = None,
    ) -> list[bytes]:
        """Raises Unreadable."""
        parts: list[bytes] = []
        total = 0
        for index, piece in enumerate(pieces):
            if isinstance(piece, bytes):
                octets = piece
            else:
                octets = self._one(piece, reveal if index in secret else None)
            total += len(octets)
            if total > LONGEST:
                raise self._fault(piece, f"the line is longer than {LONGEST} octets")
            parts.append(octets)
        return parts

    def _one(self, piece: Placeholder | Function, reveal: Reveal | None) -> bytes:
        def find(name: str) -> bytes | None:
            value = self._find(name)
            return self._values.reveal(name, reveal) if value is None and reveal else value

        try:
            if isinstance(piece, Function):
                return self._fit(piece, self._call(piece, find), matrix=self._values.inert(piece))
            value = self._placeholder(piece, find)
            return self._fit(piece, value, matrix=self._values.is_matrix(piece.name))
        except Unknown as unknown:
            raise self._fault(piece, unknown.sentence) from None

    def _call(self, piece: Function, find: Find) -> bytes:
        if piece.word in LIVE and self._live is not None:
            return self._live(piece)
        return self._values.call(piece, find)

    def _placeholder(self, piece: Placeholder, find: Find) -> bytes:
        value = self._find(piece.name) if piece.name else None
        if value is None and piece.sample is not None:
            value = piece.sample
            if piece.name and not _NEVER.search(value):
                self._values.take({piece.name: value})
        if value is None and piece.name:
            value = find(piece.name)
        if value is None:
            what = f"{{{piece.name}}} has no value here, and" if piece.name else "a placeholder has"
            raise Unknown(f"{what} no sample to be sent: write {{...=sample}}")
        return value

    def _fit(self, piece: Placeholder | Function, value: bytes, *, matrix: bool) -> bytes:
        if _NEVER.search(value) and not (self._exact and matrix):
            what = piece.name if isinstance(piece, Placeholder) else f"={piece.word}"
            hint = "; only C= sends such a value of a matrix" if matrix else ""
            raise Unknown(f"the value of {{{safe(what)}}} holds CR, LF or NUL{hint}")
        return value

    def _fault(self, piece: Piece, sentence: str) -> Unreadable:
        if isinstance(piece, bytes) or not self._text:
            return Unreadable(self._place, sentence, self._text, max(1, len(self._text)))
        place = self._place._replace(column=piece.column)
        return Unreadable(place, sentence, self._text, piece.width)
