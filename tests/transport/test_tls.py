"""TLS: what is verified, what is said when it fails, and text where TLS should be."""

import contextlib
import hashlib
import socket
import ssl
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from mailprobe.errors import Failure, Word
from mailprobe.protocol.events import Ending
from mailprobe.transport.link import Interrupted, PlainText, TlsFacts, TlsSettings
from mailprobe.transport.stream import Stream
from mailprobe.transport.tls import client_context, server_context
from mailprobe.transport.verification import describe
from tests.transport.conftest import write_certificate

Sockets = tuple[socket.socket, socket.socket]
HELLO = b"\x16\x03\x01"


def soon(seconds: float = 20.0) -> float:
    return time.monotonic() + seconds


def handshake(
    sockets: Sockets,
    aside: Any,
    context: ssl.SSLContext,
    settings: TlsSettings,
    name: str = "localhost",
    *,
    upgrade: bool = False,
) -> TlsFacts:
    """Do a handshake over `sockets` against a server of `context`."""
    client, server = (Stream(each, peer="peer") for each in sockets)
    accepting = aside(lambda: server.accept_tls(context, soon(), upgrade=upgrade))
    try:
        facts = client.start_tls(settings, name, soon(), upgrade=upgrade)
        accepting.result()
        return facts
    finally:
        client.drop()
        with contextlib.suppress(Failure):
            accepting.result()
        server.drop()


# ------------------------------------------------------------------------------- verification


@pytest.mark.parametrize("upgrade", [False, True])
@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_a_good_certificate_is_verified(
    sockets: Sockets, aside: Any, authority: Any, good_context: Any, name: str, upgrade: bool
) -> None:
    """Name or address; the facts say what was verified."""
    facts = handshake(sockets, aside, good_context, authority.settings, name, upgrade=upgrade)
    assert (facts.server_name, facts.verified) == (name, True)
    assert facts.version == "TLSv1.3"
    assert facts.cipher.startswith("TLS_")
    assert "localhost, 127.0.0.1, ::1" in describe(facts.certificate)


@pytest.mark.parametrize("name, sent", [("localhost", "localhost"), ("127.0.0.1", None)])
def test_the_server_name_is_sent_for_names_only(
    sockets: Sockets, aside: Any, authority: Any, name: str, sent: str | None
) -> None:
    """RFC 6066, section 3: no SNI for an address."""
    context = authority.context("localhost", "127.0.0.1")
    seen: list[str | None] = []
    context.sni_callback = lambda link, asked, _: seen.append(asked)
    handshake(sockets, aside, context, authority.settings, name)
    assert seen == [sent]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_channel_bindings(
    sockets: Sockets, aside: Any, authority: Any, version: ssl.TLSVersion
) -> None:
    """tls-unique is the same on either side, and is not defined for TLS 1.3 (RFC 9266)."""
    context = authority.context("localhost")
    context.maximum_version = version
    client, server = (Stream(each, peer="peer") for each in sockets)
    assert client.channel_binding("tls-unique") is None
    accepting = aside(lambda: server.accept_tls(context, soon(), upgrade=False))
    client.start_tls(authority.settings, "localhost", soon(), upgrade=False)
    accepting.result()
    unique = client.channel_binding("tls-unique")
    assert unique == server.channel_binding("tls-unique")
    assert (unique is None) is (version is ssl.TLSVersion.TLSv1_3)
    assert client.tls is not None
    expected = hashlib.sha256(client.tls.certificate).digest()
    assert client.channel_binding("tls-server-end-point") == expected
    assert server.channel_binding("tls-server-end-point") is None
    assert client.channel_binding("tls-exporter") is None
    client.drop()
    server.drop()


def test_unverified_is_said(
    sockets: Sockets, aside: Any, make_certificate: Callable[..., str]
) -> None:
    """--no-verify takes every certificate, and the facts claim nothing."""
    context = server_context(make_certificate(name="elsewhere", alternative=(), until=0))
    facts = handshake(sockets, aside, context, TlsSettings(verify=False))
    assert (facts.server_name, facts.verified) == ("", False)
    assert "CN=elsewhere, for no host" in describe(facts.certificate)


