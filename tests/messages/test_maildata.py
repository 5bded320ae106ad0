"""Octets on their way into mail data: however they are cut, they become the same."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.messages.maildata import Measure, Mender, Writer, measure
from mailprobe.protocol.framing import BodyReader, Limits, stuff

TEXT = st.lists(st.sampled_from([b"\r", b"\n", b".", b"a", b"\0", b"\xff"])).map(b"".join)


def mended(octets: bytes) -> bytes:
    return re.sub(rb"\r\n|\r|\n", b"\r\n", octets)


def cut(octets: bytes, places: list[int]) -> list[bytes]:
    """`octets` in blocks, none of them empty."""
    at = sorted({place % (len(octets) + 1) for place in places} | {0, len(octets)})
    return [octets[start:end] for start, end in itertools.pairwise(at)]


PLACES = st.lists(st.integers(0, 99))


@given(TEXT, PLACES)
def test_every_line_end_becomes_crlf(octets: bytes, places: list[int]) -> None:
    """A CRLF that two blocks share stays one line end."""
    mender = Mender()
    assert b"".join(map(mender.feed, cut(octets, places))) + mender.finish() == mended(octets)


@given(TEXT, PLACES)
def test_what_is_written_is_read_back(octets: bytes, places: list[int]) -> None:
    """The reader of the other side finds the mended text, and its end where it is."""
    writer = Writer()
    wire = b"".join(map(writer.feed, cut(octets, places))) + writer.finish()
    expected = mended(octets)
    expected += b"" if not expected or expected.endswith(b"\r\n") else b"\r\n"
    assert wire == stuff(expected) + b".\r\n"
    piece = BodyReader(Limits(line=1 << 20)).feed(wire)
    assert (piece.octets, piece.last, bytes(piece.rest)) == (expected, True, b"")


@pytest.mark.parametrize(
    "ends, stuffing, text, wire",
    [
        (b"\n", True, b".a\r\nb\n.c", b"..a\nb\n..c\r\n.\r\n"),
        (b"\r", True, b"a\n", b"a\r\r\n.\r\n"),
        (None, True, b"a\n.b\r\n.c\r\n", b"a\n.b\r\n..c\r\n.\r\n"),
        (None, False, b"a\r\n.b", b"a\r\n.b\r\n.\r\n"),
        (b"\r\n", False, b".\n", b".\r\n.\r\n"),
    ],
)
def test_switches_do_one_thing_each(
    ends: bytes | None, stuffing: bool, text: bytes, wire: bytes
) -> None:
    """Line ends and dots are mended apart; the end of the data is always a line of its own."""
    writer = Writer(ends=ends, stuffing=stuffing)
    assert writer.feed(text) + writer.finish() == wire


def test_text_that_goes_on_with_an_open_line() -> None:
    """Nobody knows whether a line begins: the first dot stays, and the end has its own line."""
    writer = Writer(ends=None, fresh=False)
    assert writer.feed(b".a") + writer.finish() == b".a\r\n.\r\n"
    assert Writer(fresh=False).finish() == b"\r\n.\r\n"
    assert Writer().finish() == b".\r\n"


@given(TEXT, PLACES)
def test_measure_counts_as_size_does(octets: bytes, places: list[int]) -> None:
    """RFC 1870: with CRLF for each line end, without what stuffing adds; however it is cut."""
    found = measure(cut(octets, places))
    sent = mended(octets)
    sent += b"" if not sent or sent.endswith(b"\r\n") else b"\r\n"
    assert found.size == len(sent)
    assert found.longest == max(map(len, sent.split(b"\r\n")))
    assert found.eight_bit == (b"\xff" in octets)
    assert found.nul == (b"\0" in octets)
    assert found.bare == (re.search(rb"(?<!\r)\n|\r(?!\n)", octets) is not None)


def test_measure_looks_at_the_headers() -> None:
    """Up to the empty line, whatever ends the lines, and not for ever."""
    assert measure([b"A: 1\n", b"B: 2\n\nbody"]).headers == b"A: 1\nB: 2"
    assert measure([b"A: 1\r\n\r\nbody"]).headers == b"A: 1"
    assert measure([]) == Measure(0, 0, eight_bit=False, nul=False, bare=False)
    assert len(measure([b"x" * 60_000] * 4).headers) == 64 * 1024
