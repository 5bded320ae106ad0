"""What a session may ask of a link, whatever carries it: TCP, TLS, a unix socket, memory.

Deadlines are absolute moments of `time.monotonic()`; None means no limit.  Nothing here knows a
protocol, an event or a socket.
"""

import select
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from mailprobe.errors import Failure, Word
from mailprobe.safe import safe
from mailprobe.value import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.answers import Association
    from mailprobe.transport.certificate import Certificate
    from mailprobe.transport.identity import ClientCertificate
    from mailprobe.transport.resumption import Resumption

Octets = bytes | bytearray | memoryview

ANSWER_SHOWN = 200  # octets of a peer's unexpected text that a sentence repeats


class Interrupted(Exception):
    """The wakeup descriptor became readable while a link was being made.

    Only connecting and handshakes raise it; `receive` and `send` return what they have.
    """


class WriteFailed(Failure):
    """The peer is gone and takes no more octets.

    What it said before may still be there, a 421 for instance: `receive` works on until it
    returns an empty view.
    """


class PlainText(Failure):
    """Text where only TLS records may stand.  `octets` is what came, as far as it was read."""

    def __init__(self, word: Word, sentence: str, octets: bytes) -> None:
        super().__init__(word, sentence)
        self.octets = octets


def text_before_tls(octets: bytes) -> PlainText:
    """Say that `octets` came after the go-ahead and before TLS (CVE-2021-22947 and its kin)."""
    shown = safe(octets[:ANSWER_SHOWN])
    return PlainText(
        Word.SECURITY,
        f"text injected before TLS: expected nothing after the go-ahead but the handshake, "
        f"got {shown!s}; somebody on the way may be writing into this link, do not trust it",
        octets,
    )


VERSIONS = ("1.0", "1.1", "1.2", "1.3")  # of TLS
OLDEST = "1.2"  # that anybody should speak (RFC 8996)
RETIRED = ("SSLv3", "TLSv1", "TLSv1.1")  # as OpenSSL calls what is older


@frozen
class TlsSettings:
    """How a TLS link is made, and how a server's certificate is checked."""

    ca: str | None = None  # a file of PEM certificates to trust in place of the system's
    verify: bool = True
    associations: "tuple[Association, ...]" = ()  # TLSA that it has to fit, in place of any CA
    identity: "ClientCertificate | None" = None  # what a server is shown that asks who we are
    minimum: str = OLDEST  # of VERSIONS; below 1.2 the security level of OpenSSL is 0
    maximum: str = ""  # of VERSIONS; "" is the newest
    ciphers: str = ""  # up to TLS 1.2, as OpenSSL writes them; "" are its own
    key_log: str | None = None  # a file that gets the secrets of each link
    name: str = ""  # the host that is asked for and looked for in the certificate; "": the target
    alpn: tuple[str, ...] = ()  # protocols that are offered (RFC 7301)
    resume: "Resumption | None" = None  # a session of before


@frozen
class TlsFacts:
    """What a handshake agreed on; with `trouble`, how far one came that failed."""

    version: str  # "TLSv1.3"
    cipher: str
    server_name: str  # what was verified, A-label or address; "" where nothing was
    verified: bool
    certificate: bytes = b""  # the peer's, DER; see verification.describe()
    chain: tuple[bytes, ...] = ()  # all that it presented, DER, its own first
    bits: int = 0  # of the cipher's key
    sni: str = ""  # the name that we have sent; "": none
    offered_alpn: tuple[str, ...] = ()
    alpn: str = ""  # what was agreed on; "": nothing
    group: str | None = None  # of the key exchange; None: Python's ssl does not tell before 3.15
    resumed: bool = False  # by a session of before
    implicit: bool = True  # from the first octet, not by STARTTLS or STLS
    identity: str = ""  # the file of the certificate that we had to show; "": none
    trouble: str = ""  # why the handshake failed

    @property
    def certificates(self) -> "tuple[Certificate, ...]":
        """What stands in the certificates of the chain, the peer's own first."""
        from mailprobe.transport.certificate import read  # and cryptography

        return tuple(map(read, self.chain))


