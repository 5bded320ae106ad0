"""Each way in which TLS fails has its own words, and the option that goes on does."""

import datetime
import ssl
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from mailprobe.transport.tls import server_context
from tests.commands.inside import Ran, inside
from tests.hostile import probe
from tests.hostile.server import ScriptedServer, Step, answer, expect, half_close, send, start_tls
from tests.transport.conftest import self_signed

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)
CA = trustme.CA()
GREETING, BYE = send(b"220 mx\r\n"), answer({b"QUIT": b"221 bye\r\n"})


@pytest.fixture
def ca(tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    CA.cert_pem.write_to_path(str(path))
    return path


def run(protocol: str, port: int, *options: str | Path, text: bytes = b"") -> Ran:
    """One run, and nothing raw on its streams."""
    done = inside(protocol, f"127.0.0.1:{port}", *map(str, options), text=text)
    probe.decode(done.out.encode() + done.err.encode())
    return done


def smtp(port: int, *options: str | Path, text: bytes = b"") -> Ran:
    return run("smtp", port, *options, text=text)


def issued(*names: str, **more: object) -> ssl.SSLContext:
    context = server_context()
    CA.issue_cert(*names, **more).configure_cert(context)  # type: ignore[arg-type]  # as trustme has them
    return context


def old(version: ssl.TLSVersion) -> ssl.SSLContext:
    context = issued("127.0.0.1")
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    return context


def old_ciphers() -> ssl.SSLContext:
    context = old(ssl.TLSVersion.TLSv1_2)
    context.set_ciphers("ECDHE-ECDSA-AES256-SHA")
    return context


# What a server shows; what is said of it; the options by which a session comes about.
FAILURES: dict[str, tuple[Callable[[], ssl.SSLContext], str, tuple[str, ...]]] = {
    "expired": (
        lambda: issued("127.0.0.1", not_before=NOW - 9 * DAY, not_after=NOW - DAY),
        "is not trusted: it has expired (",
        ("--no-verify",),
    ),
    "future": (
        lambda: issued("127.0.0.1", not_before=NOW + DAY, not_after=NOW + 9 * DAY),
        "is not trusted: it is not valid yet (",
        ("--no-verify",),
    ),
    "wrong host": (
        lambda: issued("mx.example", "www.example"),
        "is not trusted: it is for another address (",
        ("--sni", "mx.example"),
    ),
    "CN-only": (
        lambda: issued("elsewhere@example.test", common_name="127.0.0.1"),
        "it names its host in the common name alone, which no longer counts (RFC 9525)",
        ("--no-verify",),
    ),
    "TLS 1.0": (
        lambda: old(ssl.TLSVersion.TLSv1),
        "nothing newer than TLS 1.1, which RFC 8996 retired; expected TLS 1.2",
        ("--tls-min", "1.0"),
    ),
    "old ciphers": (
        old_ciphers,
        "the peer refused: no TLS version, cipher or key in common",
        ("--tls-ciphers", "DEFAULT"),
    ),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_each_failure_says_which(kind: str, ca: Path) -> None:
    """Word `tls`; the option that is named goes on."""
    make, said, way_on = FAILURES[kind]
    with ScriptedServer(start_tls(make()), GREETING, BYE) as server:
        refused = smtp(server.port, "--tls", "--ca", ca, text=b"QUIT\n")
        taken = smtp(server.port, "--tls", "--ca", ca, *way_on, text=b"QUIT\n")
    assert (refused.word, refused.status) == ("tls", 4)
    assert said in refused.err
    assert way_on[0] in refused.err or kind == "wrong host"
    assert taken.status == 0, taken


def test_a_host_that_is_another_one_has_its_names_told(ca: Path) -> None:
    """In the sentence, and in what a pipe shows of the chain."""
    with ScriptedServer(start_tls(issued("mx.example")), GREETING, BYE) as server:
        refused = smtp(server.port, "--tls", "--ca", ca, text=b"QUIT\n")
    assert "for mx.example, issued by" in refused.err
    assert "#   names       mx.example\n" in refused.out
    assert "#   TLSA 3 1 1 " in refused.out


def test_self_signed_and_its_own_ca(tmp_path: Path) -> None:
    """--ca takes the certificate itself."""
    path = self_signed(tmp_path, alternative=("127.0.0.1",))
    with ScriptedServer(start_tls(server_context(path)), GREETING, BYE) as server:
        refused = smtp(server.port, "--tls", text=b"QUIT\n")
        taken = smtp(server.port, "--tls", "--ca", path, text=b"QUIT\n")
    assert (refused.word, refused.status) == ("tls", 4)
    assert "it is self-signed" in refused.err
    assert "--ca FILE" in refused.err
    assert "names itself as issuer" in refused.out
    assert taken.status == 0


def test_a_retired_version_is_loud(ca: Path) -> None:
    """Whoever has lowered the bar hears of it each time, and reads it in the facts."""
    with ScriptedServer(start_tls(old(ssl.TLSVersion.TLSv1_1)), GREETING, BYE) as server:
        options = ("--tls", "--ca", ca, "--tls-min", "1.0")
        done = smtp(server.port, *options, text=b"/tls\nQUIT\n")
    assert done.status == 0
    assert done.err == "warning: TLSv1.1 is retired (RFC 8996): take it for plain text\n"
    assert "# TLS           TLSv1.1 (retired by RFC 8996), " in done.out


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate_that_is_wanted(
    version: ssl.TLSVersion, ca: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The option is named; its key may be encrypted, and no file holds the passphrase."""
    context = issued("127.0.0.1")
    context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    CA.configure_trust(context)
    own, key, record = tmp_path / "own.pem", tmp_path / "own.key", tmp_path / "x.mpt"
    made = CA.issue_cert("alice@example.test")
    own.write_bytes(made.cert_chain_pems[0].bytes())
    key.write_bytes(
        serialization.load_pem_private_key(made.private_key_pem.bytes(), None).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"open sesame"),
        )
    )
    options = ("--tls", "--ca", ca, "--cert", own, "--key", key, "--record", record)
    with ScriptedServer(start_tls(context), GREETING, BYE) as server:
        refused = smtp(server.port, "--tls", "--ca", ca, text=b"QUIT\n")
        locked = smtp(server.port, *options, text=b"QUIT\n")
        assert not record.exists()
        monkeypatch.setenv("MAILPROBE_SECRET_PASSPHRASE", "open sesame")
        taken = smtp(server.port, *options, text=b"/tls\nQUIT\n")
    assert (refused.word, refused.status) == ("tls", 4)
    assert "the peer wants a client certificate; give one by --cert FILE" in refused.err
    assert (locked.word, locked.status) == ("usage", 2)
    assert "set MAILPROBE_SECRET_PASSPHRASE" in locked.err
    assert taken.status == 0, taken
    assert f"# own cert      {own}, where a server asks for one\n" in taken.out
    assert "sesame" not in taken.out + taken.err + record.read_text()


@pytest.mark.parametrize("name", ["smtp", "pop3"])
def test_tls_spoken_to_a_plain_port(name: str) -> None:
    """Its own words are shown, and what to try."""
    greeting = b"+OK ready\r\n" if name == "pop3" else b"220 mx.example ESMTP\r\n"
    with ScriptedServer(send(greeting), half_close) as server:
        done = run(name, server.port, "--tls", text=b"QUIT\n")
    assert (done.word, done.status) == ("tls", 4)
    assert f"the peer spoke plain text: {greeting.decode()[:-2]}" in done.err
    assert "try without --tls, or with --starttls" in done.err


def hears_nothing(ca: Path) -> Step:
    return start_tls(issued("127.0.0.1"))


def test_plain_text_spoken_to_a_port_for_tls(ca: Path) -> None:
    """It waits for our ClientHello, and we for its greeting."""
    with ScriptedServer(hears_nothing(ca)) as server:
        done = smtp(server.port, "--timeout", "200ms", text=b"QUIT\n")
    assert (done.word, done.status) == ("timeout", 4)
    assert done.err.endswith("a port that wants TLS at once is silent, too: try --tls\n")


def test_an_alert_in_the_place_of_a_greeting() -> None:
    """A server that has lost its patience says so in TLS."""
    with ScriptedServer(send(b"\x15\x03\x01\x00\x02\x02\x46"), half_close) as server:
        done = smtp(server.port, text=b"QUIT\n")
    assert (done.word, done.status) == ("protocol", 4)
    assert "it speaks TLS (try --tls)" in done.err


def test_a_failed_upgrade_shows_the_chain(ca: Path) -> None:
    """Behind STARTTLS, too; no later line of the script is carried out."""
    steps = (GREETING, expect(b"STARTTLS"), send(b"220 go\r\n"), start_tls(issued("mx.example")))
    with ScriptedServer(*steps) as server:
        done = smtp(server.port, "--ca", ca, text=b"STARTTLS\n/tls\nQUIT\n")
    assert (done.word, done.status) == ("tls", 4)
    assert done.out.count("# certificate   1, the peer's own\n") == 1
    assert "C: QUIT" not in done.out


def test_hostile_certificates_are_shown_safely(tmp_path: Path) -> None:
    """Every text of it is the peer's: nothing raw reaches a stream (`probe` looks)."""
    path = self_signed(
        tmp_path, name="\x1b[2J\u202e[/nope]", alternative=("a\x1b]52;c;x\x07.example",)
    )
    with ScriptedServer(start_tls(server_context(path)), GREETING, BYE) as server:
        done = smtp(server.port, "--tls", text=b"QUIT\n")
        shown = smtp(server.port, "--tls", "--no-verify", text=b"/tls\nQUIT\n")
    assert (done.word, done.status) == ("tls", 4)
    assert "nope" in done.out
    assert "nope" in shown.out


def test_keys_are_in_their_log_alone(ca: Path, tmp_path: Path) -> None:
    """Neither the recording nor the output has what the log holds."""
    log, record = tmp_path / "keys", tmp_path / "x.mpt"
    with ScriptedServer(start_tls(issued("127.0.0.1")), GREETING, BYE) as server:
        options = ("--tls", "--ca", ca, "--keylog", log, "--record", record)
        done = smtp(server.port, *options, text=b"/tls\nQUIT\n")
    assert done.status == 0
    secrets = [line.split()[2] for line in log.read_text().splitlines() if line[:1] != "#"]
    assert len(secrets) >= 4
    text = done.out + done.err + record.read_text()
    assert not [secret for secret in secrets if secret in text]
    assert log.stat().st_mode & 0o777 == 0o600
