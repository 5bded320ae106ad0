"""Waiting for what a server says: all that is owed, or one thing that nobody asked for."""

import os
import socket
from collections.abc import Iterator

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.protocol import events
from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.events import Event
from mailprobe.protocol.model import Command, Protocol
from mailprobe.session import Session
from mailprobe.shell.connections.listening import listen
from mailprobe.transport.stream import Stream

LONG = 20.0  # seconds; nothing waits so long unless it is broken


class Ear:
    """A session with a socket whose other end a test holds."""

    def __init__(self) -> None:
        self.heard = 0
        ours, self.server = socket.socketpair()
        self.server.sendall(b"220 mx\r\n")
        self.session = Session(catalogue_of(Protocol.SMTP), [self])
        self.session.attach(Stream(ours, peer="memory"))

    def __call__(self, event: Event) -> None:
        self.heard += isinstance(event, events.Greeting | events.ReplyReceived | events.Unsolicited)

    def listen(self, seconds: float, wakeup: int | None = None) -> bool:
        return listen(self.session, seconds, wakeup, lambda: self.heard)


@pytest.fixture
def ear() -> Iterator[Ear]:
    ear = Ear()
    yield ear
    ear.server.close()
    ear.session.drop()


def test_what_comes_by_itself_ends_it(ear: Ear) -> None:
    """One reply that nobody asked for."""
    ear.server.sendall(b"250 by itself\r\n")
    assert ear.listen(LONG)
    assert ear.heard == 2


def test_all_that_is_owed_is_waited_for(ear: Ear) -> None:
    """Both replies, and not the first alone."""
    for _ in range(2):
        ear.session.send(Command(b"NOOP"))
    ear.server.sendall(b"250 one\r\n250 two\r\n")
    assert ear.listen(LONG)
    assert ear.heard == 3
    assert not ear.session.connection.outstanding


def test_silence_ends_with_the_time(ear: Ear) -> None:
    """Nothing is made of it."""
    assert ear.listen(0.001)
    assert ear.heard == 1


def test_an_interrupt_ends_it(ear: Ear) -> None:
    """The connection stays."""
    readable, write = os.pipe()
    os.write(write, b"x")
    assert not ear.listen(LONG, readable)
    assert not ear.session.closed
    os.close(readable)
    os.close(write)


def test_an_end_is_told(ear: Ear) -> None:
    """A server that goes away is one more thing that it may do."""
    ear.session.send(Command(b"NOOP"))
    ear.server.shutdown(socket.SHUT_RDWR)
    with pytest.raises(Failure) as caught:
        ear.listen(LONG)
    assert caught.value.word is Word.EOF


def test_what_tls_holds_is_taken_in(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record may have brought more than was asked for: no descriptor tells of the rest."""
    held = [memoryview(b"250 by itself\r\n")]
    monkeypatch.setattr(
        type(ear.session.transport), "poll_receive", lambda link: held.pop() if held else None
    )
    assert ear.listen(1.0)
    assert ear.heard == 2
