"""Mail data on its way: up to its lone dot, or in counted chunks; commands one by one.

It talks through a `Channel`, and knows neither a prompt nor a command line.  However large a
message is, a block of it is held.
"""

from collections.abc import Callable, Iterable, Iterator

from mailprobe.errors import Failure, Word
from mailprobe.messages.maildata import Mender, Writer
from mailprobe.protocol.framing import CRLF
from mailprobe.protocol.items import Data, Phase, Raw
from mailprobe.protocol.model import Command, Reply
from mailprobe.session import Item, Session
from mailprobe.value import frozen

_PIECE = 16 * 1024  # octets that are sent at once
Blocks = Callable[[], Iterator[bytes]]  # a message, from its beginning, as often as asked


@frozen
class Channel:
    """How a session is talked to: `put` sends and waits for nothing, `wait` waits for all.

    Both give False when somebody has interrupted them.  `tell` hears a sentence for a person.
    """

    put: Callable[[Item], bool]
    wait: Callable[[], bool]
    tell: Callable[[str], None]


@frozen
class Style:
    """How mail data is written; the rest is for wrong lines on purpose."""

    ends: bytes | None = CRLF  # what every line end becomes; None leaves them as they are
    stuffing: bool = True
    pipelining: bool = False  # MAIL, RCPT and DATA as one write, where that is offered (RFC 2920)
    chunk: int | None = None  # octets of a BDAT; 0 is all in one, None goes by DATA
    dry: bool = False  # no mail data: RSET behind the last RCPT


@frozen
class Chunk:
    size: int  # octets
    last: bool = False  # LAST stands behind it


def say(channel: Channel, session: Session, line: bytes) -> Reply | None:
    """Send a command, wait, and give the last reply to it; None when there is none."""
    command = Command(line)
    if not channel.put(command) or not channel.wait():
        return None
    last = session.last
    answered = last is not None and last.command is command and last.replies
    return last.replies[-1] if last is not None and answered else None


# -------------------------------------------------------------------------------------- mail data


def open_data(channel: Channel, session: Session) -> bool:
    """Send DATA where mail data is not open yet; whether it is now."""
    if session.connection.phase is not Phase.DATA:
        say(channel, session, b"DATA")
    return session.connection.phase is Phase.DATA


def write_data(channel: Channel, session: Session, blocks: Iterable[bytes], style: Style) -> bool:
    """Mail data up to its end, and its reply; False when interrupted."""
    connection = session.connection
    fresh = connection.begins_line  # a line that was typed may have no end yet
    writer = Writer(ends=style.ends, stuffing=style.stuffing, fresh=fresh)
    session.transport.keep_pace()
    for block in blocks:
        for octets in _pieces(writer.feed(block)):
            # unstuffed, a lone dot of the text ends the data; the rest travels all the same
            item = Data(octets) if connection.phase is Phase.DATA else Raw(octets)
            if not channel.put(item):
                return False
    end = writer.finish()
    if connection.phase is not Phase.DATA:
        channel.tell("a lone dot in the text has ended the mail data; the rest were commands")
        end = end.removesuffix(b".\r\n")
    item = Data(end) if connection.phase is Phase.DATA else Raw(end)
    return (not end or channel.put(item)) and channel.wait()


def _pieces(octets: bytes) -> Iterator[bytes]:
    """Small enough that a person sees how far a slow server has come."""
    for at in range(0, len(octets), _PIECE):
        yield octets[at : at + _PIECE]


# ----------------------------------------------------------------------------------------- chunks


def plan(text: str, size: int) -> list[Chunk]:
    """The chunks that `100,1,0,LAST` cuts `size` octets into.  Raises Failure `usage`."""
    *words, end = text.upper().split(",")
    sizes = words if end == "LAST" else [*words, end]
    if not all(one.isascii() and one.isdigit() and len(one) < 16 for one in sizes):
        raise _usage("chunks are octets with commas between, and LAST for the rest: 100,1,0,LAST")
    chunks = [Chunk(int(one)) for one in sizes]
    wanted = sum(chunk.size for chunk in chunks)
    if wanted > size:
        raise _usage(f"nothing was sent: the chunks want {wanted} octets, there are {size}")
    return [*chunks, Chunk(size - wanted, last=True)] if end == "LAST" else chunks


def even_chunks(size: int, each: int) -> Iterator[Chunk]:
    """`size` octets in chunks of `each`, all in one where that is 0."""
    while each and size > each:
        yield Chunk(each)
        size -= each
    yield Chunk(size, last=True)


def send_chunks(
    channel: Channel,
    session: Session,
    blocks: Iterator[bytes],
    chunks: Iterable[Chunk],
    *,
    pipelined: bool,
) -> bool:
    """BDAT after BDAT (RFC 3030), each after the reply to the last one, or all at once.

    False when interrupted, or at a refusal.
    """
    session.transport.keep_pace()
    octets = _Parcel(blocks)
    for chunk in chunks:
        line = f"BDAT {chunk.size}{' LAST' if chunk.last else ''}"
        if not channel.put(Command(line.encode())):
            return False
        if not all(channel.put(Data(piece)) for piece in octets.take(chunk.size)):
            return False
        if pipelined:
            continue
        if not channel.wait():
            return False
        last = session.last
        if not chunk.last and last is not None and last.replies and last.replies[-1].refused:
            channel.tell("the chunks behind it were not sent: RSET takes the transaction back")
            return False
    return channel.wait()


class _Parcel:
    """Octets that come in blocks, and go by count."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._held = b""

    def take(self, count: int) -> Iterator[bytes]:
        while count:
            held = self._held or next(self._blocks, b"")
            if not held:  # the file has become shorter meanwhile
                raise _usage("there are fewer octets than were counted: the chunk is not whole")
            piece, self._held = held[: min(count, _PIECE)], held[min(count, _PIECE) :]
            count -= len(piece)
            yield piece


def mended(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines with CRLF, the last one, too: as many octets as `measure` says."""
    mender, tail = Mender(), CRLF
    for block in blocks:
        octets = mender.feed(block)
        tail = (tail + octets[-2:])[-2:]
        yield octets
    end = mender.finish()
    yield end if end or tail == CRLF else CRLF


def _usage(sentence: str) -> Failure:
    return Failure(Word.USAGE, sentence)
