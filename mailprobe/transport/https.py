"""One page by HTTPS: TLS verified, no redirect followed, bounded in size and time.

It goes to the addresses that it is given and looks nothing up, so that a name cannot change its
mind between the look and the leap.
"""

import time
from collections.abc import Sequence
from io import BytesIO

from mailprobe.errors import Failure, Word
from mailprobe.protocol.model import Protocol
from mailprobe.safe import safe
from mailprobe.transport.connect import connect
from mailprobe.transport.link import TlsSettings, Transport
from mailprobe.transport.target import Target, Tls
from mailprobe.value import frozen
from mailprobe.version import VERSION

PORT = 443


@frozen
class Page:
    """What came: `kind` is the media type in lower case, without its parameters."""

    status: int
    kind: str
    body: bytes


def get(
    host: str,
    path: str,
    addresses: Sequence[str],
    *,
    settings: TlsSettings,
    limit: float,
    most: int,
) -> Page:
    """GET `path` from `host`, an A-label, within `limit` seconds and `most` octets.

    Raises Failure CONNECT, TLS, TIMEOUT, EOF, RESET, PROTOCOL or LIMIT.
    """
    deadline = time.monotonic() + limit
    target = Target(Protocol.SMTP, host, PORT, Tls.IMPLICIT)  # the protocol says nothing here
    link = connect(target, deadline=deadline, addresses=addresses)
    try:
        _secure(link, settings, host, deadline)
        request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: mailprobe/{VERSION}\r\n"
            "Accept: text/plain\r\nConnection: close\r\n\r\n"
        )
        link.send(request.encode("ascii"), deadline)
        return read_page(_all_of(link, deadline, most), most)
    finally:
        link.drop()


def _secure(link: Transport, settings: TlsSettings, host: str, deadline: float) -> None:
    try:
        link.start_tls(settings, host, deadline, upgrade=False)
    except Failure as failure:
        # The last clause names options by which a session would go on; here there are none.
        sentence = failure.sentence.partition("; give ")[0].partition("; go on")[0]
        raise Failure(failure.word, sentence.partition("; try without")[0]) from None


def _all_of(link: Transport, deadline: float, most: int) -> bytes:
    """All octets until the end, or a few more than the bound."""
    pieces, size = [], 0
    while size <= 2 * most:  # the head of the response counts little
        if time.monotonic() > deadline:
            raise Failure(Word.TIMEOUT, "the page did not end within the limit of time")
        view = link.receive(deadline)
        if not view:
            break
        pieces.append(bytes(view))
        size += len(view)
    return b"".join(pieces)


class _Received:
    """What HTTPResponse takes for a socket."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def makefile(self, mode: str) -> BytesIO:
        return BytesIO(self._octets)


def read_page(octets: bytes, most: int) -> Page:
    """Read a response (RFC 9112).  Raises Failure PROTOCOL, EOF or LIMIT."""
    from http.client import HTTPException, HTTPResponse, IncompleteRead

    response = HTTPResponse(_Received(octets))  # type: ignore[arg-type]  # all that is asked of it
    try:
        response.begin()
        body = response.read(most + 1)
    except IncompleteRead:
        raise Failure(Word.EOF, "the page was cut off") from None
    except (HTTPException, ValueError, OSError) as error:
        what = safe(octets[:60]) or "nothing"
        name = type(error).__name__
        raise Failure(Word.PROTOCOL, f"expected an HTTP response, got {what} ({name})") from None
    if len(body) > most:
        raise Failure(Word.LIMIT, f"the page is longer than {most} octets")
    if response.length and response.length > 0:
        raise Failure(Word.EOF, "the page was cut off")
    return Page(response.status, response.headers.get_content_type(), body)
