"""Bodies, dots, ends and bounds, without a connection around them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.errors import Failure, Word
from mailprobe.protocol.framing import (
    END_OF_DATA,
    BodyReader,
    EndFinder,
    Limits,
    ReceiveBuffer,
    ReplyReader,
    Stuffer,
    over,
    stuff,
)
from tests.protocol.helpers import cut

DOTTY = st.lists(
    st.sampled_from([b"\r\n", b".", b"\r", b"\n", b"x", b"\r\n.\r\n", b"\0"]), max_size=30
).map(b"".join)
CUTS = st.lists(st.integers(min_value=0), max_size=6)


def read_body(*chunks: bytes, limits: Limits | None = None) -> tuple[bytes, bytes, bytes, bool]:
    """Content, wire, what came behind the end, and whether there was one."""
    reader = BodyReader(limits or Limits())
    octets = wire = rest = b""
    last = False
    for chunk in chunks:
        if last:
            rest += chunk
            continue
        piece = reader.feed(chunk)
        assert piece.failure is None
        octets, wire, rest, last = octets + piece.octets, wire + piece.wire, piece.rest, piece.last
    return octets, wire + (b"" if last else reader.unfinished()), rest, last


@given(body=DOTTY | st.binary(), cuts=CUTS, rest=st.binary(max_size=6))
def test_what_is_stuffed_comes_back(body: bytes, cuts: list[int], rest: bytes) -> None:
    """unstuff(stuff(b)) == b, and the one end is the last (RFC 5321, section 4.5.2)."""
    stuffer = Stuffer()
    wire = b"".join(stuffer.feed(chunk) for chunk in cut(body, cuts)) + stuffer.finish()
    assert (b"\r\n" + wire).count(END_OF_DATA) == 1
    assert wire.endswith(b".\r\n")
    assert wire.startswith(stuff(body))
    line_end = b"" if not body or body.endswith(b"\r\n") else b"\r\n"
    for chunks in ([wire + rest], [bytes([one]) for one in wire + rest], cut(wire + rest, cuts)):
        assert read_body(*chunks) == (body + line_end, wire, rest, True)


@given(wire=DOTTY, cuts=CUTS)
def test_nothing_is_lost_of_a_body_that_is_cut_off(wire: bytes, cuts: list[int]) -> None:
    """Told or held back: all the octets are there, in order."""
    assert read_body(*cut(wire, cuts)) == read_body(*[bytes([one]) for one in wire])
    _, told, rest, _ = read_body(*cut(wire, cuts))
    assert told + rest == wire


@given(wire=DOTTY, cuts=CUTS)
def test_only_one_thing_ends_a_body(wire: bytes, cuts: list[int]) -> None:
    """CRLF . CRLF, where the line end before the body counts; poplib takes LF . LF, too."""
    assert read_body(*cut(wire, cuts))[3] is (END_OF_DATA in b"\r\n" + wire)


@pytest.mark.parametrize("chunk", [b"a\r\nb\r\n.\r\nrest", memoryview(b"a\r\nb\r\n.\r\nrest")])
def test_octets_of_any_kind(chunk: bytes | memoryview) -> None:
    """A view into a buffer that is used again will do, and what comes out is our own."""
    piece = BodyReader(Limits()).feed(chunk)
    assert (piece.octets, piece.wire, piece.rest) == (b"a\r\nb\r\n", b"a\r\nb\r\n.\r\n", b"rest")
    assert all(isinstance(one, bytes) for one in (piece.octets, piece.wire, piece.rest))


@given(
    wire=DOTTY,
    cuts=CUTS,
    body=st.integers(min_value=1, max_value=30),
    line=st.integers(min_value=1, max_value=12),
)
def test_limits_of_a_body(wire: bytes, cuts: list[int], body: int, line: int) -> None:
    """The same octets pass and the same bound is named, however the body is cut."""

    def read(chunks: list[bytes]) -> tuple[bytes, bytes, str]:
        reader = BodyReader(Limits(body=body, body_line=line))
        octets = told = b""
        for chunk in chunks:
            piece = reader.feed(chunk)
            octets, told = octets + piece.octets, told + piece.wire
            if piece.failure or piece.last:
                assert not (piece.failure and piece.last)
                return octets, told, piece.failure.sentence if piece.failure else "end"
        return octets, told, ""

    drip = read([bytes([one]) for one in wire])
    assert read(list(cut(wire, cuts))) == read([wire]) == drip
    assert len(drip[1].removesuffix(b".\r\n")) <= body
    assert all(len(one) <= line for one in drip[1].removesuffix(b".\r\n").split(b"\n")[1:])


def test_a_body_of_just_its_limit() -> None:
    """The bound itself is allowed, for the whole and for a line."""
    limits = Limits(body=6, body_line=4)
    assert read_body(b"ab\r\nc\n\r\n.\r\n"[:4] + b".\r\n", limits=limits)[3]
    assert read_body(b"ab\r\n\r\n.\r\n", limits=limits) == (
        b"ab\r\n\r\n",
        b"ab\r\n\r\n.\r\n",
        b"",
        True,
    )


@given(octets=DOTTY, cuts=CUTS)
def test_the_end_of_outgoing_data(octets: bytes, cuts: list[int]) -> None:
    """Found where it is, however many writes it takes."""
    at = (b"\r\n" + octets).find(END_OF_DATA)
    expected = at + 3 if at >= 0 else -1
    finder, before = EndFinder(), 0
    for chunk in cut(octets, cuts):
        length = finder.find(chunk)
        if length >= 0:
            assert before + length == expected
            return
        before += len(chunk)
    assert expected == -1


def test_an_empty_chunk_is_stuffed_to_nothing() -> None:
    """It does not change where lines begin."""
    stuffer = Stuffer()
    assert stuffer.feed(b"a\r\n") + stuffer.feed(b"") + stuffer.feed(b".") == b"a\r\n.."


def test_a_buffer() -> None:
    """Lines come out whole; an LF that is not there is not searched for twice."""
    buffer = ReceiveBuffer()
    buffer.append(b"ab")
    assert buffer.take_line(10, "x") is None
    buffer.append(memoryview(b"c\nd"))
    assert (len(buffer.octets), buffer.octets) == (5, b"abc\nd")
    assert buffer.take_line(10, "x") == b"abc\n"
    assert buffer.take(5) == b"d"
    buffer.append(b"e\n")
    assert buffer.take_all() == b"e\n"
    assert not buffer.octets


def test_a_buffer_is_bounded() -> None:
    """Beyond the bound a line fails, whether its end has come or not."""
    for octets in (b"abcd", b"abcd\n"):
        buffer = ReceiveBuffer()
        buffer.append(octets)
        with pytest.raises(Failure, match="a line is longer than 4 octets") as raised:
            buffer.take_line(4, "a line")
        assert raised.value.word is Word.LIMIT


def test_the_limit_names_its_option() -> None:
    """So that a person knows what to turn."""
    assert str(over("body", 5, "it")) == "limit: it is longer than 5 octets (--max-body moves this)"


def test_a_reply_is_given_up() -> None:
    """forget() gives the lines that were read, once."""
    buffer = ReceiveBuffer()
    reader = ReplyReader(buffer, Limits(), pop3=False)
    buffer.append(b"250-a\r\n250")
    assert reader.read(challenge=False) is None
    assert reader.unfinished == b"250-a\r\n"
    assert reader.forget() == b"250-a\r\n"
    assert reader.forget() == b""
    buffer.append(b" b\r\n")
    reply = reader.read(challenge=False)
    assert reply is not None
    assert reply.lines == (b"250 b",)


@given(octets=st.binary(max_size=80), pop3=st.booleans(), challenge=st.booleans())
def test_a_reader_raises_failures_only(octets: bytes, pop3: bool, challenge: bool) -> None:
    """And its sentence is printable, whatever came."""
    buffer = ReceiveBuffer()
    buffer.append(octets)
    reader = ReplyReader(buffer, Limits(line=20, reply=40), pop3=pop3)
    try:
        while reply := reader.read(challenge=challenge):
            assert reply.wire in octets
    except Failure as failure:
        assert failure.sentence.isprintable()
        assert failure.word in (Word.PROTOCOL, Word.LIMIT)
