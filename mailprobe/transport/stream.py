"""A link over a connected socket, TCP or unix, plain or under TLS.

Callers see blocking calls that end at a deadline or at a signal: every wait is one `poll` on the
socket and the wakeup descriptor.  Only the wait for a peer that answers at once sleeps in the
read itself.  Knows no protocol.
"""

import contextlib
import select
import socket
import time
from array import array  # `socket` has loaded it
from collections.abc import Callable

from mailprobe.errors import Failure, Word
from mailprobe.protocol.events import Ending
from mailprobe.safe import safe
from mailprobe.transport import faults
from mailprobe.transport.link import (
    Interrupted,
    Octets,
    TlsFacts,
    TlsSettings,
    Transport,
    WriteFailed,
    text_before_tls,
)
from mailprobe.transport.target import address_text

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    import ssl

    from mailprobe.transport.resumption import Resumption
    from mailprobe.transport.tls import Secured

BUFFER = 256 * 1024  # octets; measured: fewer cost calls, more cost cache
_KEPT = 2 * 1024 * 1024  # octets; a chunk of a body is copied a few times on its way
_FIRST = 16 * 1024  # so many, until the peer fills them: most never do, and pages cost time

# So long a read may sleep where nothing but the peer ends the wait, or behind what we have sent,
# when an interrupt may wait that long, too: most answers need no `poll`.
_NAP = 0.05  # seconds
_NAP_TIMEVAL = array("l", (0, int(_NAP * 1e6))).tobytes()  # struct timeval

_DONE, _WANT_READ, _WANT_WRITE = 0, -1, -2
_MASKS = {_WANT_READ: select.POLLIN, _WANT_WRITE: select.POLLOUT}
_NOTHING = memoryview(b"")
_AHEAD = 128 * 1024  # octets that the system holds of what the peer has no room for yet
_LOWEST: int | None = getattr(socket, "TCP_NOTSENT_LOWAT", None)  # not on every system


def milliseconds(deadline: float | None) -> int | None:
    """Return how long `poll` may wait: never less than is left, 0 when the moment has passed."""
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    return int(left * 1000) + 1 if left > 0 else 0


