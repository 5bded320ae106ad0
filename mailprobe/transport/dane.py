"""Whether the certificate of a live link fits the TLSA records of its host (RFC 6698, RFC 7672).

Knows certificates; asks no DNS and does no handshake.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mailprobe.answers import Association
from mailprobe.errors import Failure, Word
from mailprobe.safe import safe
from mailprobe.transport.verification import describe, names_of, quietly

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_TRUST_ANCHOR, _END_ENTITY = 2, 3
_LONGEST = 10  # certificates of a chain that are looked at
_HASHES = {1: "sha256", 2: "sha512"}


def matches(record: Association, certificate: bytes) -> bool:
    """Whether a record is made of a certificate, DER (RFC 6698, sections 2.1.2 and 2.1.3)."""
    import hashlib

    selected = certificate if record.selector == 0 else _public_key(certificate)
    if record.selector not in (0, 1) or not selected:
        return False
    if record.matching == 0:
        return selected == record.data
    name = _HASHES.get(record.matching)
    return name is not None and hashlib.new(name, selected).digest() == record.data


def check(records: Sequence[Association], chain: Sequence[bytes], name: str) -> None:
    """Check what a peer presented, its own certificate first; `name` is the exchanger's.

    DANE-EE needs the key alone: neither name nor dates count.  Below DANE-TA the chain has to
    hold, name and dates too (RFC 7672, section 3.1).  Raises Failure TLS.
    """
    if not chain:
        raise Failure(Word.TLS, f"DANE: {safe(name)} presented no certificate")
    if any(record.usage == _END_ENTITY and matches(record, chain[0]) for record in records):
        return
    troubles = []
    for record in records:
        for anchor in _anchors(record, chain):
            if matches(record, anchor):
                trouble = _why_no_chain(chain, anchor, name)
                if not trouble:
                    return
                troubles.append(trouble)
    shown = describe(chain[0])
    if troubles:
        sentence = f"its trust anchor fits, the chain below it does not hold: {troubles[0]}"
    else:
        sentence = "no TLSA record fits what it presented"
    raise Failure(Word.TLS, f"DANE: {safe(name)}: {sentence} ({shown}); go on by --no-verify")


def _anchors(record: Association, chain: Sequence[bytes]) -> list[bytes]:
    """What a record may name: what stands above the first one, or what it holds itself."""
    if record.usage != _TRUST_ANCHOR:
        return []
    whole = (record.selector, record.matching) == (0, 0)
    return [*chain[1:], *([record.data] if whole else [])]


def _public_key(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo, or nothing where it cannot be read."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm):
        return b""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _why_no_chain(chain: Sequence[bytes], anchor: bytes, name: str) -> str:
    """Why the first certificate is not vouched for by `anchor`, or ''.

    By hand: OpenSSL would want the anchor before the handshake, and the verifier of
    cryptography the rules of the web, which certificates of mail servers need not keep.
    """
    from cryptography import x509

    try:
        with quietly():
            read = [x509.load_der_x509_certificate(one) for one in chain[:_LONGEST]]
            return _path(read, x509.load_der_x509_certificate(anchor), name)
    except (ValueError, TypeError, x509.InvalidVersion) as error:
        return f"unreadable: {safe(str(error))}"


def _path(chain: "list[Certificate]", anchor: "Certificate", name: str) -> str:
    """Climb from the first certificate to the anchor (RFC 5280, section 6.1)."""
    now = datetime.now(UTC)
    current, above = chain[0], chain[1:]
    if not any(_is_name(name, known) for known in names_of(current.public_bytes(Encoding.DER))):
        return "it is for another host"
    for below in range(len(chain) + 1):
        if not current.not_valid_before_utc <= now <= current.not_valid_after_utc:
            return "it has expired" if current.not_valid_after_utc < now else "it is not valid yet"
        if current == anchor or _issued(anchor, current, below):
            return ""
        issuer = next((one for one in above if _issued(one, current, below)), None)
        if issuer is None:
            break
        above.remove(issuer)
        current = issuer
    return "it was not issued below the trust anchor"


def _issued(issuer: "Certificate", certificate: "Certificate", below: int) -> bool:
    """Whether one has signed the other, and may, with so many certificates between."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        certificate.verify_directly_issued_by(issuer)
        found = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (
        ValueError,
        TypeError,
        InvalidSignature,
        UnsupportedAlgorithm,
        x509.ExtensionNotFound,
        x509.DuplicateExtension,
    ):
        return False
    return found.ca and (found.path_length is None or found.path_length >= below)


def _is_name(name: str, known: str) -> bool:
    """Whether a name of a certificate is that of the host; `*` is its first label (RFC 9525)."""
    name, known = name.lower(), known.lower()
    if known.startswith("*."):
        return name.partition(".")[2] == known[2:]
    return name == known
