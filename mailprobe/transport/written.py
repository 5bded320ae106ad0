"""Ways to a target, read from what a person wrote.  Looks nothing up."""

import socket

from mailprobe.errors import Failure, Word
from mailprobe.protocol.model import Protocol
from mailprobe.safe import safe
from mailprobe.transport.target import Kind, parse_target
from mailprobe.transport.way import (
    Announcement,
    Endpoint,
    Proxy,
    Scheme,
    Source,
    Way,
    family_of,
)

_FAMILIES = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
_LONGEST_PATH = 108  # octets of a unix socket in a PROXY header
_FORMS = "write v1 or v2, and behind a comma SRC:PORT,DST:PORT or local"


def parse_source(text: str) -> Source:
    """Read `ADDRESS[:PORT]`, IPv6 in brackets or bare.  Raises Failure USAGE."""
    host, port = text, 0
    if text.startswith("[") or text.count(":") == 1:
        host, port = _place(text if _has_port(text) else f"{text}:1", "--bind")
        port = port if _has_port(text) else 0
    if not family_of(host):
        sentence = f"--bind wants an address of this machine, or [IPv6]:PORT, not {safe(text)}"
        raise Failure(Word.USAGE, sentence)
    return Source(host, port)


def parse_proxy(text: str) -> Proxy:
    """Read `socks5://[user@]host:port` or `http://[user@]host:port`.

    Raises Failure USAGE with a sentence that never repeats what may be a password.
    """
    name, found, rest = text.partition("://")
    user, at, place = rest.rpartition("@")
    scheme = {"socks5h": "socks5"}.get(name.lower(), name.lower())
    if not found or scheme not in list(Scheme):
        raise Failure(Word.USAGE, "a proxy is socks5://[USER@]HOST:PORT or http://[USER@]HOST:PORT")
    if ":" in user:
        raise Failure(
            Word.USAGE,
            "no password belongs into the URL of a proxy: it is asked for, or the value of "
            "MAILPROBE_SECRET_PROXY_PASSWORD",
        )
    if at and (not user or not user.isprintable() or len(user.encode()) > 255):
        raise Failure(Word.USAGE, "the user of a proxy is a name of 1 to 255 octets")
    host, port = _place(place.removesuffix("/"), "the URL of a proxy")
    return Proxy(Scheme(scheme), host, port, user)


def parse_announcement(text: str) -> Announcement:
    """Read `v1` or `v2`, and behind it perhaps `,SRC:PORT,DST:PORT` or `,local`.

    For v2 both may be `unix:/path`.  Raises Failure USAGE.
    """
    version, *rest = text.split(",")
    if version not in ("v1", "v2"):
        raise Failure(Word.USAGE, f"--proxy-protocol {safe(text)}: {_FORMS}")
    number = int(version[1])
    if not rest or rest == ["local"]:
        return Announcement(number, local=bool(rest))
    if len(rest) != 2:
        raise Failure(Word.USAGE, f"--proxy-protocol {safe(text)}: {_FORMS}")
    source, destination = (_endpoint(part, number) for part in rest)
    if _kind(source) != _kind(destination):
        raise Failure(Word.USAGE, "--proxy-protocol: both addresses are of the same family")
    return Announcement(number, source, destination)


def check_family(way: Way, family: socket.AddressFamily) -> None:
    """Raise Failure USAGE where -4 or -6 and --bind want different families."""
    if way.source is None or family in (socket.AF_UNSPEC, way.source.family):
        return
    wanted, is_one = _FAMILIES[family], _FAMILIES[way.source.family]
    option = "-4" if family == socket.AF_INET else "-6"
    sentence = f"--bind {safe(str(way.source))} is an {is_one} address, and {option} wants {wanted}"
    raise Failure(Word.USAGE, sentence)


def _place(text: str, what: str) -> tuple[str, int]:
    """Host and port, both of which have to be there."""
    if not _has_port(text):
        raise Failure(Word.USAGE, f"{what}: a port is missing, write HOST:PORT or [IPv6]:PORT")
    target = parse_target(text, Protocol.SMTP)
    if "://" in text or target.kind is not Kind.NETWORK:
        raise Failure(Word.USAGE, f"{what}: expected HOST:PORT, not {safe(text)}")
    return target.host, target.port


def _has_port(text: str) -> bool:
    return text.rpartition(":")[2].isdigit() and not text.endswith("]")


def _endpoint(text: str, version: int) -> Endpoint:
    if text.startswith("unix:/"):
        path = text.removeprefix("unix:")
        if version == 1 or len(path.encode()) > _LONGEST_PATH:
            what = "v1 knows no unix sockets" if version == 1 else "that path is too long"
            raise Failure(Word.USAGE, f"--proxy-protocol: {what}")
        return path
    host, port = _place(text, "--proxy-protocol")
    if not family_of(host) or "%" in host:
        raise Failure(
            Word.USAGE, f"--proxy-protocol: {safe(host)} is no address: names it has none"
        )
    return host, port


def _kind(endpoint: Endpoint) -> socket.AddressFamily:
    return socket.AF_UNIX if isinstance(endpoint, str) else family_of(endpoint[0])
