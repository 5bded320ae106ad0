"""A throw-away certificate authority, and the certificate for which it is made.

Made when somebody asks for it: trustme costs 100 ms.  Knows no protocol.
"""

import threading
from functools import cached_property
from pathlib import Path

from mailprobe.sandbox.maildrop import renamed

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    import ssl
    from datetime import datetime

    import trustme

NAMES = ("localhost", "127.0.0.1", "::1")


class Certificates:
    """The CA of one sandbox.  Its file goes to `folder`; the keys stay in memory.

    With `asks` a client is asked for a certificate of this CA, and may have none.
    """

    def __init__(self, folder: Path, *, asks: bool = False, expired: bool = False) -> None:
        self._folder = folder
        self._path = folder / "ca.pem"
        self._asks = asks
        self._expired = expired
        self._authority: trustme.CA | None = None
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        self._certificate = b""  # the server's, PEM

    @property
    def ca(self) -> Path:
        """The file with the CA's certificate.  Raises Failure when it cannot be written."""
        self.context()
        return self._path

    def context(self) -> "ssl.SSLContext":
        """The server's side of a TLS handshake, with a certificate for `NAMES`."""
        with self._lock:
            if self._context is None:
                self._context = self._make()
            return self._context

    @cached_property
    def end_point(self) -> bytes | None:
        """What a login over TLS may be bound to (RFC 5929, section 4).  Raises Failure."""
        self.context()
        return _end_point(self._certificate)

    def another(
        self,
        *names: str,
        common_name: str | None = None,
        not_before: "datetime | None" = None,
        not_after: "datetime | None" = None,
    ) -> "ssl.SSLContext":
        """A context with a certificate of its own, which this CA has made out to `names`."""
        from mailprobe.transport.tls import server_context

        self.context()
        assert self._authority is not None  # the context has it
        issued = self._authority.issue_cert(
            *names, common_name=common_name, not_before=not_before, not_after=not_after
        )
        context = server_context()
        issued.configure_cert(context)
        return context

    def of_client(self, mailbox: str) -> Path:
        """A file with a certificate of a client, and its key; made when it is first asked for.

        Raises Failure when it cannot be written.
        """
        from mailprobe.files import AlreadyThere, PrivateFile

        self.context()
        path = self._folder / f"{mailbox.partition('@')[0]}.pem"
        assert self._authority is not None  # the context has it
        with renamed("making a client's certificate"):
            issued = self._authority.issue_cert(mailbox, common_name=mailbox)
        try:
            file = PrivateFile(path)
        except AlreadyThere:
            return path
        try:
            file.append(issued.private_key_and_cert_chain_pem.bytes())
        finally:
            file.close(durable=False)
        return path

    def _make(self) -> "ssl.SSLContext":
        from datetime import UTC, datetime

        import trustme

        from mailprobe.transport.tls import server_context

        authority = self._authority = trustme.CA()
        context = server_context()
        with renamed("making the sandbox's certificates"):
            until = datetime(2000, 1, 2, tzinfo=UTC) if self._expired else None
            issued = authority.issue_cert(*NAMES, not_after=until)
            issued.configure_cert(context)
            self._certificate = issued.cert_chain_pems[0].bytes()
            authority.cert_pem.write_to_path(str(self._path))
        if self._asks:
            import ssl

            authority.configure_trust(context)
            context.verify_mode = ssl.CERT_OPTIONAL
        return context


class Brought:
    """A certificate and its key that somebody has brought, PEM.  Raises Failure USAGE."""

    def __init__(self, certificate: str, key: str | None) -> None:
        from mailprobe.transport.tls import server_context

        self._context = server_context(certificate, key)
        self._path = Path(certificate)

    def context(self) -> "ssl.SSLContext":
        return self._context

    @cached_property
    def end_point(self) -> bytes | None:
        with renamed("reading the certificate"):
            return _end_point(self._path.read_bytes())


def _end_point(pem: bytes) -> bytes | None:
    """Of the first certificate, which is the server's own."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    from mailprobe.transport.verification import end_point

    return end_point(x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER))
