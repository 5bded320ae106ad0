"""Links of every kind, and certificates good and bad, for the tests of the transport."""

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mailprobe.transport.link import TlsSettings
from mailprobe.transport.stream import Stream
from mailprobe.transport.tls import server_context

LONG = 20.0  # seconds: a bound for what should never be reached


def tcp_sockets(host: str = "127.0.0.1") -> tuple[socket.socket, socket.socket]:
    """Two sockets that are connected over loopback."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listening:
        listening.bind((host, 0))
        listening.listen(1)
        client = socket.create_connection(listening.getsockname()[:2])
        return client, listening.accept()[0]


class Aside:
    """A call that runs in a thread of its own; `result()` is what it returned or raised."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self._value: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._value = self._call()
        except BaseException as error:  # noqa: BLE001 - handed to the test's thread
            self._error = error

    def result(self) -> Any:
        self._thread.join(LONG)
        assert not self._thread.is_alive()
        if self._error is not None:
            raise self._error
        return self._value


@pytest.fixture
def aside() -> type[Aside]:
    return Aside


@dataclass(frozen=True)
class Authority:
    """A CA and the file that a user would give by --ca."""

    ca: trustme.CA
    file: str

    def context(self, *names: str, **more: Any) -> ssl.SSLContext:
        context = server_context()
        self.ca.issue_cert(*names, **more).configure_cert(context)
        return context

    @property
    def settings(self) -> TlsSettings:
        return TlsSettings(ca=self.file)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    ca = trustme.CA()
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(str(file))
    return Authority(ca, str(file))


@pytest.fixture(scope="session")
def good_context(authority: Authority) -> ssl.SSLContext:
    return authority.context("localhost", "127.0.0.1", "::1")


@pytest.fixture
def sockets() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A raw pair over TCP: whoever wraps one of them closes it."""
    client, server = tcp_sockets()
    yield client, server
    client.close()
    server.close()


@pytest.fixture(params=["tcp", "tls 1.2", "tls 1.3", "unix"])
def links(request: pytest.FixtureRequest, authority: Authority) -> Iterator[tuple[Stream, Stream]]:
    """A client's and a server's end of one link."""
    raw = socket.socketpair() if request.param == "unix" else tcp_sockets()
    client, server = Stream(raw[0], peer="server"), Stream(raw[1], peer="client")
    if request.param.startswith("tls"):
        context = authority.context("localhost")
        if request.param == "tls 1.2":
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        accepting = Aside(lambda: server.accept_tls(context, upgrade=False))
        client.start_tls(authority.settings, "localhost", upgrade=False)
        accepting.result()
    yield client, server
    client.drop()
    server.drop()


def self_signed(
    folder: Path,
    *,
    name: str = "localhost",
    alternative: tuple[str, ...] = ("localhost",),
    since: int = -1,
    until: int = 30,
) -> str:
    """Write a self-signed certificate and its key into one PEM file; days count from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=since))
        .not_valid_after(now + datetime.timedelta(days=until))
    )
    if alternative:
        names: list[x509.GeneralName] = [_general_name(each) for each in alternative]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + certificate.public_bytes(serialization.Encoding.PEM)
    path = folder / "self-signed.pem"
    path.write_bytes(pem)
    return str(path)


Issuer = tuple[x509.Name, ec.EllipticCurvePrivateKey]


def write_certificate(
    path: Path,
    name: str,
    *,
    issuer: Issuer | None = None,
    is_ca: bool = False,
    since: int = -1,
    until: int = 30,
    usage: x509.ObjectIdentifier | None = None,
) -> Issuer:
    """Write a certificate and its key into one PEM file, for a host where it is no CA."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    issued_by, signing = issuer or (subject, key)
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issued_by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=since))
        .not_valid_after(now + datetime.timedelta(days=until))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    )
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + builder.sign(signing, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    path.write_bytes(pem)
    return subject, key


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@pytest.fixture
def make_certificate(tmp_path: Path) -> Callable[..., str]:
    return lambda **wanted: self_signed(tmp_path, **wanted)
