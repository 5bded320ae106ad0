"""SOCKS version 5 (RFC 1928), with a user's password (RFC 1929): have a proxy connect us.

It knows no sockets: octets go through a `Conversation`.
"""

import socket

from mailprobe.errors import Failure, Word
from mailprobe.safe import safe
from mailprobe.transport.intermediary import Conversation
from mailprobe.transport.tunnel import Refused, is_another_service
from mailprobe.transport.way import Proxy, family_of

_VERSION = 5
_NO_LOGIN, _PASSWORD, _NONE_FITS = 0, 2, 0xFF
_CONNECT = 1
_IPV4, _NAME, _IPV6 = 1, 3, 4
_LENGTHS = {_IPV4: 4, _IPV6: 16}  # octets of the address in a reply
_TYPES = {socket.AF_INET: _IPV4, socket.AF_INET6: _IPV6}
_LONGEST = 255  # octets of a name, a user, a password

# RFC 1928, section 6
_REPLIES = {
    1: "it failed, and does not say why",
    2: "its rules do not allow that",
    3: "it has no route to that network",
    4: "it cannot reach that host, or finds no such name",
    5: "the connection was refused there",
    6: "the time to live ran out on the way",
    7: "it does not carry out CONNECT",
    8: "it does not take that kind of address",
}


def connect(talk: Conversation, proxy: Proxy, host: str, port: int) -> None:
    """Have the proxy connect to `host`, an address or a name that it looks up.

    Raises Refused where it does not, Failure CONNECT where it wants another login, PROTOCOL where
    it speaks something else, and what the conversation raises.
    """
    methods = bytes([_NO_LOGIN, _PASSWORD] if proxy.user else [_NO_LOGIN])
    talk.send(bytes([_VERSION, len(methods)]) + methods)
    _, method = _answer(talk, 2, _VERSION)
    if method == _PASSWORD and proxy.user:
        _log_in(talk, proxy)
    elif method == _NONE_FITS:
        wanted = (
            "another login than by password" if proxy.user else "a login: write USER@ before it"
        )
        raise Failure(Word.CONNECT, f"{talk.who} wants {wanted}")
    elif method != _NO_LOGIN:
        sentence = f"{talk.who} chose method {method}, which was not offered"
        raise Failure(Word.PROTOCOL, sentence)
    talk.send(bytes([_VERSION, _CONNECT, 0]) + _address(host) + port.to_bytes(2, "big"))
    _, reply, _, kind = _answer(talk, 4, _VERSION)
    if reply:
        why = _REPLIES.get(reply, f"reply {reply}, which RFC 1928 does not know")
        raise Refused(Word.CONNECT, f"{talk.who} does not connect: {why}")
    _pass_over_address(talk, kind)


def _answer(talk: Conversation, count: int, version: int) -> bytes:
    """So many octets, of which the first is the version."""
    found = talk.exactly(1)
    if found[0] != version:
        raise is_another_service(talk, "SOCKS", found)
    return found + talk.exactly(count - 1)


def _log_in(talk: Conversation, proxy: Proxy) -> None:
    words = [text.encode("utf-8", "surrogateescape") for text in (proxy.user, proxy.password)]
    if not all(0 < len(word) <= _LONGEST for word in words):
        sentence = "the user and the password of a proxy have 1 to 255 octets (RFC 1929)"
        raise Failure(Word.USAGE, sentence)
    talk.send(b"\x01" + b"".join(bytes([len(word)]) + word for word in words))
    if _answer(talk, 2, 1)[1]:
        raise Failure(Word.CONNECT, f"{talk.who} refused the login of {safe(proxy.user)}")


def _address(host: str) -> bytes:
    family = family_of(host)
    if family:
        if "%" in host:
            raise Failure(Word.USAGE, f"{safe(host)}: a zone means nothing to a proxy")
        return bytes([_TYPES[family]]) + socket.inet_pton(family, host)
    name = host.encode("ascii")  # A-labels
    return bytes([_NAME, len(name)]) + name


def _pass_over_address(talk: Conversation, kind: int) -> None:
    """The address from which the proxy connects; what comes behind it is the server's."""
    if kind == _NAME:
        length = talk.exactly(1)[0]
    elif kind in _LENGTHS:
        length = _LENGTHS[kind]
    else:
        sentence = f"{talk.who} names an address of type {kind}, which RFC 1928 does not know"
        raise Failure(Word.PROTOCOL, sentence)
    talk.exactly(length + 2)