def test_a_self_signed_certificate_can_be_its_own_ca(
    sockets: Sockets, aside: Any, make_certificate: Callable[..., str]
) -> None:
    """--ca takes the certificate of the server itself."""
    path = make_certificate()
    facts = handshake(sockets, aside, server_context(path), TlsSettings(ca=path))
    assert facts.verified


@pytest.mark.parametrize(
    "wanted, trusted, said",
    [
        ({}, False, ["self-signed", "CN=localhost", "--ca FILE", "--no-verify"]),
        ({"since": -9, "until": -2}, True, ["expired", "valid 20", "--no-verify"]),
        ({"since": 2, "until": 9}, True, ["not valid yet", "--no-verify"]),
        (
            {"alternative": ("a.example", "b.example", "192.0.2.1")},
            True,
            ["another host", "a.example, b.example, 192.0.2.1", "--no-verify"],
        ),
        ({"alternative": ()}, True, ["common name alone", "RFC 9525", "--no-verify"]),
    ],
)
def test_the_failure_says_which_check_failed(
    sockets: Sockets,
    aside: Any,
    make_certificate: Callable[..., str],
    wanted: dict[str, Any],
    trusted: bool,
    said: list[str],
) -> None:
    """The reason, the certificate and the option to go on stand in one line, word `tls`."""
    path = make_certificate(**wanted)
    settings = TlsSettings(ca=path) if trusted else TlsSettings()
    with pytest.raises(Failure) as caught:
        handshake(sockets, aside, server_context(path), settings)
    assert caught.value.word is Word.TLS
    assert [part for part in said if part not in caught.value.sentence] == []
    assert caught.value.sentence.isprintable()


@pytest.mark.parametrize(
    "ca, own, said",
    [
        ({"since": -9, "until": -2}, {}, "one above it has expired"),
        ({"since": 2, "until": 9}, {}, "one above it is not valid yet"),
        ({"since": -9, "until": -2}, {"since": -9, "until": -2}, "it has expired"),
        ({}, {"usage": x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH}, "it is not meant for servers"),
        ({"is_ca": False}, {}, "one above it is no CA"),
    ],
)
def test_which_of_the_chain_is_wrong(
    sockets: Sockets, aside: Any, tmp_path: Path, ca: dict[str, Any], own: dict[str, Any], said: str
) -> None:
    """What is wrong with a CA is not said of the certificate of the server."""
    root, above = tmp_path / "root.pem", tmp_path / "above.pem"
    top = write_certificate(root, "Root", is_ca=True)
    middle = write_certificate(above, "CA", issuer=top, **{"is_ca": True, **ca})
    server = tmp_path / "server.pem"
    write_certificate(server, "localhost", issuer=middle, **own)
    server.write_bytes(server.read_bytes() + above.read_bytes())
    with pytest.raises(Failure, match=f"is not trusted: {said}") as caught:
        handshake(sockets, aside, server_context(str(server)), TlsSettings(ca=str(root)))
    assert caught.value.word is Word.TLS
    assert "--no-verify" in caught.value.sentence


def test_an_unknown_issuer(sockets: Sockets, aside: Any, good_context: Any) -> None:
    """The CA of the sandbox is not one of the system's."""
    with pytest.raises(Failure, match=r"issuer is not known.*--ca FILE") as caught:
        handshake(sockets, aside, good_context, TlsSettings())
    assert caught.value.word is Word.TLS


def test_another_address(sockets: Sockets, aside: Any, authority: Any) -> None:
    """An address must stand in the certificate as an address."""
    context = authority.context("localhost")
    with pytest.raises(Failure, match=r"another address.*for localhost"):
        handshake(sockets, aside, context, authority.settings, "127.0.0.1")


def test_hostile_names_are_shown_safely(
    sockets: Sockets, aside: Any, make_certificate: Callable[..., str]
) -> None:
    """A certificate is the peer's text, too."""
    path = make_certificate(name="\x1b[2J\u202e[/nope]", alternative=("a\x1b[2J.example",))
    with pytest.raises(Failure) as caught:
        handshake(sockets, aside, server_context(path), TlsSettings())
    assert caught.value.sentence.isprintable()
    assert "nope" in caught.value.sentence


