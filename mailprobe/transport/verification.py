"""Why TLS failed, in words: which check, what the peer showed, which option goes on.

Knows errors and certificates; does no handshake.
"""

import contextlib
import ssl
import warnings
from collections.abc import Iterable, Iterator

from mailprobe.safe import safe
from mailprobe.transport.link import OLDEST, VERSIONS, TlsSettings

_FOR_CA = "give its CA by --ca FILE, or go on unverified by --no-verify"
_UNVERIFIED = "go on unverified by --no-verify"
_FOR_WEAK = "go on by --tls-ciphers DEFAULT:@SECLEVEL=0"

# The verification errors of OpenSSL, x509_vfy.h: what is wrong, and the option to go on.
_UNTRUSTED = {
    2: ("its issuer is not known", _FOR_CA),
    9: ("it is not valid yet", _UNVERIFIED),
    10: ("it has expired", _UNVERIFIED),
    18: ("it is self-signed", _FOR_CA),
    19: ("its CA is self-signed and not known", _FOR_CA),
    20: ("its issuer is not known", _FOR_CA),
    21: ("its issuer is not known", _FOR_CA),
    26: ("it is not meant for servers (extended key usage)", _UNVERIFIED),
    62: ("it is for another host", _UNVERIFIED),
    64: ("it is for another address", _UNVERIFIED),
    66: ("its key is too weak", _FOR_WEAK),
    67: ("the key of its CA is too weak", _FOR_WEAK),
    68: ("the hash of its signature is too weak", _FOR_WEAK),
    79: ("one above it is no CA", _UNVERIFIED),
}
_OTHER_HOST = (62, 64)
# What may be wrong with one above the peer's own; OpenSSL's depth is not told by Python.
_DATES = {9: "one above it is not valid yet", 10: "one above it has expired"}

_PLAIN_SPOKEN = "the peer does not speak TLS here; try without --tls, or with --starttls"
_NO_VERSION = "no TLS version in common"
_NO_CIPHER = "the peer refused: no TLS version, cipher or key in common"
_WEAK = f"the peer's key or certificate is too weak to be trusted; {_FOR_WEAK}"
_CLIENT = "the peer wants a client certificate; give one by --cert FILE"
_NOT_OURS = "the peer does not take our client certificate"
_REASONS = {
    "WRONG_VERSION_NUMBER": _PLAIN_SPOKEN,
    "HTTP_REQUEST": _PLAIN_SPOKEN,
    "UNSUPPORTED_PROTOCOL": _NO_VERSION,
    "TLSV1_ALERT_PROTOCOL_VERSION": _NO_VERSION,
    "SSLV3_ALERT_HANDSHAKE_FAILURE": _NO_CIPHER,
    "TLSV1_ALERT_INSUFFICIENT_SECURITY": _NO_CIPHER,
    "NO_SHARED_CIPHER": _NO_CIPHER,
    "DH_KEY_TOO_SMALL": _WEAK,
    "EE_KEY_TOO_SMALL": _WEAK,
    "CA_KEY_TOO_SMALL": _WEAK,
    "CA_MD_TOO_WEAK": _WEAK,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": _CLIENT,
    "TLSV1_UNRECOGNIZED_NAME": "the peer does not know the server name that it was asked for",
    "TLSV1_ALERT_NO_APPLICATION_PROTOCOL": "the peer speaks none of the protocols of --alpn",
    "TLSV1_ALERT_UNKNOWN_CA": "the peer does not trust the certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the peer refused the certificate",
}
# What a server chose, as its first record says (RFC 8446, section 4.1.3).
_CHOSEN = {b"\3\0": "SSL 3", b"\3\1": "TLS 1.0", b"\3\2": "TLS 1.1"}


def why_not(error: ssl.SSLError, doing: str) -> str:
    """Say in words what OpenSSL or the peer's alert meant, after what we were `doing`."""
    name = getattr(error, "reason", None) or ""  # absent when Python raised it
    said = _REASONS.get(name) or name.lower().replace("_", " ") or safe(str(error.args[-1]))
    return f"{doing}: {said}" if doing else said


def why_no_handshake(
    error: ssl.SSLError, settings: TlsSettings, first: bytes, *, begun: bool
) -> str:
    """Say why a handshake failed, and the option that goes on.

    `first` is the beginning of what the server sent, `begun` whether it has chosen a cipher.
    """
    said = why_not(error, "")
    if said == _NO_VERSION:
        return _no_version(settings, first)
    if said == _NO_CIPHER and begun:  # under TLS 1.2 nothing else tells that it wants to know us
        return _CLIENT if settings.identity is None else _NOT_OURS
    if said == _NO_CIPHER:
        return _no_cipher(settings, first)
    return said


