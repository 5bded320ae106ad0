"""The key of a selector."""

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.answers import Said
from mailprobe.routing import dkim
from mailprobe.safe import visible
from tests.routing.zone import dns, texts


def pem_less(key: object) -> str:
    """The public key in DER and base64, as p= has it."""
    octets = key.public_key().public_bytes(  # type: ignore[attr-defined]  # private keys
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(octets).decode()


@pytest.fixture(scope="module")
def rsa2048() -> str:
    return pem_less(rsa.generate_private_key(65537, 2048))


def check(*records: bytes) -> dkim.Dkim:
    rows = {"TXT s1._domainkey.example.org": list(records)}
    return dkim.check("example.org", "s1", dns(rows))  # type: ignore[arg-type]


def test_keys_that_are_good(rsa2048: str) -> None:
    """RSA of 2048 bits, with and without the tags that may be left out; Ed25519."""
    for record in (
        f"p={rsa2048}",
        f"v=DKIM1; k=rsa; h=sha256; s=email; p={rsa2048[:99]} {rsa2048[99:]}",
    ):
        found = check(record.encode())
        assert found.usable, texts(found.part)
        assert "good: an RSA key of 2048 bits" in texts(found.part)
    found = check(b"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
    assert found.usable
    assert "good: an Ed25519 key" in texts(found.part)


def test_sizes_of_rsa() -> None:
    """1024 is doubtful (RFC 8301)."""
    found = check(f"p={pem_less(rsa.generate_private_key(65537, 1024))}".encode())
    assert found.usable
    assert "doubt: an RSA key of 1024 bits" in texts(found.part)
    # 512 bits, which no library makes any more
    short = (
        "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu"
        "KUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ=="
    )
    found = check(f"p={short}".encode())
    assert not found.usable
    assert "512 bits, which nobody may accept" in texts(found.part)


@pytest.mark.parametrize(
    "record, said",
    [
        (b"v=DKIM1; p=", "revoked"),
        (b"v=DKIM1; k=rsa", "p= is missing"),
        (b"v=DKIM1; p=!!!", "p= is no base64"),
        (b"v=DKIM1; p=AAAA", "p= is no RSA key"),
        (b"v=DKIM1; k=ed25519; p=AAAA", "an Ed25519 key has 32 octets, this one 3"),
        (b"v=DKIM1; k=dsa; p=AAAA", "k=dsa is no kind of key"),
        (b"v=DKIM2; p=AAAA", "it has to be v=DKIM1"),
        (b"p=AAAA; v=DKIM1", "to be the first"),
        (b"p=AAAA; h=sha1", "h=sha1 leaves out sha256"),
        (b"p=AAAA; s=tlsrpt", "not for mail"),
    ],
)
def test_keys_that_are_not(record: bytes, said: str) -> None:
    """Each with its reason."""
    found = check(record)
    assert not found.usable
    assert said in texts(found.part)


def test_a_key_of_another_kind() -> None:
    """An EC key is none of RSA."""
    found = check(f"p={pem_less(ec.generate_private_key(ec.SECP256R1()))}".encode())
    assert not found.usable


def test_only_a_test(rsa2048: str) -> None:
    """t=y is told; the key is usable."""
    found = check(f"t=y:s; p={rsa2048}".encode())
    assert found.usable
    assert "t=y: only a test" in texts(found.part)


def test_no_key(rsa2048: str) -> None:
    """None there, several, and one that cannot be had."""
    assert "does not exist" in texts(dkim.check("example.org", "s1", dns({})).part)
    assert not check(f"p={rsa2048}".encode(), b"p=").usable
    lost = dns({"TXT s1._domainkey.example.org": Said.SERVFAIL})
    assert "cannot be looked up" in texts(dkim.check("example.org", "s1", lost).part)


@given(st.binary(max_size=200))
def test_any_record(octets: bytes) -> None:
    """Nothing raises, and each sentence can be shown."""
    for record in (octets, b"k=rsa; p=" + base64.b64encode(octets)):
        assert all(visible(part.text) for part in check(record).part.all())
