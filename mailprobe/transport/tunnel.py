"""A tunnel by the method CONNECT of HTTP (RFC 9110, section 9.3.6), and what all proxies share.

It knows no sockets: octets go through a `Conversation`.
"""

from mailprobe.errors import Failure, Word
from mailprobe.patterns import pattern
from mailprobe.safe import safe
from mailprobe.transport.intermediary import Conversation
from mailprobe.transport.target import address_text
from mailprobe.transport.way import Proxy
from mailprobe.version import VERSION

_LIMIT = 16 * 1024  # octets of all heads that a proxy may send
_SHOWN = 80  # octets of an unexpected answer
_START = b"HTTP/"
_END = pattern(rb"\n\r?\n")  # RFC 9112, section 2.2: a line may end in LF alone
_STATUS = pattern(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?: ([^\r\n]*))?\r?\n")
_CHALLENGE = pattern(rb"(?i)\r?\nProxy-Authenticate:[ \t]*([A-Za-z0-9-]+)")
_LOGIN_WANTED = 407

# What other services begin with.
_KINDS = {
    b"HTTP/": "a proxy for http://",
    b"HTTP": "a proxy for http://",
    b"H": "perhaps a proxy for http://",
    b"\x05": "a proxy for socks5://",
    b"\x00": "perhaps a proxy for SOCKS 4",
    b"220": "a mail server",
    b"2": "perhaps a mail server",
    b"+OK": "a mail server",
    b"+": "perhaps a mail server",
    b"SSH-": "a server of SSH",
    b"S": "perhaps a server of SSH",
    b"\x15\x03": "TLS",
    b"\x15": "perhaps TLS",
}


class Refused(Failure):
    """The proxy understood, and does not connect us there; another address may do."""


def is_another_service(talk: Conversation, wanted: str, octets: bytes) -> Failure:
    """Say that whoever answers speaks something else, and what that may be."""
    kind = next((kind for start, kind in _KINDS.items() if octets.startswith(start)), "")
    sentence = f"expected {wanted} from {talk.who}, got {safe(octets[:_SHOWN])}"
    return Failure(Word.PROTOCOL, sentence + (f": this is {kind}" if kind else ""))


def connect(talk: Conversation, proxy: Proxy, host: str, port: int) -> None:
    """Have the proxy connect to `host`, an address or a name that it looks up.

    Raises Refused where it does not, Failure CONNECT where it wants another login, PROTOCOL where
    it speaks something else, and what the conversation raises.
    """
    place = address_text(host, port)
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}", f"User-Agent: mailprobe/{VERSION}"]
    if proxy.user:
        lines.append(f"Proxy-Authorization: Basic {_basic(proxy)}")
    talk.send("".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii"))
    status, reason, head = _response(talk)
    if 200 <= status < 300:
        return  # a length that such an answer names means nothing
    if status == _LOGIN_WANTED:
        raise Failure(Word.CONNECT, _about_login(talk, proxy, head))
    raise Refused(Word.CONNECT, f"{talk.who} does not connect: {status} {safe(reason)}".rstrip())


def _basic(proxy: Proxy) -> str:
    """RFC 7617, section 2."""
    from base64 import b64encode  # where somebody logs in

    word = f"{proxy.user}:{proxy.password}".encode("utf-8", "surrogateescape")
    return b64encode(word).decode("ascii")


def _response(talk: Conversation) -> tuple[int, bytes, bytes]:
    """Status, reason and head of the final response (RFC 9110, section 15.2)."""
    left = _LIMIT
    while True:
        head = talk.until(_END, left, lambda head: _accept(talk, head))
        match = _STATUS.match(head)
        if match is None:
            raise is_another_service(talk, "a response of HTTP", head)
        status, left = int(match[1]), left - len(head)
        if status >= 200:
            return status, match[2] or b"", head
        if left <= 0:
            sentence = f"the answer of {talk.who} has more than {_LIMIT // 1024}K octets"
            raise Failure(Word.LIMIT, sentence)


def _accept(talk: Conversation, head: bytes) -> None:
    """Tell at the first octets that this is no HTTP: the end of a head may never come."""
    if not (head.startswith(_START) or _START.startswith(head)):
        raise is_another_service(talk, "a response of HTTP", head)


def _about_login(talk: Conversation, proxy: Proxy, head: bytes) -> str:
    schemes = ", ".join(safe(match[1]) for match in _CHALLENGE.finditer(head)) or "none"
    if proxy.user:
        sentence = f"{talk.who} refused the login of {safe(proxy.user)} by Basic"
        return f"{sentence} (it offers {schemes})"
    return f"{talk.who} wants a login ({schemes}): write USER@ before it"
