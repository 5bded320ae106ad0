import hashlib
import socket
import ssl
import threading
from pathlib import Path

import pytest
import trustme

from mailprobe.errors import Failure
from mailprobe.sandbox.certificates import NAMES, Brought, Certificates
from mailprobe.transport import memory
from mailprobe.transport.identity import ClientCertificate
from mailprobe.transport.link import TlsSettings


@pytest.mark.parametrize("name", NAMES)
def test_names(tmp_path: Path, name: str) -> None:
    """A client that trusts the CA's file verifies the chain and each of the names."""
    certificates = Certificates(tmp_path)
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with certificates.context().wrap_socket(theirs, server_side=True) as secured:
            secured.recv(1)

    worker = threading.Thread(target=serve)
    worker.start()
    context = ssl.create_default_context(cafile=str(certificates.ca))
    context.hostname_checks_common_name = False
    with context.wrap_socket(ours, server_hostname=name) as secured:
        assert secured.version() in ("TLSv1.2", "TLSv1.3")
        secured.sendall(b"x")
    worker.join()


def test_made_once(tmp_path: Path) -> None:
    """Nothing is made before somebody asks, and then once for all."""
    certificates = Certificates(tmp_path)
    assert list(tmp_path.iterdir()) == []
    first = certificates.context()
    written = certificates.ca.read_bytes()
    assert certificates.context() is first
    assert certificates.ca.read_bytes() == written
    assert [path.name for path in tmp_path.iterdir()] == ["ca.pem"]


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    """A CA that cannot be written is a failure that says so."""
    with pytest.raises(Failure, match="certificates"):
        Certificates(tmp_path / "missing").ca  # noqa: B018 - asking is what fails


def test_what_a_login_is_bound_to(tmp_path: Path) -> None:
    """Both sides hash the same certificate (RFC 5929, section 4)."""
    certificates = Certificates(tmp_path)
    server, client = memory.pair()
    worker = threading.Thread(
        target=server.accept_tls, args=(certificates.context(), None), kwargs={"upgrade": False}
    )
    worker.start()
    settings = TlsSettings(str(certificates.ca))
    client.start_tls(settings, "localhost", upgrade=False)
    worker.join()
    assert client.channel_binding("tls-server-end-point") == certificates.end_point
    assert server.channel_binding("tls-server-end-point") is None
    client.drop()
    server.drop()


def test_a_certificate_that_was_brought(tmp_path: Path) -> None:
    """It is bound to as well; the first one of the file is the server's own."""
    authority = trustme.CA()
    issued = authority.issue_cert(*NAMES)
    path = tmp_path / "own.pem"
    path.write_bytes(issued.private_key_and_cert_chain_pem.bytes())
    brought = Brought(str(path), None)
    own = ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())
    assert brought.end_point == hashlib.sha256(own).digest()
    assert brought.context() is brought.context()


def test_a_client_may_show_a_certificate(tmp_path: Path) -> None:
    """Where it is asked for one of this CA, and has none, it may talk all the same."""
    certificates = Certificates(tmp_path, asks=True)
    path = certificates.of_client("alice@example.test")
    assert path.stat().st_mode & 0o777 == 0o600
    assert certificates.of_client("alice@example.test") == path
    for identity, shown in ((ClientCertificate(str(path)), True), (None, False)):
        server, client = memory.pair()
        worker = threading.Thread(
            target=server.accept_tls, args=(certificates.context(), None), kwargs={"upgrade": False}
        )
        worker.start()
        settings = TlsSettings(str(certificates.ca), identity=identity)
        client.start_tls(settings, "localhost", upgrade=False)
        worker.join()
        assert server.tls is not None
        assert bool(server.tls.certificate) is shown
        client.drop()
        server.drop()
