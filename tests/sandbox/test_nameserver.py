"""The practice zone, asked by the same look-ups that ask real name servers; hostile octets, too."""

import contextlib
import socket
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe import lookup
from mailprobe.hops import Outcome
from mailprobe.sandbox import zones
from mailprobe.sandbox.manners import Host, Record, Zone
from mailprobe.sandbox.nameserver import answer
from mailprobe.sandbox.profiles import PROFILES
from mailprobe.sandbox.server import Sandbox
from tests.hostile import probe


@pytest.fixture(scope="module")
def practice() -> Iterator[Sandbox]:
    with Sandbox({"smtp": 0}, profile=PROFILES["mx"], deterministic=True) as running:
        yield running


@pytest.mark.parametrize(
    "domain, outcome, hosts",
    [
        ("example.test", Outcome.MX, ["mx1.example.test", "mx2.example.test"]),
        ("EXAMPLE.test", Outcome.MX, ["mx1.example.test", "mx2.example.test"]),
        ("tie.test", Outcome.MX, ["a.tie.test", "b.tie.test"]),
        ("none.test", Outcome.IMPLICIT, ["none.test"]),
        ("null.test", Outcome.NULL_MX, []),
        ("broken.test", Outcome.MX, ["alias.broken.test"]),
        ("bank.test", Outcome.MX, ["mx.bank.test"]),
        ("gone.test", Outcome.NXDOMAIN, []),
        ("fail.test", Outcome.SERVFAIL, []),
        ("example.org", Outcome.SERVFAIL, []),
    ],
)
def test_next_hop(practice: Sandbox, domain: str, outcome: Outcome, hosts: list[str]) -> None:
    """Each domain is what the lesson says of it."""
    hop = lookup.next_hop(domain, server=practice.dns, shuffle=lambda hosts: None)
    assert hop.outcome is outcome
    assert [host.name for host in hop.hosts] == hosts


@pytest.mark.parametrize("host", zones.HOSTS, ids=lambda host: host.name)
def test_each_host_greets_with_its_name(practice: Sandbox, host: Host) -> None:
    """At its own address, on the port that the sandbox has."""
    [address] = lookup.addresses_of(host.name, server=practice.dns, limit=probe.LONG)
    assert address == host.address
    with socket.create_connection((address, practice.ports["smtp"]), timeout=probe.LONG) as link:
        assert link.recv(1000).startswith(b"220 " + host.name.encode() + b" ")


def test_names_of_addresses(practice: Sandbox) -> None:
    """The way back (PTR)."""
    questions = lookup.open_questions(practice.dns, limit=probe.LONG)
    found = questions.ask("11.0.0.127.in-addr.arpa", "PTR")
    assert "mx1.example.test" in str(found.records)


def test_texts(practice: Sandbox) -> None:
    """SPF, DMARC and a DKIM key, as a receiver looks for them."""
    questions = lookup.open_questions(practice.dns, limit=probe.LONG)
    for name, text in (
        ("bank.test", "v=spf1 ip4:192.0.2.25 -all"),
        ("_dmarc.bank.test", "v=DMARC1; p=reject"),
        ("mail._domainkey.bank.test", "v=DKIM1; k=ed25519; p="),
    ):
        assert text in str(questions.ask(name, "TXT").records)


def test_it_is_gone_with_the_sandbox() -> None:
    """Its port is free again, and another start has another one."""
    sandbox = Sandbox({"smtp": 0}, profile=PROFILES["mx"])
    assert sandbox.dns == ""
    with sandbox:
        assert sandbox.dns
        host, _, port = sandbox.dns.partition(":")
    assert sandbox.dns == ""
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind((host, int(port)))


# ------------------------------------------------------------------------------ octets, octets


def question(name: str, kind: int, *, flags: int = 0x0100, count: int = 1) -> bytes:
    labels = b"".join(bytes([len(each)]) + each.encode() for each in name.split(".") if each)
    head = struct.pack("!6H", 7, flags, count, 0, 0, 0)
    return head + labels + b"\0" + struct.pack("!2H", kind, 1)


def code_of(reply: bytes) -> tuple[int, int]:
    """The response code, and how many records the answer has."""
    _, flags, _, answers, *_ = struct.unpack_from("!6H", reply)
    return flags & 15, answers


_LONG = Zone((Record("long.test", "TXT", "x" * 900), Record("a.b.test", "A", "127.0.0.1")))


@pytest.mark.parametrize(
    "octets, found",
    [
        (question("long.test", 16), (0, 1)),
        (question("long.test", 1), (0, 0)),
        (question("b.test", 1), (0, 0)),  # there is a name below it (RFC 8020)
        (question("c.test", 1), (3, 0)),
        (question("a.b.test", 255), (0, 1)),
        (question("", 2), (5, 0)),
        (question("test", 6), (0, 0)),
        (question("a.b.test", 1, count=2), (1, 0)),
        (question("a.b.test", 1)[:-3], (1, 0)),
        (question("a.b.test", 1)[:14], (1, 0)),
        (question("a.b.test", 1, flags=0x2800), (4, 0)),
        (question("a.b.test", 1).replace(b"\x01b", b"\xc0\x0c"), (1, 0)),
        (question("a.b.test", 1)[:-1] + b"\x03", (5, 0)),  # another class: CHAOS
        (question("a.b.test", 1)[:-1] + b"\xff", (0, 1)),  # any class
        (question("aXb.test", 1).replace(b"X", b"."), (3, 0)),  # a label that holds a dot
    ],
)
def test_what_is_said(octets: bytes, found: tuple[int, int]) -> None:
    """Records, none of that type, no such name, not ours, no question at all."""
    assert code_of(answer(_LONG, octets, 65535)) == found


def test_what_is_too_long_says_so() -> None:
    """Then it is asked again by TCP (RFC 1035, section 4.2.1)."""
    reply = answer(_LONG, question("long.test", 16), 512)
    assert struct.unpack_from("!H", reply, 2)[0] & 0x0200
    assert len(reply) < 512


def test_a_circle_of_aliases_ends() -> None:
    """Nobody is sent round for ever."""
    zone = Zone((Record("a.test", "CNAME", "b.test."), Record("b.test", "CNAME", "a.test.")))
    assert code_of(answer(zone, question("a.test", 1), 512)) == (2, 0)


@pytest.mark.parametrize("octets", [b"", b"\0" * 11, question("a.test", 1, flags=0x8000)])
def test_silence(octets: bytes) -> None:
    """What is no question has no answer, so that two servers never talk for ever."""
    assert answer(_LONG, octets, 512) == b""


@given(st.binary(max_size=80))
def test_no_octets_trouble_it(octets: bytes) -> None:
    """Whatever comes, the reply fits."""
    assert len(answer(zones.PRACTICE, octets, 512)) <= 512


def test_tcp(practice: Sandbox) -> None:
    """Two questions over one connection; one that breaks off takes nobody along."""
    host, _, port = practice.dns.partition(":")
    asked = question("example.test", 15)
    framed = struct.pack("!H", len(asked)) + asked
    with socket.create_connection((host, int(port)), timeout=probe.LONG) as broken:
        broken.sendall(framed[:5])
    with socket.create_connection((host, int(port)), timeout=probe.LONG) as link:
        link.sendall(framed + framed)
        with contextlib.closing(link.makefile("rb")) as file:
            for _ in range(2):
                length = struct.unpack("!H", file.read(2))[0]
                assert code_of(file.read(length)) == (0, 2)
