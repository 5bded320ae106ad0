"""A server in the middle, which lets one line of each connection pass altered."""

import contextlib
import select
import socket
import ssl
import threading
from pathlib import Path
from typing import NamedTuple

from tests.interop.talk import LIMIT


class Change(NamedTuple):
    """A line of the server, counted from 0, and what its beginning was and becomes."""

    number: int
    old: bytes
    new: bytes


class Altering:
    """Stands in for the server at `upstream`: its nth connection suffers the nth change.

    Where a line of the server is `go_ahead`, or at once if that is -1, both sides go on in TLS,
    with the certificate that lies in `tls`.
    """

    def __init__(
        self, upstream: tuple[str, int], changes: list[Change], tls: Path, go_ahead: int | None
    ) -> None:
        self._upstream = upstream
        self._changes = changes
        self._go_ahead = go_ahead
        self._below = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._below.load_cert_chain(tls / "server.pem", tls / "server.key")
        self._above = ssl.create_default_context(cafile=tls / "ca.pem")
        self._listener = socket.create_server((upstream[0], 0))
        self._listener.settimeout(LIMIT)
        self.address = f"{upstream[0]}:{self._listener.getsockname()[1]}"
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Altering":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._thread.join(2 * LIMIT)
        self._listener.close()
        assert not self._thread.is_alive()
        assert self._fault is None, self._fault

    def _run(self) -> None:
        try:
            for change in self._changes:
                with contextlib.ExitStack() as stack:
                    link = _Link(stack, self._listener, self._upstream)
                    # Either side may leave as it likes once it has seen enough.
                    with contextlib.suppress(ConnectionError, ssl.SSLError):
                        self._serve(link, change)
        except BaseException as fault:  # noqa: BLE001 - told in the test's thread
            self._fault = fault

    def _serve(self, link: "_Link", change: Change) -> None:
        if self._go_ahead == -1:
            link.upgrade(self._below, self._above)
        number, held = 0, b""
        while True:
            ready = select.select([link.client, link.server], [], [], LIMIT)[0]
            assert ready, "nobody has said anything for long"
            if link.client in ready and (octets := _take(link.client)) is not None:
                # Behind an altered line no QUIT is passed on: it might delete what was marked.
                if not octets or (number > change.number and octets.startswith(b"QUIT")):
                    return
                link.server.sendall(octets)
            if link.server not in ready or (octets := _take(link.server)) is None:
                continue
            *lines, held = (held + octets).split(b"\n")
            for line in lines:
                link.client.sendall(_altered(line, change if number == change.number else None))
                if number == self._go_ahead != change.number:
                    link.upgrade(self._below, self._above)
                number += 1
            if not octets:
                return


class _Link:
    """Both connections, closed by the stack whatever became of them."""

    def __init__(
        self, stack: contextlib.ExitStack, listener: socket.socket, upstream: tuple[str, int]
    ) -> None:
        self._stack = stack
        self._host = upstream[0]
        self.client = stack.enter_context(listener.accept()[0])
        self.server = stack.enter_context(socket.create_connection(upstream, LIMIT))
        self.client.settimeout(LIMIT)

    def upgrade(self, below: ssl.SSLContext, above: ssl.SSLContext) -> None:
        enter = self._stack.enter_context
        self.server = enter(above.wrap_socket(self.server, server_hostname=self._host))
        self.client = enter(below.wrap_socket(self.client, server_side=True))


def _altered(line: bytes, change: Change | None) -> bytes:
    if change is not None:
        assert line.startswith(change.old), (line, change)
        line = change.new + line.removeprefix(change.old)
    return line + b"\n"


def _take(link: socket.socket) -> bytes | None:
    """All that is there, b"" at the end; None: TLS had something to say, and nobody else."""
    octets = b""
    link.setblocking(False)
    try:
        while more := link.recv(65536):
            octets += more
        return octets
    except (BlockingIOError, ssl.SSLWantReadError):
        return octets or None
    finally:
        link.settimeout(LIMIT)
