"""The mail in a transcript as a message: what DATA, BDAT, RETR or TOP carried, dots undone."""

from collections.abc import Iterator

from mailprobe.errors import Failure, Word
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Catalogue, Then
from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.facts import Effect
from mailprobe.protocol.framing import BodyReader, Limits
from mailprobe.render.export.options import Options
from mailprobe.render.export.spoken import Turn, turns
from mailprobe.render.wording import shown
from mailprobe.transcript.model import FileLine, Transcript
from mailprobe.transcript.talks.shadow import PROTOCOLS

_SHOWS_A_MESSAGE = frozenset({"RETR", "TOP"})
_NO_LIMITS = Limits(1 << 62, 1 << 62, 1 << 62, 1 << 62)


def mail(transcript: Transcript, options: Options) -> bytes:
    """The message of `options.number`, from 1.

    What only a run knows stands there by its name: `{id}`.  Raises Failure `usage` when there is
    no such message.
    """
    found = 0
    for message in messages(transcript, options):
        found += 1
        if found == options.number:
            return message
    name = shown(transcript.name)
    if not found:
        raise Failure(Word.USAGE, f"{name} has no mail in it: no DATA, BDAT, RETR or TOP with text")
    count = "one message" if found == 1 else f"{found} messages"
    raise Failure(Word.USAGE, f"{name} has {count}, and no number {options.number}")


def messages(transcript: Transcript, options: Options) -> Iterator[bytes]:
    """Every message, in the order in which they begin; one that is cut short, too."""
    readers: dict[int, _Mails] = {}
    for turn in turns(transcript, read=options.read):
        if isinstance(turn.line, FileLine) and options.read is None:
            raise Failure(Word.USAGE, f"{turn.line.place}: the file cannot be read from here")
        reader = readers.get(turn.connection)
        if reader is None:
            peer = transcript.head.peers.get(turn.connection)
            if peer is None or peer.protocol not in PROTOCOLS:
                continue
            reader = readers[turn.connection] = _Mails(catalogue_of(peer.protocol))
        yield from reader.take(turn)
    for reader in readers.values():
        yield from reader.finish()


class _Mails:
    """The messages of one connection."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._data = bytearray()  # of DATA, as it travels
        self._chunks: bytearray | None = None  # of BDAT, so far
        self._last = False  # no chunk follows this one
        self._body: bytearray | None = None

    def take(self, turn: Turn) -> Iterator[bytes]:
        for event in turn.events:
            match event:
                case events.CommandSent(command=command):
                    row = self._catalogue.row(command)
                    if row.then is Then.CHUNK:
                        self._chunks = self._chunks or bytearray()
                        self._last = row.says_last(command)
                        if self._last and command.argument.split()[0].strip(b"0") == b"":
                            yield from self._whole_chunks()
                    elif row.effect in (Effect.RESET, Effect.EXTENSIONS):
                        self._chunks = None
                case events.DataSent(octets=octets, last=last):
                    yield from self._sent(octets, last=last)
                case events.ReplyReceived(body=True, command=command):
                    self._body = bytearray() if command.verb in _SHOWS_A_MESSAGE else None
                case events.BodyChunk(octets=octets, last=last) if self._body is not None:
                    self._body += octets
                    if last:
                        yield from self._whole_body()
                case _:
                    pass

    def finish(self) -> Iterator[bytes]:
        """What the end of the transcript cuts short."""
        if self._data:
            yield _undotted(self._data)
        yield from self._whole_chunks()
        yield from self._whole_body()

    def _sent(self, octets: bytes, *, last: bool) -> Iterator[bytes]:
        if self._chunks is not None:
            self._chunks += octets
            if last and self._last:
                yield from self._whole_chunks()
            return
        self._data += octets
        if last:
            data, self._data = self._data, bytearray()
            yield _undotted(data)

    def _whole_chunks(self) -> Iterator[bytes]:
        chunks, self._chunks = self._chunks, None
        if chunks:
            yield bytes(chunks)

    def _whole_body(self) -> Iterator[bytes]:
        body, self._body = self._body, None
        if body:  # a class of replies says nothing of the text
            yield bytes(body)


def _undotted(data: bytearray) -> bytes:
    reader = BodyReader(_NO_LIMITS)
    return reader.feed(bytes(data)).octets + reader.unfinished()
