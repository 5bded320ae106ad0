"""Certificates in words: whatever a peer shows is one line that is fit to be shown."""

import datetime
import hashlib
import ssl

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.transport.verification import describe, end_point, why_not

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


def certificate_of(hashed: hashes.HashAlgorithm | None) -> bytes:
    """A certificate whose signature is made with a hash function, or by Ed25519 with none."""
    key = rsa.generate_private_key(65537, 2048) if hashed else ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    return builder.sign(key, hashed).public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize(
    "hashed, name", [(hashes.SHA256(), "sha256"), (hashes.SHA384(), "sha384"), (None, "")]
)
def test_the_end_point_of_a_channel(hashed: hashes.HashAlgorithm | None, name: str) -> None:
    """The hash of the signature is taken; without one there is nothing to bind to (RFC 5929)."""
    certificate = certificate_of(hashed)
    expected = hashlib.new(name, certificate).digest() if name else None
    assert end_point(certificate) == expected


def test_an_old_hash_is_made_a_better_one() -> None:
    """MD5 and SHA-1 become SHA-256 (RFC 5929, section 4.1); what is no certificate has none."""
    certificate = certificate_of(hashes.SHA256())
    old = certificate.replace(
        bytes.fromhex("06092a864886f70d01010b"), bytes.fromhex("06092a864886f70d010105")
    )
    assert end_point(old) == hashlib.sha256(old).digest()
    assert end_point(b"no certificate") is None
