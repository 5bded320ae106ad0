"""Who we are under TLS: a certificate of the client, and its key, which may be encrypted.

The passphrase stays in here: no repr, no sentence, no event holds it.
"""

import os
import ssl
import stat
from collections.abc import Callable

from mailprobe.errors import Failure, Word
from mailprobe.safe import safe

_UNSAID = "the key is encrypted, and nobody has said its passphrase"
Ask = Callable[[str], str | None]  # a question without echo; None: nobody answered


class _Locked(Exception):
    """OpenSSL wants a passphrase, and nobody has said one."""


class ClientCertificate:
    """PEM files of a certificate, with whatever stands above it, and of its key.

    Without `key` it stands in the file of the certificate.
    """

    def __init__(self, certificate: str, key: str | None = None) -> None:
        self.certificate = certificate
        self.key = key
        self._passphrase: bytes | None = None

    def unlock(self, ask: Ask | None = None) -> None:
        """Look whether the files are of any use; an encrypted key has its passphrase asked for.

        Without `ask` it stays locked.  A pipe is left alone, which can be read but once.  Raises
        Failure USAGE.
        """
        if any(map(_is_pipe, (self.certificate, self.key or self.certificate))):
            return
        try:
            self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        except _Locked:
            if ask is None:
                return
            self._passphrase = self._asked(ask)
            self.load_into(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))

    def load_into(self, context: ssl.SSLContext) -> None:
        """Show this certificate to servers that ask for one.  Raises Failure USAGE."""
        try:
            self._load(context)
        except _Locked:
            raise self._useless(_UNSAID) from None

    def _asked(self, ask: Ask) -> bytes:
        said = ask(f"Passphrase of {safe(self.key or self.certificate)}: ")
        if not said:
            raise self._useless(_UNSAID)
        return said.encode("utf-8", "surrogateescape")

    def _load(self, context: ssl.SSLContext) -> None:
        def passphrase() -> bytes:  # without one OpenSSL itself would ask at the terminal
            if self._passphrase is None:
                raise _Locked
            return self._passphrase

        try:
            context.load_cert_chain(self.certificate, self.key, passphrase)
        except ssl.SSLError as error:
            raise self._useless(self._why(error)) from None
        except OSError as error:
            raise self._useless(error.strerror or "it cannot be read") from None
        except ValueError:  # NUL in a path, or a passphrase of a thousand octets
            raise self._useless("file or passphrase cannot be used") from None

    def _why(self, error: ssl.SSLError) -> str:
        if error.reason == "KEY_VALUES_MISMATCH":
            return "the key is not that of the certificate"
        if self._passphrase is not None:
            self._passphrase = None
            return "the key does not open by that passphrase"
        where = f"a key in {safe(self.key)}" if self.key else "its key (or --key FILE)"
        return f"expected a certificate and {where} in PEM form, found none to read"

    def _useless(self, why: str) -> Failure:
        return Failure(Word.USAGE, f"--cert {safe(self.certificate)}: {why}")


def _is_pipe(path: str) -> bool:
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)  # noqa: PTH116 - pathlib costs 4 ms
    except (OSError, ValueError):  # as opening it will tell
        return False
