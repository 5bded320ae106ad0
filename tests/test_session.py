"""A session: deadlines, ends, TLS by upgrade, secrets, and what its observers hear."""

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from mailprobe.errors import Failure, Word
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.events import Ending, Event
from mailprobe.protocol.framing import Limits
from mailprobe.protocol.items import Answer, Data, Misuse, Raw
from mailprobe.protocol.model import Command, Protocol, State
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import LMTP, SMTP
from mailprobe.session import Item, Session, Settings
from mailprobe.transcript.record import Recorder
from mailprobe.transport.link import Interrupted, TlsSettings, WriteFailed
from mailprobe.transport.memory import Scripted, pair
from mailprobe.transport.stream import Stream
from mailprobe.transport.target import Target, parse_target
from mailprobe.value import replace
from tests.transcript.grammar_check import check

SOON = 0.001  # seconds
GREETING = b"220 hi\r\n"


class Peer(Scripted):
    """A script whose next chunk comes only when something waits for it, never by a poll."""

    polled: bytes | None = None

    def poll_receive(self) -> memoryview | None:
        octets, self.polled = self.polled, None
        return None if octets is None else memoryview(octets)


def started(
    *chunks: bytes | None,
    catalogue: Catalogue = SMTP,
    ending: str | None = None,
    peer: str = "memory",
    **settings: object,
) -> tuple[Session, Peer, list[Event]]:
    """A session over a script, its greeting read, and what its observer heard."""
    heard: list[Event] = []
    session = Session(catalogue, [heard.append], Settings(**settings))  # type: ignore[arg-type]
    link = Peer([b"+OK hi\r\n" if catalogue is POP3 else GREETING, *chunks], ending=ending)
    link.peer = peer
    session.attach(link)
    return session, link, heard


def names(heard: list[Event]) -> list[str]:
    return [type(event).__name__ for event in heard]


def failure_of(action: Callable[[], object]) -> Failure:
    with pytest.raises(Failure) as caught:
        action()
    return caught.value


# ---------------------------------------------------------------------------------- exchanges


def test_an_exchange_keeps_command_replies_and_body() -> None:
    """What happened to a command, with the dots of its body undone."""
    session, link, _ = started(b"+OK\r\n..a\r\nb\r\n.\r\n", catalogue=POP3)
    exchange = session.exchange(b"retr 1")
    assert exchange is not None
    assert exchange is session.last
    assert exchange.replies[0].code == "+OK"
    assert exchange.body is not None
    exchange.body.seek(0)
    assert exchange.body.read() == b".a\r\nb\r\n"
    assert link.sent == [b"retr 1\r\n"]


def test_a_big_body_is_kept_outside_memory() -> None:
    """Beyond 1 MiB it is in a file; only the newest few bodies are kept at all."""
    body = b"x" * 1000 + b"\r\n"
    big = b"+OK\r\n" + body * 1100 + b".\r\n"
    session, _, _ = started(big, *[b"+OK\r\nx\r\n.\r\n"] * 8, catalogue=POP3)
    first = session.exchange(b"RETR 1")
    assert first is not None
    assert first.body is not None
    assert first.body.fileno() >= 0
    assert os.fstat(first.body.fileno()).st_mode & 0o077 == 0
    for _ in range(8):
        session.exchange(b"RETR 2")
    assert first.body is None
    assert sum(one.body is not None for one in session.exchanges) == 8


