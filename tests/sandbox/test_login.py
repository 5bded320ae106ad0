"""EXTERNAL: the one whom TLS has shown is let in, and nobody else; SMTP and POP3, live."""

import base64
from collections.abc import Iterator

import pytest

from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.model import Protocol
from mailprobe.sandbox.login import Challenge, Granted, Login, Refused, offered
from mailprobe.sandbox.server import Sandbox
from mailprobe.session import Session, Settings
from mailprobe.transport.identity import ClientCertificate
from mailprobe.transport.link import TlsSettings
from mailprobe.transport.target import Target, Tls

ALICE = "alice@example.test"


@pytest.mark.parametrize("identity, there", [(ALICE, True), ("", False), ("x@other.test", False)])
def test_it_is_offered_to_whom_it_is_of_use(identity: str, there: bool) -> None:
    """A certificate of somebody unknown is as good as none."""
    assert ("EXTERNAL" in offered({}, identity)) is there


@pytest.mark.parametrize("said", [b"", b"alice", ALICE.encode()])
def test_himself(said: bytes) -> None:
    """With nothing said, or his own name (RFC 4422, appendix A)."""
    step = Login("EXTERNAL", {}, ALICE).begin(base64.b64encode(said) or b"=")
    assert step == Granted("alice")


@pytest.mark.parametrize("said", [b"bob", b"nobody", b"\xff\0"])
def test_somebody_else(said: bytes) -> None:
    """A certificate is that of one user."""
    step = Login("external", {}, ALICE).begin(base64.b64encode(said))
    assert isinstance(step, Refused)
    assert not step.malformed


def test_without_an_initial_response() -> None:
    """An empty challenge asks for it."""
    login = Login("EXTERNAL", {}, ALICE)
    assert login.begin(None) == Challenge(b"")
    assert login.answer(b"") == Granted("alice")


def test_without_a_certificate() -> None:
    """Whoever asks for it all the same is refused."""
    assert isinstance(Login("EXTERNAL", {}).begin(b"="), Refused)


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox({"smtp": 0, "pop3": 0, "pop3s": 0, "submissions": 0}) as sandbox:
        yield sandbox


@pytest.mark.parametrize("maximum", ["1.2", "1.3"])
@pytest.mark.parametrize(
    "service, tls",
    [
        ("smtp", Tls.STARTTLS),
        ("submissions", Tls.IMPLICIT),
        ("pop3", Tls.STARTTLS),
        ("pop3s", Tls.IMPLICIT),
    ],
)
def test_live(running: Sandbox, service: str, tls: Tls, maximum: str) -> None:
    """By the certificate that the sandbox has written."""
    protocol = Protocol.POP3 if service.startswith("pop3") else Protocol.SMTP
    identity = ClientCertificate(str(running.client_certificate("alice")))
    settings = TlsSettings(str(running.ca), identity=identity, maximum=maximum)
    session = Session(
        catalogue_of(protocol),
        settings=Settings(tls=settings, starttls=tls is Tls.STARTTLS, hello_name="me.example"),
    )
    session.open(Target(protocol, "localhost", running.ports[service], tls))
    if protocol is Protocol.SMTP:
        session.exchange(b"EHLO me.example")
    done = session.exchange(b"AUTH EXTERNAL =")
    assert done is not None
    assert done.replies[-1].positive, done.replies
    assert session.connection.facts.authenticated
    session.leave()


def test_live_without_a_certificate(running: Sandbox) -> None:
    """It is neither offered nor taken."""
    session = Session(
        catalogue_of(Protocol.POP3), settings=Settings(tls=TlsSettings(str(running.ca)))
    )
    session.open(Target(Protocol.POP3, "localhost", running.ports["pop3s"], Tls.IMPLICIT))
    done = session.exchange(b"AUTH EXTERNAL =")
    assert done is not None
    assert done.replies[-1].refused
    session.leave()
