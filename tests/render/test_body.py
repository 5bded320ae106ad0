"""The text of a body: the same however it is cut, and the same as safe() of each line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.render.body import BodyText
from mailprobe.safe import safe


def whole(octets: bytes) -> str:
    body = BodyText()
    return body.feed(octets) + body.finish()


@pytest.mark.parametrize(
    "octets, text",
    [
        (b"", ""),
        (b"a\r\nb\r\n", "< a\n< b\n"),
        (b"\r\n\r\n", "< \n< \n"),
        (b"no end", "< no end\n"),
        (b"a\tb\\c\r\n", "< a\\tb\\\\c\n"),
        (b"bare\nLF\r\n", "< bare\\n\n< LF\n"),
        (b"bare\rCR\r\r\n", "< bare\\rCR\\r\n"),
        ("恭喜!\r\n".encode(), "< 恭喜!\n"),
        (b"\xb9\xa7\r\n", "< \\xb9\\xa7\n"),
        ("\u202e\u200b\r\n".encode(), "< \\u{202e}\\u{200b}\n"),
        (b"\x1b[2J\x9b\x00\r\n", "< \\u{1b}[2J\\x9b\\u{0}\n"),
        (b"+OK forged\r\n", "< +OK forged\n"),
    ],
)
def test_body_text(octets: bytes, text: str) -> None:
    """CRLF ends a line; everything else is printable, and marked as the server's."""
    assert whole(octets) == text


def test_a_body_of_all_characters_is_shown_all_the_same() -> None:
    """However many different ones there are, in one body."""
    body = BodyText()
    lines = ["".join(map(chr, range(start, start + 500))) for start in range(0x3400, 0x9400, 500)]
    text = "".join(body.feed(line.encode() + b"\r\n") for line in lines)
    assert text == "".join(f"< {safe(line)}\n" for line in lines)
    assert body.finish() == ""


PIECES = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b"\\", b"\t", b"\x1b", b"\xe6", b"\x81", b"\xad"])
    | st.text(max_size=2).map(str.encode)
    | st.binary(max_size=3),
    max_size=30,
)


@given(PIECES)
def test_the_text_does_not_depend_on_the_cuts(pieces: list[bytes]) -> None:
    """Whole, in pieces, octet by octet: between CR and LF, inside a character."""
    octets = b"".join(pieces)
    text = whole(octets)
    for cut in (pieces, [octets[i : i + 1] for i in range(len(octets))]):
        body = BodyText()
        assert "".join([*map(body.feed, cut), body.finish()]) == text


@given(
    st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line and line[-1:] != b"\r"))
)
def test_lines_are_safe_and_kept(lines: list[bytes]) -> None:
    """Each line is safe() of its octets."""
    octets = b"".join(line + b"\r\n" for line in lines)
    assert whole(octets) == "".join(f"< {safe(line)}\n" for line in lines)
