"""Resuming a TLS session: a second link to a live server, which takes what it gave or does not."""

import datetime
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from mailprobe.answers import Association
from mailprobe.errors import Failure, Word
from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.model import Protocol
from mailprobe.resumption import try_to_resume
from mailprobe.sandbox.server import Sandbox
from mailprobe.session import Session, Settings
from mailprobe.transport.certificate import read
from mailprobe.transport.link import TlsSettings
from mailprobe.transport.memory import Scripted
from mailprobe.transport.target import Target, Tls
from mailprobe.transport.tls import server_context
from mailprobe.value import replace
from tests.hostile.server import ScriptedServer, answer, send, start_tls

BYE = {b"QUIT": b"221 bye\r\n"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def opened(sandbox: Sandbox, service: str, tls: Tls, settings: TlsSettings) -> Session:
    protocol = Protocol.POP3 if service.startswith("pop3") else Protocol.SMTP
    session = Session(
        catalogue_of(protocol),
        settings=Settings(tls=settings, starttls=tls is Tls.STARTTLS, hello_name="me.example"),
    )
    session.open(Target(protocol, "localhost", sandbox.ports[service], tls))
    return session


@pytest.mark.parametrize("maximum", ["1.2", "1.3"])
@pytest.mark.parametrize(
    "service, tls",
    [
        ("submissions", Tls.IMPLICIT),
        ("submission", Tls.STARTTLS),
        ("pop3s", Tls.IMPLICIT),
        ("pop3", Tls.STARTTLS),
    ],
)
def test_a_ticket_is_taken(sandbox: Sandbox, service: str, tls: Tls, maximum: str) -> None:
    """By TLS 1.2 and 1.3, at once and by an upgrade; the first link is as it was."""
    session = opened(sandbox, service, tls, TlsSettings(str(sandbox.ca), maximum=maximum))
    if tls is Tls.STARTTLS:
        session.upgrade()
    trial = try_to_resume(session)
    assert trial.resumed
    assert trial.offered == "a ticket"
    assert trial.lifetime > 0
    assert trial.facts.version == f"TLSv{maximum}"
    assert trial.facts.verified
    assert session.transport.tls is not None
    assert not session.transport.tls.resumed
    answered = session.exchange(b"NOOP")
    assert answered is not None
    assert answered.replies[-1].wire  # the first link still talks
    session.leave()


def test_dane_holds_for_a_resumed_session(sandbox: Sandbox) -> None:
    """The certificate is the one of before, and is looked at again."""
    session = opened(sandbox, "pop3s", Tls.IMPLICIT, TlsSettings(str(sandbox.ca)))
    assert session.transport.tls is not None
    data = bytes.fromhex(read(session.transport.tls.certificate).key_fingerprint)
    session.leave()
    settings = TlsSettings(associations=(Association(3, 1, 1, data),))
    session = opened(sandbox, "pop3s", Tls.IMPLICIT, settings)
    trial = try_to_resume(session)
    assert (trial.resumed, trial.facts.verified) == (True, True)
    session.leave()


# --------------------------------------------------------------- servers that give less, or nothing


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    made = trustme.CA()
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    made.cert_pem.write_to_path(str(path))
    return made, path


def context(made: trustme.CA, version: ssl.TLSVersion, *, tickets: bool) -> ssl.SSLContext:
    found = server_context()
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=2)
    made.issue_cert("127.0.0.1", not_after=until).configure_cert(found)
    found.maximum_version = version
    if not tickets:
        found.options |= ssl.OP_NO_TICKET
        found.num_tickets = 0
    return found


def talk_to(server: ScriptedServer, ca: Path) -> Session:
    session = Session(catalogue_of(Protocol.SMTP), settings=Settings(tls=TlsSettings(str(ca))))
    session.open(Target(Protocol.SMTP, "127.0.0.1", server.port, Tls.IMPLICIT))
    return session


def test_a_session_that_the_server_remembers(authority: tuple[trustme.CA, Path]) -> None:
    """TLS 1.2 without tickets: the session-ID is what is shown (RFC 5246, section 7.3)."""
    made, ca = authority
    found = context(made, ssl.TLSVersion.TLSv1_2, tickets=False)
    with ScriptedServer(start_tls(found), send(b"220 mx\r\n"), answer(BYE)) as server:
        session = talk_to(server, ca)
        trial = try_to_resume(session)
        session.leave()
    assert (trial.offered, trial.resumed, trial.lifetime) == ("a session-ID", True, 0)


def test_a_server_that_gives_nothing(authority: tuple[trustme.CA, Path]) -> None:
    """TLS 1.3 without tickets: there is nothing to try, and nobody is connected to."""
    made, ca = authority
    found = context(made, ssl.TLSVersion.TLSv1_3, tickets=False)
    with ScriptedServer(start_tls(found), send(b"220 mx\r\n"), answer(BYE)) as server:
        session = talk_to(server, ca)
        with pytest.raises(Failure, match="gave no ticket: there is nothing") as caught:
            try_to_resume(session)
        session.leave()
        assert len(server._peers) == 1
    assert caught.value.word is Word.TLS


def test_a_server_that_takes_none_back(authority: tuple[trustme.CA, Path]) -> None:
    """Its tickets are those of another machine, as behind a careless load balancer."""
    made, ca = authority
    contexts = [context(made, ssl.TLSVersion.TLSv1_3, tickets=True) for _ in range(2)]
    steps = iter([start_tls(one) for one in contexts])
    with ScriptedServer(lambda peer: next(steps)(peer), send(b"220 mx\r\n"), answer(BYE)) as server:
        session = talk_to(server, ca)
        trial = try_to_resume(session)
        session.leave()
    assert not trial.resumed
    assert trial.facts.verified


def test_a_plain_link_has_no_session(sandbox: Sandbox) -> None:
    """That is said, and nothing is done."""
    session = opened(sandbox, "smtp", Tls.NONE, TlsSettings())
    with pytest.raises(Failure, match="this link is plain") as caught:
        try_to_resume(session)
    assert caught.value.word is Word.USAGE
    session.leave()


def test_a_link_of_which_nobody_knows_the_way(sandbox: Sandbox) -> None:
    """A transport that somebody handed over cannot be made again."""
    session = opened(sandbox, "pop3s", Tls.IMPLICIT, TlsSettings(str(sandbox.ca)))
    session.target = None
    with pytest.raises(Failure, match="by which way"):
        try_to_resume(session)
    session.leave()


def test_a_server_that_is_gone(sandbox: Sandbox) -> None:
    """Whatever opening a session raises; the first link lives on."""
    session = opened(sandbox, "pop3s", Tls.IMPLICIT, TlsSettings(str(sandbox.ca)))

    def nowhere(target: Target, **how: object) -> Scripted:
        raise Failure(Word.CONNECT, "no way")

    session.link = nowhere
    with pytest.raises(Failure, match="no way"):
        try_to_resume(session)
    assert not session.closed
    session.leave()


def test_the_address_is_that_of_the_first_link(sandbox: Sandbox) -> None:
    """A name may lead to several machines, of which only one knows the session."""
    session = opened(sandbox, "pop3s", Tls.IMPLICIT, TlsSettings(str(sandbox.ca)))
    assert session.target is not None
    session.target = replace(session.target, addresses=("192.0.2.1",))
    assert try_to_resume(session).resumed
    session.leave()
