"""Domains, DNS servers and addresses, as text: what is taken, and where nobody is led unasked."""

import pytest

from mailprobe.addresses import dangerous, is_local, parse_domain, parse_server


@pytest.mark.parametrize(
    "text, domain",
    [
        ("example.test.", "example.test"),
        ("Example.TEST", "Example.TEST"),
        ("faß.example", "xn--fa-hia.example"),
        ("例え。example", "xn--r8jz45g.example"),
        ("_dmarc.example.test", "_dmarc.example.test"),
        (f"{'a' * 63}.test", f"{'a' * 63}.test"),
    ],
)
def test_parse_domain(text: str, domain: str) -> None:
    """A domain is taken with its final dot or without, in any script."""
    assert parse_domain(text) == domain


@pytest.mark.parametrize(
    "text, server",
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]", ("2001:db8::1", 53)),
        ("[2001:db8::1]:65535", ("2001:db8::1", 65535)),
        ("fe80::1%lo", ("fe80::1%lo", 53)),
    ],
)
def test_parse_server(text: str, server: tuple[str, int]) -> None:
    """An address of either family, with a port or without."""
    assert parse_server(text) == server


@pytest.mark.parametrize(
    "address, reason",
    [
        ("127.0.0.1", "loopback"),
        ("127.255.0.9", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::127.0.0.1", "loopback"),
        ("64:ff9b::7f00:1", "loopback"),
        ("2002:7f00:1::", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("169.254.169.254", "metadata"),
        ("::ffff:169.254.169.254", "metadata"),
        ("fd00:ec2::254", "metadata"),
        ("169.254.1.1", "link-local"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("255.255.255.255", "broadcast"),
        ("mx1.example.test", "not an address"),
    ],
)
def test_dangerous(address: str, reason: str) -> None:
    """An address that a stranger's MX must not lead to unasked, in every disguise."""
    assert reason in dangerous(address)


@pytest.mark.parametrize(
    "address, known",
    [
        ("127.0.0.1", True),
        ("::ffff:127.9.9.9", True),
        ("::1", True),
        ("169.254.169.254", False),
        ("169.254.1.1", False),
        ("fe80::1%eth0", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
    ],
)
def test_a_name_server_of_this_machine(address: str, known: bool) -> None:
    """May name loopback, and nothing else: it may pass on what strangers say."""
    assert dangerous(address)
    assert (dangerous(address, local=True) == "") is known


def test_who_is_local() -> None:
    """Only a name server of this machine that somebody named."""
    servers = (None, "192.0.2.53", "169.254.169.254", "127.0.0.1:5353", "[::1]:53")
    assert [is_local(server) for server in servers] == [False, False, False, True, True]


@pytest.mark.parametrize(
    "address", ["192.0.2.1", "10.0.0.1", "192.168.1.1", "2001:db8::1", "fd00::1", "::ffff:10.0.0.1"]
)
def test_not_dangerous(address: str) -> None:
    """Public and private addresses are what a probe is for."""
    assert dangerous(address) == ""
