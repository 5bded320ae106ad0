"""TLS for one link: contexts, the handshake, and the octets after it.

It and `verification` alone import `ssl` (26 ms): `stream` imports them when TLS is wanted.
"""

import contextlib
import os
import socket
import ssl
import stat

from mailprobe.errors import Failure, Word
from mailprobe.protocol.events import Ending
from mailprobe.safe import safe
from mailprobe.transport import faults
from mailprobe.transport.link import (
    ANSWER_SHOWN,
    Octets,
    PlainText,
    TlsFacts,
    TlsSettings,
    WriteFailed,
    text_before_tls,
)
from mailprobe.transport.resumption import Resumption
from mailprobe.transport.verification import (
    end_point,
    presented,
    why_no_handshake,
    why_not,
    why_not_trusted,
)
from mailprobe.value import replace

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from mailprobe.transport.identity import Ask

_USUAL = TlsSettings()
_FIRST = 16  # octets of the first record that are kept: they have the version that a server chose

DONE, WANT_READ, WANT_WRITE = 0, -1, -2
_RAW = 64 * 1024  # octets taken from the socket at once
_PIECE = 64 * 1024  # octets encrypted at once: memory, and what an interrupted send cannot undo
# The content types that may open a handshake: alert, handshake (RFC 8446, section 5.1).
_RECORDS = (b"\x15", b"\x16")

# --------------------------------------------------------------------------------- contexts


def client_context(settings: TlsSettings) -> ssl.SSLContext:
    """Verify chain, name and dates unless told otherwise; at least TLS 1.2 (RFC 8996, 8997).

    Raises Failure USAGE when a file is no use.
    """
    if settings.resume is not None:  # a session is of use in its own context alone
        return settings.resume.context
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False  # RFC 9525, section 2
    if settings != TlsSettings(settings.ca, verify=settings.verify):
        from mailprobe.transport import demands

        demands.set_up(context, settings)
    if settings.ca is not None:
        _trust(context, settings.ca)
    elif settings.verify and not settings.associations:
        context.load_default_certs()
    if not settings.verify or settings.associations:  # those are looked at behind the handshake
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def check(settings: TlsSettings, ask: "Ask | None" = None) -> None:
    """Raise Failure USAGE now for what would be no use when TLS starts.

    The passphrase of an encrypted key is asked for, where there is somebody to `ask`.
    """
    if settings.ca is not None:
        check_ca(settings.ca)
    if settings.identity is not None:
        settings.identity.unlock(ask)
    # Whatever can be read but once, or is locked still, was looked at as far as it can be.
    client_context(replace(settings, ca=None, verify=False, identity=None))


def check_ca(path: str) -> None:
    """Raise Failure USAGE now for a CA file that would be no use when TLS starts.

    A pipe is left alone, which can be read but once.
    """
    with contextlib.suppress(OSError, ValueError):  # as opening it will tell
        if stat.S_ISFIFO(os.stat(path).st_mode):  # noqa: PTH116 - pathlib costs 4 ms
            return
    _trust(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), path)


def _trust(context: ssl.SSLContext, path: str) -> None:
    # The certificate of a server may be given itself, though it is no CA.
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        sentence = f"--ca {safe(path)}: expected certificates in PEM form, found none to read"
    except OSError as error:
        sentence = f"--ca {safe(path)}: {error.strerror or error}"
    else:
        return
    raise Failure(Word.USAGE, sentence)


