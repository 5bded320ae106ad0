"""`--bless`: put the replies that came in the place of those that a transcript had recorded.

Only S lines change, and of them only those of a reply that arrived whole.  What somebody wrote to
say what must come (a name, a pattern, `S?` `S+` `S-` `S*`) is his: it is never weakened.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from mailprobe.player.playing.bodies import Body
from mailprobe.protocol.model import Reply
from mailprobe.safe import safe
from mailprobe.transcript.format import escape, lines_of, wire_lines
from mailprobe.transcript.matching.pattern import Budget, TooLong
from mailprobe.transcript.matching.pattern import Pattern as Matcher
from mailprobe.transcript.model import (
    FileLine,
    Form,
    Function,
    Line,
    Pattern,
    Placeholder,
    Transcript,
    Wire,
)
from mailprobe.transcript.redact import Secrets
from mailprobe.transcript.steps import Expected, ExpectedLine
from mailprobe.transcript.steps import Reply as Step
from mailprobe.value import field, mutable

_LONGEST_BODY = 64 * 1024  # octets that stand in a transcript; of more there is a file
_GOOD = ("2", "3", "+")  # how the code of a positive reply begins

Edits = dict[int, tuple[bytes, ...]]  # number of a line: the lines that take its place
Recorded = ExpectedLine | Pattern | FileLine


class Refused(Exception):
    """A reply that is not blessed; the text is a sentence for people."""


@mutable
class Blessing:
    """What is to be changed in one file, by whichever value of its matrix."""

    path: str
    transcript: Transcript
    edits: Edits = field(default_factory=dict)

    def take(self, step: Step, reply: Reply, body: bytes | None, secrets: Secrets) -> None:
        """Have this reply in the place of the one of `step`.  Raises Refused."""
        expected = step.expected
        if any(line.place.file != self.transcript.name for line in expected.lines):
            raise Refused("it stands in an included file: bless that")
        if secrets.holds(reply.wire) or (body and secrets.holds(body)):
            raise Refused("the reply holds a secret")
        edits = edits_of(expected, step.connection, reply, body)
        if not edits:
            raise Refused("what differs is not a recorded line: S? S+ S- are never blessed")
        if any(self.edits.get(number, lines) != lines for number, lines in edits.items()):
            raise Refused("another run of the file had another reply here")
        self.edits |= edits

    def result(self) -> bytes:
        """The file with its edits; all other lines are as they were, to the octet."""
        out = []
        for number, line in enumerate(lines_of(self.transcript.octets), 1):
            end = b"\r\n" if line.endswith(b"\r\n") else b"\n"
            new = self.edits.get(number)
            out += [line] if new is None else [text + end for text in new]
        return b"".join(out)


class Book:
    """The blessings of a run, by file; threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: dict[str, Blessing] = {}
        self.refused: list[str] = []

    def taker(
        self, path: str, transcript: Transcript
    ) -> Callable[[Step, Reply, Body | None, Secrets], bool]:
        """Who is asked whether a reply of this file is blessed."""

        def take(step: Step, reply: Reply, body: Body | None, secrets: Secrets) -> bool:
            octets = None if body is None else body.octets(_LONGEST_BODY + 1)
            with self._lock:
                blessing = self._files.get(path) or Blessing(path, transcript)
                try:
                    blessing.take(step, reply, octets, secrets)
                except Refused as refused:
                    self.refused.append(
                        f"{safe(str(step.expected.place))} is not blessed: {refused}"
                    )
                    return False
                self._files[path] = blessing
            return True

        return take

    def __iter__(self) -> Iterator[Blessing]:
        return iter(sorted(self._files.values(), key=lambda blessing: blessing.path))


def edits_of(expected: Expected, connection: int, reply: Reply, body: bytes | None) -> Edits:
    """How the lines of one reply become what came; empty where they are that already.

    Raises Refused.
    """
    if expected.question is not None or not expected.whole:
        raise Refused("only a whole reply that was recorded can be blessed")
    before = _code(expected.status)
    if before.startswith(_GOOD) and not reply.code.startswith(_GOOD):
        raise Refused(f"{before} would become {reply.code}")
    if (expected.body is None) is not (body is None):
        raise Refused("one of the two has a body, and the other has none")
    side = "S" if connection == 1 else f"S{connection}"
    editor = _Editor(side)
    editor.change(expected.status, lines_of(reply.wire))
    told = expected.body or ()
    if body is not None and not any(isinstance(line, FileLine) for line in told):
        if len(body) > _LONGEST_BODY:
            raise Refused("the body is too long for a transcript: write S>")
        editor.change(told, lines_of(body), stuffed=True)
    return editor.edits


