"""What a person demands of a handshake beyond the usual: versions, ciphers, ALPN, keys, identity.

Knows contexts of OpenSSL, and neither sockets nor certificates.
"""

import ssl
import warnings

from mailprobe import files
from mailprobe.errors import Failure, Word
from mailprobe.safe import safe
from mailprobe.transport.link import OLDEST, VERSIONS, TlsSettings

_VERSIONS = dict(
    zip(
        VERSIONS,
        (
            ssl.TLSVersion.TLSv1,
            ssl.TLSVersion.TLSv1_1,
            ssl.TLSVersion.TLSv1_2,
            ssl.TLSVersion.TLSv1_3,
        ),
        strict=True,
    )
)
# TLS 1.0 and 1.1 sign by MD5 and SHA-1, which OpenSSL 3 does at its lowest level alone
# (SSL_CTX_set_security_level(3)); small keys and weak ciphers are taken there, too.
_LOWEST = "@SECLEVEL=0"
_DEFAULT = "DEFAULT"


def set_up(context: ssl.SSLContext, settings: TlsSettings) -> None:
    """Make `context` as the settings say.  Raises Failure USAGE."""
    _set_versions(context, settings)
    old = is_old(settings.minimum)
    if settings.ciphers or old:
        _set_ciphers(context, settings.ciphers, old=old)
    if settings.alpn:
        context.set_alpn_protocols(list(settings.alpn))
    if settings.identity is not None:
        settings.identity.load_into(context)
    if settings.key_log is not None:
        _log_keys(context, settings.key_log)


def is_old(version: str) -> bool:
    """Whether RFC 8996 has retired this version of `VERSIONS`."""
    return VERSIONS.index(version) < VERSIONS.index(OLDEST)


def _set_versions(context: ssl.SSLContext, settings: TlsSettings) -> None:
    if settings.maximum and VERSIONS.index(settings.maximum) < VERSIONS.index(settings.minimum):
        raise Failure(
            Word.USAGE,
            f"--tls-max {settings.maximum} is below --tls-min {settings.minimum}, "
            "which has to be given, too",
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # whoever asks for them knows
        context.minimum_version = _VERSIONS[settings.minimum]
        if settings.maximum:
            context.maximum_version = _VERSIONS[settings.maximum]


def _set_ciphers(context: ssl.SSLContext, ciphers: str, *, old: bool) -> None:
    try:
        context.set_ciphers(f"{ciphers or _DEFAULT}{':' + _LOWEST if old else ''}")
    except ssl.SSLError:
        sentence = f"--tls-ciphers {safe(ciphers)}: OpenSSL knows none of them"
        raise Failure(Word.USAGE, sentence) from None


def _log_keys(context: ssl.SSLContext, path: str) -> None:
    """Have the secrets of each link appended to a file that only we can read."""
    files.append_private(path, b"")
    try:
        context.keylog_filename = path
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it cannot be written"
        raise Failure(Word.USAGE, f"--keylog {safe(path)}: {reason}") from None