def server_context(certificate: str | None = None, key: str | None = None) -> ssl.SSLContext:
    """Return a context for the server's side; `certificate` and `key` are PEM files.

    Without a certificate the caller loads one.  Raises Failure USAGE for a file of no use.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is None:
        return context
    try:
        context.load_cert_chain(certificate, key)
    except OSError as error:  # ssl.SSLError is one
        said = error.strerror or str(error)
        raise Failure(Word.USAGE, f"certificate {safe(certificate)}: {safe(said)}") from None
    return context


# ---------------------------------------------------------------------------------- channel


def judge(first: bytes, *, upgrade: bool) -> None:
    """Raise PlainText if what came `first` is no TLS, were it by one octet."""
    if first[:1] in _RECORDS:
        return
    if upgrade:
        raise text_before_tls(first)
    raise PlainText(
        Word.TLS,
        f"expected a TLS handshake, the peer spoke plain text: {safe(first[:ANSWER_SHOWN])}; "
        f"try without --tls, or with --starttls",
        first,
    )


class Secured:
    """The octets of a non-blocking socket under TLS.

    OpenSSL works in memory, so that we see each octet of the peer before it does, and a write
    never waits half done inside of it.  Operations return a count, or WANT_READ or WANT_WRITE:
    what must be waited for before the same operation is tried again.
    """

    def __init__(
        self,
        plain: socket.socket,
        context: ssl.SSLContext,
        name: str | None,
        *,
        upgrade: bool,
        settings: TlsSettings = _USUAL,
    ) -> None:
        self.socket = plain
        self.ending: str | None = None
        self._name = name
        self._upgrade = upgrade
        self._context = context
        self._settings = settings
        self._first = b""  # octets of the peer's first record
        self._verifies = name is not None and context.verify_mode is ssl.CERT_REQUIRED
        self._raw = memoryview(bytearray(_RAW))
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        # Octets for the name: a str would load the idna codec.  OpenSSL sends no SNI for an
        # address, which RFC 6066, section 3 forbids.
        self._tls = context.wrap_bio(
            self._in,
            self._out,
            name is None,
            name.encode("ascii") if name else None,
            settings.resume.session if settings.resume is not None else None,
        )
        self._judged = False
        self._unsent: Octets = b""  # records that the socket did not take yet
        self._unsaid = 0  # octets in them of which the caller was not told that they are sent
        self._later: OSError | None = None  # an error behind octets that are to be shown first

    def handshake(self) -> int:
        """Go on with the handshake; DONE when it is.

        Raises PlainText when the peer speaks no TLS, Failure TLS, EOF or RESET.
        """
        try:
            while True:
                try:
                    self._tls.do_handshake()
                except ssl.SSLWantReadError:
                    if (want := self._flush() or self._fill()) < 0:
                        return want
                else:
                    return self._flush()
        except ssl.SSLCertVerificationError as error:
            self._last_words()
            raise Failure(Word.TLS, why_not_trusted(error, self._tls, self._name)) from None
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            sentence = "the peer closed the link in the middle of the TLS handshake"
            raise Failure(Word.EOF, sentence) from None
        except ssl.SSLError as error:
            self._last_words()
            why = why_no_handshake(
                error, self._settings, self._first, begun=self._tls.cipher() is not None
            )
            raise Failure(Word.TLS, f"the TLS handshake failed: {why}") from None
        except OSError as error:
            raise faults.failure(error, "in the TLS handshake") from None

    def facts(self, trouble: str = "") -> TlsFacts:
        """What the handshake agreed on; with `trouble`, as far as it came."""
        link, settings = self._tls, self._settings
        cipher = link.cipher() or ("", "", 0)
        verified = self._verifies and not trouble
        return TlsFacts(
            version=link.version() or "",
            cipher=cipher[0],
            server_name=(self._name or "") if verified else "",
            verified=verified,
            certificate=link.getpeercert(binary_form=True) or b"" if not trouble else b"",
            chain=tuple(self.chain()) if self._name is not None else (),
            bits=cipher[2],
            sni=self._sent_name(),
            offered_alpn=settings.alpn,
            alpn=link.selected_alpn_protocol() or "",
            group=_group(link),
            resumed=bool(link.session_reused),
            implicit=not self._upgrade,
            identity=settings.identity.certificate if settings.identity is not None else "",
            trouble=trouble,
        )

    def _sent_name(self) -> str:
        """The server name indication; an address is none (RFC 6066, section 3)."""
        name = self._name or ""
        return "" if ":" in name or name.replace(".", "").isdigit() else name

    def resumption(self) -> Resumption:
        """What came by now to resume this session by: a ticket of TLS 1.3 comes when it likes."""
        return Resumption(self._context, self._tls.session, tuple(self.chain()))

    def chain(self) -> list[bytes]:
        """What the peer presented, DER, its own certificate first.

        Where a session is resumed nothing is presented: it is what it began with.
        """
        chain, before = presented(self._tls), self._settings.resume
        return chain if chain or before is None else list(before.chain)

    def channel_binding(self, kind: str) -> bytes | None:
        """Of the kinds of RFC 5929; tls-exporter (RFC 9266) the ssl module does not give.

        tls-unique is not defined for TLS 1.3; tls-server-end-point is the client's here.
        """
        if kind == "tls-unique" and self._tls.version() != "TLSv1.3":
            return self._tls.get_channel_binding(kind)
        if kind == "tls-server-end-point":
            certificate = self._tls.getpeercert(binary_form=True)
            return None if certificate is None else end_point(certificate)
        return None

    # ------------------------------------------------------------- between socket and OpenSSL

    def _fill(self) -> int:
        """Take what the socket has; DONE, also at the end, or WANT_READ.  Raises OSError."""
        try:
            count = self.socket.recv_into(self._raw)
        except BlockingIOError:
            return WANT_READ
        if not count:
            self._in.write_eof()
            return DONE
        if not self._judged:
            self._judged = True
            self._first = bytes(self._raw[: min(count, _FIRST)])
            judge(bytes(self._raw[:count]), upgrade=self._upgrade)
        self._in.write(self._raw[:count])
        return DONE

    def _flush(self) -> int:
        """Send what OpenSSL wrote; DONE when the socket took all.  Raises OSError."""
        while True:
            if not self._unsent:
                if not self._out.pending:
                    return DONE
                self._unsent = memoryview(self._out.read())
            try:
                self._unsent = self._unsent[self.socket.send(self._unsent) :]
            except BlockingIOError:
                return WANT_WRITE

    def _last_words(self) -> None:
        """Send our alert or close_notify, as far as the socket takes it."""
        with contextlib.suppress(OSError):
            self._flush()

    # ------------------------------------------------------------------------- for Stream

    def pending(self) -> int:
        """Octets that are here already, of which no descriptor tells; perhaps half a record.

        The peer's close_notify behind what was read counts, too: its FIN may never come.
        """
        return self._tls.pending() or self._in.pending or int(self._later is not None)

    def receive_into(self, view: memoryview) -> int:
        try:
            while True:
                if self._later is not None:
                    raise self._later
                try:
                    return self._read(view)
                except ssl.SSLWantReadError:
                    self._last_words()  # an answer to a KeyUpdate
                    if (want := self._fill()) < 0:
                        return want
        except ssl.SSLZeroReturnError:
            self.ending = Ending.EOF
        except ssl.SSLEOFError:
            self.ending = Ending.TRUNCATED
        except ssl.SSLError as error:
            self._last_words()
            raise Failure(Word.TLS, why_not(error, "the TLS link broke")) from None
        except OSError as error:
            self.ending = ending_of(error)
        return 0

    def _read(self, view: memoryview) -> int:
        """Decrypt record after record into `view`; an error behind the first one is kept."""
        count = self._decrypt(view)
        try:
            while count < len(view) and self.pending():
                count += self._decrypt(view[count:])
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self._later = error
        return count

    def _decrypt(self, view: memoryview) -> int:
        count = self._tls.read(len(view), view)
        if not count:  # the other way in which close_notify is told
            raise ssl.SSLZeroReturnError(ssl.SSL_ERROR_ZERO_RETURN, "closed")
        return int(count)  # typeshed takes it for the octets

    def send(self, octets: Octets) -> int:
        try:
            while (want := self._flush()) == DONE and not self._unsaid and len(octets):
                self._unsaid = self._tls.write(octets[:_PIECE])
        except ssl.SSLWantReadError:
            return WANT_READ  # TLS 1.2 renegotiates
        except ssl.SSLError as error:
            raise WriteFailed(Word.TLS, why_not(error, "nothing more can be sent")) from None
        except OSError as error:
            raise faults.write_failed(error) from None
        if want < 0:
            return want
        sent, self._unsaid = self._unsaid, 0
        return sent

    def give_up(self) -> int:
        """Count as sent what is encrypted already: it cannot be taken back, only sent later."""
        given, self._unsaid = self._unsaid, 0
        return given

    def finish(self) -> None:
        """Send close_notify (RFC 8446, section 6.1), as far as the socket takes it."""
        try:
            self._tls.unwrap()
        except OSError:
            pass  # the peer's close_notify is not there yet, or its octets are, or it is gone
        self._last_words()


def ending_of(error: OSError) -> str:
    """Return the kind of ending for an error in receiving; raise the Failure for any other."""
    if error.errno in faults.GONE:
        return Ending.RESET
    raise faults.failure(error, "receiving") from None


def _group(link: ssl.SSLObject) -> str | None:
    """The group of the key exchange, where Python tells: from 3.15 on."""
    ask = getattr(link, "group", None)
    found = ask() if ask is not None else None
    return None if found is None else safe(str(found))
