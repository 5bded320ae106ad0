"""What stands in a certificate, as values: names, dates, key, signature, fingerprints.

It is read by `cryptography`; whatever cannot be read is said in words.  Verifies nothing.
"""

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from mailprobe.safe import safe
from mailprobe.transport.verification import quietly
from mailprobe.value import frozen

if TYPE_CHECKING:
    from cryptography import x509

_LONGEST = 200  # characters of a parser's complaint


@frozen
class Certificate:
    """One certificate.  All texts have been through `safe()`; fingerprints are hexadecimal."""

    octets: bytes  # DER
    fingerprint: str  # SHA-256 of it
    subject: str = ""  # RFC 4514
    issuer: str = ""
    hosts: tuple[str, ...] = ()  # names and addresses (RFC 5280, section 4.2.1.6)
    mailboxes: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    key: str = ""  # "EC secp256r1"
    bits: int = 0
    key_fingerprint: str = ""  # SHA-256 of its SubjectPublicKeyInfo
    signature: str = ""  # "ECDSA-SHA256"
    trouble: str = ""  # why it could not be read

    @property
    def self_issued(self) -> bool:
        """Whether it names itself as its issuer."""
        return bool(self.subject or self.issuer) and self.subject == self.issuer

    def association(self, usage: int = 3) -> str:
        """Its TLSA record: this usage, its public key by SHA-256 (RFC 6698); "" without a key."""
        return f"{usage} 1 1 {self.key_fingerprint}" if self.key_fingerprint else ""


def read(octets: bytes) -> Certificate:
    """Read a certificate, DER.  Never raises: a peer may present anything."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    fingerprint = hashlib.sha256(octets).hexdigest()
    try:
        with quietly():
            found = x509.load_der_x509_certificate(octets)
            key, bits, key_fingerprint = _key(found)
            hosts, mailboxes = _names(found)
            return Certificate(
                octets,
                fingerprint,
                subject=safe(found.subject.rfc4514_string()),
                issuer=safe(found.issuer.rfc4514_string()),
                hosts=hosts,
                mailboxes=mailboxes,
                since=found.not_valid_before_utc,
                until=found.not_valid_after_utc,
                key=key,
                bits=bits,
                key_fingerprint=key_fingerprint,
                signature=_signature(found),
            )
    except (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm) as error:
        return Certificate(octets, fingerprint, trouble=safe(str(error))[:_LONGEST] or "unreadable")


def _key(certificate: "x509.Certificate") -> tuple[str, int, str]:
    """What kind of key it is, its bits, and its fingerprint; nothing of one that nobody knows."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "of an unknown kind", 0, ""
    octets = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if isinstance(key, ec.EllipticCurvePublicKey):
        name = f"EC {key.curve.name}"
    else:
        name = type(key).__name__.lstrip("_").removesuffix("PublicKey")
        name = name if name.startswith("Ed") else name.upper()
    return name, getattr(key, "key_size", 0), hashlib.sha256(octets).hexdigest()


def _signature(certificate: "x509.Certificate") -> str:
    """The algorithm by its usual name, or its object identifier."""
    from cryptography.x509.oid import SignatureAlgorithmOID

    wanted = certificate.signature_algorithm_oid
    for name, known in vars(SignatureAlgorithmOID).items():
        if known == wanted:
            return str(name).strip("_").replace("_WITH_", "-").replace("_", "-")
    return wanted.dotted_string


def _names(certificate: "x509.Certificate") -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Hosts and mailboxes of the subject alternative name."""
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (
        ValueError,
        x509.ExtensionNotFound,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
    ):
        return (), ()
    hosts = (
        *found.get_values_for_type(x509.DNSName),
        *map(str, found.get_values_for_type(x509.IPAddress)),
    )
    mailboxes = found.get_values_for_type(x509.RFC822Name)
    return tuple(map(safe, hosts)), tuple(map(safe, mailboxes))