def test_bodies_need_not_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a setting, or because the disk is full: the session does not mind."""
    session, _, _ = started(b"+OK\r\nx\r\n.\r\n", catalogue=POP3, keep_bodies=False)
    exchange = session.exchange(b"LIST")
    assert exchange is not None
    assert exchange.body is None

    def full(file: object, octets: bytes) -> None:
        raise Failure(Word.USAGE, "full")

    monkeypatch.setattr("mailprobe.files.keep", full)
    session, _, heard = started(b"+OK\r\nx\r\n.\r\n", catalogue=POP3)
    exchange = session.exchange(b"LIST")
    assert exchange is not None
    assert exchange.body is None
    assert "BodyChunk" in names(heard)


def test_observers_are_called_in_order() -> None:
    """Each event reaches the first observer before the second."""
    heard: list[tuple[int, Event]] = []
    observers = [lambda event, n=n: heard.append((n, event)) for n in (1, 2)]
    session = Session(SMTP, observers)
    session.attach(Scripted([GREETING]))
    assert [n for n, _ in heard] == [1, 2] * (len(heard) // 2)
    assert [event for n, event in heard if n == 1] == [event for n, event in heard if n == 2]


@pytest.mark.parametrize(
    "item, line", [(Command(b"NOOP"), b"NOOP"), (Answer(b"x"), b"x"), (Data(b"x\r\n"), b"x")]
)
def test_what_a_typed_line_is(item: Item, line: bytes) -> None:
    """A command, an answer or mail data: the phase says it."""
    session, _, _ = started(b"334 \r\n" if isinstance(item, Answer) else b"354 go\r\n")
    if not isinstance(item, Command):
        session.exchange(b"AUTH PLAIN" if isinstance(item, Answer) else b"DATA")
    assert session.item(line) == item


# --------------------------------------------------------------------------------------- ends


@pytest.mark.parametrize(
    "ending, word",
    [(Ending.EOF, Word.EOF), (Ending.RESET, Word.RESET), (Ending.TRUNCATED, Word.EOF)],
)
@pytest.mark.parametrize("half", [b"", b"250-ha"])
def test_a_server_that_goes_away(ending: str, word: Word, half: bytes) -> None:
    """The word, Failed before Closed, each once; the same failure is not raised again."""
    session, _, heard = started(*([half] if half else []), ending=ending)
    assert failure_of(lambda: session.exchange(b"NOOP")).word is word
    assert names(heard)[-3:] == ["Failed", "StateChanged", "Closed"]
    failed, closed = heard[-3], heard[-1]
    assert isinstance(failed, events.Failed)
    assert isinstance(closed, events.Closed)
    assert (failed.octets, closed.how) == (half, ending)
    assert ("without close_notify" in failed.sentence) is (ending == Ending.TRUNCATED)
    assert failure_of(lambda: session.send(Command(b"NOOP"))).sentence == "the connection is closed"
    session.close()
    session.drop()
    session.leave()
    session.poll()
    assert names(heard).count("Closed") == names(heard).count("Failed") == 1


def test_an_end_between_exchanges_is_no_failure() -> None:
    """Nothing is owed: the end is told, and the next line cannot be sent."""
    session, link, heard = started()
    link.polled, link.ending = b"", Ending.EOF
    session.poll()
    session.check()
    assert names(heard)[-1] == "Closed"
    assert session.closed
    assert failure_of(lambda: session.send(Command(b"NOOP"))).word is Word.EOF
    assert link.sent == []


def test_close_after_quit_says_that_the_server_ended() -> None:
    """With QUIT the server closes; without it we do."""
    for line, how in ((b"QUIT", Ending.EOF), (b"NOOP", Ending.LOCAL)):
        session, link, heard = started(b"221 bye\r\n", ending=None)
        session.exchange(line)
        link._ending = Ending.EOF
        session.close()
        closed = heard[-1]
        assert isinstance(closed, events.Closed)
        assert closed.how == how
        assert link.closed


def test_a_farewell_that_nobody_answers(link: "Linked", monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told by its own limit, not by --max-time, which nobody gave."""
    monkeypatch.setattr("mailprobe.session._FAREWELL", SOON)
    session, _, heard = link
    session.leave()
    (failed,) = [event for event in heard if isinstance(event, events.Failed)]
    assert "a farewell may take" in failed.sentence
    assert "--max-time" not in failed.sentence


def test_a_server_that_waits_for_our_end(link: "Linked") -> None:
    """It was we who ended the link, even behind QUIT."""
    session, server, heard = link

    def wait() -> None:
        server.recv(64)
        server.sendall(b"221 bye\r\n")
        while server.recv(64):
            pass
        server.close()

    waiting = threading.Thread(target=wait)
    waiting.start()
    session.exchange(b"QUIT")
    session.close()
    waiting.join()
    closed = heard[-1]
    assert isinstance(closed, events.Closed)
    assert closed.how == Ending.LOCAL


def test_a_line_that_is_no_reply_leaves_the_link_alone() -> None:
    """It is raised out of the wait, once, and the reply behind it still comes."""
    session, _, heard = started(b"what?\r\n", b"250 ok\r\n")
    assert failure_of(lambda: session.exchange(b"NOOP")).word is Word.PROTOCOL
    assert not session.closed
    assert session.wait()
    assert session.last is not None
    assert session.last.replies[0].code == "250"
    assert names(heard).count("Failed") == 1


@pytest.mark.parametrize(
    "octets, word",
    [(b"\x16\x03\x01", Word.PROTOCOL), (b"x" * 100, Word.LIMIT), (b"250-" + b"x" * 99, Word.LIMIT)],
)
def test_what_cannot_be_framed_ends_the_session(octets: bytes, word: Word) -> None:
    """A flood or another protocol is not read on."""
    session, link, heard = started(octets, limits=Limits(line=64))
    assert failure_of(lambda: session.exchange(b"NOOP")).word is word
    assert session.closed
    assert link.closed
    assert names(heard)[-1] == "Closed"


def test_an_unsolicited_reply_is_not_the_answer() -> None:
    """What came before a command was sent is told before it, and settles nothing."""
    session, link, heard = started(b"250 ok\r\n")
    link.polled = b"250 nobody asked\r\n"
    exchange = session.exchange(b"NOOP")
    assert exchange is not None
    assert [reply.wire for reply in exchange.replies] == [b"250 ok\r\n"]
    order = names(heard)
    assert order.index("Unsolicited") < order.index("CommandSent")


def test_garbage_that_nobody_waited_for_is_raised_once() -> None:
    """`check` tells what `poll` met; `send` does it, too, and sends nothing then."""
    session, link, _ = started(b"250 ok\r\n")
    link.polled = b"garbage\r\n"
    assert failure_of(lambda: session.send(Command(b"NOOP"))).word is Word.PROTOCOL
    assert link.sent == []
    assert session.exchange(b"NOOP") is not None


class Deaf(Peer):
    """A peer that takes nothing more."""

    fault: Failure = WriteFailed(Word.EOF, "the peer takes nothing more")

    def send(self, *_: object) -> int:
        raise self.fault