def test_the_facts_of_a_handshake_that_failed(sockets: Sockets, aside: Any, authority: Any) -> None:
    """What was presented can be looked at, and why it was not enough; nothing is verified."""
    client, server = (Stream(each, peer="peer") for each in sockets)
    context = authority.context("mx.example")
    accepting = aside(lambda: server.accept_tls(context, soon(), upgrade=True))
    with pytest.raises(Failure) as caught:
        client.start_tls(authority.settings, "localhost", soon(), upgrade=True)
    with pytest.raises(Failure):
        accepting.result()
    facts = client.tls_failed
    assert facts is not None
    assert client.tls is None
    assert facts.trouble == caught.value.sentence
    assert (facts.verified, facts.server_name, facts.implicit) == (False, "", False)
    assert facts.certificates[0].hosts == ("mx.example",)
    client.drop()
    server.drop()


def test_the_facts_have_the_chain(
    sockets: Sockets, aside: Any, authority: Any, good_context: Any
) -> None:
    """The first one is the certificate that was verified."""
    facts = handshake(sockets, aside, good_context, authority.settings)
    assert facts.chain[0] == facts.certificate
    assert facts.certificates[0].hosts == ("localhost", "127.0.0.1", "::1")
    assert (facts.sni, facts.implicit, facts.resumed, facts.trouble) == (
        "localhost",
        True,
        False,
        "",
    )
    assert facts.bits == 256


# ----------------------------------------------------------------------- no TLS in common


def test_a_server_of_tls_1_0_only(sockets: Sockets, aside: Any, authority: Any) -> None:
    """At least TLS 1.2, and the sentence says that this is why."""
    context = authority.context("localhost")
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1
    with pytest.raises(Failure, match=r"TLS 1\.1, which RFC 8996") as caught:
        handshake(sockets, aside, context, authority.settings)
    assert caught.value.word is Word.TLS


def test_no_cipher_in_common(sockets: Sockets, aside: Any, authority: Any) -> None:
    """The alert of the server in words."""
    context = authority.context("localhost")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-RSA-AES256-GCM-SHA384")  # the certificate has no RSA key
    with pytest.raises(Failure, match="in common") as caught:
        handshake(sockets, aside, context, authority.settings)
    assert caught.value.word is Word.TLS


def test_a_server_that_wants_a_client_certificate(
    sockets: Sockets, aside: Any, authority: Any
) -> None:
    """Under TLS 1.3 the refusal comes after the handshake: at the first octets received."""
    context = authority.context("localhost")
    context.verify_mode = ssl.CERT_REQUIRED
    client, server = (Stream(each, peer="peer") for each in sockets)
    accepting = aside(lambda: server.accept_tls(context, soon(), upgrade=False))
    client.start_tls(authority.settings, "localhost", soon(), upgrade=False)
    with pytest.raises(Failure, match="client certificate") as caught:
        client.receive(soon())
    assert caught.value.word is Word.TLS
    with pytest.raises(Failure):
        accepting.result()
    client.drop()
    server.drop()


# ------------------------------------------------------------ text where TLS should be


@pytest.mark.parametrize("injected", [b"2", b"250 injected\r\n", b"\x1b[2J", b"x" * 5000])
def test_text_after_the_go_ahead_is_refused_before_the_handshake(
    sockets: Sockets, injected: bytes
) -> None:
    """Not one octet of TLS is sent then (CVE-2021-22947)."""
    client = Stream(sockets[0], peer="server")
    sockets[1].sendall(b"220 go ahead\r\n" + injected)
    client._view = memoryview(bytearray(14))
    assert client.receive(soon()) == b"220 go ahead\r\n"
    with pytest.raises(PlainText, match="injected before TLS") as caught:
        client.start_tls(TlsSettings(), "localhost", soon(), upgrade=True)
    assert caught.value.word is Word.SECURITY
    assert injected.startswith(caught.value.octets)
    assert caught.value.octets
    assert caught.value.sentence.isprintable()
    client.drop()
    assert drain(sockets[1]) == b""


@pytest.mark.parametrize("injected", [b"2", b"250 injected\r\n", b"\0", b"x" * 5000])
def test_text_in_answer_to_the_client_hello_is_refused(
    sockets: Sockets, aside: Any, injected: bytes
) -> None:
    """However it is cut: one octet that opens no TLS record is enough."""
    client = Stream(sockets[0], peer="server")
    starting = aside(lambda: client.start_tls(TlsSettings(), "localhost", soon(), upgrade=True))
    assert sockets[1].recv(3) == HELLO
    sockets[1].sendall(injected)
    with pytest.raises(PlainText) as caught:
        starting.result()
    assert caught.value.word is Word.SECURITY
    assert injected.startswith(caught.value.octets)
    client.drop()


