"""The way of the octets to a target: from which address, through whom, announced how.

Plain values; how they are written stands in `written`, what is done with them in `connect`.
"""

import socket

from mailprobe.enums import StrEnum
from mailprobe.safe import safe
from mailprobe.transport.target import address_text
from mailprobe.value import frozen

Endpoint = tuple[str, int] | str  # address and port, or the path of a unix socket


@frozen
class Source:
    """Our own address of a link; port 0 is any free one."""

    host: str
    port: int = 0

    @property
    def family(self) -> socket.AddressFamily:
        return family_of(self.host)

    def __str__(self) -> str:
        return address_text(self.host, self.port) if self.port else self.host


class Scheme(StrEnum):
    """What a proxy speaks."""

    SOCKS5 = "socks5"  # RFC 1928; it looks names up itself, which others call socks5h
    HTTP = "http"  # CONNECT: RFC 9110, section 9.3.6


@frozen
class Proxy:
    """Who carries the octets on.  `password` belongs to `user`, and is asked for later.

    `exposed`: they may travel in the clear to another machine.
    """

    scheme: Scheme
    host: str
    port: int
    user: str = ""
    password: str = ""
    exposed: bool = False

    def __str__(self) -> str:
        return f"{self.scheme}://{address_text(self.host, self.port)}"

    def __repr__(self) -> str:
        return f"Proxy({self}, user={self.user!r})"  # a traceback shows no password


@frozen
class Announcement:
    """A header of the PROXY protocol, which goes before anything else.

    Without `source` and `destination` the addresses are those of the link itself; `local` says
    that the proxy speaks for itself, and gives none.
    """

    version: int  # 1: a line of text, 2: binary
    source: Endpoint | None = None
    destination: Endpoint | None = None
    local: bool = False

    def __str__(self) -> str:
        parts = [f"v{self.version}", "local" if self.local else ""]
        if self.source is not None and self.destination is not None:
            parts += [_endpoint_text(self.source), _endpoint_text(self.destination)]
        return ",".join(filter(None, parts))


@frozen
class Way:
    """How octets get to a target; a `program` takes the place of the network."""

    source: Source | None = None
    proxy: Proxy | None = None
    announcement: Announcement | None = None
    program: tuple[str, ...] = ()  # with its arguments

    def rows(self) -> tuple[tuple[str, str], ...]:
        """What of it is worth a row for a person: name and value, fit to be shown."""
        found = []
        if self.program:
            found.append(("program", safe(self.program[0])))
        if self.source is not None:
            found.append(("own address", safe(str(self.source))))
        if self.proxy is not None:
            found.append(("proxy", safe(str(self.proxy))))
        if self.announcement is not None:
            found.append(("PROXY header", safe(str(self.announcement))))
        return tuple(found)

    def beside(self, other: "Way") -> "Way":
        """This one, and of `other` what this one does not say."""
        return Way(
            self.source or other.source,
            self.proxy or other.proxy,
            self.announcement or other.announcement,
            self.program or other.program,
        )


DIRECT = Way()


def family_of(host: str) -> socket.AddressFamily:
    """The family of an address; AF_UNSPEC, which is false, where it is none."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host.partition("%")[0])
        except (OSError, ValueError):
            continue
        return family
    return socket.AF_UNSPEC


def _endpoint_text(endpoint: Endpoint) -> str:
    return f"unix:{endpoint}" if isinstance(endpoint, str) else address_text(*endpoint)