def deaf(*chunks: bytes | None, ending: str | None = Ending.EOF) -> tuple[Session, list[Event]]:
    heard: list[Event] = []
    session = Session(SMTP, [heard.append])
    session.attach(Deaf([GREETING, *chunks], ending=ending))
    return session, heard


def test_a_421_explains_why_nothing_could_be_written() -> None:
    """It is the answer, and no failure of ours is told."""
    session, heard = deaf(b"421 too late\r\n")
    exchange = session.exchange(b"NOOP")
    assert exchange is not None
    assert exchange.replies[0].code == "421"
    assert session.closed
    assert "Failed" not in names(heard)


@pytest.mark.parametrize(
    "chunks, ending, word",
    [
        ((), Ending.EOF, Word.EOF),
        ((), Ending.RESET, Word.RESET),
        ((), None, Word.TIMEOUT),
        ((None,), None, Word.EOF),
        ((b"half",), Ending.EOF, Word.EOF),
    ],
)
def test_a_write_that_nothing_explains(
    chunks: tuple[bytes | None, ...], ending: str | None, word: Word
) -> None:
    """The failure, after Failed and Closed, once."""
    session, heard = deaf(*chunks, ending=ending)
    assert failure_of(lambda: session.exchange(b"NOOP")).word is word
    assert names(heard).count("Failed") == names(heard).count("Closed") == 1


def test_a_421_to_an_earlier_command_leaves_the_later_one_unanswered() -> None:
    """What is still owed cannot come: the write's own failure says so."""
    session, heard = deaf(b"421 too late\r\n")
    session.connection.send(Command(b"NOOP"), 0.0)
    assert failure_of(lambda: session.send(Command(b"NOOP"))).word is Word.EOF
    assert names(heard)[-1] == "Closed"


def test_a_write_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names the option."""
    session, heard = deaf()
    monkeypatch.setattr(Deaf, "fault", Failure(Word.TIMEOUT, "x"))
    assert failure_of(lambda: session.exchange(b"NOOP")).sentence == (
        "script took nothing more within 60 s (--timeout)"
    )
    assert names(heard)[-3:] == ["Failed", "StateChanged", "Closed"]


# ------------------------------------------------------------------------------------ deadlines


@pytest.fixture
def link() -> Iterator[tuple[Session, socket.socket, list[Event]]]:
    """A session over a real pair of sockets, and the server's end of it."""
    ours, theirs = socket.socketpair()
    heard: list[Event] = []
    session = Session(SMTP, [heard.append], Settings(timeout=20))
    theirs.sendall(GREETING)
    session.attach(Stream(ours, peer="server"))
    yield session, theirs, heard
    session.drop()
    theirs.close()


Linked = tuple[Session, socket.socket, list[Event]]


@pytest.mark.parametrize("half", [b"", b"250-ha"])
def test_silence_ends_the_wait(link: Linked, half: bytes) -> None:
    """The sentence says what was due and by which option; the link is closed."""
    session, theirs, heard = link
    theirs.sendall(half)
    session.settings = replace(session.settings, timeout=SOON)
    failure = failure_of(lambda: session.exchange(b"NOOP"))
    assert str(failure) == (
        "timeout: a reply to NOOP did not come from server within 0.001 s (--timeout)"
    )
    assert session.closed
    assert names(heard)[-3:] == ["Failed", "StateChanged", "Closed"]


def test_max_time_ends_the_wait(link: Linked) -> None:
    """A run that is over says so by its own option."""
    session, _, _ = link
    session.settings = replace(session.settings, end=time.monotonic())
    assert "--max-time" in failure_of(lambda: session.exchange(b"NOOP")).sentence


def test_a_silent_greeting_hints_at_tls() -> None:
    """A port that waits for a handshake is silent."""
    session = Session(SMTP)
    failure = failure_of(lambda: session.attach(Scripted([], ending=None)))
    assert failure.word is Word.TIMEOUT
    assert "try --tls" in failure.sentence


class Clock:
    """A clock that moves by `step` at each look."""

    def __init__(self, step: float) -> None:
        self.at, self.step = 0.0, step

    def monotonic(self) -> float:
        self.at += self.step
        return self.at


@pytest.mark.parametrize("drip, word", [(b"250-x\r\n", Word.TIMEOUT), (b"250 x\r\n", None)])
def test_a_reply_must_come_whole_in_time(
    monkeypatch: pytest.MonkeyPatch, drip: bytes, word: Word | None
) -> None:
    """Drops that never end run into the limit, though none of them is late."""
    session, _, _ = started(*[drip] * 200, timeout=100)
    monkeypatch.setattr("mailprobe.wire.time", Clock(1))
    if word is None:
        assert session.exchange(b"NOOP") is not None
    else:
        assert failure_of(lambda: session.exchange(b"NOOP")).word is word


