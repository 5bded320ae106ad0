"""The end of a run, and the bar that shows how far it is."""

import os
from collections.abc import Iterator

import pytest

from mailprobe.player.many.progress import Progress
from mailprobe.player.many.waiting import Waiting


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)
    os.close(writing)


def test_an_interruption(pipe: tuple[int, int]) -> None:
    """Everybody sees it, again and again; no pause begins, none goes on."""
    waiting = Waiting(pipe[0])
    assert not waiting.over()
    os.write(pipe[1], b"\0")
    for _ in range(2):
        assert waiting.interrupted
        assert waiting.over()
        assert not waiting.pause(3600)


def test_the_end_of_the_time() -> None:
    """No pause that would last beyond it."""
    now = [0.0]
    waiting = Waiting(None, 10.0, lambda: now[0])
    assert waiting.pause(0.001)
    assert not waiting.pause(10)
    assert not waiting.over()
    now[0] = 10.0
    assert waiting.out_of_time
    assert waiting.over()


def test_a_bar_on_long_runs() -> None:
    """Not at once, not too often, and not below what is printed."""
    drawn: list[str] = []
    now = [0.0]
    bar = Progress(drawn.append, lambda: now[0], 10)
    bar.show(1, 0)
    bar.erase()
    assert drawn == []
    now[0] = 3.0
    bar.show(5, 0)
    bar.show(6, 0)
    assert drawn == ["\r\x1b[K[###############...............] 5 of 10 files, 3 s"]
    now[0] = 4.0
    bar.show(10, 2)
    assert drawn[1] == f"\r\x1b[K[{'#' * 30}] 10 of 10 files, 2 did not pass, 4 s"
    bar.erase()
    bar.erase()
    assert drawn[2:] == ["\r\x1b[K"]


def test_a_bar_for_nothing() -> None:
    """No file is no division by zero."""
    drawn: list[str] = []
    now = [0.0]
    bar = Progress(drawn.append, lambda: now[0], 0)
    now[0] = 3.0
    bar.show(0, 0)
    assert len(drawn) == 1
