"""C lines on their way to the server: one write, of which every octet is the file's."""

from itertools import takewhile

from mailprobe.errors import Word
from mailprobe.player.playing.links import MailLink
from mailprobe.player.playing.problems import Account, Stopped
from mailprobe.player.playing.stage import AnyLink, Stage
from mailprobe.protocol.framing import END_OF_DATA
from mailprobe.transcript.model import FileLine, Function, Name, Piece, Placeholder, Wire
from mailprobe.transcript.steps import Sort, Write
from mailprobe.transcript.values import LIVE, Live, Values
from mailprobe.value import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.protocol.places import SecretPlace

_PUBLIC = (b"", b"*", b"=")  # what a login may say that gives nothing away
_CANCEL = b"*"  # RFC 4954, section 4
_AT_ONCE = 1024 * 1024  # octets that are one write; a file that is larger goes out in pieces


def write(stage: Stage, step: Write, owed: int) -> None:
    """Send the lines of a step.  `owed`: replies to what went before that stand behind it.

    Raises Stopped, Unreadable, Failure, Interrupted.
    """
    opened = step.connection not in stage.links
    link = stage.link(step.connection)
    if isinstance(link, MailLink):
        _refuse(step, link.unread(owed))
        if link.go_ahead:
            raise _stopped(step, "the server gave its go-ahead for TLS, and there is no @tls here")
        if link.challenge is not None and _answers_by_hand(step):
            stage.login(link).hear()
    elif not opened:
        _refuse(step, link.unread())
    link.said = step.lines[-1]
    octets = stage.prepared.literal(step)
    if octets is not None:
        link.write(octets, secret=False)
    else:
        _Writing(stage, link).write(step)


def _answers_by_hand(step: Write) -> bool:
    """Whether the first line is no message of {=sasl}, and does not cancel the login."""
    first = step.units[0].pieces if step.units else None
    if first is None:
        first = tuple(piece for line in step.lines for piece in getattr(line, "pieces", ()))
    return first != (_CANCEL,) and not any(map(_is_live, first))


def _refuse(step: Write, unread: str) -> None:
    if unread:
        raise _stopped(step, f"expected nothing more before this line, but {unread}")


def _stopped(step: Write, sentence: str) -> Stopped:
    line = step.lines[0]
    return Stopped(Word.MISMATCH, sentence, line.place, Account(width=len(line.text)))


class _Writing:
    """The octets of one step: together as long as they are few."""

    def __init__(self, stage: Stage, link: AnyLink) -> None:
        self._stage = stage
        self._link = link
        self._octets = bytearray()
        self._secret = False  # a secret is among them
        self._secrets: list[_Secret] = []  # those that were not sent yet

    def write(self, step: Write) -> None:
        for line, secret in zip(step.lines, step.secret, strict=True):
            if isinstance(line, FileLine):
                self._add_file(line)
            else:
                self._octets += line.octets or self._say(step, line, secret)
        if self._octets:
            self._send()

    def _say(self, step: Write, line: Wire, secret: frozenset[int]) -> bytes:
        """A line with placeholders."""
        stage = self._stage
        self._secret = self._secret or bool(secret)
        live = self._live(line)
        public = {i for i, piece in enumerate(line.pieces) if _is_public(piece, stage.values)}
        parts = stage.values.parts(line, secret=secret, reveal=stage.reveal, live=live)
        at = len(self._octets)
        for index, part in enumerate(parts[:-1]):
            if index in secret and index not in public:
                self._secrets.append(_Secret(line, at, at + len(part), _sort_of(step, line, index)))
            at += len(part)
        return b"".join(parts)

    def _live(self, line: Wire) -> Live | None:
        """Who answers for {=sasl} and {=apop}, which depend on what stands in front of them."""
        ahead = tuple(takewhile(lambda piece: not _is_live(piece), line.pieces))
        if len(ahead) == len(line.pieces):
            return None
        link = self._link
        if not isinstance(link, MailLink):
            return None
        begun = (link.connection.begun + self._octets).rpartition(b"\n")[2]
        before = bytes(begun) + self._stage.values.text(ahead, line)
        login = self._stage.login(link)
        return lambda function: login.call(function, before)

    def _add_file(self, line: FileLine) -> None:
        link = self._link
        before = (link.tail + self._octets)[-2:]
        in_data = isinstance(link, MailLink) and link.in_data
        stuffed = in_data and END_OF_DATA not in link.tail + self._octets
        from mailprobe.player.playing.bodies import sent_file

        path = self._stage.prepared.resolve(line.path)
        for block in sent_file(path, raw=line.raw, before=bytes(before), stuffed=stuffed):
            self._octets += block
            if len(self._octets) > _AT_ONCE:
                self._send()

    def _send(self) -> None:
        octets = bytes(self._octets)
        self._refuse_misplaced(octets)
        self._octets.clear()
        self._link.write(octets, secret=self._secret)

    def _refuse_misplaced(self, octets: bytes) -> None:
        """A secret goes where the live dialogue has the place for it that the file has.

        What a server has said may be other than what the file was compiled with: a go-ahead for
        mail data, a login that it refused.
        """
        link = self._link
        if not self._secrets or not isinstance(link, MailLink):
            return
        places = link.connection.secret_places(octets)
        for secret in self._secrets:
            public = octets[secret.start : secret.end] in _PUBLIC
            if not public and not any(map(secret.fits, places)):
                sentence = "the server has led elsewhere: here a secret would travel on as text"
                raise Stopped(
                    Word.SECURITY,
                    f"{sentence}, in mail data or in a command that is no login",
                    secret.line.place,
                    Account(width=len(secret.line.text), peer=link.peer),
                )
        self._secrets.clear()


@frozen
class _Secret:
    """A secret among octets, from `start` to `end`; what the file takes its place for."""

    line: Wire
    start: int
    end: int
    sort: Sort | None

    def fits(self, place: "SecretPlace") -> bool:
        if self.sort is not None and (self.sort is Sort.ANSWER) is not place.answer:
            return False
        return self.start < place.end and self.end > place.start


def _is_public(piece: Piece, values: Values) -> bool:
    """Whether it says but what the file, the command line or the server has said in the open."""
    match piece:
        case bytes():
            return True
        case Placeholder(name=name, sample=sample):
            return sample is not None or values.find_public(name) is not None
        case Function(word=word, arguments=arguments):
            names = [each.name for each in arguments if isinstance(each, Name)]
            return word not in LIVE and None not in map(values.find_public, names)


def _sort_of(step: Write, line: Wire, index: int) -> Sort | None:
    """What a piece is a part of; None where that does not end in this step."""
    piece = line.pieces[index]
    for unit in step.units:
        if any(each is piece for each in unit.pieces or ()):
            return unit.sort
    return None


def _is_live(piece: Piece) -> bool:
    return isinstance(piece, Function) and piece.word in LIVE
