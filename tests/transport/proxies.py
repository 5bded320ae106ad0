"""Proxies for tests: one that does what it should, and one that says what a test wants."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.transport.conftest import LONG


@dataclass
class Seen:
    """What a proxy was asked: the places, and the logins."""

    port: int = 0
    greeted: bool = True  # behind it the server speaks first
    places: list[tuple[str, int]] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)


def exactly(link: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        octets = link.recv(count - len(found))
        if not octets:
            raise ConnectionError
        found += octets
    return found


def _socks(link: socket.socket, seen: Seen, names: dict[str, str], *, login: bool) -> None:
    """RFC 1928 and 1929 as a server."""
    methods = exactly(link, exactly(link, 2)[1])
    wanted = 2 if login else 0
    link.sendall(bytes([5, wanted if wanted in methods else 0xFF]))
    if login:
        user = exactly(link, exactly(link, 2)[1])
        seen.logins.append(user + b":" + exactly(link, exactly(link, 1)[0]))
        link.sendall(b"\x01" + (b"\0" if seen.logins[-1] == b"alice:secret" else b"\x01"))
    kind = exactly(link, 4)[3]
    if kind == 3:
        host = exactly(link, exactly(link, 1)[0]).decode()
    else:
        family = socket.AF_INET if kind == 1 else socket.AF_INET6
        host = socket.inet_ntop(family, exactly(link, 4 if kind == 1 else 16))
    port = int.from_bytes(exactly(link, 2), "big")
    seen.places.append((host, port))
    try:
        server = socket.create_connection((names.get(host, host), port), LONG)
    except OSError:
        link.sendall(b"\x05\x05\x00\x01" + bytes(6))
        return
    relay(link, server, b"\x05\x00\x00\x03\x05proxy\x00\x19", greeted=seen.greeted)


def _http(link: socket.socket, seen: Seen, names: dict[str, str], *, login: bool) -> None:
    """CONNECT as a server; its answer and the first octets of the server come together."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += exactly(link, 1)
    lines = head.decode().split("\r\n")
    host, _, port = lines[0].split()[1].rpartition(":")
    seen.places.append((host.strip("[]"), int(port)))
    given = [line.split()[-1] for line in lines if line.startswith("Proxy-Authorization: Basic ")]
    seen.logins += [one.encode() for one in given]
    if login and given != ["YWxpY2U6c2VjcmV0"]:
        link.sendall(b"HTTP/1.1 407 Login\r\nProxy-Authenticate: Basic realm=x\r\n\r\n")
        return
    name = host.strip("[]")
    try:
        server = socket.create_connection((names.get(name, name), int(port)), LONG)
    except OSError:
        link.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
        return
    go_ahead = b"HTTP/1.1 200 Connected\r\nContent-Length: 99\r\n\r\n"
    relay(link, server, go_ahead, greeted=seen.greeted)


def relay(link: socket.socket, server: socket.socket, go_ahead: bytes, *, greeted: bool) -> None:
    """Carry octets both ways; the go-ahead comes in one piece with what the server says first."""
    with server:
        link.sendall(go_ahead + (server.recv(65536) if greeted else b""))
        up = threading.Thread(target=_pump, args=(link, server), daemon=True)
        up.start()
        _pump(server, link)
        up.join(LONG)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while octets := source.recv(65536):
            sink.sendall(octets)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@contextmanager
def listening(handle: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port of 127.0.0.1 where each visitor is handled in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def visit(link: socket.socket) -> None:
            with link:
                try:
                    handle(link)
                except OSError:  # the visitor has left
                    pass

        def accept() -> None:
            while True:
                try:
                    link = server.accept()[0]
                except OSError:
                    return
                threading.Thread(target=visit, args=(link,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join(LONG)


@contextmanager
def proxy(
    scheme: str,
    names: dict[str, str] | None = None,
    *,
    login: bool = False,
    greeted: bool = True,
) -> Iterator[Seen]:
    """A proxy; `names` is what it finds where it looks names up."""
    seen, speak = Seen(greeted=greeted), {"socks5": _socks, "http": _http}[scheme]
    with listening(lambda link: speak(link, seen, names or {}, login=login)) as port:
        seen.port = port
        yield seen


@contextmanager
def saying(octets: bytes, *, keep_open: bool = True) -> Iterator[int]:
    """A port where everybody is told `octets`, and heard until he leaves."""

    def handle(link: socket.socket) -> None:
        link.sendall(octets)
        while keep_open and link.recv(65536):
            pass

    with listening(handle) as port:
        yield port
