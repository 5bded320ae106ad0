"""Where the connections of a file go, and where they may not go.

Decided from text alone, before anybody is asked for an address: a file may name loopback, and
the hosts that the command line names, nothing else.
"""

from collections.abc import Callable, Iterable

from mailprobe.errors import Failure, Word
from mailprobe.patterns import pattern
from mailprobe.player.options import Options
from mailprobe.player.playing.problems import Stopped
from mailprobe.protocol.model import Protocol
from mailprobe.safe import safe
from mailprobe.transcript.model import Head, Peer
from mailprobe.transport.link import TlsSettings
from mailprobe.transport.target import SANDBOX, Kind, Target, Tls, is_sandbox, parse_target
from mailprobe.value import frozen, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.transport.way import Way as Link

RAW = "raw"
_LOCALHOST = "localhost"
_LOOPBACK = ("127.0.0.1", "::1")  # what it is, whatever a resolver says
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4_LOOPBACK = pattern(rf"127(?:\.{_OCTET}){{3}}")
_SERVICES = {
    ("smtp", False): "smtp",
    ("smtp", True): "submissions",
    ("lmtp", False): "lmtp",
    ("pop3", False): "pop3",
    ("pop3", True): "pop3s",
}
_SHOWN = 120  # characters of a target that fit into a sentence


@frozen
class Way:
    """How one connection is reached."""

    target: Target
    addresses: tuple[str, ...]  # what the name is known to be: no look-up
    loopback: bool
    named: bool  # by the command line
    tls: TlsSettings  # how a certificate is checked where the file says nothing else
    through: "Link | None" = None
    service: str = ""  # of a sandbox, which has an address only when it has started


def ways(
    head: Head, numbers: Iterable[int], options: Options, resolve: Callable[[str], str]
) -> dict[int, Way]:
    """The way of each connection.  `resolve` finds a file that the transcript names.

    Raises Stopped: `security` for a host that only the file names, `usage`, `syntax`.
    """
    named = _named(options)
    found: dict[int, Way] = {}
    for number in sorted(numbers):
        peer = head.peers.get(number, Peer())
        try:
            found[number] = _way(number, peer, options, named, resolve)
        except Stopped:
            raise
        except Failure as failure:
            raise Stopped(failure.word, failure.sentence, peer.place) from None
    return found


def _way(
    number: int, peer: Peer, options: Options, named: frozenset[str], resolve: Callable[[str], str]
) -> Way:
    given = options.servers.get(number)
    text = given if given is not None else peer.connect
    if not text:
        key, option = ("connect", "--server") if number == 1 else (f"connect {number}", "--server")
        suffix = "" if number == 1 else f" {number}="
        raise Failure(
            Word.USAGE, f"connection {number} has no server: write {key}:, or give {option}{suffix}"
        )
    ca = options.tls.ca or (resolve(peer.ca) if peer.ca else None)
    tls = replace(options.tls, ca=ca)
    if is_sandbox(text):
        asked_for = any(map(is_sandbox, (*options.servers.values(), *options.allowed)))
        return replace(_sandboxed(text, peer, tls, named=asked_for), through=options.way)
    target = _parse(text, peer)
    host = _normal(target.host)
    # Behind a proxy loopback is another machine, which the file may not name.
    proxied = options.way is not None and options.way.proxy is not None
    loopback = not proxied and (target.kind is Kind.UNIX or is_loopback(host))
    if given is None:
        _refuse_foreign(text, target, host, named, loopback=loopback)
    return Way(
        target,
        _LOOPBACK if host == _LOCALHOST else (),
        loopback=loopback,
        named=given is not None or host in named,
        tls=tls,
        through=options.way,
    )


def _refuse_foreign(
    text: str, target: Target, host: str, named: frozenset[str], *, loopback: bool
) -> None:
    if target.kind is Kind.UNIX:
        raise Failure(
            Word.SECURITY,
            "a file may not name a unix socket: give it by --server, if you mean it",
        )
    if not loopback and host not in named:
        shown = safe(text[:_SHOWN])
        raise Failure(
            Word.SECURITY,
            f"the file wants to connect to {shown}, which the command line does not name: "
            f"give --server HOST:PORT, or --allow-host {safe(host[:_SHOWN])}, if you mean it",
        )


def _sandboxed(text: str, peer: Peer, tls: TlsSettings, *, named: bool) -> Way:
    if text != SANDBOX:
        from mailprobe.sandbox.named import read  # only where a file names a profile

        read(text)  # raises where there is no such profile
    service = _SERVICES.get((peer.protocol, peer.implicit_tls))
    if service is None:
        how = " with TLS at once" if peer.implicit_tls else ""
        raise Failure(Word.USAGE, f"the sandbox speaks no {peer.protocol.upper()}{how}")
    target = Target(Protocol(peer.protocol), text, 0, _tls(peer), kind=Kind.SANDBOX)
    return Way(target, (), loopback=True, named=named, tls=tls, service=service)


def _tls(peer: Peer) -> Tls:
    return Tls.IMPLICIT if peer.implicit_tls else Tls.NONE


def _parse(text: str, peer: Peer) -> Target:
    if peer.protocol != RAW:
        return parse_target(text, Protocol(peer.protocol), tls=peer.implicit_tls)
    target = parse_target(text, Protocol.SMTP)
    if target.port != parse_target(text, Protocol.POP3).port:  # each has put in its own
        raise Failure(Word.USAGE, f"protocol raw has no port of its own: {safe(text)}:PORT")
    return replace(target, tls=_tls(peer))


# ------------------------------------------------------------------------------------- names


def _named(options: Options) -> frozenset[str]:
    """The hosts that a person named."""
    texts = [*options.servers.values(), *options.allowed]
    return frozenset(_host_of(text) for text in texts if not is_sandbox(text))


def _host_of(text: str) -> str:
    """The host of a target; an IPv6 address may stand without brackets."""
    if text.count(":") > 1 and "[" not in text and "://" not in text:
        text = f"[{text}]"
    protocol = None if "://" in text else Protocol.SMTP
    return _normal(parse_target(text, protocol).host)


def _normal(host: str) -> str:
    """One spelling of a host: IPv6 addresses as the standard writes them, names in lower case."""
    if ":" not in host:
        return host.lower().removesuffix(".")
    from ipaddress import ip_address  # 2 ms, and few need it

    try:
        return str(ip_address(host))
    except ValueError:  # a zone that the standard does not know
        return host.lower()


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine, without asking anybody: 127.0.0.0/8, ::1, localhost."""
    return host in (_LOCALHOST, *_LOOPBACK) or _IPV4_LOOPBACK.fullmatch(host) is not None
