"""What a person demands of a handshake: each of it against a live peer that shows what came."""

import contextlib
import socket
import ssl
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
import trustme

from mailprobe.errors import Failure, Word
from mailprobe.transport.certificate import read
from mailprobe.transport.identity import ClientCertificate
from mailprobe.transport.link import TlsFacts, TlsSettings
from mailprobe.transport.stream import Stream
from mailprobe.transport.tls import check
from mailprobe.value import replace

Sockets = tuple[socket.socket, socket.socket]
VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


def soon() -> float:
    return time.monotonic() + 20.0


def speaks(context: ssl.SSLContext, lowest: str, highest: str) -> ssl.SSLContext:
    """The same, for these versions alone."""
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = VERSIONS[lowest]
        context.maximum_version = VERSIONS[highest]
    return context


class Ends:
    """Both ends of one handshake, and what each says of it."""

    def __init__(self, sockets: Sockets, aside: Any) -> None:
        self.client, self.server = (Stream(each, peer="peer") for each in sockets)
        self._aside = aside

    def shake(
        self, context: ssl.SSLContext, settings: TlsSettings, name: str = "localhost"
    ) -> TlsFacts:
        accepting = self._aside(lambda: self.server.accept_tls(context, soon(), upgrade=False))
        try:
            facts = self.client.start_tls(settings, name, soon(), upgrade=False)
            accepting.result()
            return facts
        except Failure:
            self.client.drop()
            with contextlib.suppress(Failure):
                accepting.result()
            raise

    def refused(self, context: ssl.SSLContext, settings: TlsSettings) -> str:
        with pytest.raises(Failure) as caught:
            self.shake(context, settings)
        assert caught.value.word is Word.TLS
        return caught.value.sentence


@pytest.fixture
def ends(sockets: Sockets, aside: Any) -> Any:
    made = Ends(sockets, aside)
    yield made
    made.client.drop()
    made.server.drop()


# ---------------------------------------------------------------------------------- versions


@pytest.mark.parametrize(
    "lowest, highest, agreed",
    [("1.0", "1.0", "TLSv1"), ("1.0", "1.1", "TLSv1.1"), ("1.0", "1.2", "TLSv1.2")],
)
def test_old_versions_work_where_they_are_asked_for(
    ends: Ends, authority: Any, lowest: str, highest: str, agreed: str
) -> None:
    """OpenSSL 3 speaks them at its lowest security level alone, which --tls-min sets."""
    context = speaks(authority.context("localhost"), lowest, highest)
    facts = ends.shake(context, replace(authority.settings, minimum="1.0"))
    assert (facts.version, facts.verified) == (agreed, True)


def test_a_highest_version(ends: Ends, authority: Any, good_context: Any) -> None:
    """No TLS 1.3 for a server that has it."""
    assert ends.shake(good_context, replace(authority.settings, maximum="1.2")).version == "TLSv1.2"


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("ciphers", ["", "DEFAULT:@SECLEVEL=0"])
def test_a_server_of_before_tls_1_3_says_what_it_speaks(
    ends: Ends, authority: Any, version: str, ciphers: str
) -> None:
    """It takes no notice of the versions that we name, and answers in its own.

    A client without TLS 1.3 names none, so that a new server does the same.
    """
    context = speaks(authority.context("localhost"), version, version)
    settings = replace(authority.settings, maximum="1.2", ciphers=ciphers)
    said = ends.refused(context, settings)
    assert f"speak{'s' if ciphers else ''} TLS {version}" in said
    assert "--tls-min" in said


def test_a_server_of_old_ciphers_has_its_option(ends: Ends, authority: Any) -> None:
    """What goes on is named, and it does."""
    context = speaks(authority.context("localhost"), "1.2", "1.2")
    context.set_ciphers("ECDHE-ECDSA-AES256-SHA")
    said = ends.refused(context, authority.settings)
    assert "go on by --tls-ciphers DEFAULT" in said


