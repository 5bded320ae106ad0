"""A whole mail transaction: the envelope, the mail data, and what becomes of each recipient.

It talks through a `Channel`, and knows neither a prompt nor a command line.
"""

from collections.abc import Sequence
from itertools import islice

from mailprobe.enums import StrEnum
from mailprobe.errors import Failure, Word
from mailprobe.exchanges import Exchange
from mailprobe.messages import envelope as envelopes
from mailprobe.messages.dispatch import (
    Blocks,
    Channel,
    Style,
    even_chunks,
    mended,
    open_data,
    say,
    send_chunks,
    write_data,
)
from mailprobe.messages.envelope import Envelope
from mailprobe.messages.maildata import Measure, measure
from mailprobe.protocol.framing import CRLF
from mailprobe.protocol.items import Data, Phase, Raw
from mailprobe.protocol.model import Command, Protocol, Reply, State, Verdict
from mailprobe.protocol.queued import queue_id
from mailprobe.session import Session
from mailprobe.value import mutable, replace

_GROUP = 50  # commands of one write; a session remembers the exchanges of twice as many
_OVER = (State.CLOSED, State.UPDATE)


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
            elif exchange.replies and self.gone:  # DATA had the last word
                self._judge(self._taken, sent=False)
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
        # after 421 nothing that is owed still will come, and nobody has interrupted anything
        self.interrupted = not self.gone and session.connection.waiting
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


def _usage(sentence: str) -> Failure:
    return Failure(Word.USAGE, sentence)
