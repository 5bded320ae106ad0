"""DANE against a live handshake: the end entity, and the trust anchor (RFC 7672, section 3.1)."""

import contextlib
import datetime
import hashlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.answers import Association
from mailprobe.errors import Failure, Word
from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.model import Protocol
from mailprobe.session import Session
from mailprobe.transport import dane
from mailprobe.transport.connect import connect
from mailprobe.transport.link import TlsFacts, TlsSettings
from mailprobe.transport.memory import Scripted
from mailprobe.transport.target import Target

HOST = "mx.example.org"
PAST = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


def der(pem: trustme.Blob) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pem.bytes().decode())


def key_of(certificate: bytes) -> bytes:
    key = x509.load_der_x509_certificate(certificate).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@dataclass(frozen=True)
class Issued:
    """A server's certificate and those above it."""

    leaf: trustme.LeafCert
    root: bytes
    first: bytes

    @property
    def chain(self) -> list[bytes]:
        return [self.first, self.root]


def issue(name: str = HOST, **how: object) -> Issued:
    authority = trustme.CA()
    leaf = authority.issue_cert(name, **how)  # type: ignore[arg-type]  # not_after
    return Issued(leaf, der(authority.cert_pem), der(leaf.cert_chain_pems[0]))


@pytest.fixture(scope="module")
def issued() -> Issued:
    return issue()


def record(usage: int, selector: int, matching: int, certificate: bytes) -> Association:
    """The record that is made of a certificate."""
    selected = certificate if selector == 0 else key_of(certificate)
    data = {
        0: selected,
        1: hashlib.sha256(selected).digest(),
        2: hashlib.sha512(selected).digest(),
    }[matching]
    return Association(usage, selector, matching, data)


Shake = Callable[[Issued, Sequence[Association]], TlsFacts]


@pytest.fixture
def shake() -> Iterator[Shake]:
    """A handshake over loopback with a server that presents its chain, root included."""
    with contextlib.ExitStack() as stack:

        def go(issued: Issued, records: Sequence[Association], *, verify: bool = True) -> TlsFacts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            chain = b"".join(
                ssl.DER_cert_to_PEM_cert(one).encode() for one in (issued.first, issued.root)
            )
            with issued.leaf.private_key_pem.tempfile() as key, trustme.Blob(chain).tempfile() as c:
                context.load_cert_chain(c, key)
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def serve() -> None:
                link, _ = listener.accept()
                with link, contextlib.suppress(OSError):
                    with context.wrap_socket(link, server_side=True) as secured:
                        secured.recv(1)

            thread = threading.Thread(target=serve)
            thread.start()
            stack.callback(thread.join)
            target = Target(Protocol.SMTP, HOST, listener.getsockname()[1])
            link = connect(target, addresses=["127.0.0.1"])
            stack.callback(link.drop)
            settings = TlsSettings(associations=tuple(records), verify=verify)
            try:
                return link.start_tls(settings, HOST, upgrade=False)
            finally:
                link.drop()

        yield go


@pytest.mark.parametrize("selector", [0, 1])
@pytest.mark.parametrize("matching", [0, 1, 2])
def test_the_end_entity(shake: Shake, issued: Issued, selector: int, matching: int) -> None:
    """Its certificate or its key, as it is or as a digest."""
    facts = shake(issued, [record(3, selector, matching, issued.first)])
    assert (facts.verified, facts.server_name) == (True, HOST)


def test_an_end_entity_of_another_name_and_time(shake: Shake) -> None:
    """Neither counts: only the key does (section 3.1.1)."""
    old = issue("other.example.org", not_before=PAST, not_after=PAST + datetime.timedelta(days=1))
    assert shake(old, [record(3, 1, 1, old.first)]).verified


def test_a_trust_anchor(shake: Shake, issued: Issued) -> None:
    """The chain below it has to hold; one record of several is enough."""
    wrong = record(3, 1, 1, issued.root)
    for selector, matching in ((0, 1), (1, 1), (1, 2), (0, 0)):
        assert shake(issued, [wrong, record(2, selector, matching, issued.root)]).verified


@pytest.mark.parametrize(
    "made, said",
    [
        (lambda: issue("other.example.org"), "the chain below it does not hold"),
        (
            lambda: issue(not_before=PAST, not_after=PAST + datetime.timedelta(days=1)),
            "the chain below it does not hold",
        ),
    ],
)
def test_below_a_trust_anchor_name_and_dates_count(
    shake: Shake, made: Callable[[], Issued], said: str
) -> None:
    """Unlike for an end entity."""
    one = made()
    with pytest.raises(Failure, match=said) as caught:
        shake(one, [record(2, 0, 1, one.root)])
    assert caught.value.word is Word.TLS


