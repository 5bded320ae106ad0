"""Headers of the PROXY protocol, octet by octet, and read again by another reader."""

import struct
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.errors import Failure, Word
from mailprobe.transport.proxied import header
from mailprobe.transport.way import Announcement

SIGNATURE = bytes.fromhex("0d0a0d0a000d0a515549540a")


def read(octets: bytes) -> tuple[str, object, object]:
    """The header as a server takes it: who speaks, and the two addresses; nothing is left over."""
    if octets.startswith(b"PROXY "):
        assert len(octets) <= 107  # section 2.1: what a receiver has to have room for
        words = octets.removesuffix(b"\r\n").decode("ascii").split(" ")
        assert octets.endswith(b"\r\n")
        if words[1:] == ["UNKNOWN"]:
            return "unknown", None, None
        _, family, source, destination, *ports = words
        for address in (source, destination):
            assert ip_address(address).version == {"TCP4": 4, "TCP6": 6}[family]
        assert all(str(int(port)) == port for port in ports)
        return "proxy", (source, int(ports[0])), (destination, int(ports[1]))
    signature, command, family, length = struct.unpack("!12sBBH", octets[:16])
    rest = octets[16:]
    assert (signature, len(rest)) == (SIGNATURE, length)
    who = {0x20: "local", 0x21: "proxy"}[command]
    if family == 0:
        assert not rest
        return who, None, None
    if family == 0x31:
        paths = struct.unpack("108s108s", rest)
        return who, *[path.rstrip(b"\0").decode() for path in paths]
    size = {0x11: 4, 0x21: 16}[family]
    first, second, *ports = struct.unpack(f"!{size}s{size}sHH", rest)
    ends = [(str(ip_address(one)), port) for one, port in zip((first, second), ports, strict=True)]
    return who, *ends


def test_the_first_version() -> None:
    """A line of text, with addresses in their shortest form."""
    v4 = Announcement(1, ("192.0.2.1", 4711), ("198.51.100.1", 25))
    assert header(v4, None, None) == b"PROXY TCP4 192.0.2.1 198.51.100.1 4711 25\r\n"
    v6 = Announcement(1, ("2001:DB8:0:0::1", 65535), ("::1", 25))
    assert header(v6, None, None) == b"PROXY TCP6 2001:db8::1 ::1 65535 25\r\n"
    assert header(Announcement(1, local=True), None, None) == b"PROXY UNKNOWN\r\n"


def test_the_second_version() -> None:
    """Signature, version and command, family, length, addresses, ports."""
    v4 = Announcement(2, ("192.0.2.1", 4711), ("198.51.100.1", 25))
    expected = "0d0a0d0a000d0a515549540a 21 11 000c c0000201 c6336401 1267 0019"
    assert header(v4, None, None) == bytes.fromhex(expected)
    v6 = Announcement(2, ("2001:db8::1", 1), ("::1", 2))
    octets = header(v6, None, None)
    assert octets[12:16] == bytes.fromhex("21 21 0024")
    assert len(octets) == 16 + 36
    assert header(Announcement(2, local=True), None, None) == SIGNATURE + b"\x20\0\0\0"


def test_unix_sockets() -> None:
    """Two paths of 108 octets in the second version; the first one has no word for them."""
    given = header(Announcement(2, "/a", "/" + "b" * 107), None, None)
    assert given[12:16] == bytes.fromhex("21 31 00d8")
    assert read(given) == ("proxy", "/a", "/" + "b" * 107)
    assert read(header(Announcement(2), "", "/run/lmtp")) == ("proxy", "", "/run/lmtp")
    assert header(Announcement(1), "", "/run/lmtp") == b"PROXY UNKNOWN\r\n"


ADDRESSES = st.one_of(
    st.tuples(st.ip_addresses(v=4), st.ip_addresses(v=4)),
    st.tuples(st.ip_addresses(v=6), st.ip_addresses(v=6)),
)
PORTS = st.integers(0, 65535)


@given(st.sampled_from([1, 2]), ADDRESSES, PORTS, PORTS)
def test_what_is_written_is_what_is_read(
    version: int, hosts: tuple[object, object], first: int, second: int
) -> None:
    """Of the addresses of a link, and of those that a person gave."""
    ends = ((str(hosts[0]), first), (str(hosts[1]), second))
    for octets in (
        header(Announcement(version), (*ends[0], 0, 0), ends[1]),
        header(Announcement(version, *ends), None, None),
    ):
        who, *found = read(octets)
        assert who == "proxy"
        assert [(ip_address(host), port) for host, port in found] == [  # type: ignore[misc]
            (hosts[0], first),
            (hosts[1], second),
        ]


def test_addresses_that_nobody_knows() -> None:
    """Through a proxy, or a program: they have to be written."""
    with pytest.raises(Failure, match="not known here") as caught:
        header(Announcement(1), None, None)
    assert caught.value.word is Word.USAGE


def test_a_zone_does_not_travel() -> None:
    """It means nothing on another machine."""
    octets = header(Announcement(1), ("fe80::1%eth0", 1, 0, 2), ("fe80::2%eth0", 25, 0, 2))
    assert octets == b"PROXY TCP6 fe80::1 fe80::2 1 25\r\n"
