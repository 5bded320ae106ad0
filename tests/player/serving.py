"""Transcripts to serve, and a client that says whatever a test wants."""

import socket
from pathlib import Path
from types import TracebackType

from mailprobe.player.results import Result
from mailprobe.player.server import ServeOptions, Server
from mailprobe.player.serving.visits import verdict_line

LIMIT = 20.0  # seconds: a bound for what should never be reached


def write(folder: Path, text: str, name: str = "file.mpt") -> Path:
    """A transcript; `text` is all behind its first line."""
    path = folder / name
    path.write_text("mailprobe: 1\n" + text, encoding="utf-8")
    return path


def smtp(folder: Path, text: str, *headers: str, name: str = "file.mpt") -> Path:
    """An SMTP transcript with a body."""
    return write(folder, "\n".join(["protocol: smtp", *headers, "", text]), name)


def pop3(folder: Path, text: str, *headers: str, name: str = "file.mpt") -> Path:
    """A POP3 transcript with a body."""
    return write(folder, "\n".join(["protocol: pop3", *headers, "", text]), name)


class Client:
    """A socket, and no opinion."""

    def __init__(self, port: int, *, buffer: int | None = None) -> None:
        self.socket = socket.socket()
        self.socket.settimeout(LIMIT)
        if buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
        self.socket.connect(("127.0.0.1", port))
        self._held = b""

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.socket.close()

    def say(self, text: str | bytes) -> None:
        """A line, or octets as they are."""
        octets = text if isinstance(text, bytes) else text.encode() + b"\r\n"
        self.socket.sendall(octets)

    def line(self) -> str:
        """The next line without its end; "" at the end."""
        while b"\n" not in self._held:
            octets = self.socket.recv(65536)
            if not octets:
                break
            self._held += octets
        line, _, self._held = self._held.partition(b"\n")
        return line.decode().removesuffix("\r")

    def ask(self, text: str | bytes) -> str:
        """Say a line, and hear one."""
        self.say(text)
        return self.line()

    def rest(self) -> bytes:
        """Everything until the server ends it."""
        while octets := self.socket.recv(65536):
            self._held += octets
        rest, self._held = self._held, b""
        return rest


def verdict_of(server: Server, count: int = 1) -> str:
    """The line about the client that came as the `count`th."""
    return line_of(server.join(count, LIMIT)[count - 1])


def line_of(result: Result) -> str:
    """What a person is told, without the folder."""
    return verdict_line(result).replace(f"{result.path.parent}/", "")


def options(**more: object) -> ServeOptions:
    """Options of `serve`."""
    return ServeOptions(**more)  # type: ignore[arg-type]  # as they have them