def test_the_longer_list_of_ciphers(ends: Ends, authority: Any) -> None:
    """Python leaves out what RFC 9325 discourages; some servers know nothing else."""
    context = speaks(authority.context("localhost"), "1.2", "1.2")
    context.set_ciphers("ECDHE-ECDSA-AES256-SHA")
    facts = ends.shake(context, replace(authority.settings, ciphers="DEFAULT"))
    assert facts.cipher == "ECDHE-ECDSA-AES256-SHA"


def test_a_server_that_is_too_old_has_its_option(ends: Ends, authority: Any) -> None:
    """What goes on is named."""
    said = ends.refused(speaks(authority.context("localhost"), "1.0", "1.1"), authority.settings)
    assert "nothing newer than TLS 1.1, which RFC 8996 retired" in said
    assert said.endswith("go on by --tls-min 1.0")


@pytest.mark.parametrize(
    "settings, lowest, highest, said",
    [
        ({"maximum": "1.2"}, "1.3", "1.3", "TLS 1.2 was offered, the peer speaks none of it"),
        ({"minimum": "1.3"}, "1.0", "1.2", "TLS 1.3 was offered, the peer speaks none of it"),
        (
            {"minimum": "1.0", "maximum": "1.1"},
            *("1.2", "1.3", "TLS 1.0 to 1.1 was offered, the peer speaks none of it"),
        ),
    ],
)
def test_no_version_in_common_by_our_own_choice(
    ends: Ends, authority: Any, settings: dict[str, str], lowest: str, highest: str, said: str
) -> None:
    """It is not the server that is blamed."""
    context = speaks(authority.context("localhost"), lowest, highest)
    assert said in ends.refused(context, replace(authority.settings, **settings))


def test_versions_that_cannot_be() -> None:
    """--tls-max below --tls-min, which nobody lowers but the person himself."""
    with pytest.raises(Failure, match=r"--tls-max 1\.1 is below --tls-min 1\.2"):
        check(TlsSettings(maximum="1.1"))


# ------------------------------------------------------------------------ ciphers, ALPN, SNI


def test_ciphers(ends: Ends, authority: Any, good_context: Any) -> None:
    """Those that are named are offered, up to TLS 1.2."""
    wanted = "ECDHE-ECDSA-CHACHA20-POLY1305"
    settings = replace(authority.settings, ciphers=wanted, maximum="1.2")
    facts = ends.shake(good_context, settings)
    assert (facts.cipher, facts.bits) == (wanted, 256)


def test_no_cipher_in_common_by_our_own_choice(ends: Ends, authority: Any) -> None:
    """The option is named."""
    context = speaks(authority.context("localhost"), "1.2", "1.2")
    context.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
    settings = replace(authority.settings, ciphers="ECDHE-ECDSA-CHACHA20-POLY1305")
    said = ends.refused(context, settings)
    assert "in common" in said
    assert "--tls-ciphers" in said


def test_ciphers_that_nobody_knows() -> None:
    """A usage failure, before anybody is connected to."""
    with pytest.raises(Failure, match="--tls-ciphers NONE: OpenSSL knows none") as caught:
        check(TlsSettings(ciphers="NONE"))
    assert caught.value.word is Word.USAGE


@pytest.mark.parametrize("theirs, agreed", [(["pop3"], "pop3"), (["h2"], ""), ([], "")])
def test_alpn(ends: Ends, authority: Any, theirs: list[str], agreed: str) -> None:
    """Offered and agreed on are both told."""
    context = authority.context("localhost")
    if theirs:
        context.set_alpn_protocols(theirs)
    facts = ends.shake(context, replace(authority.settings, alpn=("smtp", "pop3")))
    assert (facts.offered_alpn, facts.alpn) == (("smtp", "pop3"), agreed)


