"""Links without a network: a connected pair, and a peer that is a list of octet strings."""

import contextlib
import socket
from collections.abc import Callable, Iterable

from mailprobe.errors import Failure, Word
from mailprobe.protocol.events import Ending
from mailprobe.transport.link import Octets, TlsFacts, TlsSettings, Transport
from mailprobe.transport.stream import Stream


def pair() -> tuple[Stream, Stream]:
    """Return two links, each the other's peer."""
    client, server = socket.socketpair()
    return Stream(client, peer="server"), Stream(server, peer="client")


class Scripted(Transport):
    """A link whose peer says `chunks`, one for each `receive`, whatever is sent to it.

    None among the chunks is an interruption.  After the last chunk comes `ending`; with
    `ending` None the peer says nothing more, and `receive` raises TIMEOUT at once.  `sent`
    holds what went out, one entry for each `send`; `upgrades` the server names of start_tls.
    """

    def __init__(
        self,
        chunks: Iterable[bytes | None],
        *,
        ending: str | None = Ending.EOF,
        facts: TlsFacts | None = None,
    ) -> None:
        self.peer = "script"
        self.tls: TlsFacts | None = None
        self.ending: str | None = None
        self.wakeup: int | None = None
        self.sent: list[bytes] = []
        self.upgrades: list[str] = []
        self.closed = False
        self._chunks = iter(chunks)
        self._ending = ending
        self._facts = facts or TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", "", verified=False)

    @property
    def local(self) -> str:
        return "memory"

    def fileno(self) -> int:
        return -1

    def receive(self, deadline: float | None = None) -> memoryview | None:
        for chunk in self._chunks:
            return None if chunk is None else memoryview(chunk)
        if self._ending is None:
            raise Failure(Word.TIMEOUT, "nothing came from the script within the limit of time")
        self.ending = self._ending
        return memoryview(b"")

    def poll_receive(self) -> memoryview | None:
        with contextlib.suppress(Failure):
            return self.receive()
        return None

    def send(
        self,
        octets: Octets,
        deadline: float | None = None,
        on_readable: Callable[[], None] | None = None,
    ) -> int:
        self.sent.append(bytes(octets))
        return len(octets)

    def start_tls(
        self,
        settings: TlsSettings,
        server_name: str,
        deadline: float | None = None,
        *,
        upgrade: bool,
    ) -> TlsFacts:
        self.upgrades.append(server_name)
        self.tls = self._facts
        return self._facts

    def half_close(self) -> None:
        pass

    def close(self, deadline: float) -> None:
        self.drop()

    def drop(self) -> None:
        self.closed = True

    def reset(self) -> None:
        self.drop()
