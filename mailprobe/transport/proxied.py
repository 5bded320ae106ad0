"""The header of the PROXY protocol, versions 1 and 2, as HAProxy's specification writes it.

Octets only: it knows addresses and no sockets beyond their families.
"""

import socket

from mailprobe.errors import Failure, Word
from mailprobe.transport.way import Announcement, Endpoint

# Section 2.2: twelve octets that no protocol begins with, then version and command.
_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
_LOCAL, _PROXY = b"\x20", b"\x21"
_UNSPECIFIED = b"\x00"
_STREAM = {socket.AF_INET: b"\x11", socket.AF_INET6: b"\x21"}  # family, and "over TCP"
_UNIX_STREAM = b"\x31"
_PATH = 108  # octets of each path, filled up with NUL
_NAMES = {socket.AF_INET: b"TCP4", socket.AF_INET6: b"TCP6"}


def header(wanted: Announcement, local: object, peer: object) -> bytes:
    """The octets of the header.

    `local` and `peer` are the addresses of the link, as getsockname() and getpeername() have
    them; None where nobody here knows them: Failure USAGE if they are needed.
    """
    if wanted.local:
        return _no_addresses(wanted.version, local=True)
    ends = (wanted.source, wanted.destination)
    if ends == (None, None):
        ends = (_endpoint(local), _endpoint(peer))
    source, destination = ends
    if source is None or destination is None:
        raise Failure(
            Word.USAGE,
            "--proxy-protocol: which addresses the server sees is not known here, "
            "write v1,SRC:PORT,DST:PORT or v1,local",
        )
    if isinstance(source, str) or isinstance(destination, str):
        if wanted.version == 1:  # section 2.1 has no word for unix sockets
            return _no_addresses(1, local=False)
        return _second(_UNIX_STREAM, _path(source) + _path(destination))
    family = socket.AF_INET6 if ":" in source[0] else socket.AF_INET
    hosts = [socket.inet_pton(family, host.partition("%")[0]) for host, _ in (source, destination)]
    ports = (source[1], destination[1])
    if wanted.version == 2:
        numbers = b"".join(port.to_bytes(2, "big") for port in ports)
        return _second(_STREAM[family], b"".join(hosts) + numbers)
    words = [socket.inet_ntop(family, host) for host in hosts] + [str(port) for port in ports]
    return b"PROXY " + _NAMES[family] + b" " + " ".join(words).encode("ascii") + b"\r\n"


def _no_addresses(version: int, *, local: bool) -> bytes:
    """Version 1 has one word for both: whoever reads UNKNOWN takes the addresses of the link."""
    if version == 1:
        return b"PROXY UNKNOWN\r\n"
    return _SIGNATURE + (_LOCAL if local else _PROXY) + _UNSPECIFIED + b"\0\0"


def _second(kind: bytes, addresses: bytes) -> bytes:
    return _SIGNATURE + _PROXY + kind + len(addresses).to_bytes(2, "big") + addresses


def _endpoint(name: object) -> Endpoint | None:
    """What getsockname() and getpeername() return; a socket without a name is one all the same."""
    if isinstance(name, tuple):
        return str(name[0]), int(name[1])
    return name if isinstance(name, str) else None


def _path(endpoint: object) -> bytes:
    text = endpoint if isinstance(endpoint, str) else ""
    return text.encode("utf-8", "surrogateescape")[:_PATH].ljust(_PATH, b"\0")
