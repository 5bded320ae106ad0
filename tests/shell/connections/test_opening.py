"""The way to a session: the exchangers of a domain, one after the other."""

import re
import socket
import time
from collections.abc import Callable

import dns.rcode
import pytest

from mailprobe import lookup
from mailprobe.errors import Failure, Word
from mailprobe.lookup import MailHost, NextHop, Outcome
from mailprobe.protocol.model import Protocol, State
from mailprobe.session import Settings
from mailprobe.shell.connections import opening
from mailprobe.shell.options import Options
from mailprobe.transport.stream import Stream
from mailprobe.transport.target import Target, Tls
from mailprobe.transport.way import Proxy, Scheme, Source, Way
from mailprobe.value import replace
from tests.hostile.server import ScriptedServer, close, send
from tests.nameserver import SILENT, Fault, Nameserver
from tests.transport.proxies import proxy


@pytest.fixture
def exchangers(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Make example.org have so many exchangers, all of them on this machine."""

    def have(count: int, port: int) -> None:
        hosts = tuple(
            MailHost(10 * number, f"mx{number}.example.org", ("127.0.0.1",), "")
            for number in range(1, count + 1)
        )
        hop = NextHop("example.org", Outcome.MX, hosts, "two exchangers", 0.0)
        monkeypatch.setattr(lookup, "next_hop", lambda *about, **how: hop)
        monkeypatch.setattr(opening, "_MX_PORT", dict.fromkeys(opening._MX_PORT, port))

    return have


@pytest.mark.parametrize("greeting", [b"554 no service\r\n", b"421 busy\r\n"])
def test_an_exchanger_that_takes_no_mail_is_passed_over(exchangers, greeting: bytes) -> None:
    """RFC 5321, section 5.1: the next one is tried, and what the first said is told."""
    told: list[str] = []
    with ScriptedServer(send(greeting), close) as server:
        exchangers(2, server.port)
        options = Options(mx="example.org", dns="127.0.0.1")
        session = opening.open_session(options, None, [], tell=told.append)
        assert session.state is not State.GREETED  # the last one counts, whatever it says
        session.drop()
    assert [note for note in told if note.startswith("mx1.example.org takes no mail now (")]
    assert not [note for note in told if note.startswith("mx2")]


@pytest.mark.parametrize("port", [465, 995])
@pytest.mark.parametrize("tls", Tls)
def test_a_port_for_tls_that_is_spoken_to_in_plain_text(port: int, tls: Tls) -> None:
    """It would be silent for a minute: what to try is told before that."""
    told: list[str] = []

    def nowhere(target: Target, **how: object) -> Stream:
        raise Failure(Word.CONNECT, "no way")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "connect", nowhere)
        with pytest.raises(Failure, match="no way"):
            target = Target(Protocol.SMTP, "mx.example", port, tls)
            opening.open_session(Options(), target, [], tell=told.append)
    said = f"port {port} is for TLS from the first octet (RFC 8314): silent? try --tls"
    assert told == ([] if tls is Tls.IMPLICIT else [said])


def test_an_exchanger_through_a_proxy(exchangers) -> None:
    """The proxy gets the addresses that were shown, in their order, and looks nothing up."""
    with ScriptedServer(send(b"220 mx\r\n")) as server, proxy("socks5") as seen:
        exchangers(1, server.port)
        way = Way(proxy=Proxy(Scheme.SOCKS5, "127.0.0.1", seen.port))
        options = Options(mx="example.org", dns="127.0.0.1", way=way)
        session = opening.open_session(options, None, [])
        assert session.state is State.GREETED
        assert session.server_name == "mx1.example.org"
        session.drop()
    assert seen.places == [("127.0.0.1", server.port)]


@pytest.mark.parametrize(
    "options, family",
    [
        (Options(), "any"),
        (Options(family=socket.AF_INET6), "6"),
        (Options(way=Way(Source("127.0.0.1"))), "4"),
        (Options(family=socket.AF_INET, way=Way(proxy=Proxy(Scheme.HTTP, "::1", 1))), "any"),
    ],
)
def test_addresses_that_an_exchanger_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, options: Options, family: str
) -> None:
    """Those that we can connect to; what a proxy can is its own matter."""
    asked: list[object] = []

    def next_hop(domain: str, **how: object) -> NextHop:
        asked.append(how["family"])
        return NextHop(domain, Outcome.NO_ADDRESS, (), "none", 0.0)

    monkeypatch.setattr(lookup, "next_hop", next_hop)
    with pytest.raises(Failure, match="none"):
        opening.open_session(replace(options, mx="example.org"), None, [])
    assert asked == [family]


@pytest.mark.parametrize("name", ["host", "alias"])
def test_the_name_server_that_was_named_knows_the_target(name: str) -> None:
    """--dns is asked for a host as well; localhost and addresses are nobody's question."""
    zone = "host A 127.0.0.1\nalias CNAME host"
    with Nameserver(zone) as nameserver, ScriptedServer(send(b"220 mx\r\n"), close) as server:
        options = Options(dns=nameserver.address)
        for host in (f"{name}.example.test", "localhost", "127.0.0.1"):
            target = Target(Protocol.SMTP, host, server.port)
            opening.open_session(options, target, []).drop()
        assert {asked for _, asked, _ in nameserver.asked} == {f"{name}.example.test"}


@pytest.mark.parametrize(
    "host, faults, sentence",
    [
        ("nobody", {}, "nobody.example.test: its name does not exist"),
        ("host", {}, "host.example.test: it has no address"),
        ("host", {"host": dns.rcode.SERVFAIL}, "host.example.test: its AAAA look-up failed"),
        ("host", {"host": SILENT}, "no answer within --max-time"),
    ],
)
def test_a_target_that_the_name_server_does_not_know(
    host: str, faults: dict[str, Fault], sentence: str
) -> None:
    """The word is dns, and the reason stands there; the system is not asked in its place."""
    with Nameserver("host TXT x", faults=faults) as nameserver:
        settings = Settings(end=time.monotonic() + 1.0)
        options = Options(dns=nameserver.address, settings=settings)
        with pytest.raises(Failure, match=re.escape(sentence)) as caught:
            opening.open_session(options, Target(Protocol.SMTP, f"{host}.example.test", 25), [])
    assert caught.value.word is Word.DNS


@pytest.mark.parametrize(
    "server, address, goes",
    [
        (None, "127.0.0.1", False),
        ("192.0.2.53", "127.0.0.1", False),
        ("127.0.0.1", "127.0.0.1", True),
        (None, "169.254.169.254", False),
        ("127.0.0.1", "169.254.169.254", False),
        ("127.0.0.1", "fe80::1", False),
    ],
)
def test_an_exchanger_that_a_stranger_may_have_named(
    monkeypatch: pytest.MonkeyPatch, server: str | None, address: str, goes: bool
) -> None:
    """Nobody is connected to before somebody has named that address himself."""
    hosts = tuple(
        MailHost(number, f"mx{number}.example.org", (each,), "")
        for number, each in enumerate(("192.0.2.1", address))
    )
    hop = NextHop("example.org", Outcome.MX, hosts, "two exchangers", 0.0)
    monkeypatch.setattr(lookup, "next_hop", lambda *about, **how: hop)

    def nowhere(target: Target, **how: object) -> Stream:
        raise Failure(Word.CONNECT, "no way")

    monkeypatch.setattr(opening, "connect", nowhere)
    with pytest.raises(Failure) as caught:
        opening.open_session(Options(mx="example.org", dns=server), None, [])
    assert caught.value.word is (Word.CONNECT if goes else Word.SECURITY)
    assert ("name that address yourself" in caught.value.sentence) is not goes
