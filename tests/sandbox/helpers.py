"""A client of one service of the sandbox in memory: octets in, octets out, no link."""

import base64
from pathlib import Path

from mailprobe.protocol import sasl
from mailprobe.protocol.events import TlsStarted
from mailprobe.sandbox.accounts import USUAL
from mailprobe.sandbox.dialogue import Dialogue, Service, advance
from mailprobe.sandbox.maildrop import Store
from mailprobe.sandbox.office import Office
from mailprobe.sandbox.pop3 import POP3, Pop3Service
from mailprobe.sandbox.smtp import LMTP, SMTP, SmtpService


class Talk:
    """Says octets to a service and returns what it replies."""

    def __init__(self, service: Service) -> None:
        self.service = service
        service.greet()
        self.greeting = service.dialogue.take_output()

    def say(self, octets: bytes) -> bytes:
        self.service.dialogue.receive(octets)
        advance(self.service)
        return self.service.dialogue.take_output()

    def line(self, command: str | bytes) -> bytes:
        octets = command.encode() if isinstance(command, str) else command
        return self.say(octets + b"\r\n")

    def code(self, command: str | bytes) -> str:
        """The reply code and, where there is one, the enhanced status code: "250 2.1.0"."""
        words = self.line(command).split(b"\r\n")[0].replace(b"-", b" ", 1).decode().split(" ")
        return " ".join(words[:2]) if words[1][:2] in ("2.", "4.", "5.") else words[0]

    def start_tls(self) -> None:
        """Pretend that the handshake is done."""
        self.service.dialogue.connection.start_tls(TlsStarted(0.0, "TLSv1.3", "", "", False))
        self.service.forget()

    def hang_up(self) -> None:
        self.service.dialogue.connection.receive_data(b"", 0.0)
        advance(self.service)
        self.service.end()

    @property
    def finished(self) -> bool:
        return self.service.dialogue.finished


def smtp(store: Store | Office) -> Talk:
    return Talk(SmtpService(SMTP, Dialogue(SMTP, peer="127.0.0.1:40000"), _office(store)))


def lmtp(store: Store | Office) -> Talk:
    return Talk(SmtpService(LMTP, Dialogue(LMTP, peer="127.0.0.1:40000"), _office(store)))


def pop3(store: Store | Office) -> Talk:
    return Talk(Pop3Service(Dialogue(POP3, peer="127.0.0.1:40000"), _office(store)))


def _office(store: Store | Office) -> Office:
    return store if isinstance(store, Office) else Office(store)


def secret_for(mechanism: str, secret: str) -> str:
    """The right secret of alice for a mechanism, or another one."""
    if secret != "right":
        return secret
    return USUAL.token_of("alice") or "" if sasl.secret_kind(mechanism) == sasl.TOKEN else "secret"


def base64_of(octets: bytes) -> bytes:
    return base64.b64encode(octets)


def log_in(talk: Talk, user: str = "alice", secret: str = "secret") -> Talk:
    assert talk.line(f"USER {user}").startswith(b"+OK")
    assert talk.line(f"PASS {secret}").startswith(b"+OK")
    return talk


def mails(store: Store, name: str) -> list[bytes]:
    """What lies in a maildrop, oldest first."""
    return [path.read_bytes() for path in sorted((store.directory / name / "new").iterdir())]


def body_of(message: bytes) -> bytes:
    """A delivered message without the header fields that the sandbox put on top."""
    lines = message.split(b"\r\n")
    assert lines[0].startswith(b"Return-Path: ")
    assert lines[1].startswith(b"Received: ")
    first = next(i for i, line in enumerate(lines[2:], 2) if not line.startswith(b"\t"))
    return b"\r\n".join(lines[first:])


def make_store(folder: Path) -> Store:
    store = Store(folder)
    for user in ("alice", "bob"):
        store.make(user)
    return store
