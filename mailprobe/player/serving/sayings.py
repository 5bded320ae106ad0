"""Octets of what a server says: literal lines, samples, and a reply for each class of replies.

It knows no wire: what is to be said comes in pieces, with pauses between them.
"""

from collections.abc import Iterator
from pathlib import Path

from mailprobe.enums import Enum, auto
from mailprobe.errors import Failure
from mailprobe.player.playing.bodies import sent_file
from mailprobe.player.serving.agenda import code_for
from mailprobe.player.serving.served import Served
from mailprobe.protocol import sasl
from mailprobe.protocol.catalogue import GO_AHEADS, Catalogue, Then
from mailprobe.protocol.framing import BodyReader, Limits, ReceiveBuffer, ReplyReader, Stuffer
from mailprobe.protocol.model import Protocol
from mailprobe.transcript.load import resolve
from mailprobe.transcript.match import check
from mailprobe.transcript.matching.mismatch import Mismatch
from mailprobe.transcript.model import (
    EventLine,
    FileLine,
    Happening,
    Level,
    Question,
    ReplyClass,
    Unreadable,
    Wire,
)
from mailprobe.transcript.steps import ExpectedLine, RawLine, Reply
from mailprobe.transcript.values import Values
from mailprobe.value import frozen

CRLF = b"\r\n"
_CHALLENGES = GO_AHEADS[Then.SASL]
_LIMITS = Limits(1 << 62, 1 << 62, 1 << 62, 1 << 62)
_OK = b"ok"
# A client that measures from when it has written must not find us early.
MARGIN = 0.25  # seconds


class Flush(Enum):
    """The type of `FLUSH`: one write ends here."""

    FLUSH = auto()


FLUSH = Flush.FLUSH


@frozen
class Pause:
    """Nothing is said for so many seconds."""

    seconds: float


Piece = bytes | Pause | Flush


class Sayings:
    """What one transcript says; `folder` is where it lies."""

    def __init__(self, served: Served, catalogue: Catalogue | None, folder: Path) -> None:
        self._served = served
        self._catalogue = catalogue
        self._folder = folder

    def raw(self, step: RawLine) -> Iterator[Piece]:
        """A line of `protocol: raw`.  Raises Unreadable."""
        if step.after is not None:
            yield Pause(step.after + MARGIN)
        if isinstance(step.expected, ExpectedLine):  # S*: as few as will do are none
            expected = step.expected
            yield self._served.sample(expected.pieces, expected.line) + expected.end

    def reply(self, step: Reply, challenge: bytes | None = None) -> Iterator[Piece]:
        """One reply with its body, as the file has it.  Raises Unreadable, Failure.

        `challenge` is what a login says live in the place of what was recorded.
        """
        if step.after is not None:
            yield Pause(step.after + MARGIN)
        if challenge is not None:
            code = self.challenge_code(step)
            yield code.encode() + b" " + sasl.encode(challenge) + CRLF
            return
        for line in step.expected.lines:
            match line:
                case Wire():
                    yield self._served.sample(line.pieces, line) + line.end
                case FileLine():
                    yield from self._file(line)
                case EventLine(word=Happening.FLUSH):
                    yield FLUSH
                case EventLine(seconds=seconds) if line.word is not Happening.WITHIN:
                    yield Pause(seconds + MARGIN)
                case Question():
                    yield self._answer(step)
                case _:
                    pass  # S+ and S- say nothing by themselves

    def challenge_code(self, step: Reply) -> str:
        """The code of a reply that is a SASL challenge; "" for any other."""
        code = self.code(step)
        return code if code in _CHALLENGES else ""

    def code(self, step: Reply) -> str:
        """The code of a reply, as far as that is known."""
        assert self._catalogue is not None  # `raw` has no replies
        if step.expected.question is not None:
            return code_for(step, self._catalogue)
        return first_octets(step).split(b" ")[0].decode("latin-1")

    def _file(self, line: FileLine) -> Iterator[bytes]:
        try:
            path = resolve(self._folder, line.path)
            yield from sent_file(path, raw=line.raw, before=b"", stuffed=True)
        except Failure as failure:
            raise Unreadable(line.place, failure.sentence, line.text, len(line.text)) from None

    # ---------------------------------------------------------------------------------- S?

    def _answer(self, step: Reply) -> bytes:
        """A reply of the first class, with what `S+` asks for.  Raises Unreadable."""
        ways = self._answers(step)
        first = next(ways)
        if not step.expected.conditions:
            return first
        assert self._catalogue is not None  # `raw` has no replies
        values = self._served.values
        for octets in (first, *ways):
            mark = values.mark()
            misfit = judged(step, octets, self._catalogue, Level.CODE, values)
            values.undo(mark)
            if misfit is None:
                return octets
        return first

    def _answers(self, step: Reply) -> Iterator[bytes]:
        """Ways to say it, the most usual first."""
        assert self._catalogue is not None  # `raw` has no replies
        assert step.expected.question is not None  # the caller has looked
        wanted = step.expected.question.classes[0]
        code = code_for(step, self._catalogue)
        mark = _mark(wanted, code)
        texts = [
            self._served.sample(line.pieces, line)
            for line in step.expected.conditions
            if line.tag == "+"
        ]
        if self._catalogue.protocol is Protocol.POP3:
            yield from _pop3_answers(code, mark, texts, multi=step.context.multi)
        else:
            yield from _smtp_answers(code, mark, texts, hello=step.context.hello)


