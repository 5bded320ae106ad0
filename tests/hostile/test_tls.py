"""TLS that is refused, stripped, injected, broken, or not to be believed."""

import datetime
import os
import ssl
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
import trustme

from mailprobe.transport.tls import server_context
from tests.hostile import probe
from tests.hostile.server import (
    Peer,
    ScriptedServer,
    Step,
    answer,
    close,
    cut_tls,
    expect,
    half_close,
    reset,
    send,
    stall,
    start_tls,
)
from tests.hostile.test_faults import check_transcript, limit

DAY = datetime.timedelta(days=1)
HELLO = {"smtp": send(b"220 mx\r\n"), "lmtp": send(b"220 mx\r\n"), "pop3": send(b"+OK mx\r\n")}
VERB = {"smtp": b"STARTTLS", "lmtp": b"STARTTLS", "pop3": b"STLS"}
GO = {"smtp": b"220 go\r\n", "lmtp": b"220 go\r\n", "pop3": b"+OK go\r\n"}
OFFER = send(b"250-mx\r\n250 STARTTLS\r\n")
BYE = (expect(b"QUIT"), send(b"221 bye\r\n"), half_close)
PROTOCOLS = tuple(HELLO)


class Certificates:
    """A CA, its file, and contexts with certificates of it."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.file = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.file))

    def context(self, *names: str, **more: object) -> ssl.SSLContext:
        context = server_context()
        self._ca.issue_cert(*names, **more).configure_cert(context)  # type: ignore[arg-type]  # as trustme has them
        return context

    @property
    def good(self) -> ssl.SSLContext:
        return self.context("127.0.0.1", "localhost")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


def upgrading(protocol: str, *after: Step) -> Sequence[Step]:
    return HELLO[protocol], expect(VERB[protocol]), send(GO[protocol]), *after


# ------------------------------------------------------------------------- between word and deed


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("option", [(), ("--starttls",)], ids=["typed", "required"])
def test_text_injected_before_tls(protocol: str, option: tuple[str, ...], tmp_path: Path) -> None:
    """Security, before any handshake; the octets are shown and recorded."""
    path = tmp_path / "session.mpt"
    steps = (HELLO[protocol], expect(VERB[protocol]), send(GO[protocol] + b"250 evil\x1b\r\n"))
    with ScriptedServer(*steps) as server:
        result = probe.run(
            protocol,
            *(f"127.0.0.1:{server.port}", *option, "--record", str(path)),
            text=VERB[protocol] + b"\nQUIT\n",
        )
        assert server.heard_lines == [VERB[protocol]]
    assert result.ended == ("security", 4)
    assert "250 evil\\u{1b}" in result.out
    assert "250 evil" in path.read_text()
    check_transcript(path, "security")


@pytest.mark.parametrize("protocol", ["smtp", "pop3"])
@pytest.mark.parametrize(
    "after, word",
    [
        (close, "eof"),
        (reset, "reset"),
        (stall, "timeout"),
        (send(b"\x15\x03\x03\0\x02\x02\x28"), "tls"),
    ],
    ids=["closed", "reset", "stalled", "alert"],
)
def test_a_handshake_that_fails(protocol: str, after: Step, word: str, tmp_path: Path) -> None:
    """The link is dead behind it: nothing more is sent in the clear."""
    path = tmp_path / "session.mpt"
    with ScriptedServer(*upgrading(protocol, Peer.hear, after)) as server:
        result = probe.run(
            protocol,
            *(f"127.0.0.1:{server.port}", *limit(word), "--record", path),
            text=VERB[protocol] + b"\nNOOP\nQUIT\n",
        )
        assert b"NOOP" not in server.heard
        assert b"QUIT" not in server.heard
    assert result.ended == (word, 4)
    check_transcript(path, word)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_refused_upgrade_that_was_typed(protocol: str) -> None:
    """Word `refused`, like any other command."""
    no = {"pop3": b"-ERR no\r\n"}.get(protocol, b"454 4.7.0 no\r\n")
    with ScriptedServer(HELLO[protocol], expect(VERB[protocol]), send(no), *BYE) as server:
        text = VERB[protocol] + b"\nNOOP\n"
        result = probe.run(protocol, f"127.0.0.1:{server.port}", "--starttls", text=text)
        assert server.heard_lines == [VERB[protocol], b"QUIT"]
    assert result.ended == ("refused", 1)


# ------------------------------------------------------------------------------------ --starttls


@pytest.mark.parametrize(
    "steps, wire",
    [
        ((send(b"250 mx\r\n"), *BYE), [b"EHLO c.example", b"QUIT"]),
        ((send(b"502 what\r\n"), *BYE), [b"EHLO c.example", b"QUIT"]),
        (
            (OFFER, expect(b"STARTTLS"), send(b"454 no\r\n"), *BYE),
            [b"EHLO c.example", b"STARTTLS", b"QUIT"],
        ),
    ],
    ids=["not offered", "no extensions", "refused"],
)
def test_tls_that_cannot_be_had(steps: Sequence[Step], wire: list[bytes]) -> None:
    """Stripped or refused: nothing but QUIT is sent any more, word `security`."""
    with ScriptedServer(HELLO["smtp"], expect(b"EHLO"), *steps) as server:
        result = probe.smtp(
            server.port, "--starttls", "--ehlo", "c.example", text=b"MAIL FROM:<secret@x>\nQUIT\n"
        )
        assert server.heard_lines == wire
    assert result.ended == ("security", 4)


def test_pop3_tls_that_is_refused() -> None:
    """The same with STLS, which may be tried without asking."""
    with ScriptedServer(HELLO["pop3"], answer({b"STLS": b"-ERR no\r\n"}, b"-ERR\r\n")) as server:
        result = probe.pop3(server.port, "--starttls", text=b"USER secret\nQUIT\n")
        assert b"secret" not in server.heard
        assert server.heard_lines[-1] == b"QUIT"
    assert result.ended == ("security", 4)


def test_tls_comes_before_the_first_other_line(certificates: Certificates, tmp_path: Path) -> None:
    """EHLO, STARTTLS, handshake, EHLO with the same name: shown and recorded as if typed."""
    path = tmp_path / "session.mpt"
    inside = (start_tls(certificates.good), answer({b"QUIT": b"221 bye\r\n"}))
    steps = (HELLO["smtp"], expect(b"EHLO"), OFFER, expect(b"STARTTLS"), send(GO["smtp"]), *inside)
    with ScriptedServer(*steps) as server:
        result = probe.smtp(
            server.port,
            *("--starttls", "--ca", certificates.file, "--ehlo", "c.example", "--record", path),
            text=b"NOOP\nQUIT\n",
        )
        plain = [b"EHLO c.example", b"STARTTLS"]
        assert server.heard_lines == [*plain, b"EHLO c.example", b"NOOP", b"QUIT"]
    assert (result.status, result.err) == (0, "")
    said = [line for line in result.out.splitlines() if line.startswith(("C", "#"))]
    assert said[:2] == ["C: EHLO c.example", "C: STARTTLS"]
    assert said[2].startswith("# TLSv1")
    assert said[3:] == ["C: EHLO c.example", "C: NOOP", "C: QUIT"]
    assert "S: 220 go\n@tls\nC: EHLO c.example\n" in path.read_text()


def test_a_hello_that_was_typed_is_said_again(certificates: Certificates) -> None:
    """With its own name, and not asked twice before the upgrade."""
    inside = (start_tls(certificates.good), answer({b"QUIT": b"221 bye\r\n"}))
    steps = (HELLO["lmtp"], expect(b"LHLO"), OFFER, expect(b"STARTTLS"), send(GO["lmtp"]), *inside)
    with ScriptedServer(*steps) as server:
        result = probe.run(
            "lmtp",
            *(f"127.0.0.1:{server.port}", "--starttls", "--ca", certificates.file),
            text=b"LHLO my.name\nNOOP\nQUIT\n",
        )
        assert server.heard_lines[:3] == [b"LHLO my.name", b"STARTTLS", b"LHLO my.name"]
    assert result.status == 0


def test_an_upgrade_that_was_typed_is_the_upgrade(certificates: Certificates) -> None:
    """Nothing is added to it."""
    inside = (start_tls(certificates.good), answer({b"QUIT": b"221 bye\r\n"}))
    with ScriptedServer(*upgrading("smtp", *inside)) as server:
        text = b"STARTTLS\nNOOP\nQUIT\n"
        result = probe.smtp(server.port, "--starttls", "--ca", certificates.file, text=text)
        assert server.heard_lines == [b"STARTTLS", b"NOOP", b"QUIT"]
    assert result.status == 0


@pytest.mark.parametrize("options", [(), ("--ehlo", "[192.0.2.1]")])
def test_the_name_of_the_first_hello(options: tuple[str, ...]) -> None:
    """The host's full name, an address literal, or what was asked for; never localhost."""
    with ScriptedServer(HELLO["smtp"], expect(b"EHLO"), send(b"250 mx\r\n"), *BYE) as server:
        probe.smtp(server.port, "--starttls", *options, text=b"NOOP\n")
        name = server.heard_lines[0].removeprefix(b"EHLO ")
    assert not name.lower().startswith(b"localhost")
    assert b"." in name or b":" in name
    assert name == b"[192.0.2.1]" or not options