class Transport(ABC):
    """A link, made and not yet closed.

    `peer` and `local` are addresses as a person writes them.  `tls` is None on a plain link.
    `ending` is None until the peer's last octet was received, then a word of
    `mailprobe.protocol.events.Ending`.  `wakeup` is a descriptor whose readability interrupts
    every wait, or None; its owner reads it empty.  `relayed`: somebody else carries the octets
    on, and nobody here knows where they go.  `way` says more for people, in rows.
    """

    peer: str
    tls: TlsFacts | None
    tls_failed: TlsFacts | None = None  # of a handshake that failed
    ending: str | None
    wakeup: int | None
    relayed: bool = False
    way: tuple[tuple[str, str], ...] = ()

    @property
    @abstractmethod
    def local(self) -> str: ...

    @abstractmethod
    def fileno(self) -> int:
        """Return the descriptor to watch; readable means: call `poll_receive` until None.

        Do so once before watching, too: TLS may hold octets of which no descriptor tells.
        """

    @abstractmethod
    def receive(self, deadline: float | None = None) -> memoryview | None:
        """Wait for octets and return them: a view that is valid until the next call.

        An empty view is the end (`ending` says how), None an interruption by `wakeup`.  Raises
        Failure TIMEOUT when the deadline passes, TLS when a record is broken.  What is there
        already comes even when the deadline has passed: who bounds a flood looks at the clock.
        """

    @abstractmethod
    def poll_receive(self) -> memoryview | None:
        """Return what is there now, like `receive`; None when nothing is.  Never waits."""

    @abstractmethod
    def send(
        self,
        octets: Octets,
        deadline: float | None = None,
        on_readable: Callable[[], None] | None = None,
    ) -> int:
        """Send all of `octets`; return how many were taken: fewer only when interrupted.

        While the peer takes nothing and says something, `on_readable` is called, which must
        `poll_receive` until None: so that two who both want to write cannot block each other.
        Raises Failure TIMEOUT when the deadline passes (drop the link then), WriteFailed when
        the peer is gone.
        """

    def keep_pace(self) -> None:  # noqa: B027 - most links hold nothing back
        """Take from now on little more than the peer does: what was sent has nearly arrived."""

    def rest(self, until: float) -> bool:
        """Sleep until that moment, or until something comes; False when interrupted by `wakeup`."""
        poll, wakeup = select.poll(), self.wakeup
        for descriptor in (wakeup, self.fileno()):
            if descriptor is not None and descriptor >= 0:
                poll.register(descriptor, select.POLLIN)
        left = max(0.0, until - time.monotonic()) * 1000
        return all(descriptor != wakeup for descriptor, _ in poll.poll(left))

    @abstractmethod
    def start_tls(
        self,
        settings: TlsSettings,
        server_name: str,
        deadline: float | None = None,
        *,
        upgrade: bool,
    ) -> TlsFacts:
        """Become the client of a TLS handshake; `upgrade` says that a go-ahead came before it.

        The caller has looked into its own buffer: what it has received and not understood yet
        is `text_before_tls()`.  Raises PlainText, Failure TLS, TIMEOUT, EOF, RESET or USAGE (an
        unreadable CA file), or Interrupted; the link is fit for `drop` alone then.
        """

    def channel_binding(self, kind: str) -> bytes | None:
        """Return what ties a login to this link (RFC 5929); None where it has none of `kind`."""
        return None

    def resumption(self) -> "Resumption | None":
        """Return what another link to the same server may begin with; None without TLS."""
        return None

    @abstractmethod
    def half_close(self) -> None:
        """Say that nothing more will be sent; receiving goes on."""

    @abstractmethod
    def close(self, deadline: float) -> None:
        """End politely: close_notify, FIN, then wait for the peer's end until `deadline`."""

    @abstractmethod
    def drop(self) -> None:
        """End at once, without a word."""

    @abstractmethod
    def reset(self) -> None:
        """End by RST, as a machine that lost its power would."""
