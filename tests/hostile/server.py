"""Servers that do exactly what a table of steps says, on a loopback thread.

They know no protocol beyond what their steps send, and nothing of mailprobe.
"""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

PATIENCE = 30.0  # seconds: a bound for what should never be reached


class Gone(Exception):
    """The client has closed the link, or the test is over."""


class Peer:
    """One connection of a client, as the steps see it."""

    def __init__(self, link: socket.socket) -> None:
        link.settimeout(PATIENCE)
        self.link = link
        self.heard = b""  # everything that the client has sent
        self.over = threading.Event()
        self._buffer = b""

    def say(self, octets: bytes) -> None:
        try:
            self.link.sendall(octets)
        except OSError as error:
            raise Gone from error

    def hear(self) -> None:
        try:
            octets = self.link.recv(65536)
        except OSError as error:
            raise Gone from error
        if not octets:
            raise Gone
        self.heard += octets
        self._buffer += octets

    def line(self) -> bytes:
        """The next line of the client, without its line end."""
        while b"\n" not in self._buffer:
            self.hear()
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.removesuffix(b"\r")

    def take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self.hear()
        octets, self._buffer = self._buffer[:count], self._buffer[count:]
        return octets

    def mail_data(self) -> None:
        """Read up to the lone dot."""
        while b"\r\n.\r\n" not in b"\r\n" + self._buffer:
            self.hear()
        self._buffer = (b"\r\n" + self._buffer).partition(b"\r\n.\r\n")[2]


Step = Callable[[Peer], None]


def send(octets: bytes) -> Step:
    return lambda peer: peer.say(octets)


def expect(line: bytes) -> Step:
    """Wait for a line, and give up the script when it does not begin like that."""

    def step(peer: Peer) -> None:
        heard = peer.line()
        if not heard.startswith(line):
            peer.say(b"599 the script wants " + line + b", it heard " + heard + b"\r\n")
            raise Gone

    return step


def close(peer: Peer) -> None:
    with contextlib.suppress(OSError):  # the client has gone
        peer.link.shutdown(socket.SHUT_RDWR)
    raise Gone


def half_close(peer: Peer) -> None:
    """Say nothing more, and go on reading; TLS cannot do that, it stays as it is."""
    if isinstance(peer.link, ssl.SSLSocket):
        return
    try:
        peer.link.shutdown(socket.SHUT_WR)
    except OSError as error:  # the client has gone
        raise Gone from error


def reset(peer: Peer) -> None:
    peer.link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.link.close()
    raise Gone


def stall(peer: Peer) -> None:
    """Say nothing until the client has gone."""
    while True:
        peer.hear()


def deaf(peer: Peer) -> None:
    """Neither read nor write until the test is over."""
    peer.over.wait(PATIENCE)
    raise Gone


def pause(seconds: float) -> Step:
    """Let time pass, but not beyond the end of the test."""

    def step(peer: Peer) -> None:
        if peer.over.wait(seconds):
            raise Gone

    return step


def drip(octets: bytes, seconds: float) -> Step:
    """Send one octet at a time."""

    def step(peer: Peer) -> None:
        for octet in octets:
            peer.say(bytes([octet]))
            pause(seconds)(peer)

    return step


def repeat(octets: bytes, total: int) -> Step:
    """Send `octets` again and again, `total` octets or a little more."""
    block = octets * (65536 // len(octets) + 1)

    def step(peer: Peer) -> None:
        for _ in range(total // len(block) + 1):
            peer.say(block)

    return step


def endless(octets: bytes, seconds: float = 0.0) -> Step:
    """Send `octets` until the client has gone: as fast as it goes, or one time in `seconds`."""
    block = octets if seconds else octets * (65536 // len(octets) + 1)

    def step(peer: Peer) -> None:
        while not peer.over.wait(seconds):
            peer.say(block)
        raise Gone

    return step


def start_tls(context: ssl.SSLContext) -> Step:
    def step(peer: Peer) -> None:
        try:
            peer.link = context.wrap_socket(peer.link, server_side=True)
        except OSError as error:
            raise Gone from error

    return step


def cut_tls(peer: Peer) -> None:
    """End TLS without close_notify."""
    assert isinstance(peer.link, ssl.SSLSocket)
    descriptor = peer.link.detach()
    with socket.socket(fileno=descriptor) as plain:
        plain.shutdown(socket.SHUT_RDWR)
    raise Gone


def answer(replies: Mapping[bytes, bytes], default: bytes = b"250 ok\r\n") -> Step:
    """Answer each command by the reply of its verb, until QUIT; then nothing more is said.

    What follows is read as the reply says: mail data behind 354, a chunk behind any BDAT, one
    line behind 334 or "+ ".  The mail data is answered by the reply of `.`.
    """

    def step(peer: Peer) -> None:
        verb = b""
        while verb != b"QUIT":
            line = peer.line()
            verb = line.split(b" ")[0].upper()
            if verb == b"BDAT":
                peer.take(int(line.split(b" ")[1]))
            reply = replies.get(line, replies.get(verb, default))
            peer.say(reply)
            while reply.startswith((b"334", b"+ ")):
                peer.line()
                reply = replies.get(b"=", b"235 ok\r\n")
                peer.say(reply)
            if reply.startswith(b"354"):
                peer.mail_data()
                peer.say(replies.get(b".", default))
        half_close(peer)

    return step


class ScriptedServer:
    """Plays `steps` to every client that connects, then reads on until the client has gone.

    `heard` is what the client of the last connection sent; ask for it after the client's end.
    """

    def __init__(self, *steps: Step, host: str = "127.0.0.1") -> None:
        self._steps = steps
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listening = socket.socket(family)
        self._listening.bind((host, 0))
        self._listening.listen(8)
        self.port: int = self._listening.getsockname()[1]
        self._peers: list[Peer] = []
        self._players: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> "ScriptedServer":
        self._accepting.start()
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._accepting.join(PATIENCE)
        self._listening.close()
        for peer in self._peers:
            peer.over.set()
        self._join()
        for peer in self._peers:
            peer.link.close()

    def _join(self) -> None:
        for player in self._players:
            player.join(PATIENCE)
            assert not player.is_alive(), "a scripted server waits for a client that has gone"

    def say(self, octets: bytes) -> None:
        """Send octets to the last client at a moment that the test chooses."""
        self._peers[-1].say(octets)

    @property
    def heard(self) -> bytes:
        """What the last client has sent, all of it."""
        if not self._peers:
            return b""
        self._join()
        return self._peers[-1].heard

    @property
    def heard_lines(self) -> list[bytes]:
        return self.heard.split(b"\r\n")[:-1]

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self._listening.accept()
            except OSError:
                return
            peer = Peer(link)
            player = threading.Thread(target=self._play, args=(peer,), daemon=True)
            self._peers.append(peer)
            self._players.append(player)
            player.start()

    def _play(self, peer: Peer) -> None:
        try:
            for step in self._steps:
                step(peer)
            stall(peer)
        except Gone:
            pass
        finally:
            with contextlib.suppress(OSError):
                peer.link.close()


def smtp(replies: Mapping[bytes, bytes] | None = None) -> Sequence[Step]:
    """A server of SMTP that says yes to everything that `replies` does not speak of."""
    table = {b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n", **(replies or {})}
    return send(b"220 mx.example.test ESMTP\r\n"), answer(table)


def pop3(replies: Mapping[bytes, bytes] | None = None) -> Sequence[Step]:
    """The same for POP3."""
    return send(b"+OK ready\r\n"), answer(dict(replies or {}), default=b"+OK\r\n")


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    """A port of loopback at which nobody listens, and nobody else can."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