def test_a_record_that_is_none_is_a_tls_failure(sockets: Sockets, aside: Any) -> None:
    """Text behind an octet that could open a record is for OpenSSL to refuse."""
    client = Stream(sockets[0], peer="server")
    starting = aside(lambda: client.start_tls(TlsSettings(), "localhost", soon(), upgrade=True))
    assert sockets[1].recv(3) == HELLO
    sockets[1].sendall(b"\x16250 injected\r\n")
    with pytest.raises(Failure, match="does not speak TLS") as caught:
        starting.result()
    assert caught.value.word is Word.TLS
    client.drop()


@pytest.mark.parametrize("first", [True, False])
def test_a_plain_server_on_a_tls_port(sockets: Sockets, aside: Any, first: bool) -> None:
    """Whether it greets at once or answers the ClientHello: its words are shown."""
    client = Stream(sockets[0], peer="server")
    greeting = b"220 mail.example ESMTP\x1b[2J\r\n"
    if first:
        sockets[1].sendall(greeting)
    starting = aside(lambda: client.start_tls(TlsSettings(), "localhost", soon(), upgrade=False))
    assert sockets[1].recv(3) == HELLO
    if not first:
        sockets[1].sendall(greeting)
    with pytest.raises(PlainText, match=r"plain text: 220 mail\.example.*without --tls") as caught:
        starting.result()
    assert caught.value.word is Word.TLS
    assert caught.value.sentence.isprintable()
    client.drop()


def test_a_tls_server_on_a_plain_port_answers_in_records(
    sockets: Sockets, aside: Any, good_context: Any
) -> None:
    """What comes back is an alert, for the layer above to name, and the server says why."""
    client, server = (Stream(each, peer="peer") for each in sockets)
    accepting = aside(lambda: server.accept_tls(good_context, soon(), upgrade=False))
    client.send(b"EHLO me.example\r\n")
    with pytest.raises(PlainText, match="EHLO me"):
        accepting.result()
    server.drop()
    client.drop()


def test_the_server_refuses_text_after_starttls(sockets: Sockets, good_context: Any) -> None:
    """What follows STARTTLS in plain text is dropped with the session, word `security`."""
    server = Stream(sockets[1], peer="client")
    sockets[0].sendall(b"MAIL FROM:<injected@example>\r\n")
    with pytest.raises(PlainText) as caught:
        server.accept_tls(good_context, soon(), upgrade=True)
    assert caught.value.word is Word.SECURITY
    server.drop()


# -------------------------------------------------------------------- handshakes that stop


def test_a_stalled_handshake_ends_at_the_deadline(sockets: Sockets) -> None:
    """A server that says nothing is a TIMEOUT."""
    client = Stream(sockets[0], peer="server")
    with pytest.raises(Failure, match="handshake") as caught:
        client.start_tls(TlsSettings(), "localhost", soon(0.01), upgrade=False)
    assert caught.value.word is Word.TIMEOUT
    client.drop()


def test_a_handshake_can_be_interrupted(sockets: Sockets) -> None:
    """Ctrl-C ends it."""
    waker, wakeup = socket.socketpair()
    with waker, wakeup:
        client = Stream(sockets[0], peer="server", wakeup=wakeup.fileno())
        waker.send(b"\0")
        with pytest.raises(Interrupted):
            client.start_tls(TlsSettings(), "localhost", soon(), upgrade=False)
        client.drop()


@pytest.mark.parametrize("upgrade", [False, True])
def test_a_server_that_hangs_up_in_the_handshake(
    sockets: Sockets, aside: Any, upgrade: bool
) -> None:
    """FIN is the word `eof`; before the ClientHello of an upgrade, too."""
    client = Stream(sockets[0], peer="server")
    sockets[1].shutdown(socket.SHUT_WR)
    with pytest.raises(Failure) as caught:
        client.start_tls(TlsSettings(), "localhost", soon(), upgrade=upgrade)
    assert caught.value.word is Word.EOF
    client.drop()


