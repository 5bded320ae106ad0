"""An accept loop for our own servers: one thread per connection, threads used again.

Every worker accepts for itself, so that no connection is handed from thread to thread.  Knows
nothing of what is spoken.
"""

import contextlib
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable

from mailprobe.errors import Failure
from mailprobe.transport import faults
from mailprobe.transport.stream import BUFFER, Stream, name_of
from mailprobe.transport.target import address_text

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from typing import Self

Handler = Callable[[Stream], None]

MAXIMUM_CONNECTIONS = 256  # at once; who comes when these are taken is hung up on
_BACKLOG = 128
_STOP_PATIENCE = 0.5  # seconds that a session has to notice the end


class Listener:
    """A bound socket that waits for connections.  `port` 0 is any free one.

    Raises Failure CONNECT when the address cannot be had.
    """

    def __init__(
        self, host: str, port: int, *, maximum_connections: int = MAXIMUM_CONNECTIONS
    ) -> None:
        self._socket = _bind(host, port)
        self.address: tuple[str, int] = self._socket.getsockname()[:2]
        self._maximum = maximum_connections
        self._lock = threading.Lock()
        self._busy: set[Stream] = set()
        self._workers: list[threading.Thread] = []
        self._idle = 0
        self._stopped = threading.Event()

    def __str__(self) -> str:
        return address_text(*self.address)

    def serve(self, handler: Handler) -> None:
        """Accept from now on, in threads of our own; returns at once.

        `handler` has the connection for itself, may raise Failure, and is expected to close it;
        it is dropped afterwards.
        """
        with self._lock:
            self._add_worker(handler)

    def stop(self, patience: float = 2.0) -> None:
        """Accept no more, end the connections in progress, wait `patience` seconds for each."""
        with self._lock:
            self._stopped.set()
            busy, workers = list(self._busy), list(self._workers)
        # A blocked accept() does not notice that its descriptor was closed; this wakes it.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        for stream in busy:
            stream.interrupt()
        for worker in workers:
            if worker is not threading.current_thread():
                worker.join(patience)
        self._socket.close()

    # ------------------------------------------------------------------------------ workers

    def _add_worker(self, handler: Handler) -> None:
        worker = threading.Thread(
            target=self._work, args=(handler,), daemon=True, name=f"worker of {self}"
        )
        self._idle += 1
        self._workers.append(worker)
        worker.start()

    def _work(self, handler: Handler) -> None:
        buffer = bytearray(BUFFER)  # one for all the connections of this worker
        try:
            while (accepted := self._accept()) is not None:
                connected, address = accepted
                stream = Stream(connected, peer=name_of(address), buffer=buffer)
                if self._begin(stream, handler):
                    self._handle(stream, handler)
                else:
                    stream.drop()
        finally:
            with self._lock:
                self._idle -= 1

    def _accept(self) -> tuple[socket.socket, object] | None:
        while not self._stopped.is_set():
            try:
                return self._socket.accept()
            except OSError:  # the client left already, or descriptors ran out: no hurry then
                self._stopped.wait(0.01)
        return None

    def _begin(self, stream: Stream, handler: Handler) -> bool:
        """Take the connection on, and see that somebody else accepts the next one."""
        with self._lock:
            if self._stopped.is_set() or len(self._busy) >= self._maximum:
                return False
            self._busy.add(stream)
            self._idle -= 1
            if not self._idle:
                self._add_worker(handler)
            return True

    def _handle(self, stream: Stream, handler: Handler) -> None:
        try:
            with contextlib.suppress(Failure):  # a client that went away is no news
                handler(stream)
        finally:
            with self._lock:
                self._busy.discard(stream)
                self._idle += 1
            stream.drop()


class Running(ABC):
    """A server with several listeners, from `start` to `stop`; also a context manager."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def __enter__(self) -> "Self":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Open the ports.  Raises Failure: CONNECT when one cannot be had; then none is open."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    @abstractmethod
    def _start(self) -> None: ...

    @abstractmethod
    def stop(self) -> None:
        """Close the ports and end what goes on.  May be called again."""

    def _listen(self, host: str, port: int) -> Listener:
        """A port of ours; nobody is accepted yet.  Raises Failure CONNECT."""
        listener = Listener(host, port)
        self._listeners.append(listener)
        return listener

    def _stop_listening(self) -> None:
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener.stop(_STOP_PATIENCE)


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted sockets inherit it.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.bind((host.encode("ascii"), port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise faults.failure(error, f"listening on {address_text(host, port)}") from None
    return listening
