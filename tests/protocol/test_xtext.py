"""xtext and original recipients, with what the RFCs say of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.protocol import grammar
from mailprobe.protocol.xtext import decode, encode, original_recipient


@pytest.mark.parametrize(
    "octets, text",
    [
        (b"alice", b"alice"),
        (b"a+b=c", b"a+2Bb+3Dc"),
        (b"a b\t\x7f", b"a+20b+09+7F"),
        ("ü".encode(), b"+C3+BC"),
        (b"", b""),
    ],
)
def test_what_is_written_otherwise(octets: bytes, text: bytes) -> None:
    """RFC 3461, section 4: all but 33 to 126, and + and = among these."""
    assert encode(octets) == text


@given(st.binary(max_size=60))
def test_it_comes_back(octets: bytes) -> None:
    """Whatever it was, and the grammar takes it."""
    assert decode(encode(octets)) == octets
    assert grammar.XTEXT.fullmatch(encode(octets))


def test_what_is_no_hexchar_stays() -> None:
    """Lower case is none."""
    assert decode(b"a+2b+2B+") == b"a+2b++"


@pytest.mark.parametrize(
    "address, utf8, value",
    [
        ("al+ice@x.test", False, b"rfc822;al+2Bice@x.test"),
        ("x400;/C=US/", False, b"x400;/C+3DUS/"),
        ('"a;b"@x.test', False, b'rfc822;"a;b"@x.test'),
        ("jörg+x@x.test", False, rb"utf-8;j\x{F6}rg\x{2B}x@x.test"),
        ("jörg+x@x.test", True, r"utf-8;jörg\x{2B}x@x.test".encode()),
        ("UTF-8;日 \\@x.test", False, rb"UTF-8;\x{65E5}\x{20}\x{5C}@x.test"),
    ],
)
def test_original_recipient(address: str, utf8: bool, value: bytes) -> None:
    """rfc822 without a type, utf-8 beyond ASCII (RFC 6533, section 3)."""
    assert original_recipient(address, utf8=utf8) == value
