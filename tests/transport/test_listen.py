"""The accept loop: many connections, few threads, and an end."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.protocol.events import Ending
from mailprobe.protocol.model import Protocol
from mailprobe.transport.connect import connect
from mailprobe.transport.listen import Listener
from mailprobe.transport.stream import Stream
from mailprobe.transport.target import Target


def soon(seconds: float = 20.0) -> float:
    return time.monotonic() + seconds


def echo(stream: Stream) -> None:
    """Send back what comes until the client ends."""
    while view := stream.receive(soon()):
        stream.send(bytes(view), soon())
    stream.close(time.monotonic())


@pytest.fixture
def listener() -> Iterator[Listener]:
    listening = Listener("127.0.0.1", 0, maximum_connections=4)
    yield listening
    listening.stop()


def dial(listener: Listener) -> Stream:
    host, port = listener.address
    return connect(Target(Protocol.SMTP, host, port), deadline=soon())


def ask(link: Stream, octets: bytes) -> bytes:
    link.send(octets, soon())
    return bytes(link.receive(soon()) or b"")


def test_connections_follow_each_other(listener: Listener) -> None:
    """One after the other, with the address of each end, and no thread for each of them."""
    listener.serve(echo)
    for turn in range(50):
        link = dial(listener)
        assert ask(link, b"%d" % turn) == b"%d" % turn
        link.close(soon())
        assert link.ending == Ending.EOF
    assert len(listener._workers) <= 5
    assert str(listener) == f"127.0.0.1:{listener.address[1]}"


def test_connections_at_the_same_time(listener: Listener) -> None:
    """Nobody waits for anybody else; who comes when all places are taken is hung up on."""
    listener.serve(echo)
    links = [dial(listener) for _ in range(4)]
    for link in reversed(links):
        assert ask(link, b"x") == b"x"
    surplus = dial(listener)
    assert surplus.receive(soon()) == b""
    for link in [*links, surplus]:
        link.drop()


def test_a_place_that_is_free_again_is_used(listener: Listener) -> None:
    """The bound is on simultaneous connections."""
    listener.serve(echo)
    for _ in range(3):
        links = [dial(listener) for _ in range(4)]
        assert [ask(link, b"x") for link in links] == [b"x"] * 4
        for link in links:
            link.close(soon())
        while listener._busy:
            time.sleep(0)


def test_a_failure_in_a_connection_ends_that_connection_only(listener: Listener) -> None:
    """A client that goes away is no news."""

    def fail(stream: Stream) -> None:
        stream.receive(soon())
        raise Failure(Word.RESET, "gone")

    listener.serve(fail)
    for _ in range(6):
        link = dial(listener)
        assert ask(link, b"x") == b""
        link.drop()


def test_small_answers_are_not_delayed(listener: Listener) -> None:
    """Accepted sockets have TCP_NODELAY."""
    seen: list[int] = []

    def look(stream: Stream) -> None:
        accepted = stream._channel.socket
        seen.append(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    listener.serve(look)
    link = dial(listener)
    assert link.receive(soon()) == b""
    assert seen[0] != 0
    link.drop()


def test_stopping_ends_the_connections_and_the_threads() -> None:
    """Nothing of it is left, and the port is free."""
    listener = Listener("127.0.0.1", 0)
    listener.serve(echo)
    link = dial(listener)
    assert ask(link, b"x") == b"x"
    listener.stop()
    assert link.receive(soon()) == b""
    link.drop()
    assert not any(str(listener) in thread.name for thread in threading.enumerate())
    with pytest.raises(Failure, match="refused"):
        dial(listener)
    Listener(*listener.address).stop()


def test_a_listener_that_never_served_can_be_stopped() -> None:
    """Also twice."""
    listener = Listener("127.0.0.1", 0)
    listener.stop()
    listener.stop()


def test_a_port_that_is_taken(listener: Listener) -> None:
    """Word `connect`, with address and reason."""
    with pytest.raises(Failure, match=r"127\.0\.0\.1:\d+: the address is in use") as caught:
        Listener(*listener.address)
    assert caught.value.word is Word.CONNECT


def test_an_address_of_another_machine() -> None:
    """The same, for an address that is not ours."""
    with pytest.raises(Failure, match="does not belong to this machine"):
        Listener("192.0.2.1", 0)
