"""Where a lesson leads: its own servers, this machine, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.lessons.servers import Servers
from mailprobe.protocol.model import Protocol
from mailprobe.transcript.model import Peer
from mailprobe.transport.target import Kind, parse_target
from mailprobe.value import replace

PEERS = {1: Peer("smtp", "sandbox/mx"), 2: Peer("pop3", "sandbox/muse")}


@pytest.fixture
def servers() -> Iterator[Servers]:
    found = Servers(PEERS)
    yield found
    found.stop()


def way(servers: Servers, text: str, protocol: Protocol = Protocol.SMTP) -> tuple[str, int]:
    found = servers.way(parse_target(text, protocol), servers.target(1))
    assert found.kind is Kind.SANDBOX or found.addresses
    return found.host, found.port


@pytest.mark.parametrize(
    "text, host",
    [
        ("sandbox", "sandbox/mx"),
        ("practice", "sandbox/mx"),
        ("sandbox/strict", "sandbox/strict"),
        ("127.0.0.1:2525", "127.0.0.1"),
        ("127.9.8.7:25", "127.9.8.7"),
        ("localhost:25", "localhost"),
        ("[::1]:25", "::1"),
    ],
)
def test_this_machine_is_in_reach(servers: Servers, text: str, host: str) -> None:
    """Its practice servers by any name that people give them, and loopback."""
    assert way(servers, text)[0] == host


def test_each_protocol_has_its_server(servers: Servers) -> None:
    """Also where the next connection of the lesson speaks another one."""
    assert way(servers, "sandbox", Protocol.POP3)[0] == "sandbox/muse"
    assert way(servers, "sandbox", Protocol.LMTP)[0] == "sandbox/mx"


def test_a_host_of_the_zone_is_in_reach(servers: Servers) -> None:
    """At the port of the practice server, for 25 belongs to others."""
    port = servers.sandbox("sandbox/mx").ports["smtp"]
    assert way(servers, "mx1.example.test") == ("mx1.example.test", port)
    assert servers.name_server == servers.sandbox("sandbox/mx").dns


@pytest.mark.parametrize(
    "text, word",
    [
        ("192.0.2.1", Word.SECURITY),
        ("[2001:db8::1]:25", Word.SECURITY),
        ("[::ffff:192.0.2.1]:25", Word.SECURITY),
        ("0.0.0.0:25", Word.SECURITY),
        ("unix:/run/x", Word.SECURITY),
        ("127.0.0.1.example.net", Word.SECURITY),
        ("mail.example.com", Word.SECURITY),
        ("gone.test", Word.DNS),
    ],
)
def test_all_else_is_out_of_reach(servers: Servers, text: str, word: Word) -> None:
    """Names are asked of the practice zone alone."""
    with pytest.raises(Failure) as caught:
        way(servers, text)
    assert caught.value.word is word


def test_addresses_that_come_along_are_looked_at(servers: Servers) -> None:
    """A route may have found them elsewhere."""
    target = replace(parse_target("mx1.example.test", Protocol.SMTP), addresses=("192.0.2.1",))
    with pytest.raises(Failure, match="never leaves"):
        servers.way(target, servers.target(1))


def test_without_a_zone_nobody_is_asked(tmp_path: Path) -> None:
    """A name that is no loopback is refused as it stands."""
    servers = Servers({1: Peer("smtp", "sandbox/plain")})
    try:
        with pytest.raises(Failure, match="name server"):
            print(servers.name_server)
        with pytest.raises(Failure, match="never leaves"):
            way(servers, "mail.example.com")
    finally:
        servers.stop()


def test_after_a_stop_there_are_fresh_ones(servers: Servers) -> None:
    """A lesson that begins anew finds no mail of the run before."""
    first = servers.sandbox("sandbox/muse")
    servers.stop()
    assert servers.sandbox("sandbox/muse") is not first
