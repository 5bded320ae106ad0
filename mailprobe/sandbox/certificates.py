"""A throw-away certificate authority, and the certificate for which it is made.

Made when somebody asks for it: trustme costs 100 ms.  Knows no protocol.
"""

import threading
from pathlib import Path

from mailprobe.sandbox.maildrop import renamed

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    import ssl

NAMES = ("localhost", "127.0.0.1", "::1")


class Certificates:
    """The CA of one sandbox.  Its file goes to `folder`; the keys stay in memory."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ca.pem"
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None

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

    def _make(self) -> "ssl.SSLContext":
        import trustme

        from mailprobe.transport.tls import server_context

        authority = trustme.CA()
        context = server_context()
        with renamed("making the sandbox's certificates"):
            authority.issue_cert(*NAMES).configure_cert(context)
            authority.cert_pem.write_to_path(str(self._path))
        return context
