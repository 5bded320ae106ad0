"""A question in a thread: its answer, its failure, or an interrupt, whichever is first."""

import os
import threading
from collections.abc import Iterator

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.shell.connections.patience import answer_to
from mailprobe.transport.link import Interrupted


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A descriptor to be woken by, and the one that does it."""
    ends = os.pipe()
    os.set_blocking(ends[0], False)
    yield ends
    for end in ends:
        os.close(end)


def _fail() -> None:
    raise Failure(Word.DNS, "nobody knows")


def test_an_answer_and_a_failure(pipe: tuple[int, int]) -> None:
    """As if the question were asked here; nobody has to be able to interrupt it."""
    for wakeup in (pipe[0], None):
        assert answer_to(lambda: 42, wakeup) == 42
        with pytest.raises(Failure, match="nobody knows"):
            answer_to(_fail, wakeup)


def test_an_interrupt(pipe: tuple[int, int]) -> None:
    """It ends one question, and not the next; nobody waits for the thread."""
    answered = threading.Event()
    os.write(pipe[1], b"x")
    with pytest.raises(Interrupted):
        answer_to(answered.wait, pipe[0])
    assert not answered.is_set()
    assert answer_to(lambda: 42, pipe[0]) == 42
    answered.set()