def test_a_chain_that_is_another_ones(issued: Issued) -> None:
    """To present the anchor is not enough: it must have signed what is below it."""
    other = issue()
    with pytest.raises(Failure, match="the chain below it does not hold"):
        dane.check([record(2, 0, 1, other.root)], [issued.first, other.root], HOST)


@pytest.mark.parametrize("usage", [0, 1, 2, 3])
def test_what_fits_nothing(shake: Shake, issued: Issued, usage: int) -> None:
    """Another key, or a usage that is not for SMTP: the link is given up, with the reason."""
    stranger = issue()
    records = [record(usage, 1, 1, stranger.first)]
    if usage < 2:
        records = [record(usage, 1, 1, issued.first)]
    with pytest.raises(Failure, match="no TLSA record fits") as caught:
        shake(issued, records)
    assert caught.value.word is Word.TLS


def test_unverified_is_unverified(shake: Shake, issued: Issued) -> None:
    """With --no-verify nothing is looked at, and nothing is called verified."""
    facts = shake(issued, [record(3, 1, 1, issued.root)], verify=False)  # type: ignore[call-arg]
    assert not facts.verified


def test_no_certificate_and_odd_ones(issued: Issued) -> None:
    """Nothing but a Failure comes of them."""
    good = record(3, 1, 1, issued.first)
    with pytest.raises(Failure, match="presented no certificate"):
        dane.check([good], [], HOST)
    with pytest.raises(Failure, match="no TLSA record fits"):
        dane.check([good], [b"no certificate"], HOST)
    junk = Association(2, 0, 0, b"junk")
    with pytest.raises(Failure, match="unreadable"):
        dane.check([junk], [issued.first], HOST)
    assert not dane.matches(Association(3, 1, 9, b"x"), issued.first)
    assert not dane.matches(Association(3, 9, 1, b"x"), issued.first)


@given(st.binary(max_size=60), st.integers(0, 3), st.integers(0, 2), st.binary(max_size=40))
def test_any_octets(certificate: bytes, usage: int, selector: int, data: bytes) -> None:
    """A peer may present what it likes."""
    records = [Association(usage, selector, matching, data) for matching in range(4)]
    with contextlib.suppress(Failure):
        dane.check(records, [certificate, certificate], HOST)


def test_certificates_between() -> None:
    """A chain of three, in any order; without the one in the middle it does not hold."""
    authority = trustme.CA()
    middle = authority.create_child_ca()
    leaf = middle.issue_cert(f"*.{HOST.partition('.')[2]}")
    first, second = (der(one) for one in leaf.cert_chain_pems[:2])
    root = der(authority.cert_pem)
    wanted = [record(2, 1, 1, root)]
    dane.check(wanted, [first, second, root], HOST)
    dane.check(wanted, [first, root, second], HOST)
    dane.check([record(2, 0, 0, root)], [first, second], HOST)  # the record holds it whole
    dane.check([record(2, 1, 1, second)], [first, second], HOST)
    with pytest.raises(Failure, match="not issued below the trust anchor"):
        dane.check(wanted, [first, root], HOST)
    with pytest.raises(Failure, match="it is for another host"):
        dane.check(wanted, [first, second, root], f"a.{HOST}")


def test_a_server_is_no_authority(issued: Issued) -> None:
    """What is signed with the key of a server counts for nothing."""
    other = issue()
    with pytest.raises(Failure, match="not issued below the trust anchor"):
        dane.check([record(2, 1, 1, other.first)], [issued.first, other.first], HOST)


def test_a_session_looks_at_what_its_target_names() -> None:
    """The records of a target are those of its session alone."""
    wanted = (Association(3, 1, 1, bytes(32)),)
    session = Session(catalogue_of(Protocol.SMTP))

    def link(target: Target, **how: object) -> Scripted:
        return Scripted([b"220 hello\r\n"])

    session.open(Target(Protocol.SMTP, HOST, 25, associations=wanted), link)
    assert session.settings.tls.associations == wanted
    assert Session(catalogue_of(Protocol.SMTP)).settings.tls.associations == ()
    session.drop()