# ----------------------------------------------------------------------------------- at once


@pytest.mark.parametrize("protocol", ["smtp", "pop3"])
@pytest.mark.parametrize(
    "steps, word",
    [
        ((send(b"220 plain\r\n"), stall), "tls"),
        ((close,), "eof"),
        ((reset,), "reset"),
        ((stall,), "timeout"),
    ],
    ids=["plain", "closed", "reset", "silent"],
)
def test_no_tls_on_a_port_for_tls(
    protocol: str, steps: tuple[Step, ...], word: str, tmp_path: Path
) -> None:
    """Plain text on it is said to be that."""
    path = tmp_path / "session.mpt"
    with ScriptedServer(*steps) as server:
        result = probe.run(
            protocol, f"127.0.0.1:{server.port}", "--tls", *limit(word), "--record", str(path)
        )
    assert result.ended == (word, 4)
    check_transcript(path, word)


CERTIFICATES: dict[str, tuple[tuple[str, ...], dict[str, object]]] = {
    "another host": (("mx.example.test",), {}),
    "name only": (("elsewhere.example",), {"common_name": "127.0.0.1"}),
    "expired": (("127.0.0.1",), {"not_after": datetime.datetime.now(datetime.UTC) - DAY}),
    "not yet valid": (("127.0.0.1",), {"not_before": datetime.datetime.now(datetime.UTC) + DAY}),
}


