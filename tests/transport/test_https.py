"""One page by HTTPS: verified, bounded, and nothing followed."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.errors import Failure, Word
from mailprobe.safe import visible
from mailprobe.transport import https
from mailprobe.transport.link import TlsSettings

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: Text/Plain; charset=utf-8\r\n"
Serve = Callable[..., TlsSettings]


@pytest.mark.parametrize(
    "octets, body",
    [
        (HEAD + b"Content-Length: 5\r\n\r\nhello", b"hello"),
        (HEAD + b"Content-Length: 5\r\n\r\nhello and more", b"hello"),
        (HEAD + b"\r\nuntil the end", b"until the end"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", b"hello"),
        (HEAD + b"Content-Length: 0\r\n\r\n", b""),
    ],
)
def test_responses(octets: bytes, body: bytes) -> None:
    """The forms in which a body ends (RFC 9112, section 6)."""
    assert https.read_page(octets, 100) == https.Page(200, "text/plain", body)


@pytest.mark.parametrize(
    "octets, word",
    [
        (b"", Word.PROTOCOL),
        (b"220 mail.example.org ESMTP\r\n", Word.PROTOCOL),
        (b"\x15\x03\x01", Word.PROTOCOL),
        (HEAD + b"Content-Length: 9\r\n\r\nhello", Word.EOF),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\nhello", Word.EOF),
        (HEAD + b"\r\n" + b"x" * 101, Word.LIMIT),
        (HEAD + b"Content-Length: 999\r\n\r\n" + b"x" * 999, Word.LIMIT),
    ],
)
def test_what_is_no_page(octets: bytes, word: Word) -> None:
    """Has its word, and a sentence that can be shown."""
    with pytest.raises(Failure) as caught:
        https.read_page(octets, 100)
    assert caught.value.word is word
    assert visible(caught.value.sentence)


@given(st.binary(max_size=200))
def test_any_octets(octets: bytes) -> None:
    """Are a page or a Failure."""
    for one in (octets, HEAD + octets, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + octets):
        with contextlib.suppress(Failure):
            https.read_page(one, 100)


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Serve one connection on a free port, which is taken for that of HTTPS."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with contextlib.ExitStack() as stack:

        def start(said: bytes, *, name: str = "p.example.org", hang: bool = False) -> TlsSettings:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            monkeypatch.setattr(https, "PORT", listener.getsockname()[1])
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert(name).configure_cert(context)
            over = threading.Event()

            def talk() -> None:
                link, _ = listener.accept()
                with link, contextlib.suppress(OSError):
                    with context.wrap_socket(link, server_side=True) as secured:
                        asked.append(secured.recv(4096))
                        secured.sendall(said)
                        if hang:
                            over.wait(30)

            thread = threading.Thread(target=talk)
            thread.start()
            stack.callback(thread.join)
            stack.callback(over.set)
            return TlsSettings(str(tmp_path / "ca.pem"))

        asked: list[bytes] = []
        start.asked = asked  # type: ignore[attr-defined]
        yield start


def get(settings: TlsSettings, *, limit: float = 20.0, most: int = 1000) -> https.Page:
    where = ("p.example.org", "/x.txt", ["127.0.0.1"])
    return https.get(*where, settings=settings, limit=limit, most=most)


def test_a_page(serve: Serve) -> None:
    """Asked for by its name, from the address that was given."""
    page = get(serve(HEAD + b"Content-Length: 5\r\n\r\nhello"))
    assert page.body == b"hello"
    request = serve.asked[0]  # type: ignore[attr-defined]
    assert request.startswith(b"GET /x.txt HTTP/1.1\r\nHost: p.example.org\r\n")


def test_a_redirect_is_not_followed(serve: Serve) -> None:
    """Its status is told, and nobody else is asked (RFC 8461, section 3.3)."""
    head = b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"
    assert get(serve(head)).status == 302


def test_a_certificate_of_another_host(serve: Serve) -> None:
    """Is refused, and no option is named that a route does not have."""
    with pytest.raises(Failure, match="it is for another host") as caught:
        get(serve(b"", name="other.example.org"))
    assert caught.value.word is Word.TLS
    assert " --" not in caught.value.sentence


def test_a_page_without_end(serve: Serve) -> None:
    """More octets than allowed are a limit, not memory."""
    with pytest.raises(Failure) as caught:
        get(serve(HEAD + b"\r\n" + b"x" * 100_000, hang=True))
    assert caught.value.word is Word.LIMIT


def test_a_page_that_stalls(serve: Serve) -> None:
    """Silence ends at the limit."""
    with pytest.raises(Failure) as caught:
        get(serve(HEAD, hang=True), limit=1.0)
    assert caught.value.word is Word.TIMEOUT


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused connection has its word."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        monkeypatch.setattr(https, "PORT", closed.getsockname()[1])
    with pytest.raises(Failure) as caught:
        get(TlsSettings())
    assert caught.value.word is Word.CONNECT
