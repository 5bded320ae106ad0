"""A few octets with whoever stands between: bounded in time and size, and not one too many."""

import os
import re
import socket
import time
from collections.abc import Iterator

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.transport.intermediary import Conversation
from mailprobe.transport.link import Interrupted
from tests.transport.conftest import LONG, Aside

END = re.compile(rb"\r\n\r\n")
Pair = tuple[Conversation, socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """The conversation, our socket, and that of the other side."""
    mine, its = socket.socketpair()
    with mine, its:
        mine.settimeout(0)
        yield Conversation(mine, "the proxy x", time.monotonic() + LONG, None), mine, its


def accept(octets: bytes) -> None:
    """Anything."""


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 100])
def test_what_comes_behind_is_not_read(pair: Pair, size: int) -> None:
    """Whether it comes at once or in pieces, an end in two of them included."""
    talk, mine, its = pair
    whole = b"HTTP/1.1 200 x\r\n\r\n"

    def say() -> None:
        for start in range(0, len(whole), size):
            its.sendall(whole[start : start + size])
        its.sendall(b"220 mail\r\n")

    saying = Aside(say)
    assert talk.until(END, 1000, accept) == whole
    saying.result()
    assert talk.exactly(4) == b"220 "
    assert mine.recv(100) == b"mail\r\n"


def test_an_end_at_any_place(pair: Pair) -> None:
    """Two pieces, divided everywhere."""
    talk, _, its = pair
    whole = b"a\r\n\r\n"
    for at in range(1, len(whole)):
        its.sendall(whole[:at])
        found = Aside(lambda: talk.until(END, 1000, accept))
        its.sendall(whole[at:] + b"z")
        assert found.result() == whole
        assert talk.exactly(1) == b"z"


def test_too_much(pair: Pair) -> None:
    """Word `limit`, long before the memory is full."""
    talk, _, its = pair
    its.setblocking(False)
    its.send(b"x" * 60_000)
    with pytest.raises(Failure, match="more than 16K octets") as caught:
        talk.until(END, 16 * 1024, accept)
    assert caught.value.word is Word.LIMIT


def test_the_end_instead_of_an_answer(pair: Pair) -> None:
    """Word `eof`."""
    talk, _, its = pair
    its.sendall(b"ab")
    its.shutdown(socket.SHUT_WR)
    with pytest.raises(Failure, match="the proxy x closed the link") as caught:
        talk.exactly(3)
    assert caught.value.word is Word.EOF


def test_half_an_answer_is_waited_for_until_the_deadline(pair: Pair) -> None:
    """Word `timeout`, for reading and for writing."""
    _, mine, its = pair
    talk = Conversation(mine, "the proxy x", time.monotonic() + 0.05, None)
    its.sendall(b"a")
    with pytest.raises(Failure, match="no whole answer from the proxy x") as caught:
        talk.exactly(2)
    assert caught.value.word is Word.TIMEOUT
    with pytest.raises(Failure) as caught:
        talk.send(b"x" * 10_000_000)
    assert caught.value.word is Word.TIMEOUT


def test_it_can_be_interrupted(pair: Pair) -> None:
    """Ctrl-C ends it."""
    _, mine, _ = pair
    read, write = os.pipe()
    os.write(write, b"\0")
    with pytest.raises(Interrupted):
        Conversation(mine, "x", None, read).exactly(1)
    os.close(read)
    os.close(write)


def test_a_peer_that_is_gone(pair: Pair) -> None:
    """Its error has a word."""
    talk, _, its = pair
    its.close()
    with pytest.raises(Failure, match="asking the proxy x") as caught:
        talk.send(b"x")
    assert caught.value.word is Word.RESET