@pytest.mark.parametrize("kind", CERTIFICATES)
def test_a_certificate_that_is_no_good(kind: str, certificates: Certificates) -> None:
    """Word `tls`, nothing is said inside, and --no-verify goes on loudly."""
    names, more = CERTIFICATES[kind]
    inside = (start_tls(certificates.context(*names, **more)), send(b"220 mx\r\n"), *BYE)
    with ScriptedServer(*inside) as server:
        refused = probe.smtp(server.port, "--tls", "--ca", certificates.file, text=b"QUIT\n")
        assert server.heard == b""
        taken = probe.smtp(server.port, "--tls", "--no-verify", text=b"QUIT\n")
    assert refused.ended == ("tls", 4)
    assert "--no-verify" in refused.err
    assert taken.status == 0
    assert taken.err.startswith("warning: ")


def test_a_certificate_of_nobody_known(certificates: Certificates) -> None:
    """Without --ca the sandbox's kind of CA is a stranger's."""
    with ScriptedServer(start_tls(certificates.good), stall) as server:
        assert probe.smtp(server.port, "--tls", text=b"QUIT\n").ended == ("tls", 4)


@pytest.mark.parametrize("file", ["missing.pem", ".", "no.pem", "empty.pem"])
@pytest.mark.parametrize("option", [(), ("--tls",), ("--starttls", "--no-verify")])
def test_a_ca_file_that_is_none(file: str, option: tuple[str, ...], tmp_path: Path) -> None:
    """That is a mistake in the command line, told before anybody is connected to."""
    (tmp_path / "no.pem").write_text("no PEM\n")
    (tmp_path / "empty.pem").touch()
    with ScriptedServer(HELLO["smtp"], expect(b"EHLO"), OFFER) as server:
        result = probe.smtp(
            server.port,
            *option,
            "--ca",
            tmp_path / file,
            "--record",
            tmp_path / "x",
            text=b"NOOP\n",
        )
        assert server.heard == b""
    assert result.ended == ("usage", 2)
    assert result.out == ""
    assert not (tmp_path / "x").exists()


def test_a_ca_file_of_a_profile_that_is_none(tmp_path: Path) -> None:
    """The same, before its host is looked up."""
    (tmp_path / "mailprobe").mkdir()
    config = tmp_path / "mailprobe" / "config.toml"
    config.write_text('[profile.x]\nprotocol = "smtp"\ntarget = "x.invalid"\nca = "/no/ca.pem"\n')
    config.chmod(0o600)
    result = probe.run("smtp", "@x", env={"XDG_CONFIG_HOME": str(tmp_path)})
    assert result.ended == ("usage", 2)
    assert "--ca /no/ca.pem: No such file" in result.err


def test_a_ca_that_comes_through_a_pipe(certificates: Certificates, tmp_path: Path) -> None:
    """As `--ca <(...)` gives it: it is read once, when TLS starts."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(certificates.file.read_bytes()))
    writer.start()
    with ScriptedServer(start_tls(certificates.good), HELLO["smtp"], *BYE) as server:
        result = probe.smtp(server.port, "--tls", "--ca", path, text=b"QUIT\n")
    writer.join(probe.LONG)
    assert result.status == 0


def test_tls_that_is_cut_off(certificates: Certificates, tmp_path: Path) -> None:
    """No close_notify in the middle of a body: cut, and marked so."""
    path = tmp_path / "session.mpt"
    body = (expect(b"RETR"), send(b"+OK\r\nhalf"), cut_tls)
    with ScriptedServer(start_tls(certificates.good), HELLO["pop3"], *body) as server:
        result = probe.pop3(
            server.port, "--tls", "--ca", certificates.file, "--record", path, text=b"RETR 1\n"
        )
    assert result.ended == ("eof", 4)
    check_transcript(path, "eof")
