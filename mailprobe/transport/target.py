"""Where a session goes: what a person wrote, as protocol, host, port and kind of TLS.

Reads text only; looks nothing up.
"""

import socket
from functools import lru_cache

from mailprobe.enums import Enum
from mailprobe.errors import Failure, Word
from mailprobe.patterns import pattern
from mailprobe.protocol.model import Protocol
from mailprobe.safe import safe
from mailprobe.value import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.answers import Association


class Tls(Enum):
    """When TLS starts."""

    NONE = "none"
    IMPLICIT = "implicit"  # with the first octet (RFC 8314)
    STARTTLS = "starttls"  # by STARTTLS (RFC 3207) or STLS (RFC 2595)


class Kind(Enum):
    """What a target is reached by."""

    NETWORK = "network"
    UNIX = "unix"
    SANDBOX = "sandbox"
    PROGRAM = "program"  # that the command line names; `host` is what a certificate says


@frozen
class Target:
    """A server to talk to.

    `host` is an A-label name, or an IP address without brackets; "sandbox" for the practice
    server, "sandbox/muse+slow" with a profile and faults (its port is 0 until it is started),
    "localhost" for a unix socket, whose absolute
    `path` is given then.  `addresses` are what `host` was found to be, if that is known already,
    `associations` the TLSA records that DNSSEC vouches for.
    """

    protocol: Protocol
    host: str
    port: int
    tls: Tls = Tls.NONE
    path: str | None = None
    kind: Kind = Kind.NETWORK
    addresses: tuple[str, ...] = ()
    associations: "tuple[Association, ...]" = ()

    @property
    def server_name(self) -> str:
        """What a certificate is checked against: the name, or the address without its zone."""
        if self.kind in (Kind.UNIX, Kind.SANDBOX):
            return "localhost"
        return self.host.partition("%")[0].removesuffix(".")

    def __str__(self) -> str:
        if self.kind is Kind.UNIX:
            return f"unix:{self.path}"
        if self.kind is Kind.SANDBOX:
            return self.host
        return address_text(self.host, self.port)


