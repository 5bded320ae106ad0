"""A server of single questions, over UDP and TCP on one port: what DNS wants.

Knows nothing of what is asked.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable

from mailprobe.transport import faults
from mailprobe.transport.target import address_text

Answer = Callable[[bytes, int], bytes]

_LENGTH = struct.Struct("!H")
_PLAIN_UDP = 512  # octets (RFC 1035, section 4.2.1)
_PATIENCE = 5.0  # seconds of silence on a TCP connection
_CLIENTS = 16  # TCP connections at once
_ATTEMPTS = 20  # to find a port that is free for both


class Oracle:
    """Answers questions between `start` and `stop`.  `address` is `127.0.0.1:PORT`.

    `answer` has a question, and how many octets the reply may have; b"" is none.

    `start` raises Failure CONNECT when no port can be had.
    """

    def __init__(self, answer: Answer, host: str = "127.0.0.1") -> None:
        self._answer = answer
        self._host = host
        self._sockets: tuple[socket.socket, ...] = ()
        self._threads: list[threading.Thread] = []
        self._clients = threading.BoundedSemaphore(_CLIENTS)
        self.address = ""

    def start(self) -> None:
        tcp, udp = self._bind()
        self._sockets = (tcp, udp)
        self.address = address_text(*udp.getsockname()[:2])
        for work in (self._serve_udp, self._serve_tcp):
            thread = threading.Thread(target=work, daemon=True, name="name server")
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """May be called again."""
        sockets, self._sockets = self._sockets, ()
        if sockets:
            tcp, udp = sockets
            with contextlib.suppress(OSError):
                tcp.shutdown(socket.SHUT_RDWR)  # wakes who waits there
            with contextlib.suppress(OSError):
                udp.sendto(b"", udp.getsockname())
        threads, self._threads = self._threads, []
        for thread in threads:
            thread.join(1.0)
        for each in sockets:
            each.close()

    def _bind(self) -> tuple[socket.socket, socket.socket]:
        for attempt in range(_ATTEMPTS):
            tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                tcp.bind((self._host, 0))
                udp.bind(tcp.getsockname())
                tcp.listen(_CLIENTS)
            except OSError as error:
                tcp.close()
                udp.close()
                if attempt == _ATTEMPTS - 1:
                    raise faults.failure(error, "listening for questions to DNS") from None
            else:
                return tcp, udp
        raise AssertionError("the last attempt has returned, or raised")

    # ------------------------------------------------------------------------- the two doors

    def _serve_udp(self) -> None:
        udp = self._sockets[1]
        while self._sockets:
            try:
                octets, peer = udp.recvfrom(4096)
            except OSError:
                return
            if reply := self._answer(octets, _PLAIN_UDP):
                with contextlib.suppress(OSError):
                    udp.sendto(reply, peer)

    def _serve_tcp(self) -> None:
        tcp = self._sockets[0]
        while self._sockets:
            try:
                client, _ = tcp.accept()
            except OSError:
                return
            if not self._clients.acquire(blocking=False):
                client.close()
                continue
            threading.Thread(
                target=self._talk, args=(client,), daemon=True, name="name server, TCP"
            ).start()

    def _talk(self, client: socket.socket) -> None:
        """One TCP connection: each message has its length before it (RFC 1035, section 4.2.2)."""
        with contextlib.suppress(OSError), client:
            client.settimeout(_PATIENCE)
            while head := _read(client, _LENGTH.size):
                octets = _read(client, _LENGTH.unpack(head)[0])
                reply = self._answer(octets, 0xFFFF)
                if not reply:
                    break
                client.sendall(_LENGTH.pack(len(reply)) + reply)
        self._clients.release()


def _read(client: socket.socket, count: int) -> bytes:
    """So many octets, or none where the client has left before."""
    octets = b""
    while len(octets) < count:
        piece = client.recv(count - len(octets))
        if not piece:
            return b""
        octets += piece
    return octets
