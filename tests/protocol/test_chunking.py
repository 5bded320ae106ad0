"""However a stream is cut, it means the same: fed whole, octet by octet, and at random places."""

from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.errors import Word
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.connection import Connection
from mailprobe.protocol.events import Event
from mailprobe.protocol.framing import Limits
from mailprobe.protocol.items import Phase
from mailprobe.protocol.model import Command, Reply, Role, State
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import LMTP, SMTP
from mailprobe.value import replace
from tests.protocol.helpers import coalesced, cut, drain

SMALL = Limits(line=24, reply=60, body=80, body_line=24)
WIDE = Limits()

SMTP_PIECES = [b"250 ok\r\n", b"250-a\r\n", b"250-b\n", b"354 go\r\n", b"334 \r\n", b"220 go\r\n"]
SMTP_PIECES += [b"421 bye\r\n", b"550", b"235 in\r\n", b"2_5 x\r\n", b"2500\r\n", b" ", b"-"]
POP3_PIECES = [b"+OK\r\n", b"+OK 1 10\r\n", b"-ERR no\r\n", b"+ \r\n", b"+\r\n", b"+ok\n"]
POP3_PIECES += [b"+OK go\r\n1 10\r\n2 20\r\n.\r\n"]
ODD_PIECES = [b"\r\n", b"\r", b"\n", b".", b"..", b"\r\n.\r\n", b"\n.\n", b"x" * 25, b"x" * 7]
ODD_PIECES += [b"\x16\x03", b"\xff", b"\0", b"HTTP/1.1 400\r\n", b"\r\n.x"]