def address_text(host: str, port: int) -> str:
    """Write an address as people do: `192.0.2.1:25`, `[2001:db8::1]:25`."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


SANDBOX = "sandbox"  # how a target calls it; a profile and faults may stand behind that


def is_sandbox(text: str) -> bool:
    """Whether a target is the practice server, with a profile and faults that exist or not."""
    return text.partition("/")[0].partition("+")[0] == SANDBOX


# Ports: RFC 5321 section 4.5.4.2, RFC 6409 section 3.1, RFC 8314 section 7, RFC 1939 section 3.
# Port 24 is "any private mail system"; RFC 2033 section 5 only forbids LMTP on port 25.
_SCHEMES = {
    "smtp": (Protocol.SMTP, 25, Tls.NONE),
    "smtps": (Protocol.SMTP, 465, Tls.IMPLICIT),
    "submission": (Protocol.SMTP, 587, Tls.NONE),
    "submissions": (Protocol.SMTP, 465, Tls.IMPLICIT),
    "lmtp": (Protocol.LMTP, 24, Tls.NONE),
    "pop3": (Protocol.POP3, 110, Tls.NONE),
    "pop3s": (Protocol.POP3, 995, Tls.IMPLICIT),
}
_IMPLICIT_PORT = {Protocol.SMTP: 465, Protocol.LMTP: 24, Protocol.POP3: 995}

_URL = pattern(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)")
_BRACKETED = pattern(r"\[([^\]]*)\](?::(.*))?")
_FORMS = "write host, host:port, [IPv6]:port, a URL such as smtp://host, unix:/path, or sandbox"
# Letters, digits and hyphen of RFC 1123 section 2.1, and the underscore that is found in use.
_LABEL = pattern(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")


def parse_target(
    text: str, protocol: Protocol | None, *, tls: bool = False, starttls: bool = False
) -> Target:
    """Read a target.  `protocol` None: the scheme of a URL says it.

    Raises Failure USAGE with a sentence that never repeats what may be a password.
    """
    return _parsed(text, protocol, tls, starttls)


def parse_further(text: str, protocol: Protocol | None, wanted: Tls) -> Target:
    """Read the target of a later connection, for which TLS was asked for on the command line.

    A URL says itself how TLS begins there, never that there is none.  Raises Failure USAGE.
    """
    scheme = _split_scheme(text)[0] if wanted is not Tls.NONE else None
    if scheme is None:
        tls, starttls = wanted is Tls.IMPLICIT, wanted is Tls.STARTTLS
        return parse_target(text, protocol, tls=tls, starttls=starttls)
    implicit = _SCHEMES[scheme][2] is Tls.IMPLICIT
    return parse_target(text, protocol, starttls=not implicit)


@lru_cache(maxsize=32)  # a thousand transcripts of a run go to the same few servers
def _parsed(
    text: str,
    protocol: Protocol | None,
    tls: bool,  # noqa: FBT001 - named by the caller
    starttls: bool,  # noqa: FBT001
) -> Target:
    if tls and starttls:
        raise _usage("--tls and --starttls exclude each other: TLS starts at once, or later")
    if any(not character.isprintable() or character.isspace() for character in text):
        raise _usage(f"a blank or control character in the target; {_FORMS}")
    scheme, rest = _split_scheme(text)
    if scheme is None and protocol is None:
        raise _usage(
            "the target does not say which protocol: write smtp, lmtp or pop3 before it, or a URL"
        )
    spoken, port, wanted = _SCHEMES[scheme or str(protocol)]
    if protocol is not None and spoken is not protocol:
        raise _usage(f"{scheme}:// is a URL for {spoken}, not for {protocol}")
    if starttls and wanted is Tls.IMPLICIT:
        raise _usage(f"{scheme}:// is TLS from the first octet: leave --starttls out")
    if tls and wanted is not Tls.IMPLICIT:
        port, wanted = _IMPLICIT_PORT[spoken], Tls.IMPLICIT
    if starttls:
        wanted = Tls.STARTTLS
    if scheme is None and (special := _special(rest, spoken, wanted)):
        return special
    host, given = _split_port(rest)
    return Target(spoken, _host(host), port if given is None else _port(given), wanted)


def _usage(sentence: str) -> Failure:
    return Failure(Word.USAGE, sentence)


def _split_scheme(text: str) -> tuple[str | None, str]:
    match = _URL.fullmatch(text) if "://" in text else None
    if "@" in text and not (text.startswith("unix:") or is_sandbox(text)):
        raise _usage("no user or password belongs into a target: log in with /auth or AUTH")
    if match is None:
        return None, text
    scheme, rest = match[1].lower(), match[2]
    if scheme not in _SCHEMES:
        known = " ".join(f"{name}://" for name in _SCHEMES)
        raise _usage(f"{safe(scheme)}:// is not a URL for mail sessions; known are {known}")
    if any(mark in rest for mark in "/?#"):
        raise _usage(f"nothing may follow host and port in a URL: write {scheme}://host:port")
    return scheme, rest


def _special(text: str, protocol: Protocol, tls: Tls) -> Target | None:
    if is_sandbox(text):
        return Target(protocol, text, 0, tls, kind=Kind.SANDBOX)
    if not text.startswith("unix:"):
        return None
    path = text.removeprefix("unix:")
    if not path.startswith("/"):
        raise _usage("a unix socket is given by its absolute path: unix:/path")
    return Target(protocol, "localhost", 0, tls, path, Kind.UNIX)


def _split_port(text: str) -> tuple[str, str | None]:
    """Split host and port; the brackets of an IPv6 address fall away."""
    if text.startswith("[") and (match := _BRACKETED.fullmatch(text)):
        if not _is_address(socket.AF_INET6, match[1]):
            raise _usage(f"no IPv6 address in the brackets: {safe(text)}; {_FORMS}")
        return match[1], match[2]
    if "[" in text or "]" in text:
        raise _usage(f"brackets hold one IPv6 address, a port may follow: not {safe(text)}")
    if text.count(":") > 1:
        if _is_address(socket.AF_INET6, text):
            raise _usage(f"an IPv6 address stands in brackets: [{safe(text)}] or [...]:port")
        raise _usage(f"more than one colon in {safe(text)}; {_FORMS}")
    host, colon, port = text.partition(":")
    return host, port if colon else None


def _is_address(family: socket.AddressFamily, text: str) -> bool:
    address, percent, zone = text.partition("%")
    if percent and not zone:
        return False
    try:
        socket.inet_pton(family, address)
    except OSError:
        return False
    return True


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535:
        return int(text)
    raise _usage(f"a port is a number from 1 to 65535, not {safe(text) or 'nothing'}")


def host_name(text: str) -> str:
    """Read a host alone: a name, in A-labels, or an address.  Raises Failure USAGE."""
    if any(not character.isprintable() or character.isspace() for character in text):
        raise _usage(f"a blank or control character in the name; {_FORMS}")
    return text if _is_address(socket.AF_INET6, text) else _host(text.replace(":", "/"))


def _host(text: str) -> str:
    """Return an address as it is, a name in A-labels."""
    if not text:
        raise _usage(f"the host is missing; {_FORMS}")
    if ":" in text:  # from brackets, checked there
        return text
    name = text if text.isascii() else _a_labels(text)
    labels = name.removesuffix(".").split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _usage(f"{safe(text)} is not a host name; {_FORMS}")
    return name


def _a_labels(text: str) -> str:
    import idna  # 18 ms, and only for names that are not ASCII

    try:
        return idna.encode(text, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise _usage(f"{safe(text)} is not a host name: {safe(str(error))}") from None