def judged(
    step: Reply, octets: bytes, catalogue: Catalogue, level: Level, values: Values
) -> Mismatch | None:
    """What a client that plays the same file would find wrong with a reply that we say.

    Of bodies that lie in files it is not asked.
    """
    body = step.expected.body or ()
    if any(isinstance(line, FileLine) for line in body):
        level = Level.CODE
    if step.context.malformed or not step.expected.whole:
        return None
    buffer = ReceiveBuffer()
    buffer.append(octets)
    pop3 = catalogue.protocol is Protocol.POP3
    reply = ReplyReader(buffer, _LIMITS, pop3=pop3).read(challenge=True)
    if reply is None:
        return None  # an S= of an earlier reply holds it
    if not step.context.multi or not reply.positive:
        return check(step.expected, step.context, reply, None, level, values)
    content = BodyReader(_LIMITS).feed(buffer.take_all()).octets
    return check(step.expected, step.context, reply, lambda: [content], level, values)


def first_octets(step: Reply) -> bytes:
    """How a reply begins, as far as that stands to the letter, or as a sample."""
    first = step.expected.status[0] if step.expected.status else None
    octets = b""
    for piece in first.pieces if isinstance(first, ExpectedLine) else ():
        said = piece if isinstance(piece, bytes) else getattr(piece, "sample", None)
        if said is None:
            break
        octets += said
    return octets


def _mark(wanted: ReplyClass, code: str) -> bytes:
    """The enhanced status code or response code that a class asks for."""
    if wanted.response_code:
        return f"[{wanted.response_code}]".encode()
    if not wanted.enhanced:
        return b""
    first, *rest = wanted.enhanced.split(".")
    first = code[0] if first == "x" else first
    return ".".join([first, *("0" if number == "x" else number for number in rest)]).encode()


def _joined(*words: bytes) -> bytes:
    return b" ".join(word for word in words if word)


def _smtp_answers(code: str, mark: bytes, texts: list[bytes], *, hello: bool) -> Iterator[bytes]:
    if hello:
        yield _smtp_reply(code, [_joined(mark, _OK), *texts])
    elif code in _CHALLENGES:
        yield _smtp_reply(code, [_joined(mark, *texts)])
    else:
        for text in (texts,) if texts else ([_OK], [b""]):
            yield _smtp_reply(code, [_joined(mark, each) for each in text])
    yield _smtp_reply(code, [_joined(mark, _OK), *texts])
    yield _smtp_reply(code, [mark, *texts])


def _smtp_reply(code: str, texts: list[bytes]) -> bytes:
    *before, last = texts
    lines = [code.encode() + b"-" + text + CRLF for text in before]
    # "334" keeps its blank: an empty challenge is "334 " (RFC 4954, section 4).
    blank = b" " if last or code in _CHALLENGES else b""
    return b"".join([*lines, code.encode() + blank + last + CRLF])


def _pop3_answers(code: str, mark: bytes, texts: list[bytes], *, multi: bool) -> Iterator[bytes]:
    if multi and code == "+OK":
        content = b"".join(text + CRLF for text in texts)
        stuffer = Stuffer()
        body = stuffer.feed(content) + stuffer.finish()
        yield _joined(code.encode(), mark) + CRLF + body
        return
    if code in _CHALLENGES:
        yield code.encode() + b" " + _joined(*texts) + CRLF
        return
    yield _joined(code.encode(), mark, *texts) + CRLF
    for text in texts:
        yield _joined(code.encode(), mark, text) + CRLF
