"""TLS as a person at a terminal sees it: what it changed, what was presented, who he is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from mailprobe.sandbox.server import Sandbox
from tests.terminal.harness import Person

Sit = Callable[..., Person]
pytestmark = pytest.mark.terminal


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox({"smtp": 0, "pop3s": 0}) as running:
        yield running


def test_what_tls_changes_is_said_unasked(sit: Sit, sandbox: Sandbox, mode: str) -> None:
    """In one line behind the second EHLO, once; /tls shows all of it."""
    target = f"localhost:{sandbox.ports['smtp']}"
    words = ("smtp", target, "-4", "--ca", str(sandbox.ca))
    person = sit(*words, mode=mode, rows=60, columns=120)
    person.prompted("smtp:greeted> ")
    person.enter("EHLO me")
    person.prompted("smtp:ready> ")
    person.enter("STARTTLS")
    person.sees("verified for localhost")
    person.enter("EHLO me")
    person.sees("over TLS: new REQUIRETLS; changed AUTH +SCRAM-SHA-512-PLUS")
    person.sees("gone STARTTLS")
    person.enter("NOOP")
    person.sees("250 2.0.0")
    assert person.screen.count("over TLS: ") == 1
    person.enter("/tls resume")
    person.sees("resumed: the server took a ticket")
    person.enter("/tls")
    person.sees("TLSA 3 1 1 ")


def test_a_handshake_that_failed_can_be_looked_at(sit: Sit, sandbox: Sandbox, mode: str) -> None:
    """At once or by an upgrade: the chain is kept when the link is gone."""
    person = sit("pop3", f"127.0.0.1:{sandbox.ports['pop3s']}", "--tls", mode=mode, rows=60)
    person.sees("give its CA by --ca FILE")
    person.enter("/tls")
    person.sees("failed        the certificate of 127.0.0.1 is not trusted")
    person.sees("names       localhost, 127.0.0.1, ::1")
    person.sees("TLSA 3 1 1 ")


def test_the_passphrase_of_a_key(sit: Sit, sandbox: Sandbox, mode: str, tmp_path: Path) -> None:
    """It is asked for without echo, and is in no file; then EXTERNAL logs in."""
    made = sandbox.client_certificate("alice").read_bytes()
    key = serialization.load_pem_private_key(made, None)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"open-sesame"),
    )
    path = tmp_path / "alice.pem"
    path.write_bytes(locked + made[made.index(b"-----BEGIN CERTIFICATE") :])
    words = ("pop3", f"127.0.0.1:{sandbox.ports['pop3s']}", "--tls", "--ca", str(sandbox.ca))
    record = tmp_path / "x.mpt"
    person = sit(*words, "--cert", str(path), "--record", str(record), mode=mode, columns=200)
    person.sees("Passphrase of ")
    person.enter("open-sesame")
    person.prompted("pop3:auth> ")
    person.enter("/auth EXTERNAL")
    person.prompted("pop3:trans> ")
    assert b"sesame" not in person.output
    assert b"sesame" not in record.read_bytes()
    found = [file for file in person.home.rglob("*") if file.is_file()]
    assert not [file for file in found if b"sesame" in file.read_bytes()]
