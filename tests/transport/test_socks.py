"""SOCKS5 as a client, octet by octet, and what a proxy may do wrong."""

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.transport import socks
from mailprobe.transport.tunnel import Refused
from mailprobe.transport.way import Proxy, Scheme
from tests.transport.intermediaries import asked

PLAIN = Proxy(Scheme.SOCKS5, "proxy.example", 1080)
ALICE = Proxy(Scheme.SOCKS5, "proxy.example", 1080, "alice", "secret")
DONE = b"\x05\x00\x00\x01\0\0\0\0\0\0"


def ask(answers: bytes, proxy: Proxy = PLAIN, host: str = "mail.example") -> tuple[bytes, bytes]:
    """What was said to a proxy that answers so, and what was left of its answers."""
    return asked(socks.connect, answers, proxy, host)


@pytest.mark.parametrize(
    "host, address",
    [
        ("mail.example", b"\x03\x0cmail.example"),
        ("192.0.2.1", b"\x01\xc0\x00\x02\x01"),
        ("2001:db8::1", b"\x04" + bytes.fromhex("20010db8000000000000000000000001")),
    ],
)
def test_what_is_said(host: str, address: bytes) -> None:
    """A name goes as it is: the proxy looks it up."""
    said, left = ask(b"\x05\x00" + DONE, host=host)
    assert said == b"\x05\x01\x00" + b"\x05\x01\x00" + address + b"\x00\x19"
    assert left == b""


def test_a_login() -> None:
    """Offered beside none; what the proxy chooses is done."""
    said, _ = ask(b"\x05\x02\x01\x00" + DONE, ALICE)
    assert said.startswith(b"\x05\x02\x00\x02" + b"\x01\x05alice\x06secret" + b"\x05\x01\x00")
    said, _ = ask(b"\x05\x00" + DONE, ALICE)
    assert b"secret" not in said


@pytest.mark.parametrize(
    "bound", [b"\x01" + bytes(6), b"\x04" + bytes(18), b"\x03\x03abc\0\0", b"\x03\x00\0\0"]
)
def test_what_comes_behind_is_the_servers(bound: bytes) -> None:
    """Whatever kind of address the proxy names."""
    _, left = ask(b"\x05\x00" + b"\x05\x00\x00" + bound + b"220 mail.example\r\n")
    assert left == b"220 mail.example\r\n"


@pytest.mark.parametrize(
    "code, said",
    [
        (1, "it failed"),
        (2, "its rules do not allow that"),
        (3, "no route to that network"),
        (4, "cannot reach that host"),
        (5, "the connection was refused there"),
        (6, "time to live"),
        (7, "does not carry out CONNECT"),
        (8, "does not take that kind of address"),
        (9, "reply 9, which RFC 1928 does not know"),
        (255, "reply 255"),
    ],
)
def test_each_reply_in_words(code: int, said: str) -> None:
    """Even of a proxy that ends its answer there."""
    with pytest.raises(Refused, match=said) as caught:
        ask(b"\x05\x00" + bytes([5, code, 0, 1]))
    assert caught.value.word is Word.CONNECT


@pytest.mark.parametrize(
    "answers, proxy, word, said",
    [
        (b"\x05\xff", PLAIN, Word.CONNECT, "wants a login: write USER@"),
        (b"\x05\xff", ALICE, Word.CONNECT, "wants another login than by password"),
        (b"\x05\x02", PLAIN, Word.PROTOCOL, "method 2, which was not offered"),
        (b"\x05\x01", ALICE, Word.PROTOCOL, "method 1, which was not offered"),
        (b"\x05\x02\x01\x01", ALICE, Word.CONNECT, "refused the login of alice"),
        (b"\x05\x02\x05\x00", ALICE, Word.PROTOCOL, "expected SOCKS"),
        (b"\x05", PLAIN, Word.EOF, "closed the link"),
        (b"\x05\x00\x05\x00\x00\x01", PLAIN, Word.EOF, "closed the link"),
        (b"\x05\x00\x05\x00\x00\x09", PLAIN, Word.PROTOCOL, "an address of type 9"),
        (b"\x05\x00\x04\x00", PLAIN, Word.PROTOCOL, "expected SOCKS"),
        (b"HTTP/1.1 400 Bad\r\n\r\n", PLAIN, Word.PROTOCOL, "perhaps a proxy for http://"),
        (b"220 mail.example ESMTP\r\n", PLAIN, Word.PROTOCOL, "perhaps a mail server"),
        (b"\x00\x5b", PLAIN, Word.PROTOCOL, "perhaps a proxy for SOCKS 4"),
        (b"\x1b]0;x\x07", PLAIN, Word.PROTOCOL, r"got \\u\{1b\}$"),
    ],
)
def test_what_a_proxy_may_do_wrong(answers: bytes, proxy: Proxy, word: Word, said: str) -> None:
    """Each has its word and a sentence that holds nothing raw."""
    with pytest.raises(Failure, match=said) as caught:
        ask(answers, proxy)
    assert caught.value.word is word
    assert "secret" not in caught.value.sentence


@pytest.mark.parametrize("user, password", [("alice", ""), ("alice", "x" * 256)])
def test_words_that_do_not_fit(user: str, password: str) -> None:
    """RFC 1929 has one octet for their length, which is not 0."""
    proxy = Proxy(Scheme.SOCKS5, "proxy.example", 1080, user, password)
    with pytest.raises(Failure, match="1 to 255 octets"):
        ask(b"\x05\x02\x01\x00" + DONE, proxy)


def test_a_zone_means_nothing_to_a_proxy() -> None:
    """It is of this machine."""
    with pytest.raises(Failure, match="zone"):
        ask(b"\x05\x00" + DONE, host="fe80::1%lo")