class _Plain:
    """The octets of a socket; the same operations as `tls.Secured`."""

    def __init__(self, connected: socket.socket) -> None:
        connected.settimeout(None)
        with contextlib.suppress(OSError):  # the peer is gone already, as the first read will tell
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _NAP_TIMEVAL)
        self.socket = connected
        self.ending: str | None = None

    def pending(self) -> int:
        return 0

    def receive_into(self, view: memoryview, flags: int = socket.MSG_DONTWAIT) -> int:
        """Read what is there; with `flags` 0 sleep until something is, but no longer than a nap."""
        try:
            count = self.socket.recv_into(view, 0, flags)
        except BlockingIOError:
            return _WANT_READ
        except OSError as error:
            if error.errno not in faults.GONE:
                raise faults.failure(error, "receiving") from None
            self.ending = Ending.RESET
            return 0
        if not count:
            self.ending = Ending.EOF
        return count

    def send(self, view: Octets) -> int:
        try:
            return self.socket.send(view, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return _WANT_WRITE
        except OSError as error:
            raise faults.write_failed(error) from None

    def give_up(self) -> int:
        return 0

    def finish(self) -> None:
        pass


class Stream(Transport):
    """The Transport over a connected socket, which it owns from now on.

    `buffer` is where octets are received; give one to reuse it when links follow each other.
    """

    def __init__(
        self,
        connected: socket.socket,
        *,
        peer: str,
        wakeup: int | None = None,
        buffer: bytearray | None = None,
    ) -> None:
        self.peer = peer
        self.tls: TlsFacts | None = None
        self.ending: str | None = None
        self._channel: _Plain | Secured = _Plain(connected)
        self._napping: _Plain | None = None  # the same, while it may sleep
        self._turn = True  # the peer's: what we have sent has no answer yet
        self._descriptor = connected.fileno()
        self._view = memoryview(bytearray(_FIRST) if buffer is None else buffer)
        self._grows = buffer is None
        self._was_reset = False
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLIN)
        self._interest = select.POLLIN
        self._wakeup: int | None = None
        self.wakeup = wakeup

    @property
    def wakeup(self) -> int | None:
        """The descriptor that interrupts every wait by becoming readable."""
        return self._wakeup

    @wakeup.setter
    def wakeup(self, descriptor: int | None) -> None:
        if self._wakeup is not None:
            self._poll.unregister(self._wakeup)
        if descriptor is not None:
            self._poll.register(descriptor, select.POLLIN)
        self._wakeup = descriptor
        channel = self._channel
        self._napping = channel if isinstance(channel, _Plain) else None

    @property
    def local(self) -> str:
        try:
            return name_of(self._channel.socket.getsockname())
        except OSError:  # closed
            return ""

    def ends(self) -> tuple[object, object]:
        """Return our address and the peer's, as the system has them; None: gone, or unknown."""
        try:
            return self._channel.socket.getsockname(), self._channel.socket.getpeername()
        except OSError:
            return None, None

    def fileno(self) -> int:
        """Return the descriptor of the socket, -1 when it is closed."""
        return self._channel.socket.fileno()

    # ------------------------------------------------------------------------------ waiting

    def _wait(self, interest: int, deadline: float | None, what: str) -> int:
        """Wait for `interest`; return the poll mask of the socket, 0 when interrupted."""
        if interest != self._interest:
            self._poll.modify(self._descriptor, interest)
            self._interest = interest
        ready = self._poll.poll(milliseconds(deadline))
        if not ready:
            raise Failure(Word.TIMEOUT, f"{what} {self.peer} within the limit of time")
        mask = 0
        for descriptor, found in ready:
            if descriptor == self._wakeup:
                return 0
            mask = found
        return mask

    # ---------------------------------------------------------------------------- receiving

    def receive(self, deadline: float | None = None) -> memoryview | None:
        if self.ending is not None:
            return _NOTHING
        count = _WANT_READ
        channel, napping = self._channel, self._napping
        if napping is not None:
            # An interrupt is looked for between two reads of a peer that talks on and on.
            if self._turn and (deadline is None or deadline - time.monotonic() > _NAP):
                count = napping.receive_into(self._view, 0)
                self._turn = self._wakeup is None
        elif channel.pending():
            count = channel.receive_into(self._view)
        while count < 0:  # half a record, or a session ticket: go on waiting
            if not self._wait(select.POLLIN, deadline, "nothing came from"):
                return None
            count = channel.receive_into(self._view)
        return self._received(count) if count else self._ended()

    def poll_receive(self) -> memoryview | None:
        if self.ending is not None:
            return _NOTHING
        # A link is nearly always silent here, and to ask costs less than to read in vain.
        if self.tls is None and self._interest & select.POLLIN and not self._poll.poll(0):
            return None
        count = self._channel.receive_into(self._view)
        if count > 0:
            return self._received(count)
        return None if count else self._ended()

    def _received(self, count: int) -> memoryview:
        view = self._view
        if self._grows and count == len(view):
            self._view, self._grows = memoryview(bytearray(BUFFER)), False
            _keep_memory()
        return view[:count]

    def _ended(self) -> memoryview:
        """Nothing more will come: say how that was."""
        self.ending = self._channel.ending
        if self._was_reset:
            self.ending = Ending.RESET  # the write that failed took the error away
        return _NOTHING

    # ------------------------------------------------------------------------------ sending

    def send(
        self,
        octets: Octets,
        deadline: float | None = None,
        on_readable: Callable[[], None] | None = None,
    ) -> int:
        self._turn = True
        try:
            count = self._channel.send(octets)
            if count == len(octets):
                return count
            return self._send_on(memoryview(octets), count, deadline, on_readable)
        except WriteFailed as failed:
            self._was_reset |= failed.word is Word.RESET
            raise

    def keep_pace(self) -> None:
        if _LOWEST is None:
            return
        with contextlib.suppress(OSError):  # no TCP, or gone
            self._channel.socket.setsockopt(socket.IPPROTO_TCP, _LOWEST, _AHEAD)

    def _send_on(
        self,
        view: memoryview,
        count: int,
        deadline: float | None,
        on_readable: Callable[[], None] | None,
    ) -> int:
        """Send all of `view`, of which the channel has just taken `count`."""
        sent = max(count, 0)
        while sent < len(view):
            if count < 0:
                interest = _MASKS[count]
                if on_readable is not None and self.ending is None:
                    interest |= select.POLLIN
                mask = self._wait(interest, deadline, "nothing more was taken by")
                if not mask:
                    return sent + self._channel.give_up()
                if mask & select.POLLIN and on_readable is not None and self.ending is None:
                    on_readable()
            count = self._channel.send(view[sent:])
            sent += max(count, 0)
        return sent

    # ---------------------------------------------------------------------------------- TLS

    def start_tls(
        self,
        settings: TlsSettings,
        server_name: str,
        deadline: float | None = None,
        *,
        upgrade: bool,
    ) -> TlsFacts:
        from mailprobe.transport import tls

        plain = self._plain()
        context = tls.client_context(settings)
        if upgrade:
            self._refuse_waiting(plain)
        name = settings.name or server_name
        channel = tls.Secured(plain, context, name, upgrade=upgrade, settings=settings)
        try:
            facts = self._secure(channel, deadline)
            if settings.associations and settings.verify:
                from mailprobe.transport import dane
                from mailprobe.value import replace

                dane.check(settings.associations, channel.chain(), name)
                facts = self.tls = replace(facts, server_name=name, verified=True)
        except Failure as failure:
            self.tls_failed = channel.facts(failure.sentence)
            raise
        return facts

    def accept_tls(
        self, context: "ssl.SSLContext", deadline: float | None = None, *, upgrade: bool
    ) -> TlsFacts:
        """Become the server of a TLS handshake; see `start_tls` for what is raised.

        `upgrade` says that we gave a go-ahead: what the client sent in plain text after its
        STARTTLS or STLS and before its handshake is `PlainText`, SECURITY.
        """
        from mailprobe.transport import tls

        return self._secure(tls.Secured(self._plain(), context, None, upgrade=upgrade), deadline)

    def _plain(self) -> socket.socket:
        """The socket under TLS to be, which never sleeps in a read."""
        if not isinstance(self._channel, _Plain):
            raise ValueError("TLS inside TLS")
        self._napping = None
        self._channel.socket.settimeout(0)
        return self._channel.socket

    def _refuse_waiting(self, plain: socket.socket) -> None:
        """Raise if anything came after the go-ahead, before a single octet of TLS is sent."""
        try:
            waiting = plain.recv(512)
        except BlockingIOError:
            return
        except OSError as error:
            raise faults.failure(error, "before the TLS handshake") from None
        if waiting:
            raise text_before_tls(waiting)
        raise Failure(Word.EOF, "the peer closed the link after its go-ahead for TLS")

    def _secure(self, channel: "Secured", deadline: float | None) -> TlsFacts:
        self._channel = channel
        while (want := channel.handshake()) != _DONE:
            if not self._wait(_MASKS[want], deadline, "no answer to the TLS handshake from"):
                raise Interrupted
        self.tls = channel.facts()
        return self.tls

    def channel_binding(self, kind: str) -> bytes | None:
        channel = self._channel
        return None if isinstance(channel, _Plain) else channel.channel_binding(kind)

    def resumption(self) -> "Resumption | None":
        channel = self._channel
        return None if isinstance(channel, _Plain) else channel.resumption()

    # --------------------------------------------------------------------------- the ending

    def half_close(self) -> None:
        self._channel.finish()
        with contextlib.suppress(OSError):  # the peer is gone already
            self._channel.socket.shutdown(socket.SHUT_WR)

    def close(self, deadline: float) -> None:
        if self.fileno() < 0:
            return
        self.half_close()
        # Octets left unread would turn our end into a reset, which can overtake what we sent.
        with contextlib.suppress(Failure):
            while self.ending is None and time.monotonic() < deadline:
                if self.receive(deadline) is None:
                    break
        self.drop()

    def drop(self) -> None:
        with contextlib.suppress(OSError):  # close() may tell of a reset; the link is gone
            self._channel.socket.close()

    def reset(self) -> None:
        with contextlib.suppress(OSError):
            linger = array("i", (1, 0)).tobytes()  # struct linger
            self._channel.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.drop()

    def interrupt(self) -> None:
        """End the link from another thread: whoever waits on it sees the peer's end."""
        with contextlib.suppress(OSError):
            self._channel.socket.shutdown(socket.SHUT_RDWR)


def _keep_memory() -> None:
    """Have the C library keep what is freed between two reads: to map it anew costs more than both.

    glibc gives back free memory at the end of the heap beyond twice the largest block that was
    mapped by itself and freed (mallopt(3), M_MMAP_THRESHOLD); elsewhere this does nothing.
    """
    bytearray(_KEPT)


def name_of(address: object) -> str:
    """Write what getsockname() and getpeername() return as a person would."""
    if isinstance(address, tuple):
        return address_text(str(address[0]), int(address[1]))
    return f"unix:{safe(address)}" if isinstance(address, str) and address else "unix"
