"""Certificates as values: whatever a peer presents is read, or said to be unreadable."""

import datetime
import hashlib
import ssl

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.answers import Association
from mailprobe.transport import dane
from mailprobe.transport.certificate import read

ISSUED = trustme.CA().issue_cert("a.example", "192.0.2.1", "alice@example.test")
CERTIFICATE = ssl.PEM_cert_to_DER_cert(ISSUED.cert_chain_pems[0].bytes().decode())


def test_names_issuer_and_dates() -> None:
    """Hosts and mailboxes are told apart, dates are in UTC."""
    found = read(CERTIFICATE)
    assert found.hosts == ("a.example", "192.0.2.1")
    assert found.mailboxes == ("alice@example.test",)
    assert found.subject.startswith("OU=Testing cert")
    assert found.issuer.startswith("OU=Testing CA")
    assert not found.self_issued
    assert found.since is not None
    assert found.until is not None
    assert found.since < datetime.datetime.now(datetime.UTC) < found.until
    assert found.trouble == ""


def test_fingerprints_and_the_tlsa_record() -> None:
    """Those of openssl; the record is one that DANE would take (RFC 6698, section 2.1)."""
    found = read(CERTIFICATE)
    assert found.fingerprint == hashlib.sha256(CERTIFICATE).hexdigest()
    key = x509.load_der_x509_certificate(CERTIFICATE).public_key()
    octets = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert found.key_fingerprint == hashlib.sha256(octets).hexdigest()
    usage, selector, matching, data = found.association().split()
    record = Association(int(usage), int(selector), int(matching), bytes.fromhex(data))
    assert dane.matches(record, CERTIFICATE)
    assert found.association(2).startswith("2 1 1 ")


KEYS = {
    "EC secp384r1": (lambda: ec.generate_private_key(ec.SECP384R1()), hashes.SHA384(), 384),
    "RSA": (lambda: rsa.generate_private_key(65537, 2048), hashes.SHA256(), 2048),
    "Ed25519": (ed25519.Ed25519PrivateKey.generate, None, 0),
}


@pytest.mark.parametrize("name", KEYS)
def test_keys_and_signatures_by_their_names(name: str) -> None:
    """As people know them; a self-issued one is seen to be that."""
    make, hashed, bits = KEYS[name]
    key = make()  # type: ignore[operator]  # each makes its own kind
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
    builder = builder.public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    found = read(builder.sign(key, hashed).public_bytes(serialization.Encoding.DER))
    signature = {"EC secp384r1": "ECDSA-SHA384", "RSA": "RSA-SHA256", "Ed25519": "ED25519"}[name]
    assert (found.key, found.bits, found.signature) == (name, bits, signature)
    assert found.self_issued
    assert (found.hosts, found.mailboxes) == ((), ())


def test_a_key_of_an_unknown_kind() -> None:
    """All else is read, and no record is made of it."""
    octets = CERTIFICATE.replace(bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d0277"))
    found = read(octets)
    assert (found.key, found.key_fingerprint, found.association()) == ("of an unknown kind", "", "")
    assert found.hosts == ("a.example", "192.0.2.1")


@pytest.mark.parametrize("octets", [b"", b"\x30\x00garbage", b"x" * 5000])
def test_garbage_has_a_fingerprint_and_a_complaint(octets: bytes) -> None:
    """And is no traceback."""
    found = read(octets)
    assert found.trouble
    assert found.fingerprint == hashlib.sha256(octets).hexdigest()
    assert found.association() == ""


@given(
    st.lists(
        st.tuples(st.integers(0, len(CERTIFICATE) - 1), st.integers(0, 255)),
        min_size=1,
        max_size=4,
    )
)
def test_a_damaged_certificate_is_read_or_refused(changes: list[tuple[int, int]]) -> None:
    """Any octet may be anything; every text is fit to be shown."""
    damaged = bytearray(CERTIFICATE)
    for at, octet in changes:
        damaged[at] = octet
    found = read(bytes(damaged))
    texts = (found.subject, found.issuer, found.key, found.signature, found.trouble, *found.hosts)
    assert all(text.isprintable() for text in texts)