@pytest.mark.parametrize("target", ["127.0.0.1", "localhost"])
def test_another_name_is_asked_for_and_verified(ends: Ends, authority: Any, target: str) -> None:
    """--sni is the host that the person means, whatever address he names."""
    context = authority.context("mx.example.test")
    seen: list[str | None] = []
    context.sni_callback = lambda link, asked, _: seen.append(asked)
    facts = ends.shake(context, replace(authority.settings, name="mx.example.test"), target)
    assert seen == ["mx.example.test"]
    assert (facts.sni, facts.server_name) == ("mx.example.test", "mx.example.test")


@pytest.mark.parametrize("name, sent", [("localhost", "localhost"), ("127.0.0.1", ""), ("::1", "")])
def test_the_facts_tell_what_name_was_sent(
    ends: Ends, authority: Any, good_context: Any, name: str, sent: str
) -> None:
    """An address is none (RFC 6066, section 3)."""
    assert ends.shake(good_context, authority.settings, name).sni == sent


# ---------------------------------------------------------------------------------- key log


def test_the_secrets_go_to_a_private_file(
    ends: Ends, authority: Any, good_context: Any, tmp_path: Path
) -> None:
    """In the form of NSS, for Wireshark; nobody else can read it."""
    path = tmp_path / "keys"
    ends.shake(good_context, replace(authority.settings, key_log=str(path)))
    assert "CLIENT_TRAFFIC_SECRET_0 " in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_environment_names_no_key_log(
    ends: Ends,
    authority: Any,
    good_context: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """SSLKEYLOGFILE alone does nothing."""
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    ends.shake(good_context, authority.settings)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["link", "folder", "nowhere"])
def test_a_key_log_of_no_use(tmp_path: Path, kind: str) -> None:
    """A link that somebody laid out is not followed; it is told before anybody is connected to."""
    path = tmp_path / "keys"
    if kind == "link":
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "folder":
        path.mkdir()
    else:
        (tmp_path / "file").touch()
        path = tmp_path / "file" / "keys"
    with pytest.raises(Failure, match="cannot write") as caught:
        check(TlsSettings(key_log=str(path)))
    assert caught.value.word is Word.USAGE
    assert not (tmp_path / "elsewhere").exists()


# ------------------------------------------------------------------------- client certificate


def asking(authority: Any, version: str, trusted: trustme.CA) -> ssl.SSLContext:
    """A server that wants to know who its client is."""
    context = speaks(authority.context("localhost"), version, version)
    context.verify_mode = ssl.CERT_REQUIRED
    trusted.configure_trust(context)
    return context


def own(folder: Path, authority: trustme.CA) -> ClientCertificate:
    path = folder / "own.pem"
    path.write_bytes(
        authority.issue_cert("alice@example.test").private_key_and_cert_chain_pem.bytes()
    )
    return ClientCertificate(str(path))


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_client_certificate_is_shown(
    ends: Ends, authority: Any, tmp_path: Path, version: str
) -> None:
    """The server sees ours; our facts say which file it was."""
    identity = own(tmp_path, authority.ca)
    facts = ends.shake(
        asking(authority, version, authority.ca), replace(authority.settings, identity=identity)
    )
    assert facts.identity == identity.certificate
    assert ends.server.tls is not None
    assert read(ends.server.tls.certificate).mailboxes == ("alice@example.test",)


def test_a_client_certificate_is_wanted(ends: Ends, authority: Any) -> None:
    """TLS 1.2 has no alert of its own for that: that a cipher was chosen tells it."""
    said = ends.refused(asking(authority, "1.2", authority.ca), authority.settings)
    assert said.endswith("the peer wants a client certificate; give one by --cert FILE")


def test_a_client_certificate_of_a_stranger(ends: Ends, authority: Any, tmp_path: Path) -> None:
    """The alert of the server in words."""
    identity = own(tmp_path, trustme.CA())
    settings = replace(authority.settings, identity=identity)
    said = ends.refused(asking(authority, "1.2", authority.ca), settings)
    assert said.endswith("the peer does not trust the certificate")
