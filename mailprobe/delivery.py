"""Messages on their way: mail data to its lone dot, counted chunks, and a whole mail transaction.

They talk through a `Channel`, and know neither a prompt nor a command line.  However large a
message is, a block of it is held.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from mailprobe import envelope as envelopes
from mailprobe.enums import StrEnum
from mailprobe.envelope import Envelope
from mailprobe.errors import Failure, Word
from mailprobe.exchanges import Exchange
from mailprobe.maildata import Measure, Mender, Writer, measure
from mailprobe.protocol.framing import CRLF
from mailprobe.protocol.items import Data, Phase, Raw
from mailprobe.protocol.model import Command, Protocol, Reply, State, Verdict
from mailprobe.protocol.queued import queue_id
from mailprobe.session import Item, Session
from mailprobe.value import frozen, mutable, replace

_PIECE = 16 * 1024  # octets that are sent at once
_GROUP = 50  # commands of one write; a session remembers the exchanges of twice as many
_OVER = (State.CLOSED, State.UPDATE)
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


class Fate(StrEnum):
    """What became of a message, for one recipient."""

    SENT = "sent"
    TAKEN = "accepted"  # RCPT was, and no mail data was sent
    LATER = "later"  # 4yz
    REFUSED = "refused"  # 5yz
    UNKNOWN = "unknown"  # nobody has heard the last word
    UNSENT = "not sent"


_FATES = {Verdict.LATER: Fate.LATER, Verdict.REFUSED: Fate.REFUSED}


@mutable
class Judged:
    """A recipient, and the reply that was the last word so far."""

    recipient: str
    fate: Fate = Fate.UNSENT
    reply: Reply | None = None

    def forget(self, fate: Fate) -> None:
        """What was said to RCPT is of no account any more."""
        self.reply, self.fate = None, fate

    def judge(self, reply: Reply, fate: Fate) -> None:
        """`fate` is what it is where the reply does not refuse."""
        self.reply, self.fate = reply, _FATES.get(reply.verdict, fate)


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


# ------------------------------------------------------------------------------ whole transactions


class Delivery:
    """One mail transaction; `judged` is what became of it so far, whatever happens."""

    def __init__(
        self, channel: Channel, session: Session, envelope: Envelope, style: Style
    ) -> None:
        self.judged = [Judged(recipient) for recipient in envelope.recipients]
        self.size = 0  # octets, as SIZE counts
        self.interrupted = False
        self._channel = channel
        self._session = session
        self._envelope = envelope
        self._style = style
        self._opened: Reply | None = None  # to MAIL
        self._asked = False  # DATA has gone out with the envelope

    @property
    def queue_ids(self) -> list[bytes]:
        """What the server calls the message, once each."""
        found = (
            queue_id(one.reply)
            for one in self.judged
            if one.reply is not None and one.fate is Fate.SENT
        )
        return list(dict.fromkeys(one for one in found if one is not None))

    @property
    def missed(self) -> list[Judged]:
        """Those who do not have it, as far as anybody knows."""
        wanted = Fate.TAKEN if self._style.dry else Fate.SENT
        return [one for one in self.judged if one.fate is not wanted]

    def run(self, blocks: Blocks) -> None:
        """MAIL, RCPT for each, and the mail data.  Raises Failure.

        Nothing is said where the envelope cannot be sent as things stand (`envelope.refuse`).
        """
        session, offers = self._session, self._offers
        found = self._measured(blocks)
        self.size = found.size
        envelopes.refuse(self._envelope, offers, tls=session.connection.facts.tls)
        if self._style.chunk is not None and "CHUNKING" not in offers:
            raise _usage("no CHUNKING is offered, and the octets would be run as commands")
        for advice in envelopes.advices(self._envelope, found, offers):
            self._channel.tell(advice)
        if self._open(*envelopes.commands(self._envelope, found, offers)):
            self._send_data(blocks)
        else:
            self._end_early()

    @property
    def _offers(self) -> dict[str, str]:
        return self._session.connection.facts.offers or {}

    @property
    def gone(self) -> bool:
        """Whether the server hears nothing more."""
        return self._session.closed or self._session.state in _OVER

    def _measured(self, blocks: Blocks) -> Measure:
        found = measure(blocks())
        if not self._envelope.parameters.binary:
            return found
        return replace(found, size=sum(map(len, blocks())))

    # ---------------------------------------------------------------------------- the envelope

    def _open(self, mail: bytes, recipients: Sequence[bytes]) -> bool:
        """Say the envelope; False where that was interrupted, or nobody takes it."""
        connection, lines = self._session.connection, [mail, *recipients]
        for line in dict.fromkeys((mail, recipients[0])):
            for advice in connection.catalogue.advise_parameters(Command(line), connection.facts):
                self._channel.tell(f"{advice.what} ({advice.reference})")
        if self._style.pipelining and "PIPELINING" in self._offers:
            return self._open_at_once(lines)
        for number, line in enumerate(lines):
            reply = say(self._channel, self._session, line)
            if reply is None:
                return False
            self._take(number, reply)
            if not self._goes_on:
                return False
        return True

    def _open_at_once(self, lines: list[bytes]) -> bool:
        """Groups of commands, with DATA at the end of the last one (RFC 2920, section 3.1)."""
        self._asked = self._style.chunk is None and not self._style.dry
        for start in range(0, len(lines), _GROUP):
            group = lines[start : start + _GROUP]
            last = start + _GROUP >= len(lines)
            if not self._say_group(start, [*group, b"DATA"] if last and self._asked else group):
                return False
            if not self._goes_on:
                break
        if self._session.connection.phase is Phase.DATA and not self._taken:
            # it goes ahead for nobody: an empty message ends it
            return self._channel.put(Data(b".\r\n")) and self._channel.wait() and self._goes_on
        return self._goes_on

    def _say_group(self, start: int, lines: list[bytes]) -> bool:
        """Several commands as one write, and the replies to them; `start` is the first's number."""
        before = self._session.last
        sent = self._channel.put(Raw(b"".join(line + CRLF for line in lines)))
        sent = sent and self._channel.wait()
        for number, exchange in enumerate(_behind(self._session, before), start):
            if exchange.replies and number <= len(self.judged):
                self._take(number, exchange.replies[-1])
        return sent

    @property
    def _goes_on(self) -> bool:
        """Whether MAIL was accepted, and the server is still there."""
        return self._opened is not None and self._opened.positive and not self.gone

    def _take(self, number: int, reply: Reply) -> None:
        """The reply to MAIL, which is 0, or to an RCPT."""
        if number and self._opened is not None and self._opened.positive:
            self.judged[number - 1].judge(reply, Fate.TAKEN)
        if number == 0:
            self._opened = reply
            if not reply.positive:
                for one in self.judged:
                    one.judge(reply, Fate.UNSENT)

    @property
    def _taken(self) -> list[Judged]:
        return [one for one in self.judged if one.fate is Fate.TAKEN]

    def _end_early(self) -> None:
        session = self._session
        for one in self._taken:
            one.forget(Fate.UNSENT)
        self.interrupted = not session.closed and session.connection.waiting
        if self.interrupted:
            self._channel.tell("interrupted: the mail transaction may be open, RSET takes it back")
            return
        self._channel.tell("nothing of the message was sent")

    # ----------------------------------------------------------------------------- the mail data

    def _send_data(self, blocks: Blocks) -> None:
        taken, session, channel = self._taken, self._session, self._channel
        if not taken or self._style.dry:
            self._reset()
            return
        by_data, answered = self._style.chunk is None, True
        if by_data and not self._asked:
            answered = open_data(channel, session) or not session.connection.waiting
        if not answered and not session.closed:
            self._end_early()
            return
        if by_data and session.connection.phase is not Phase.DATA:
            self._judge(taken, sent=False)
            self._reset()
            return
        for one in taken:
            one.forget(Fate.UNKNOWN)  # until the last word is heard
        self._settle(taken, whole=self._write(blocks))

    def _write(self, blocks: Blocks) -> bool:
        """The mail data, and its replies; False when interrupted, or at a refused chunk."""
        if self._style.chunk is None:
            return write_data(self._channel, self._session, blocks(), self._style)
        octets = blocks() if self._envelope.parameters.binary else mended(blocks())
        chunks = even_chunks(self.size, self._style.chunk)
        return send_chunks(self._channel, self._session, octets, chunks, pipelined=False)

    def _settle(self, taken: list[Judged], *, whole: bool) -> None:
        last = self._session.last
        refused = self._style.chunk is not None and last is not None and bool(last.replies)
        if whole or refused:
            self._judge(taken, sent=whole)
            self._reset()
            return
        self.interrupted = True
        self._channel.tell("interrupted: nobody knows yet what became of the mail")

    def _judge(self, taken: list[Judged], *, sent: bool) -> None:
        """The last word on each recipient: LMTP says one for each (RFC 2033, section 4.2)."""
        last, fate = self._session.last, Fate.SENT if sent else Fate.UNSENT
        said = [one for one in last.replies if one.verdict is not Verdict.GO_ON] if last else []
        lmtp = self._session.connection.catalogue.protocol is Protocol.LMTP
        each = iter(said)
        for one in taken:
            reply = next(each, None) if lmtp and sent else said[-1] if said else None
            if reply is not None:
                one.judge(reply, fate)
            else:
                one.forget(Fate.UNKNOWN if sent else Fate.UNSENT)

    def _reset(self) -> None:
        """Take back a transaction that is open still."""
        if not self.gone and self._session.connection.facts.reverse_path is not None:
            say(self._channel, self._session, b"RSET")


def _behind(session: Session, before: Exchange | None) -> list[Exchange]:
    """The exchanges behind `before`, the oldest first."""
    newest: list[Exchange] = []
    for exchange in islice(reversed(session.exchanges), _GROUP + 1):
        if exchange is before:
            break
        newest.append(exchange)
    return newest[::-1]


def say(channel: Channel, session: Session, line: bytes) -> Reply | None:
    """Send a command, wait, and give the last reply to it; None when there is none."""
    command = Command(line)
    if not channel.put(command) or not channel.wait():
        return None
    last = session.last
    answered = last is not None and last.command is command and last.replies
    return last.replies[-1] if last is not None and answered else None


def _usage(sentence: str) -> Failure:
    return Failure(Word.USAGE, sentence)
