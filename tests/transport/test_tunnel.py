"""CONNECT of HTTP as a client, and what a proxy may do wrong."""

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.transport import tunnel
from mailprobe.transport.tunnel import Refused
from mailprobe.transport.way import Proxy, Scheme
from mailprobe.version import VERSION
from tests.transport.intermediaries import asked

PLAIN = Proxy(Scheme.HTTP, "proxy.example", 3128)
ALICE = Proxy(Scheme.HTTP, "proxy.example", 3128, "Aladdin", "open sesame")


def ask(answers: bytes, proxy: Proxy = PLAIN, host: str = "mail.example") -> tuple[bytes, bytes]:
    """What was said to a proxy that answers so, and what was left of its answers."""
    return asked(tunnel.connect, answers, proxy, host)


@pytest.mark.parametrize(
    "host, place", [("mail.example", "mail.example:25"), ("2001:db8::1", "[2001:db8::1]:25")]
)
def test_what_is_said(host: str, place: str) -> None:
    """RFC 9110, section 9.3.6: the authority form, and Host; nothing else that tells of us."""
    said, _ = ask(b"HTTP/1.1 200 OK\r\n\r\n", host=host)
    assert said.decode() == (
        f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\nUser-Agent: mailprobe/{VERSION}\r\n\r\n"
    )


def test_a_login() -> None:
    """RFC 7617, section 2, with its example."""
    said, _ = ask(b"HTTP/1.0 200\r\n\r\n", ALICE)
    assert b"\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n" in said


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.0 204\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 a\r\n\r\n",
        b"HTTP/1.0 200 OK\nVia: old\n\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 15_000 + b"\r\n\r\n",
    ],
)
def test_what_comes_behind_is_the_servers(head: bytes) -> None:
    """Whatever length the head names: a positive answer to CONNECT has no content."""
    _, left = ask(head + b"220 mail.example\r\n")
    assert left == b"220 mail.example\r\n"


@pytest.mark.parametrize(
    "status, said",
    [
        (b"403 Forbidden", "does not connect: 403 Forbidden$"),
        (b"502 Bad \x1b[31mGateway", r"502 Bad \\u\{1b\}\[31mGateway$"),
        (b"301 Moved", "does not connect: 301 Moved$"),
        (b"504 ", "does not connect: 504$"),
    ],
)
def test_a_refusal(status: bytes, said: str) -> None:
    """In the words of the proxy, made printable."""
    with pytest.raises(Refused, match=said) as caught:
        ask(b"HTTP/1.1 " + status + b"\r\n\r\n")
    assert caught.value.word is Word.CONNECT


@pytest.mark.parametrize(
    "proxy, head, said",
    [
        (PLAIN, b"Proxy-Authenticate: Basic realm=x\r\n", r"wants a login \(Basic\): write USER@"),
        (PLAIN, b"", r"wants a login \(none\)"),
        (
            ALICE,
            b"Proxy-Authenticate: Negotiate\r\nproxy-authenticate:Digest realm=x\r\n",
            r"refused the login of Aladdin by Basic \(it offers Negotiate, Digest\)",
        ),
    ],
)
def test_a_login_that_is_wanted(proxy: Proxy, head: bytes, said: str) -> None:
    """By which scheme, and what to write."""
    with pytest.raises(Failure, match=said) as caught:
        ask(b"HTTP/1.1 407 Login\r\n" + head + b"\r\n", proxy)
    assert caught.value.word is Word.CONNECT
    assert not isinstance(caught.value, Refused)


@pytest.mark.parametrize(
    "answer, word, said",
    [
        (b"220 mail.example ESMTP\r\n", Word.PROTOCOL, "this is a mail server"),
        (b"+OK ready\r\n", Word.PROTOCOL, "this is a mail server"),
        (b"\x05\xff", Word.PROTOCOL, "this is a proxy for socks5://"),
        (b"\x15\x03\x01\x00\x02\x02\x28", Word.PROTOCOL, "this is TLS"),
        (b"HTTP/2.0 200 OK\r\n\r\n", Word.PROTOCOL, "expected a response of HTTP"),
        (b"HTTP/1.1 999 OK\r\n\r\n", Word.PROTOCOL, "expected a response of HTTP"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", Word.PROTOCOL, "expected a response of HTTP"),
        (b"<html>no", Word.PROTOCOL, "got <html>no$"),
        (b"HTTP/1.1 200 OK\r\n", Word.EOF, "closed the link"),
        (b"HT", Word.EOF, "closed the link"),
        (b"", Word.EOF, "closed the link"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 4000, Word.LIMIT, "more than 16K octets"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, Word.LIMIT, "more than 16K octets"),
    ],
)
def test_what_a_proxy_may_do_wrong(answer: bytes, word: Word, said: str) -> None:
    """Told at the first octets: the end of such a head may never come."""
    with pytest.raises(Failure, match=said) as caught:
        ask(answer)
    assert caught.value.word is word