def _code(status: Sequence[ExpectedLine | Pattern]) -> str:
    """How the recorded reply begins: "250", "+OK"."""
    first = next((line for line in status if isinstance(line, ExpectedLine)), None)
    start = first.pieces[0] if first is not None and first.pieces else b""
    text = start.decode("ascii", "replace") if isinstance(start, bytes) else ""
    return text[:3] if text[:1].isdigit() else text.split(" ")[0]


class _Editor:
    """Changes one reply, from its first line to its last."""

    def __init__(self, side: str) -> None:
        self.edits: Edits = {}
        self._side = side
        self._last: Line | None = None  # the line of the file that was looked at last

    def change(
        self, told: Iterable[Recorded], came: Sequence[bytes], *, stuffed: bool = False
    ) -> None:
        """Have `came` in the place of `told`; what is equal in both stays as it is written."""
        lines = [_wire(line) for line in told]
        keys = [_key(line, came) for line in lines]
        matcher = SequenceMatcher(None, keys, list(came), autojunk=False)
        for what, start, end, first, last in matcher.get_opcodes():
            if what != "equal":
                new = [_stuff(line) if stuffed else line for line in came[first:last]]
                self._replace(lines[start:end], new)
            if end > start:
                self._last = lines[end - 1].line

    def _replace(self, old: Sequence[ExpectedLine], new: Sequence[bytes]) -> None:
        for line in old:
            if any(isinstance(piece, Placeholder | Function) for piece in line.pieces):
                raise Refused("a line with placeholders says what must come")
            if line.form is Form.EXACT:
                raise Refused("S= is not blessed: it may be a part of a line")
        numbers = [line.line.place.line for line in old]
        if len(set(numbers)) < len(numbers):
            raise Refused("S= is not blessed: it may be a part of a line")
        for place, line in enumerate(old):
            some = new[place : place + 1] if place < len(old) - 1 else new[place:]
            self.edits[line.line.place.line] = tuple(self._written(one, line.form) for one in some)
        if not old:
            self._insert([self._written(line, Form.VERBATIM) for line in new])

    def _insert(self, texts: Sequence[bytes]) -> None:
        """Behind the line before; a reply begins with one that stays or is replaced."""
        assert self._last is not None
        number = self._last.place.line
        before = self.edits.get(number, (self._last.text.encode(),))
        self.edits[number] = (*before, *texts)

    def _written(self, octets: bytes, form: Form) -> bytes:
        """One line of a transcript, without its end."""
        if form is Form.COOKED and octets.endswith(b"\r\n"):
            text = escape(octets[:-2], cooked=True)
            if text.endswith(" "):
                text = text[:-1] + "\\s"
            return f"{self._side}~ {text}".rstrip(" ").encode()
        rows = wire_lines("S", octets).rstrip(b"\n").split(b"\n")
        return b"\n".join(self._side.encode() + row[1:] for row in rows)


def _wire(line: Recorded) -> ExpectedLine:
    if not isinstance(line, ExpectedLine) or not isinstance(line.line, Wire):
        raise Refused("S* says what must come")
    return line


def _key(line: ExpectedLine, came: Sequence[bytes]) -> bytes:
    if all(isinstance(piece, bytes) for piece in line.pieces):
        return b"".join(line.pieces) + line.end  # type: ignore[arg-type]  # just looked at
    matcher = Matcher(line.pieces, _Anything())
    for octets in came:
        try:
            if matcher.match(octets.removesuffix(line.end), Budget()) is not None:
                return octets
        except TooLong:
            break
    return b""  # no line that comes: they are never empty


class _Anything:
    """Names stand for whatever fits."""

    def find(self, name: str) -> bytes | None:
        return None

    def call(self, function: Function) -> bytes | None:
        return None


def _stuff(line: bytes) -> bytes:
    """RFC 1939, section 3."""
    return b"." + line if line.startswith(b".") else line
