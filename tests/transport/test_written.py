"""What a way is made of, and how it is read from what a person wrote."""

import socket

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.transport.way import DIRECT, Announcement, Proxy, Scheme, Source, Way
from mailprobe.transport.written import (
    check_family,
    parse_announcement,
    parse_proxy,
    parse_source,
)


@pytest.mark.parametrize(
    "text, source, shown",
    [
        ("192.0.2.1", Source("192.0.2.1"), "192.0.2.1"),
        ("192.0.2.1:2525", Source("192.0.2.1", 2525), "192.0.2.1:2525"),
        ("2001:db8::1", Source("2001:db8::1"), "2001:db8::1"),
        ("[2001:db8::1]", Source("2001:db8::1"), "2001:db8::1"),
        ("[2001:db8::1]:2525", Source("2001:db8::1", 2525), "[2001:db8::1]:2525"),
        ("fe80::1%eth0", Source("fe80::1%eth0"), "fe80::1%eth0"),
    ],
)
def test_an_address_of_ours(text: str, source: Source, shown: str) -> None:
    """IPv4 and IPv6, with a port and without."""
    assert parse_source(text) == source
    assert str(source) == shown


@pytest.mark.parametrize(
    "text", ["", "mail.example", "eth0:25", "192.0.2", "192.0.2.1:0", "192.0.2.1:x", "[::1", "::1:"]
)
def test_what_is_no_address_of_ours(text: str) -> None:
    """A name is none: which of its addresses would it be?"""
    with pytest.raises(Failure) as caught:
        parse_source(text)
    assert caught.value.word is Word.USAGE


@pytest.mark.parametrize(
    "text, proxy",
    [
        ("socks5://proxy.example:1080", Proxy(Scheme.SOCKS5, "proxy.example", 1080)),
        ("SOCKS5H://[::1]:1080/", Proxy(Scheme.SOCKS5, "::1", 1080)),
        ("http://alice@127.0.0.1:3128", Proxy(Scheme.HTTP, "127.0.0.1", 3128, "alice")),
        ("http://a@b@127.0.0.1:3128", Proxy(Scheme.HTTP, "127.0.0.1", 3128, "a@b")),
    ],
)
def test_a_proxy(text: str, proxy: Proxy) -> None:
    """With a user and without."""
    assert parse_proxy(text) == proxy


@pytest.mark.parametrize(
    "text, said",
    [
        ("proxy.example:1080", "a proxy is socks5://"),
        ("socks4://proxy.example:1080", "a proxy is socks5://"),
        ("https://proxy.example:443", "a proxy is socks5://"),
        ("socks5://proxy.example", "port is missing"),
        ("socks5://[::1]", "port is missing"),
        ("socks5://", "port is missing"),
        ("socks5://unix:/x:1", "expected HOST:PORT|absolute|colon|host name"),
        ("socks5://smtp://x:25", "expected HOST:PORT"),
        ("socks5://@proxy.example:1080", "user of a proxy"),
        ("socks5://" + "u" * 256 + "@proxy.example:1080", "user of a proxy"),
    ],
)
def test_what_is_no_proxy(text: str, said: str) -> None:
    """It is told before anything is connected."""
    with pytest.raises(Failure, match=said) as caught:
        parse_proxy(text)
    assert caught.value.word is Word.USAGE


def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    """Others see the command line."""
    with pytest.raises(Failure, match="MAILPROBE_SECRET_PROXY_PASSWORD") as caught:
        parse_proxy("socks5://alice:hunter2@proxy.example:1080")
    assert "hunter2" not in caught.value.sentence


def test_a_password_is_not_written() -> None:
    """Neither where it is shown nor in a traceback."""
    proxy = Proxy(Scheme.SOCKS5, "proxy.example", 1080, "alice", "hunter2")
    assert "hunter2" not in f"{proxy} {proxy!r} {Way(proxy=proxy)!r}"


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("v1", Announcement(1)),
        ("v2,local", Announcement(2, local=True)),
        (
            "v1,192.0.2.1:4711,198.51.100.1:25",
            Announcement(1, ("192.0.2.1", 4711), ("198.51.100.1", 25)),
        ),
        (
            "v2,[2001:db8::1]:4711,[2001:db8::2]:25",
            Announcement(2, ("2001:db8::1", 4711), ("2001:db8::2", 25)),
        ),
        ("v2,unix:/a,unix:/b", Announcement(2, "/a", "/b")),
    ],
)
def test_an_announcement(text: str, wanted: Announcement) -> None:
    """It is written as it was read."""
    assert parse_announcement(text) == wanted
    assert str(wanted) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "v3", "1", "v1,", "v1,local,local", "v1,192.0.2.1:25", "v2,a:1,b:2"),
        *("v1,192.0.2.1:1,[::1]:2", "v1,unix:/a,unix:/b", "v2,unix:/a,192.0.2.1:1"),
        *(f"v2,unix:/{'a' * 108},unix:/b", "v1,192.0.2.1,192.0.2.2", "v1,[fe80::1%x]:1,[::1]:2"),
    ],
)
def test_what_is_no_announcement(text: str) -> None:
    """Families that differ, names, versions that do not exist."""
    with pytest.raises(Failure) as caught:
        parse_announcement(text)
    assert caught.value.word is Word.USAGE


def test_families_that_differ() -> None:
    """-4 and -6 have to want what --bind has."""
    check_family(DIRECT, socket.AF_INET6)
    check_family(Way(Source("::1")), socket.AF_UNSPEC)
    check_family(Way(Source("::1")), socket.AF_INET6)
    with pytest.raises(Failure, match="--bind ::1 is an IPv6 address, and -4 wants IPv4"):
        check_family(Way(Source("::1")), socket.AF_INET)


def test_one_way_beside_another() -> None:
    """What the first one says counts more; a row tells of each part."""
    first, second = Way(Source("::1")), Way(Source("::2"), announcement=Announcement(1))
    assert first.beside(second) == Way(Source("::1"), announcement=Announcement(1))
    assert second.rows() == (("own address", "::2"), ("PROXY header", "v1"))
    assert Way(program=("exim", "-bs")).rows() == (("program", "exim"),)
