"""Options about TLS: the rows of the tables, and the settings that they make."""

from mailprobe.commands.arguments import Row
from mailprobe.errors import Failure, Word
from mailprobe.patterns import pattern
from mailprobe.safe import safe
from mailprobe.transport.link import OLDEST, VERSIONS, TlsSettings

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    import argparse

_ALPN = pattern(r"[!-+\--~]{1,255}(,[!-+\--~]{1,255}){0,15}")  # RFC 7301, section 3.1


def _wrong(sentence: str) -> "argparse.ArgumentTypeError":
    import argparse  # which takes 3 ms, and `quick` reads most command lines

    return argparse.ArgumentTypeError(sentence)


def server_name(text: str) -> str:
    """A host, in A-labels, or an address.  Raises ArgumentTypeError."""
    from mailprobe.transport.target import host_name

    try:
        return host_name(text)
    except Failure as failure:
        raise _wrong(failure.sentence) from None


def protocols(text: str) -> tuple[str, ...]:
    """Names of ALPN between commas.  Raises ArgumentTypeError."""
    if not _ALPN.fullmatch(text):
        raise _wrong(f"{safe(text)}: write names of ALPN between commas, as smtp,http/1.1")
    return tuple(text.split(","))


# How TLS begins.
BEGINNING: tuple[Row, ...] = (
    (("--tls",), {"action": "store_true", "help": "TLS from the first octet (port 465 or 995)"}),
    (("--starttls",), {"action": "store_true", "help": "TLS by STARTTLS or STLS, before all else"}),
)

# Whom we trust, who we are, and which versions are good enough.
TRUST: tuple[Row, ...] = (
    (("--ca",), {"metavar": "FILE", "help": "trust the certificates in FILE, and no others"}),
    (("--no-verify",), {"action": "store_true", "help": "take any certificate (loud)"}),
    (("--cert",), {"metavar": "FILE", "help": "our own certificate, PEM, for servers that ask"}),
    (("--key",), {"metavar": "FILE", "help": "its key, PEM (else it stands in the same file)"}),
    (
        ("--tls-min",),
        {
            "choices": VERSIONS,
            "metavar": "V",
            "help": "oldest TLS: 1.0 to 1.3 (1.2); below 1.2 weak keys are taken, too",
        },
    ),
    (("--tls-max",), {"choices": VERSIONS, "metavar": "V", "help": "newest TLS (1.3)"}),
)

# What a handshake offers, and what is written down of it.
OFFERS: tuple[Row, ...] = (
    (("--tls-ciphers",), {"metavar": "LIST", "help": "ciphers up to TLS 1.2, as OpenSSL has them"}),
    (
        ("--sni",),
        {"metavar": "NAME", "type": server_name, "help": "ask for the certificate of NAME"},
    ),
    (
        ("--alpn",),
        {"metavar": "NAMES", "type": protocols, "help": "offer these protocols (ALPN)"},
    ),
    (("--keylog",), {"metavar": "FILE", "help": "append the secrets of TLS, for Wireshark"}),
)


def settings_of(asked: "argparse.Namespace") -> TlsSettings:
    """What the options say; those that a command has not are not asked for.  Raises Failure."""
    identity = None
    if asked.key is not None and asked.cert is None:
        raise Failure(Word.USAGE, "--key is the key of a certificate: give --cert FILE, too")
    if asked.cert is not None:
        from mailprobe.transport.identity import ClientCertificate  # and ssl, 26 ms

        identity = ClientCertificate(asked.cert, asked.key)
    more = vars(asked)
    return TlsSettings(
        asked.ca,
        verify=not asked.no_verify,
        identity=identity,
        minimum=asked.tls_min or OLDEST,
        maximum=asked.tls_max or "",
        ciphers=more.get("tls_ciphers") or "",
        key_log=more.get("keylog"),
        name=more.get("sni") or "",
        alpn=more.get("alpn") or (),
    )


def check(settings: TlsSettings) -> None:
    """Raise Failure USAGE for what would be of no use; nothing is loaded for the usual."""
    if settings != TlsSettings(verify=settings.verify):
        from mailprobe.transport.tls import check as check_all  # and ssl, 26 ms

        check_all(settings)
