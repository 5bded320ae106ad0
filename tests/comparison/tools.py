"""The tools that README sets beside mailprobe, and a server that shows what they do with what."""

import contextlib
import functools
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest
import trustme

LIMIT = 60.0  # seconds; what has not come by then never will
OFFERS = b"PIPELINING STARTTLS 8BITMIME DSN CHUNKING PRDR"
HELLO = b"".join(b"250-%s\r\n" % one for one in (b"mail.example.test", *OFFERS.split()))
HELLO += b"250 AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER\r\n"
# What is said to each verb; a reply is sent as it stands, in one write.
USUAL = {
    b"EHLO": HELLO,
    b"LHLO": HELLO,
    b"HELO": b"250 mail.example.test\r\n",
    b"DATA": b"354 go on\r\n",
    b".": b"250 2.0.0 taken\r\n",
    b"QUIT": b"221 2.0.0 bye\r\n",
    b"STARTTLS": b"220 2.0.0 go on\r\n",
    b"AUTH": b"235 2.7.0 come in\r\n",
}


def program(name: str) -> str:
    """The path of a tool; without it the test is skipped."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed (.ci/servers installs it)")
    return path


class Server:
    """A server of one client: what it says is a table, what it hears is kept.

    `tls` is the context with which STARTTLS goes on.
    """

    def __init__(
        self, replies: dict[bytes, bytes], greeting: bytes, tls: ssl.SSLContext | None
    ) -> None:
        self.heard: list[bytes] = []
        self.writes: list[bytes] = []  # what one write of the client held, as far as TCP shows it
        self.port = 0
        self._replies = {**USUAL, **replies}
        self._greeting = greeting
        self._tls = tls

    def serve(self, listener: socket.socket) -> None:
        """Talk to whoever comes, until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                link, _ = listener.accept()
                with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
                    link.settimeout(LIMIT)
                    self._talk(stack.enter_context(link), stack)

    def _talk(self, link: socket.socket, stack: contextlib.ExitStack) -> None:
        link.sendall(self._greeting)
        held, data = b"", False
        while octets := link.recv(65536):
            self.writes.append(octets)
            held += octets
            while b"\n" in held:
                line, _, held = held.partition(b"\n")
                line += b"\n"
                self.heard.append(line)
                if data and line.rstrip(b"\r\n") != b".":
                    continue
                verb = line.split()[0].upper() if line.split() else b""
                data = not data and verb == b"DATA"
                link.sendall(self._replies.get(verb, b"250 2.0.0 ok\r\n"))
                if verb == b"QUIT":
                    return
                if verb in (b"STARTTLS", b"STLS") and self._tls is not None:
                    link = stack.enter_context(self._tls.wrap_socket(link, server_side=True))


@functools.cache
def authority() -> trustme.CA:
    return trustme.CA()


@functools.cache
def certificate() -> trustme.LeafCert:
    """The server's, for localhost, of a CA that nobody knows."""
    return authority().issue_cert("localhost", "127.0.0.1")


@functools.cache
def context() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate().configure_cert(made)
    return made


@contextlib.contextmanager
def serving(
    replies: dict[bytes, bytes] | None = None,
    *,
    greeting: bytes = b"220 mail.example.test ESMTP\r\n",
    tls: bool | ssl.SSLContext = False,
) -> Iterator[Server]:
    """A server for the time of a block; `tls` has it go on with TLS behind STARTTLS."""
    server = Server(replies or {}, greeting, context() if tls is True else tls or None)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.port = listener.getsockname()[1]
        thread = threading.Thread(target=server.serve, args=(listener,), daemon=True)
        thread.start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(LIMIT)


# ------------------------------------------------------------------------------------- the tools


def run(*command: object, text: bytes = b"") -> tuple[int, bytes]:
    """The status of a tool that ends by itself, and all that it has printed."""
    done = subprocess.run(
        [str(word) for word in command],
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LIMIT,
        check=False,
    )
    return done.returncode, done.stdout


def swaks(server: Server, *options: object) -> tuple[int, bytes]:
    """A mail from alice to bob."""
    return run(
        *(program("swaks"), "--server", "127.0.0.1", "--port", server.port, "--ehlo", "me.test"),
        *("--from", "alice@example.test", "--to", "bob@example.test", "--timeout", "20s"),
        *options,
    )


def curl(server: Server, *options: object, scheme: str = "smtp") -> tuple[int, bytes]:
    """The same mail, told line by line."""
    mail = ("--mail-from", "alice@example.test", "--mail-rcpt", "bob@example.test")
    upload = (*mail, "--upload-file", "-") if scheme.startswith("smtp") else ()
    return run(
        *(program("curl"), "-sv", "--max-time", "20", *upload, *options),
        f"{scheme}://localhost:{server.port}/{'me.test' if upload else ''}",
        text=b"Subject: hi\r\n\r\nhi\r\n",
    )


@contextlib.contextmanager
def typing(*command: object) -> Iterator[pexpect.spawn]:  # type: ignore[type-arg]  # as it is made
    """A tool in a terminal, for what a person types."""
    name, *words = map(str, command)
    child = pexpect.spawn(program(name), words, timeout=LIMIT, maxread=65536)
    child.delaybeforesend = None
    try:
        yield child
    finally:
        child.close(force=True)


def telnet(server: Server) -> "contextlib.AbstractContextManager[pexpect.spawn]":  # type: ignore[type-arg]
    """telnet, as a person starts it."""
    return typing("telnet", "127.0.0.1", server.port)


def s_client(
    server: Server, *options: object, starttls: str = "smtp"
) -> "contextlib.AbstractContextManager[pexpect.spawn]":  # type: ignore[type-arg]
    """openssl s_client, as a person starts it; it speaks through TLS alone."""
    way = ("-starttls", starttls) if starttls else ()
    return typing("openssl", "s_client", "-connect", f"localhost:{server.port}", *way, *options)


HELPS: dict[str, Callable[[], tuple[int, bytes]]] = {
    "swaks": lambda: run(program("swaks"), "--help"),
    "openssl s_client": lambda: run(program("openssl"), "s_client", "-help"),
    "curl": lambda: run(program("curl"), "--help", "all"),
    "telnet": lambda: run(program("telnet"), "--help"),
}


@functools.cache
def help_of(tool: str) -> str:
    """All options of a tool, as it lists them itself."""
    return HELPS[tool]()[1].decode("utf-8", "replace")


def ca_file(folder: Path) -> Path:
    """The CA of the server, as a file."""
    path = folder / "ca.pem"
    authority().cert_pem.write_to_path(path)
    return path
