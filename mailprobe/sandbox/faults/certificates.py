"""TLS as faults want it: certificates that a client must not trust, handshakes that fail."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from mailprobe.errors import Failure, Word
from mailprobe.sandbox.certificates import NAMES, Certificates
from mailprobe.sandbox.faults.model import Deed, Do, Pause
from mailprobe.sandbox.faults.striking import Faults
from mailprobe.sandbox.maildrop import renamed

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    import ssl

    from mailprobe.transport.stream import Stream

_ELSEWHERE = "mail.elsewhere.test"
_LONG_AGO, _FAR_AHEAD = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)
_END = datetime(2130, 1, 1, tzinfo=UTC)
_PATIENCE = 10.0  # seconds that a client has to begin, and to leave


class FaultyTls:
    """The server's part of TLS in one session."""

    def __init__(self, certificates: Certificates, faults: Faults, stream: "Stream") -> None:
        self._certificates = certificates
        self._faults = faults
        self._stream = stream

    @property
    def end_point(self) -> bytes | None:
        return self._certificates.end_point

    def context(self) -> "ssl.SSLContext":
        """The context of this handshake.  Raises Failure EOF where there is none to be."""
        if deeds := self._faults.handshake():
            self._spoil(deeds)
            raise Failure(Word.EOF, "the handshake was spoilt on purpose")
        kind = self._faults.certificate()
        if not kind:
            return self._certificates.context()
        with renamed("making a certificate that is wrong"):
            return _KINDS[kind](self._certificates)

    def _spoil(self, deeds: list[Deed]) -> None:
        """Take the client's first octets, and answer them by something else."""
        stream = self._stream
        stream.receive(time.monotonic() + _PATIENCE)
        for deed in deeds:
            if isinstance(deed, bytes):
                stream.send(deed, time.monotonic() + _PATIENCE)
            elif isinstance(deed, Pause):
                self._faults.rest(deed.seconds)
            elif deed is Do.RESET:
                stream.reset()
        stream.close(time.monotonic() + _PATIENCE)


def _stranger(certificates: Certificates) -> "ssl.SSLContext":
    """Of a CA that nobody has heard of."""
    import trustme

    from mailprobe.transport.tls import server_context

    context = server_context()
    trustme.CA().issue_cert(*NAMES).configure_cert(context)
    return context


def _self_signed(certificates: Certificates) -> "ssl.SSLContext":
    """A CA's own certificate, which vouches for itself."""
    import trustme

    from mailprobe.transport.tls import server_context

    authority = trustme.CA()
    both = trustme.Blob(authority.private_key_pem.bytes() + authority.cert_pem.bytes())
    context = server_context()
    with both.tempfile() as path:
        context.load_cert_chain(path)
    return context


def _old_version(certificates: Certificates) -> "ssl.SSLContext":
    """TLS 1.1 at most (RFC 8996 forbids it), with a certificate that is right."""
    import ssl
    import warnings

    context = certificates.another(*NAMES)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # OpenSSL 3 signs by SHA-1 only there
    with warnings.catch_warnings():  # the ssl module says that nobody should
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


_KINDS: dict[str, Callable[[Certificates], "ssl.SSLContext"]] = {
    "stranger": _stranger,
    "self-signed": _self_signed,
    "old-version": _old_version,
    "expired": lambda known: known.another(*NAMES, not_after=_LONG_AGO),
    "future": lambda known: known.another(*NAMES, not_before=_FAR_AHEAD, not_after=_END),
    "elsewhere": lambda known: known.another(_ELSEWHERE),
    "name-only": lambda known: known.another(common_name="localhost"),
}
CERTIFICATES = tuple(_KINDS)