def _no_cipher(settings: TlsSettings, first: bytes) -> str:
    if settings.ciphers:
        return f"{_NO_CIPHER}; those of --tls-ciphers were offered"
    older = _CHOSEN.get(first[1:3]) if first[:1] == b"\x15" else None  # of its alert
    if older is not None and settings.minimum == OLDEST:
        return f"{_NO_CIPHER}; it seems to speak {older} and nothing newer; go on by --tls-min 1.0"
    return f"{_NO_CIPHER}; go on by --tls-ciphers DEFAULT, which offers more"


def _no_version(settings: TlsSettings, first: bytes) -> str:
    chosen = _CHOSEN.get(first[9:11], "") if first[:1] == b"\x16" else ""  # its ServerHello
    low, high = settings.minimum, settings.maximum or VERSIONS[-1]
    if (low, high) != (OLDEST, VERSIONS[-1]):
        offered = f"TLS {low}" if low == high else f"TLS {low} to {high}"
        speaks = chosen or "none of it"
        return f"{offered} was offered, the peer speaks {speaks}: see --tls-min and --tls-max"
    offers = f"speaks {chosen} and nothing newer" if chosen else "offers nothing newer than TLS 1.1"
    return f"the peer {offers}, which RFC 8996 retired; expected TLS 1.2; go on by --tls-min 1.0"


def why_not_trusted(
    error: ssl.SSLCertVerificationError, link: ssl.SSLObject, name: str | None
) -> str:
    """Say which check failed, show the chain, name the option to go on."""
    chain = presented(link)
    wrong, way_on = _UNTRUSTED.get(
        error.verify_code, (safe(error.verify_message.rstrip(".")), _UNVERIFIED)
    )
    if error.verify_code in _OTHER_HOST and chain and not names_of(chain[0]):
        wrong = "it names its host in the common name alone, which no longer counts (RFC 9525)"
    if error.verify_code in _DATES and chain and _is_valid_now(chain[0]):
        wrong = _DATES[error.verify_code]
    shown = "; then ".join(describe(certificate) for certificate in chain[:4]) or "not available"
    return f"the certificate of {safe(name or '')} is not trusted: {wrong} ({shown}); {way_on}"


def presented(link: ssl.SSLObject) -> list[bytes]:
    """Return what the peer presented, DER, though the handshake failed; empty where unknown."""
    if public := getattr(link, "get_unverified_chain", None):  # from Python 3.13 on
        return [bytes(certificate) for certificate in public() or ()]
    # The same method of the object inside exists since 3.10.
    ask = getattr(getattr(link, "_sslobj", None), "get_unverified_chain", None)
    chain = ask() if ask else None
    return [certificate.public_bytes(ssl._ssl.ENCODING_DER) for certificate in chain or ()]  # type: ignore[attr-defined]


def describe(certificate: bytes) -> str:
    """Describe a DER certificate in one line: subject, names, issuer, dates; fit to be shown."""
    from cryptography import x509

    try:
        with quietly():
            read = x509.load_der_x509_certificate(certificate)
            subject, issuer = read.subject.rfc4514_string(), read.issuer.rfc4514_string()
            since, until = read.not_valid_before_utc.date(), read.not_valid_after_utc.date()
    except (ValueError, TypeError, x509.InvalidVersion) as error:  # of odd name attributes
        return f"unreadable certificate: {safe(str(error))}"
    return (
        f"{safe(subject) or 'no subject'}, for {_listed(names_of(certificate))}, "
        f"issued by {safe(issuer)}, valid {since} to {until}"
    )


def _is_valid_now(certificate: bytes) -> bool:
    """Whether its own dates are good, as far as it can be read."""
    from datetime import UTC, datetime

    from cryptography import x509

    try:
        with quietly():
            read = x509.load_der_x509_certificate(certificate)
            return read.not_valid_before_utc <= datetime.now(UTC) <= read.not_valid_after_utc
    except (ValueError, TypeError, x509.InvalidVersion):
        return False


def end_point(certificate: bytes) -> bytes | None:
    """Return the data of tls-server-end-point (RFC 5929, section 4.1) for a certificate, DER.

    None where its signature has no hash function, or cannot be read.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        with quietly():
            used = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    except (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm):
        return None
    if used is None:
        return None
    import hashlib

    name = "sha256" if used.name in ("md5", "sha1") else used.name
    return hashlib.new(name, certificate).digest()


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Keep cryptography's warnings of odd certificates off a person's terminal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _listed(names: list[str], most: int = 10) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(map(safe, names[:most])) or "no host") + more


def names_of(certificate: bytes) -> list[str]:
    """Return the hosts and addresses of the subject alternative name (RFC 5280, 4.2.1.6)."""
    from cryptography import x509

    try:
        with quietly():
            read = x509.load_der_x509_certificate(certificate)
            found = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (
        ValueError,
        TypeError,
        x509.InvalidVersion,
        x509.ExtensionNotFound,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
    ):
        return []
    hosts: Iterable[object] = found.get_values_for_type(x509.DNSName)
    addresses: Iterable[object] = found.get_values_for_type(x509.IPAddress)
    return [str(name) for name in (*hosts, *addresses)]