SMTP_COMMANDS = [b"NOOP", b"MAIL FROM:<a@b>", b"RCPT TO:<c@d>", b"DATA", b"STARTTLS", b"RSET"]
SMTP_COMMANDS += [b"AUTH PLAIN x", b"AUTH LOGIN", b"BDAT 0 LAST", b"EHLO me", b"QUIT", b"."]
POP3_COMMANDS = [b"NOOP", b"RETR 1", b"LIST", b"LIST 1", b"CAPA", b"AUTH", b"AUTH PLAIN", b"STLS"]
POP3_COMMANDS += [b"PASS x", b"QUIT", b"XTND XMIT", b"UIDL"]
CLIENT_PIECES = [b"EHLO me\r\n", b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<c@d>\r\n", b"DATA\r\n"]
CLIENT_PIECES += [b"BDAT 5\r\n", b"BDAT 0 LAST\r\n", b"BDAT x\r\n", b"AUTH PLAIN\r\n", b"RSET\n"]
CLIENT_PIECES += [b"STARTTLS\r\n", b"QUIT\r\n", b"NOOP", b"BDAT 12 LAST\r\n"]


def streams(pieces: list[bytes]) -> st.SearchStrategy[bytes]:
    piece = st.sampled_from(pieces + ODD_PIECES) | st.binary(max_size=3)
    return st.lists(piece, max_size=20).map(b"".join)


CUTS = st.lists(st.integers(min_value=0), max_size=8)


def told(happened: Iterable[Event]) -> list[Event]:
    """Events that can be compared.

    Where text was injected before TLS, or the first octet of a line gave another service away,
    nothing is waited for: how much had come by then is told, and hangs on the chunks.  All else
    is the same to the octet.
    """
    return [_without_what_had_come(event) for event in coalesced(happened)]


def _without_what_had_come(event: Event) -> Event:
    if isinstance(event, events.Failed) and event.octets:
        binary = event.word is Word.PROTOCOL and event.octets[0] in b"\x00\x15\x16\xff"
        if event.word is Word.SECURITY or binary:
            return replace(event, sentence="", octets=event.octets[:1])
    return event


def heard(connection: Connection, chunks: Iterable[bytes], *, ends: bool) -> list[Event]:
    """What a client tells of these chunks, and of the end of the stream."""
    happened: list[Event] = []
    for chunk in chunks:
        connection.receive_data(memoryview(chunk), 0.0)
        happened += drain(connection)
    if ends:
        connection.receive_data(b"", 0.0)
    return told(happened + drain(connection))


def client(catalogue: Catalogue, limits: Limits, commands: list[bytes]) -> Connection:
    connection = Connection(catalogue, Role.CLIENT, limits)
    for line in commands:
        connection.send(Command(line), 0.0)
    drain(connection)
    return connection


@pytest.mark.parametrize("catalogue", [SMTP, LMTP, POP3], ids=lambda one: one.protocol)
@given(data=st.data(), cuts=CUTS, limits=st.sampled_from([SMALL, WIDE]), ends=st.booleans())
def test_replies_and_bodies(
    catalogue: Catalogue, data: st.DataObject, cuts: list[int], limits: Limits, ends: bool
) -> None:
    """Any octets in answer to any pipelined commands: the same events, facts and counts."""
    pieces = POP3_PIECES if catalogue is POP3 else SMTP_PIECES
    commands = POP3_COMMANDS if catalogue is POP3 else SMTP_COMMANDS
    lines = data.draw(st.lists(st.sampled_from(commands), max_size=6))
    welcome = b"+OK hi\r\n" if catalogue is POP3 else b"220 hi\r\n"
    stream = data.draw(st.sampled_from([welcome, b""])) + data.draw(streams(pieces))
    one, two, three = (client(catalogue, limits, lines) for _ in range(3))
    whole = heard(one, [stream] if stream else [], ends=ends)
    assert heard(two, cut(stream, range(len(stream))), ends=ends) == whole
    assert heard(three, cut(stream, cuts), ends=ends) == whole
    assert one.facts == two.facts == three.facts
    assert one.outstanding == two.outstanding == three.outstanding >= 0


@given(stream=streams(POP3_PIECES), cuts=CUTS, trailing=st.binary(max_size=12))
def test_a_body_and_what_follows(stream: bytes, cuts: list[int], trailing: bytes) -> None:
    """Octets behind a stream change nothing of what was told before them."""
    one, two = (client(POP3, WIDE, [b"RETR 1", b"LIST"]) for _ in range(2))
    stream = b"+OK hi\r\n+OK\r\n" + stream
    whole = heard(one, [stream + trailing], ends=False)
    assert heard(two, [*cut(stream, cuts), *cut(trailing, [])], ends=False) == whole


def served(limits: Limits, catalogue: Catalogue, chunks: Iterable[bytes]) -> list[Event]:
    """What a server tells that answers each event as soon as it can."""
    connection = Connection(catalogue, Role.SERVER, limits)
    connection.send(Reply.of("220", "hi"), 0.0)
    happened: list[Event] = []
    for chunk in chunks:
        if chunk:
            connection.receive_data(chunk, 0.0)
        happened += _answering(connection)
    connection.receive_data(b"", 0.0)
    return told([*happened, *_answering(connection)])


def _answering(connection: Connection) -> Iterator[Event]:
    while batch := drain(connection):
        yield from batch
        while connection.outstanding and connection.phase is Phase.COMMAND:
            last = [event for event in batch if isinstance(event, events.CommandReceived)]
            verb = last[-1].command.verb if last else ""
            code = {"DATA": "354", "AUTH": "334", "STARTTLS": "220"}.get(verb, "250")
            ended = isinstance(batch[-1], (events.DataReceived, events.AnswerReceived))
            connection.send(Reply.of("250" if ended else code, ""), 0.0)


@pytest.mark.parametrize("catalogue", [SMTP, LMTP], ids=lambda one: one.protocol)
@given(stream=streams(CLIENT_PIECES), cuts=CUTS, limits=st.sampled_from([SMALL, WIDE]))
def test_commands_data_and_chunks(
    catalogue: Catalogue, stream: bytes, cuts: list[int], limits: Limits
) -> None:
    """The server role: commands, mail data, counted chunks and answers."""
    whole = served(limits, catalogue, [stream])
    assert served(limits, catalogue, cut(stream, range(len(stream)))) == whole
    assert served(limits, catalogue, cut(stream, cuts)) == whole


@pytest.mark.parametrize("place", range(1, 60))
def test_every_cut_of_one_injection(place: int) -> None:
    """Text behind the go-ahead is refused wherever the segments part."""
    stream = b"220 hi\r\n250 mx\r\n220 go\r\n250-injected\r\n250 AUTH PLAIN\r\n220 x"
    connection = client(SMTP, WIDE, [b"EHLO me", b"STARTTLS", b"EHLO me"])
    happened = heard(connection, cut(stream, [place]), ends=True)
    assert isinstance(happened[-1], events.Failed)
    assert happened[-1].word is Word.SECURITY
    assert connection.state is State.TLS
    assert len([event for event in happened if isinstance(event, events.ReplyReceived)]) == 2
