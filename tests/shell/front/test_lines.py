"""The input of pipe mode: lines, chunks, and the link and the clock that are watched meanwhile."""

import os
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.errors import Failure, Word
from mailprobe.shell.front.lines import LineSource
from mailprobe.transport.link import Interrupted


class Pipe:
    """A pipe: what is written to it comes out of `source`."""

    def __init__(self) -> None:
        self.source, self._end = os.pipe()
        self._open = True

    def write(self, octets: bytes) -> None:
        os.write(self._end, octets)

    def close(self) -> None:
        if self._open:
            os.close(self._end)
            self._open = False

    def remove(self) -> None:
        self.close()
        os.close(self.source)


@pytest.fixture
def make_pipe() -> Iterator[Callable[..., Pipe]]:
    pipes = []

    def make(octets: bytes = b"", *, open_end: bool = False) -> Pipe:
        pipes.append(pipe := Pipe())
        pipe.write(octets)
        if not open_end:
            pipe.close()
        return pipe

    yield make
    for pipe in pipes:
        pipe.remove()


def lines_of(octets: bytes, make_pipe: Callable[..., Pipe]) -> list[bytes]:
    source = LineSource(make_pipe(octets).source)
    lines = []
    while (line := source.line()) is not None:
        lines.append(line)
    return lines


@pytest.mark.parametrize(
    "octets, lines",
    [
        (b"", []),
        (b"\n", [b""]),
        (b"a", [b"a"]),
        (b"a\r\nb\nc", [b"a", b"b", b"c"]),
        (b"a\r\r\n\rb\n", [b"a\r", b"\rb"]),
        (b"a\x85b\xe2\x80\xa8c\x0bd\x1ce\n", [b"a\x85b\xe2\x80\xa8c\x0bd\x1ce"]),
        (b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n", [b"a", b"\xef\xbb\xbfb"]),
        (b"\xef\xbb\xbf", []),
        (b"\xef\xbba\n", [b"\xef\xbba"]),
        (b"\0\n", [b"\0"]),
    ],
)
def test_line_ends(octets: bytes, lines: list[bytes], make_pipe: Callable[..., Pipe]) -> None:
    """LF ends a line, one CR before it goes with it, a BOM is dropped at the very beginning."""
    assert lines_of(octets, make_pipe) == lines


@given(st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"\r"))))
def test_every_line_comes_out(lines: list[bytes]) -> None:
    """Whatever octets are in a line, but for the CR at its end and the BOM at the beginning."""
    pipe = Pipe()
    try:
        pipe.write(b"-\n" + b"".join(line + b"\r\n" for line in lines))
        pipe.close()
        source = LineSource(pipe.source)
        assert source.line() == b"-"
        assert [source.line() for _ in lines] == lines
        assert source.line() is None
    finally:
        pipe.remove()


def test_a_bom_may_come_in_pieces(make_pipe: Callable[..., Pipe]) -> None:
    """A slow writer's mark is one all the same."""
    pipe = make_pipe(b"\xef", open_end=True)
    calls: list[None] = []

    def more() -> None:
        calls.append(None)
        if len(calls) == 2:
            pipe.write(b"\xbb\xbfa\n")

    other = make_pipe(b"x", open_end=True)  # always readable: the source asks again and again
    source = LineSource(pipe.source, watch=lambda: other.source, on_readable=more)
    assert source.line() == b"a"


def test_counted_octets_are_taken_as_they_are(make_pipe: Callable[..., Pipe]) -> None:
    """Line ends, dots, NUL: they are nothing but octets; less only at the end."""
    source = LineSource(make_pipe(b"BDAT 5\r\n\r\n.\n\0Q\n").source)
    assert source.line() == b"BDAT 5"
    assert source.take(5) == b"\r\n.\n\0"
    assert source.line() == b"Q"
    assert source.take(1) == b""


def test_whole_lines_come_together_and_a_half_one_stays(make_pipe: Callable[..., Pipe]) -> None:
    """For mail data: as many as there are, never a piece of one."""
    pipe = make_pipe(b"a\nb\r\nhal", open_end=True)
    source = LineSource(pipe.source)
    assert source.whole_lines() == b"a\nb\r\n"
    pipe.write(b"f\nend")
    pipe.close()
    assert source.whole_lines() == b"half\n"
    assert source.whole_lines() == b"end"
    assert source.whole_lines() == b""


def test_what_was_put_back_is_read_first(make_pipe: Callable[..., Pipe]) -> None:
    """At the end of the input, too."""
    source = LineSource(make_pipe(b"a\nb\n").source)
    assert source.line() == b"a"
    source.put_back(b"x\n")
    assert [source.line(), source.line(), source.line()] == [b"x", b"b", None]
    source.put_back(b"y\n")
    assert [source.line(), source.line()] == [b"y", None]


def test_pending_never_waits(make_pipe: Callable[..., Pipe]) -> None:
    """An input that is open and silent has nothing for us."""
    pipe = make_pipe(open_end=True)
    source = LineSource(pipe.source)
    assert not source.pending()
    pipe.write(b"a")
    assert source.pending()
    pipe.close()
    assert source.line() == b"a"
    assert not source.pending()
    assert LineSource(make_pipe(b"").source).pending() is False


def test_the_link_is_watched_while_we_wait(make_pipe: Callable[..., Pipe]) -> None:
    """What the server says is taken in before the input goes on."""
    typed = make_pipe(open_end=True)
    link = make_pipe(b"421\n", open_end=True)
    heard: list[bytes] = []

    def read() -> None:
        if not heard:
            heard.append(os.read(link.source, 100))
            typed.write(b"NOOP\n")

    source = LineSource(typed.source, watch=lambda: link.source, on_readable=read)
    assert source.line() == b"NOOP"
    assert heard == [b"421\n"]


def test_what_tls_holds_is_taken_in_before_we_wait(make_pipe: Callable[..., Pipe]) -> None:
    """No descriptor tells of it, so it is asked for without one."""
    typed, link = make_pipe(open_end=True), make_pipe(open_end=True)
    source = LineSource(
        typed.source, watch=lambda: link.source, on_readable=lambda: typed.write(b"x\n")
    )
    assert source.line() == b"x"


def test_the_wakeup_interrupts(make_pipe: Callable[..., Pipe]) -> None:
    """Even when there is input."""
    source = LineSource(make_pipe(b"NOOP\n").source, wakeup=make_pipe(b"\0", open_end=True).source)
    with pytest.raises(Interrupted):
        source.line()


def test_the_end_of_the_run_is_a_timeout(make_pipe: Callable[..., Pipe]) -> None:
    """--max-time bounds the wait for our own input, and is named."""
    source = LineSource(make_pipe(open_end=True).source, end=time.monotonic())
    with pytest.raises(Failure, match="--max-time") as caught:
        source.line()
    assert caught.value.word is Word.TIMEOUT