@pytest.mark.parametrize("upgrade", [False, True])
def test_a_server_that_resets_in_the_handshake(sockets: Sockets, upgrade: bool) -> None:
    """RST is the word `reset`."""
    client = Stream(sockets[0], peer="server")
    Stream(sockets[1], peer="client").reset()
    with pytest.raises(Failure) as caught:
        client.start_tls(TlsSettings(), "localhost", soon(), upgrade=upgrade)
    assert caught.value.word is Word.RESET
    client.drop()


def test_close_notify_is_an_end(
    sockets: Sockets, aside: Any, authority: Any, good_context: Any
) -> None:
    """Right behind what was said, in one segment, and with no FIN to come."""
    client, server = (Stream(each, peer="peer") for each in sockets)
    accepting = aside(lambda: server.accept_tls(good_context, soon(), upgrade=False))
    client.start_tls(authority.settings, "localhost", soon(), upgrade=False)
    accepting.result()
    server.send(b"221 bye\r\n")
    server._channel.finish()
    sockets[0].setblocking(False)
    while len(sockets[0].recv(65536, socket.MSG_PEEK)) < 1:
        pass
    assert client.receive(soon()) == b"221 bye\r\n"
    assert client.receive(soon()) == b""
    assert client.ending == Ending.EOF
    client.drop()
    server.drop()


def test_truncation_is_told_from_an_end(
    sockets: Sockets, aside: Any, authority: Any, good_context: Any
) -> None:
    """FIN without close_notify may be an attack: the word is its own."""
    client, server = (Stream(each, peer="peer") for each in sockets)
    accepting = aside(lambda: server.accept_tls(good_context, soon(), upgrade=False))
    client.start_tls(authority.settings, "localhost", soon(), upgrade=False)
    accepting.result()
    server.send(b"+OK message follows\r\n")
    server.drop()
    assert client.receive(soon()) == b"+OK message follows\r\n"
    assert client.receive(soon()) == b""
    assert client.ending == Ending.TRUNCATED
    client.drop()


def test_a_broken_record_is_a_tls_failure(
    sockets: Sockets, aside: Any, authority: Any, good_context: Any
) -> None:
    """Octets that were changed on the way are never given out."""
    client, server = (Stream(each, peer="peer") for each in sockets)
    accepting = aside(lambda: server.accept_tls(good_context, soon(), upgrade=False))
    client.start_tls(authority.settings, "localhost", soon(), upgrade=False)
    accepting.result()
    server._channel.socket.send(b"\x17\x03\x03\x00\x20" + b"x" * 32)
    with pytest.raises(Failure, match="TLS link broke") as caught:
        client.receive(soon())
    assert caught.value.word is Word.TLS
    client.drop()
    server.drop()


def test_tls_inside_tls_is_a_mistake_of_ours(
    sockets: Sockets, aside: Any, authority: Any, good_context: Any
) -> None:
    """STARTTLS under TLS is refused by the session; here it is a bug."""
    client, server = (Stream(each, peer="peer") for each in sockets)
    accepting = aside(lambda: server.accept_tls(good_context, soon(), upgrade=False))
    client.start_tls(authority.settings, "localhost", soon(), upgrade=False)
    accepting.result()
    with pytest.raises(ValueError, match="TLS inside TLS"):
        client.start_tls(authority.settings, "localhost", soon(), upgrade=True)
    client.drop()
    server.drop()


# ------------------------------------------------------------------------------------- files


@pytest.mark.parametrize("content", [None, b"", b"not PEM", b"\xff\x00"])
def test_a_ca_file_of_no_use(tmp_path: Path, content: bytes | None) -> None:
    """A usage failure that names the option."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Failure, match=r"--ca .*ca\.pem") as caught:
        client_context(TlsSettings(ca=str(path)))
    assert caught.value.word is Word.USAGE


def test_a_server_certificate_of_no_use(tmp_path: Path) -> None:
    """The same for our own certificate."""
    with pytest.raises(Failure, match="certificate") as caught:
        server_context(str(tmp_path / "missing.pem"))
    assert caught.value.word is Word.USAGE


def drain(link: socket.socket) -> bytes:
    """All that came until the end; a reset, because we left octets unread, is an end too."""
    link.settimeout(20)
    came = b""
    try:
        while chunk := link.recv(65536):
            came += chunk
    except ConnectionResetError:
        pass
    return came