def test_a_body_may_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only silence counts while a multi-line response comes."""
    session, _, _ = started(b"+OK\r\n", *[b"x\r\n"] * 300, b".\r\n", catalogue=POP3, timeout=100)
    monkeypatch.setattr("mailprobe.wire.time", Clock(1))
    assert session.exchange(b"RETR 1") is not None


class Chatter(Peer):
    """A peer that never stops."""

    def poll_receive(self) -> memoryview | None:
        return memoryview(b"250 and\r\n")


def test_a_flood_that_nobody_asked_for_ends() -> None:
    """Taking in what is there is bounded, too."""
    session = Session(SMTP, (), Settings(timeout=100), Clock(1).monotonic)
    session.attach(Chatter([GREETING]))
    session.poll()
    assert failure_of(session.check).word is Word.TIMEOUT
    session.check()
    assert session.closed


def test_an_interrupted_wait_keeps_the_connection() -> None:
    """The reply that comes later belongs to its command all the same."""
    session, link, _ = started(None, b"250 two\r\n")
    assert session.exchange(b"NOOP 1") is None
    assert not session.closed
    link.polled = b"250 one\r\n"
    assert session.exchange(b"NOOP 2") is not None
    first, second = session.exchanges
    assert [first.replies[0].wire, second.replies[0].wire] == [b"250 one\r\n", b"250 two\r\n"]


# -------------------------------------------------------------------------------------- leaving


@pytest.mark.parametrize(
    "catalogue, lines, chunks, sent",
    [
        (SMTP, [], [b"221 bye\r\n"], [b"QUIT\r\n"]),
        (SMTP, [b"NOOP"], [b"421 no\r\n"], [b"NOOP\r\n"]),
        (SMTP, [b"DATA"], [b"354 go\r\n"], [b"DATA\r\n"]),
        (SMTP, [b"QUIT"], [b"221 bye\r\n"], [b"QUIT\r\n"]),
        (
            SMTP,
            [b"AUTH PLAIN"],
            [b"334 \r\n", b"501 ok\r\n", b"221 bye\r\n"],
            [b"AUTH PLAIN\r\n", b"*\r\n", b"QUIT\r\n"],
        ),
        (
            POP3,
            [b"USER a", b"PASS b", b"DELE 1"],
            [b"+OK\r\n"] * 5,
            [b"USER a\r\n", b"PASS b\r\n", b"DELE 1\r\n", b"RSET\r\n", b"QUIT\r\n"],
        ),
        (
            POP3,
            [b"USER a", b"PASS b", b"DELE 1"],
            [b"+OK\r\n"] * 3 + [b"-ERR\r\n"],
            [b"USER a\r\n", b"PASS b\r\n", b"DELE 1\r\n", b"RSET\r\n"],
        ),
        (  # a server that refuses DELE may have marked the message all the same
            POP3,
            [b"USER a", b"PASS b", b"DELE 1"],
            [b"+OK\r\n"] * 2 + [b"-ERR no\r\n"] + [b"+OK\r\n"] * 2,
            [b"USER a\r\n", b"PASS b\r\n", b"DELE 1\r\n", b"RSET\r\n", b"QUIT\r\n"],
        ),
        (
            POP3,
            [b"USER a", b"PASS b", b"DELE 1"],
            [b"+OK\r\n"] * 2 + [b"-ERR no\r\n"] * 2,
            [b"USER a\r\n", b"PASS b\r\n", b"DELE 1\r\n", b"RSET\r\n"],
        ),
        (POP3, [b"DELE 1"], [b"-ERR\r\n", b"+OK\r\n"], [b"DELE 1\r\n", b"QUIT\r\n"]),
        (SMTP, [], [None], [b"QUIT\r\n"]),
    ],
)
def test_leaving(
    catalogue: Catalogue, lines: list[bytes], chunks: list[bytes | None], sent: list[bytes]
) -> None:
    """QUIT where it does no harm, never otherwise; closed in the end, whatever happens."""
    session, link, heard = started(*chunks, catalogue=catalogue)
    for line in lines:
        session.exchange(line)
    session.leave()
    session.leave()
    assert link.sent == sent
    assert link.closed
    assert names(heard).count("Closed") == 1


def test_there_is_no_transport_before_there_is_one() -> None:
    """Closing and polling nothing is nothing; asking for the link is a failure."""
    session = Session(SMTP)
    session.close()
    session.drop()
    session.poll()
    assert failure_of(lambda: session.transport).word is Word.USAGE


# ------------------------------------------------------------------------------------- secrets


@pytest.mark.parametrize(
    "peer, item, exposed",
    [
        ("192.0.2.1:110", Command(b"PASS x"), True),
        ("192.0.2.1:110", Command(b"pass x"), True),
        ("192.0.2.1:110", Command(b"PASS"), False),
        ("192.0.2.1:110", Command(b"APOP a b"), True),
        ("192.0.2.1:110", Command(b"AUTH PLAIN"), True),
        ("192.0.2.1:110", Command(b"AUTH PLAIN AGEAYg=="), True),
        ("192.0.2.1:110", Command(b"AUTH"), False),
        ("192.0.2.1:110", Command(b"USER alice"), False),
        ("192.0.2.1:110", Command(b"XYZ"), False),
        ("192.0.2.1:110", Raw(b"NOOP\r\nPASS x\r\n"), True),
        ("192.0.2.1:110", Raw(b"NOOP\r\n"), False),
        ("[2001:db8::1]:110", Command(b"PASS x"), True),
        ("127.0.0.1:110", Command(b"PASS x"), False),
        ("[::1]:110", Command(b"PASS x"), False),
        ("unix:/run/x", Command(b"PASS x"), False),
    ],
)
def test_what_others_could_read(peer: str, item: Item, exposed: bool) -> None:
    """A credential in the clear to another machine is not sent, unless that was asked for."""
    session, link, _ = started(b"+OK\r\n", catalogue=POP3, peer=peer)
    assert session.exposes(item) is exposed
    if exposed:
        failure = failure_of(lambda: session.send(item))
        assert failure.word is Word.SECURITY
        assert peer in failure.sentence
        assert link.sent == []
    session.settings = replace(session.settings, insecure_auth=True)
    assert session.send(item)
    assert len(link.sent) == 1


def test_who_we_pretend_to_be_is_no_credential() -> None:
    """XCLIENT may travel in the clear, unless it names the user of a login."""
    session, _, _ = started(peer="192.0.2.1:25")
    assert not session.exposes(Command(b"XCLIENT ADDR=192.0.2.9 NAME=x"))
    assert session.exposes(Command(b"XCLIENT ADDR=192.0.2.9 LOGIN=alice"))


def test_answers_are_exposed_too() -> None:
    """All but giving up; and nothing is exposed inside mail data or under TLS."""
    session, _, _ = started(b"334 \r\n", b"501 no\r\n", b"354 go\r\n", insecure_auth=True)
    session.loopback = False
    session.exchange(b"AUTH PLAIN")
    items = [Answer(b"x"), Raw(b"x"), Answer(b"*"), Answer(b""), Raw(b"*\r\n")]
    assert [session.exposes(item) for item in items] == [True, True, False, False, False]
    session.send(Answer(b"*"))
    session.wait()
    session.exchange(b"DATA")
    assert not session.exposes(Raw(b"PASS x\r\n"))
    assert not session.exposes(Data(b"PASS x\r\n"))
    session.connection.facts.tls = True
    assert not session.exposes(Command(b"AUTH PLAIN x"))


# ----------------------------------------------------------------------------------------- TLS

OFFER = b"250-hi\r\n250 STARTTLS\r\n"
GO = b"220 go\r\n"


@pytest.mark.parametrize(
    "catalogue, chunks, sent",
    [
        (SMTP, [OFFER, GO, b"250 hi\r\n"], [b"EHLO me\r\n", b"STARTTLS\r\n", b"EHLO me\r\n"]),
        (LMTP, [OFFER, GO, b"250 hi\r\n"], [b"LHLO me\r\n", b"STARTTLS\r\n", b"LHLO me\r\n"]),
        (POP3, [b"+OK\r\n"], [b"STLS\r\n"]),
    ],
)
def test_the_upgrade_goes_before_the_first_line(
    catalogue: Catalogue, chunks: list[bytes], sent: list[bytes]
) -> None:
    """Hello, go-ahead, handshake, hello with the same name; then the line."""
    last = b"+OK\r\n" if catalogue is POP3 else b"250 ok\r\n"
    session, link, heard = started(
        *chunks, last, catalogue=catalogue, starttls=True, hello_name="me"
    )
    assert session.exchange(b"NOOP") is not None
    assert link.sent == [*sent, b"NOOP\r\n"]
    assert names(heard).count("TlsStarted") == 1


def test_the_hello_that_was_typed_is_said_again() -> None:
    """Its name is kept."""
    session, link, _ = started(OFFER, GO, b"250 hi\r\n", b"250 ok\r\n", starttls=True)
    session.exchange(b"ehlo Typed.Example")
    session.exchange(b"NOOP")
    assert link.sent[2] == b"ehlo Typed.Example\r\n"


@pytest.mark.parametrize(
    "catalogue, typed, chunks, sentence",
    [
        (SMTP, [], [b"250 hi\r\n"], "STARTTLS is not offered"),
        (SMTP, [], [b"502 no\r\n"], "STARTTLS is not offered"),
        (SMTP, [], [OFFER, b"454 no\r\n"], "STARTTLS was refused"),
        (SMTP, [b"STARTTLS"], [b"454 no\r\n"], "STARTTLS was refused"),
        (POP3, [b"CAPA"], [b"+OK\r\nTOP\r\n.\r\n"], "STLS is not offered"),
        (POP3, [], [b"-ERR\r\n"], "STLS was refused"),
    ],
)
def test_without_tls_nothing_else_is_sent(
    catalogue: Catalogue, typed: list[bytes], chunks: list[bytes], sentence: str
) -> None:
    """Neither the line nor, the next time, another attempt; QUIT may go."""
    session, link, _ = started(*chunks, b"221 bye\r\n", catalogue=catalogue, starttls=True)
    for line in typed:
        session.exchange(line)
    word = Word.REFUSED if b"STARTTLS" in typed else Word.SECURITY
    failure = failure_of(lambda: session.exchange(b"NOOP"))
    assert (failure.word, failure.sentence) == (word, f"TLS is required and {sentence}")
    count = len(link.sent)
    assert failure_of(lambda: session.exchange(b"NOOP")).word is word
    assert len(link.sent) == count
    assert b"NOOP\r\n" not in link.sent
    session.send(Command(b"QUIT"))
    assert link.sent[-1] == b"QUIT\r\n"


@pytest.mark.parametrize(
    "chunks", [[None], [OFFER, None], [OFFER, GO, None], [b"250 hi\r\n", None]]
)
def test_an_interrupted_upgrade_sends_nothing_in_the_clear(chunks: list[bytes | None]) -> None:
    """The line stays unsent."""
    session, link, _ = started(*chunks, starttls=True)
    if len(chunks) == 2 and chunks[0] != OFFER:
        session.exchange(b"EHLO me")
        session.send(Command(b"STARTTLS"))
    assert not session.send(Command(b"MAIL FROM:<>"))
    assert b"MAIL FROM:<>\r\n" not in link.sent


def test_a_go_ahead_that_comes_late_is_followed_by_the_handshake() -> None:
    """The wait was interrupted; the next line still goes over TLS."""
    session, link, heard = started(None, b"250 hi\r\n")
    assert session.exchange(b"STARTTLS") is None
    link.polled = GO
    session.exchange(b"EHLO me")
    order = names(heard)
    assert order.index("TlsStarted") < len(order) - order[::-1].index("CommandSent")
    assert link.upgrades == [""]
    session, link, _ = started(None, b"250 hi\r\n", starttls=True)
    assert session.exchange(b"STARTTLS") is None
    link.polled = GO
    assert session.exchange(b"NOOP") is not None
    assert link.sent[-1] == b"NOOP\r\n"


def test_text_behind_the_go_ahead_is_refused_and_recorded(tmp_path: Path) -> None:
    """In the same segment: no handshake, the octets in the recording, word `security`."""
    recorder = Recorder(tmp_path / "a.mpt")
    recorder.begin(SMTP.protocol, "x")
    session = Session(SMTP, [recorder])
    link = Scripted([GREETING, GO + b"250 injected\r\n"], ending=None)
    link.poll_receive = lambda: None  # type: ignore[method-assign]
    session.attach(link)
    assert failure_of(lambda: session.exchange(b"STARTTLS")).word is Word.SECURITY
    recorder.close()
    assert "S: 250 injected" in check((tmp_path / "a.mpt").read_bytes())
    assert link.upgrades == []
    assert session.closed


def accepting(serve: Callable[[socket.socket], None]) -> tuple[Target, threading.Thread]:
    """A server on loopback for one client, in a thread."""
    listening = socket.create_server(("127.0.0.1", 0))
    host, port = listening.getsockname()

    def run() -> None:
        with listening, listening.accept()[0] as client:
            client.settimeout(20)
            serve(client)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return _target(host, port), thread


def _target(host: str, port: int) -> Target:
    return parse_target(f"{host}:{port}", Protocol.SMTP)


def test_text_injected_later_is_refused_and_recorded(tmp_path: Path) -> None:
    """After the go-ahead, while we shake hands."""

    def serve(client: socket.socket) -> None:
        client.sendall(GREETING)
        client.recv(999)
        client.sendall(GO)
        client.recv(9999)
        client.sendall(b"250 injected\r\n")
        client.recv(999)

    target, thread = accepting(serve)
    recorder = Recorder(tmp_path / "a.mpt")
    recorder.begin(SMTP.protocol, "x")
    session = Session(SMTP, [recorder])
    session.open(target)
    assert failure_of(lambda: session.exchange(b"STARTTLS")).word is Word.SECURITY
    recorder.close()
    thread.join(20)
    assert "S: 250 injected" in check((tmp_path / "a.mpt").read_bytes())


@pytest.mark.parametrize("good", [True, False])
def test_a_real_handshake(tmp_path: Path, good: bool) -> None:
    """With the right authority the session goes on; with another one the word is `tls`."""
    authority, other = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def serve(client: socket.socket) -> None:
        client.sendall(GREETING)
        client.recv(999)
        client.sendall(GO)
        try:
            with context.wrap_socket(client, server_side=True) as secure:
                secure.recv(999)
                secure.sendall(b"250 hi\r\n")
                secure.recv(999)
        except OSError:
            pass  # the client refused our certificate

    target, thread = accepting(serve)
    (authority if good else other).cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    heard: list[Event] = []
    settings = Settings(tls=TlsSettings(ca=str(tmp_path / "ca.pem")))
    session = Session(SMTP, [heard.append], settings)
    session.open(target)
    if good:
        session.exchange(b"STARTTLS")
        assert session.connection.facts.tls
        assert session.exchange(b"EHLO me") is not None
    else:
        assert failure_of(lambda: session.exchange(b"STARTTLS")).word is Word.TLS
        assert names(heard)[-4:] == ["TlsFailed", "Failed", "StateChanged", "Closed"]
    session.drop()
    thread.join(20)


def test_opening_tells_how_it_failed() -> None:
    """Failed and Closed are heard though there never was a link."""
    free = socket.create_server(("127.0.0.1", 0))
    host, port = free.getsockname()
    free.close()
    heard: list[Event] = []
    session = Session(SMTP, [heard.append])
    assert failure_of(lambda: session.open(_target(host, port))).word is Word.CONNECT
    assert names(heard)[-3:] == ["Failed", "StateChanged", "Closed"]


class Unwilling(Peer):
    """A link whose handshake is interrupted, or takes too long."""

    fault: Exception = Interrupted()

    def start_tls(self, *_: object, **__: object) -> None:  # type: ignore[override]
        raise self.fault


@pytest.mark.parametrize("fault", [Interrupted(), Failure(Word.TIMEOUT, "x")])
def test_a_handshake_that_is_not_finished(
    monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    """The link is of no use any more: it is dropped, and that is told."""
    monkeypatch.setattr(Unwilling, "fault", fault)
    heard: list[Event] = []
    session = Session(SMTP, [heard.append])
    with pytest.raises(type(fault)) as caught:
        session.attach(Unwilling([]), implicit_tls=True)
    assert session.closed
    assert names(heard)[-1] == "Closed"
    assert names(heard).count("TlsFailed") == 1
    if isinstance(caught.value, Failure):
        assert caught.value.sentence.startswith("the TLS handshake with script was not finished")


def test_a_reset_by_a_real_peer(link: Linked) -> None:
    """A unix pair knows no reset; closing with unread octets is one."""
    session, theirs, heard = link
    session.send(Command(b"NOOP"))
    theirs.close()
    assert failure_of(session.wait).word in (Word.RESET, Word.EOF)
    assert names(heard)[-1] == "Closed"


def test_a_pair_in_memory() -> None:
    """Two ends of our own, without a server."""
    ours, theirs = pair()
    theirs.send(GREETING)
    session = Session(SMTP)
    assert session.attach(ours)
    assert session.state is State.GREETED
    assert session.now() >= 0
    theirs.send(b"250 ok\r\n")
    assert session.last is None
    session.drop()
    theirs.drop()


def test_a_credential_in_pieces_is_one() -> None:
    """A line that /raw began is judged together with what ends it."""
    session, link, _ = started(catalogue=POP3, peer="192.0.2.1:110")
    session.send(Raw(b"PA"))
    for item in (Raw(b"SS secret\r\n"), Command(b"SS secret")):
        assert failure_of(lambda item=item: session.send(item)).word is Word.SECURITY
    assert link.sent == [b"PA"]


def test_a_refusal_of_tls_is_remembered() -> None:
    """However much was said since: nothing but QUIT goes out any more."""
    session, link, _ = started(OFFER, b"454 no\r\n", b"221 bye\r\n", starttls=True)
    session.exchange(b"EHLO me")
    session.exchange(b"STARTTLS")
    for line in (b"EHLO me", b"STARTTLS", b"NOOP"):
        failure = failure_of(lambda line=line: session.exchange(line))
        assert (failure.word, failure.sentence) == (
            Word.REFUSED,  # of a STARTTLS that was typed
            "TLS is required and STARTTLS was refused",
        )
    session.exchange(b"QUIT")
    assert link.sent == [b"EHLO me\r\n", b"STARTTLS\r\n", b"QUIT\r\n"]


def test_a_refused_hello_over_tls_ends_the_upgrade() -> None:
    """The line that wanted TLS does not go out behind it."""
    session, link, _ = started(OFFER, GO, b"550 no\r\n", starttls=True, hello_name="me")
    failure = failure_of(lambda: session.exchange(b"MAIL FROM:<a@b>"))
    assert (failure.word, failure.sentence) == (
        Word.REFUSED,
        "EHLO over TLS was answered: 550 no",
    )
    assert b"MAIL FROM:<a@b>\r\n" not in link.sent


def test_after_421_nobody_is_waited_for() -> None:
    """Of two recipients one has its answer; the other will not have one."""
    session, _, _ = started(
        b"250 hi\r\n", b"250 a\r\n", b"250 b\r\n", b"250 c\r\n", b"354 go\r\n", b"421 bye\r\n",
        catalogue=LMTP,
    )  # fmt: skip
    for line in (b"LHLO me", b"MAIL FROM:<>", b"RCPT TO:<a@b>", b"RCPT TO:<c@d>", b"DATA"):
        session.exchange(line)
    session.send(Data(b".\r\n"))
    assert session.wait()
    assert session.state is State.CLOSED


# ------------------------------------------------------------------------------------- in pieces

Sockets = tuple[Session, socket.socket, list[Event], int]


@pytest.fixture
def sockets() -> Iterator[Sockets]:
    """A session over a socket, its peer, what was heard, and where to write an interrupt."""
    ours, theirs = socket.socketpair()
    descriptor, wakeup = os.pipe()
    heard: list[Event] = []
    session = Session(SMTP, [heard.append])
    theirs.sendall(GREETING)
    session.attach(Stream(ours, peer="unix", wakeup=descriptor))
    yield session, theirs, heard, wakeup
    session.drop()
    theirs.close()
    os.close(descriptor)
    os.close(wakeup)


def test_pieces_are_writes_of_their_own() -> None:
    """A command of three octets a write is one command on the wire and in the record."""
    session, link, heard = started(b"250 ok\r\n", piece=3)
    heard.clear()
    assert session.exchange(b"NOOP me") is not None
    assert link.sent == [b"NOO", b"P m", b"e\r\n"]
    assert [event.octets for event in heard if isinstance(event, events.CommandSent)] == [
        b"NOOP me\r\n"
    ]


def test_pieces_of_several_lines_are_understood_line_by_line() -> None:
    """Where a write ends a line, its reply may come before the next write."""
    session, link, heard = started(piece=4)
    heard.clear()
    assert session.send(Raw(b"A\r\nB\r\nC"))
    assert link.sent == [b"A\r\nB", b"\r\nC"]
    sent = [event.octets for event in heard if hasattr(event, "octets")]
    assert sent == [b"A\r\n", b"B\r\n", b"C"]
    assert session.connection.begun == b"C"
    assert session.connection.outstanding == 2


def test_pieces_of_mail_data_are_mail_data() -> None:
    """The end of the data is found wherever the writes cut it."""
    session, link, _ = started(b"354 go\r\n", b"250 ok\r\n", piece=2)
    session.exchange(b"DATA")
    assert session.send(Data(b"hi\r\n.\r\n"))
    assert session.wait()
    assert b"".join(link.sent) == b"DATA\r\nhi\r\n.\r\n"
    assert session.last is not None
    assert [reply.code for reply in session.last.replies] == ["354", "250"]


@pytest.mark.parametrize("item", [Answer(b"x"), Data(b"x")])
def test_pieces_of_what_does_not_belong_are_not_sent(item: Item) -> None:
    """The same rules as without pieces, and before the first octet."""
    session, link, _ = started(piece=1)
    with pytest.raises(Misuse):
        session.send(item)
    assert link.sent == []


def test_a_command_in_pieces_is_no_answer() -> None:
    """A challenge asks for an answer; the answer goes in pieces, too."""
    session, link, _ = started(b"334 \r\n", b"235 ok\r\n", piece=2, insecure_auth=True)
    session.exchange(b"AUTH LOGIN")
    with pytest.raises(Misuse):
        session.send(Command(b"NOOP"))
    assert session.send(Answer(b"eHg="))
    assert session.wait()
    assert link.sent[-3:] == [b"eH", b"g=", b"\r\n"]


def test_interrupt_between_two_pieces_counts_what_went_out(sockets: Sockets) -> None:
    """Whoever interrupts a drip has said the beginning of a line, and may go on with it."""
    session, server, heard, wakeup = sockets
    session.settings = replace(session.settings, piece=2, pause=3600.0)
    os.write(wakeup, b"\0")
    assert not session.send(Command(b"NOOP"))
    assert server.recv(100) == b"NO"
    assert session.connection.begun == b"NO"
    assert isinstance(heard[-1], events.RawSent)


def test_end_between_two_pieces_is_told(sockets: Sockets) -> None:
    """A server that goes in the middle of a line is not waited for."""
    session, server, _, _ = sockets
    session.settings = replace(session.settings, piece=2, pause=3600.0)
    server.close()
    failure = failure_of(lambda: session.send(Command(b"NOOP")))
    assert failure.word in (Word.EOF, Word.RESET)


def test_what_comes_between_two_pieces_is_taken_in(sockets: Sockets) -> None:
    """And the pause goes on to its end."""
    session, server, heard, _ = sockets
    session.settings = replace(session.settings, piece=5, pause=0.01)
    server.sendall(b"250 early\r\n")
    assert session.send(Command(b"NOOP"))
    assert any(isinstance(event, events.Unsolicited) for event in heard)


def test_farewell_goes_at_once() -> None:
    """Nobody waits an hour for a dripped QUIT."""
    session, link, _ = started(b"221 bye\r\n", piece=1, pause=3600.0)
    session.leave()
    assert b"".join(link.sent) == b"QUIT\r\n"


@pytest.mark.parametrize(
    "catalogue, said, begun",
    [(SMTP, (), b"NO"), (POP3, (), b"ST"), (SMTP, (b"334 \r\n", b"AUTH LOGIN"), b"Zm9")],
)
def test_a_line_that_was_half_sent_gets_no_quit(
    catalogue: Catalogue, said: tuple[bytes, ...], begun: bytes
) -> None:
    """QUIT, or the * of a login, would become its end: the link is dropped."""
    session, link, heard = started(*said[:1], b"500 what\r\n", catalogue=catalogue)
    for line in said[1:]:
        session.exchange(line)
    count = len(link.sent)
    session.send(Raw(begun))
    assert not session.between_lines
    session.leave()
    assert link.sent[count:] == [begun]
    assert names(heard)[-1] == "Closed"


@pytest.mark.parametrize("verb", [b"NOOP", b"STARTTLS", b"EHLO me"])
def test_an_upgrade_of_ours_that_was_refused_stays_security(verb: bytes) -> None:
    """Nobody typed the STARTTLS: whatever is tried next, it is the word of the first failure."""
    session, _, _ = started(OFFER, b"454 no\r\n", starttls=True, hello_name="me")
    assert failure_of(lambda: session.exchange(b"NOOP")).word is Word.SECURITY
    assert failure_of(lambda: session.exchange(verb)).word is Word.SECURITY


@pytest.mark.parametrize(
    "catalogue, chunks, command, sentence",
    [
        (SMTP, (), b"NOOP", "before a reply to NOOP"),
        (SMTP, (b"250-a\r\n25",), b"NOOP", "in the middle of a reply: 250-a\\r\\n25"),
        (POP3, (b"+OK\r\nhalf",), b"RETR 1", "in the middle of a multi-line response"),
    ],
)
def test_a_reset_says_what_it_cut(
    catalogue: Catalogue, chunks: tuple[bytes, ...], command: bytes, sentence: str
) -> None:
    """Half of what was awaited is no silence."""
    session, _, _ = started(*chunks, catalogue=catalogue, ending=Ending.RESET)
    failure = failure_of(lambda: session.exchange(command))
    assert (failure.word, failure.sentence) == (
        Word.RESET,
        f"the connection was reset {sentence}",
    )
