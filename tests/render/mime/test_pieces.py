"""Large parts in pieces: the same text as in one, wherever it is cut, and bounded memory."""

import base64
import quopri
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.render.mime import pieces as module
from mailprobe.render.mime.pieces import Pieces
from mailprobe.render.mime.tree import Part, pieces_of, read_message, text_of

WORDS = "caf\xe9 \u4f60\u597d = dots .\r\nand \U0001f600 more\r\n"

NO_UTF8 = "octets that are no UTF-8"
NONE = "no charset is named"
FOREIGN = "octets in base64 that do not belong there"


def part_of(octets: bytes, encoding: str, charset: str) -> Part:
    return Part(1, 0, "text/plain", charset, encoding, "", False, (), 0, len(octets))


def joined(octets: bytes, encoding: str, charset: str) -> tuple[str, list[str]]:
    pieces = Pieces(octets, 0, len(octets), encoding)
    return "".join(pieces.texts(charset)), pieces.notes


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PIECE", 16)


@pytest.mark.parametrize("charset", ["utf-8", "gb2312", "utf-16", "utf-16-be", "utf-32", ""])
@pytest.mark.parametrize("encoding", ["", "base64", "quoted-printable", "x-none"])
def test_pieces_say_what_the_whole_says(encoding: str, charset: str) -> None:
    """Text and notes of a mail that is well-formed, however small the pieces are."""
    codec = {"gb2312": "gb18030", "": "utf-8"}.get(charset, charset)
    octets = WORDS.encode(codec)
    if encoding == "base64":
        octets = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    elif encoding == "quoted-printable":
        octets = quopri.encodestring(octets.replace(b"\r\n", b" "))
    whole = text_of(octets, part_of(octets, encoding, charset))
    if charset:
        assert joined(octets, encoding, charset) == (whole.text, list(whole.notes))
    else:  # the looks of the first piece decide
        assert "by its looks" in " ".join(whole.notes)


@pytest.mark.parametrize(
    "octets, encoding, charset, text, notes",
    [
        (b"ab\xffcdefghijklmnopqrst", "", "utf-8", "ab\ufffdcdefghijklmnopqrst", [NO_UTF8]),
        (b"abc\xc3", "", "utf-8", "abc\ufffd", []),
        (b"abcdefghi\xe9", "", "x-none", "abcdefghi\ufffd", ["nobody knows the charset x-none"]),
        (b"\xe9", "", "us-ascii", "\ufffd", []),
        (b"caf\xe9 au", "", "", "caf\xe9 au", [f"{NONE}: read as Windows-1252, by its looks"]),
        (b"\x81\xe9\x8d", "", "", "\ufffd\ufffd", [f"{NONE}, and the octets do not tell"]),
        (b"YWJj!ZGVm", "base64", "utf-8", "abcdef", [FOREIGN]),
        (b"YWJjZGVmZ", "base64", "utf-8", "abcdef", ["base64 that ends early"]),
        (b"aaaaaa=C3=A9", "quoted-printable", "utf-8", "aaaaaa\xe9", []),
        (b"", "", "utf-8", "", []),
    ],
)  # fmt: skip
def test_what_is_wrong(
    octets: bytes, encoding: str, charset: str, text: str, notes: list[str]
) -> None:
    """Told once, and nothing is told that the cuts alone bring about."""
    found = joined(octets, encoding, charset)
    assert found[0] == text
    assert [note for note in found[1] if note in notes] == notes


@given(
    st.binary(max_size=200),
    st.sampled_from(["", "base64", "quoted-printable"]),
    st.sampled_from(["utf-8", "utf-16", "utf-7", "gb2312", "hz", "", "x"]),
)
def test_nothing_raises(octets: bytes, encoding: str, charset: str) -> None:
    """Whatever a peer sends."""
    joined(octets, encoding, charset)


@pytest.mark.parametrize(
    "head, octets",
    [
        (b"Content-Type: text/plain; charset=utf-8", b"\xff"),
        (b"Content-Type: text/plain; charset=utf-8", b"\n"),
        (b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64", b"=A"),
        (b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64", b"QUJD"),
    ],
)
def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch, head: bytes, octets: bytes) -> None:
    """A hostile part is never held several times over: a few pieces of it, less than itself."""
    monkeypatch.setattr(module, "_PIECE", 128 * 1024)
    mail = head + b"\r\n\r\n" + octets * (4_000_000 // len(octets))
    tracemalloc.start()
    try:
        (part,) = read_message(mail)
        pieces = pieces_of(mail, part)
        for _ in pieces.texts(part.charset):
            pass
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()
    assert part.is_large
