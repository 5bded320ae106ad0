"""Certificates in words: whatever a peer shows is one line that is fit to be shown."""

import ssl

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.transport.verification import describe, why_not

CERTIFICATE = ssl.PEM_cert_to_DER_cert(
    trustme.CA().issue_cert("a.example", "192.0.2.1").cert_chain_pems[0].bytes().decode()
)


def test_a_certificate_is_described_by_names_issuer_and_dates() -> None:
    """What a person compares with the host that was asked for."""
    described = describe(CERTIFICATE)
    assert "for a.example, 192.0.2.1, issued by " in described
    assert ", valid 20" in described


def test_many_names_are_counted() -> None:
    """A sentence stays a sentence."""
    leaf = trustme.CA().issue_cert(*(f"{number}.example" for number in range(50)))
    described = describe(ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode()))
    assert "9.example and 40 more" in described


@pytest.mark.parametrize("octets", [b"", b"\x30\x00garbage", b"x" * 5000])
def test_garbage_is_called_so(octets: bytes) -> None:
    """And is no traceback."""
    assert describe(octets).startswith("unreadable certificate")


@given(
    st.lists(
        st.tuples(st.integers(0, len(CERTIFICATE) - 1), st.integers(0, 255)),
        min_size=1,
        max_size=4,
    )
)
def test_a_damaged_certificate_is_one_printable_line(changes: list[tuple[int, int]]) -> None:
    """Any octet may be anything."""
    damaged = bytearray(CERTIFICATE)
    for at, octet in changes:
        damaged[at] = octet
    assert describe(bytes(damaged)).isprintable()


def test_an_error_in_no_table_is_shown_all_the_same() -> None:
    """OpenSSL has hundreds of reasons."""
    error = ssl.SSLError(1, "[SSL: BAD_SIGNATURE] bad signature")
    assert why_not(error, "") == "[SSL: BAD_SIGNATURE] bad signature"
    error.reason = "BAD_SIGNATURE"
    assert why_not(error, "the TLS link broke") == "the TLS link broke: bad signature"
