"""The way to a server: look its name up, try its addresses in order, show each attempt."""

import errno
import os
import select
import socket
import time
from collections.abc import Callable, Sequence

from mailprobe.errors import Failure, Word
from mailprobe.protocol.events import Connected, Connecting, Event, Resolved, Tunnelled
from mailprobe.safe import safe
from mailprobe.transport import faults
from mailprobe.transport.link import Interrupted
from mailprobe.transport.stream import Stream, milliseconds, name_of
from mailprobe.transport.target import Kind, Target, address_text
from mailprobe.value import frozen, replace

TYPE_CHECKING = False  # most links are direct
if TYPE_CHECKING:
    from mailprobe.transport.way import Announcement, Proxy, Source, Way

Address = tuple[socket.AddressFamily, tuple[str | int, ...] | str]  # for socket() and connect()
Observe = Callable[[Event], None]

_ANSWERS = {
    socket.EAI_NONAME: "there is no such host",
    socket.EAI_AGAIN: "the resolver did not answer, try again later",
    socket.EAI_FAIL: "the resolver failed",
}
_WORDS = {errno.ETIMEDOUT: Word.TIMEOUT, errno.ECONNRESET: Word.RESET}
# What non-blocking connect() says when it has begun; EAGAIN is a unix socket's full backlog.
_BEGUN = (0, errno.EINPROGRESS, errno.EINTR)
_NEAR = ("127.", "[::1]", "[::ffff:127.")  # how addresses of this machine are written
_FAMILIES = {socket.AF_INET: "IPv4 ", socket.AF_INET6: "IPv6 "}


@frozen
class _Terms:
    """What holds for every attempt; `clock` gives the `at` of the events."""

    deadline: float | None
    family: socket.AddressFamily
    source: "Source | None"
    on_event: Observe
    clock: Callable[[], float]
    wakeup: int | None


def connect(
    target: Target,
    *,
    deadline: float | None = None,
    family: socket.AddressFamily = socket.AF_UNSPEC,
    addresses: Sequence[str] = (),
    on_event: Observe = lambda event: None,
    clock: Callable[[], float] = time.monotonic,
    wakeup: int | None = None,
    way: "Way | None" = None,
) -> Stream:
    """Return a link to `target`.

    `addresses`, when given here or in `target`, are what the name was found to be already: no
    look-up.  `way` None is the direct one; through a proxy `family` is that of the link to the
    proxy.  `clock` gives the `at` of the events.  Raises Failure DNS, CONNECT, or TIMEOUT when the
    limit ran out; what a proxy does wrong is PROTOCOL, EOF, RESET or LIMIT, too; and Interrupted
    when `wakeup` became readable.
    """
    if target.kind is Kind.SANDBOX:
        raise ValueError("the sandbox is reached by the address that it was started on")
    source = None if way is None else way.source
    terms = _Terms(deadline, family, source, on_event, clock, wakeup)
    if way is None:
        link, name = _reach(terms, target, addresses or target.addresses)
        return _linked(terms, link, name, name)
    return _by_way(terms, way, target, addresses or target.addresses)


def _by_way(terms: _Terms, way: "Way", target: Target, addresses: Sequence[str]) -> Stream:
    """The same, by more than a look-up and a socket."""
    _refuse_impossible(way, target)
    if way.program:
        from mailprobe.transport.program import Program  # and subprocess

        link: Stream = Program(way.program, terms.on_event, terms.clock, terms.wakeup)
        terms.on_event(Connected(terms.clock(), link.peer, ""))
    else:
        source = way.source
        if source is not None and not terms.family:
            terms = replace(terms, family=source.family)
        if way.proxy is not None:
            link = _through(terms, way.proxy, target, addresses)
        else:
            connected, name = _reach(terms, target, addresses)
            link = _linked(terms, connected, name, name)
    link.way = way.rows()
    if way.announcement is not None:
        _announce(link, way.announcement, terms.deadline, relayed=link.relayed)
    return link


def _refuse_impossible(way: "Way", target: Target) -> None:
    if target.kind is Kind.UNIX and (way.source is not None or way.proxy is not None):
        what = "--bind names no end" if way.proxy is None else "a proxy reaches no end"
        raise Failure(Word.USAGE, f"{what} of a unix socket: leave it out for {safe(str(target))}")


def _linked(terms: _Terms, link: socket.socket, name: str, peer: str) -> Stream:
    """The stream over a socket that is connected to `name`."""
    stream = Stream(link, peer=peer, wakeup=terms.wakeup)
    terms.on_event(Connected(terms.clock(), name, stream.local))
    return stream


def _reach(terms: _Terms, target: Target, known: Sequence[str]) -> tuple[socket.socket, str]:
    """A socket that is connected to one of the addresses of `target`, and its name."""
    failed: list[tuple[str, OSError]] = []
    routes = _routes(terms, target, known)
    for done, route in enumerate(routes):
        name = name_of(route[1])
        terms.on_event(Connecting(terms.clock(), name))
        share = _share(terms.deadline, len(routes) - done)
        try:
            return _open_socket(route, share, terms.wakeup, terms.source), name
        except OSError as error:
            failed.append((name, error))
    raise _unreached(target, failed)


def _share(deadline: float | None, candidates: int) -> float | None:
    """Divide what is left, so that a silent first address leaves time for the second."""
    if deadline is None:
        return None
    now = time.monotonic()
    return now + (deadline - now) / candidates


def _unreached(target: Target, failed: list[tuple[str, OSError]]) -> Failure:
    attempts = "; ".join(f"{safe(name)}: {faults.reason(error)}" for name, error in failed)
    last = failed[-1][1]
    word = _WORDS.get(last.errno or 0, Word.CONNECT)
    return Failure(word, f"no connection to {safe(str(target))} ({attempts})")


# --------------------------------------------------------------------------------- one socket


def _open_socket(
    address: Address, deadline: float | None, wakeup: int | None, source: "Source | None" = None
) -> socket.socket:
    """Return a connected socket; raises OSError, ETIMEDOUT when the deadline passes.

    Failure CONNECT when `source`, which is of the same family, cannot be had.
    """
    family, name = address
    link = socket.socket(family, socket.SOCK_STREAM)
    try:
        link.settimeout(0)
        if family != socket.AF_UNIX:
            # One send is one turn: waiting for more to send costs 40 ms a session.
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source is not None:
            _bind(link, source)
        said = link.connect_ex(name)
        if said == errno.EAGAIN and family == socket.AF_UNIX:
            raise OSError(errno.ECONNREFUSED, "backlog full")
        if said == errno.EADDRNOTAVAIL and source is not None and source.port:
            raise OSError(errno.EADDRINUSE, "an earlier link to that server still holds the port")
        if said not in _BEGUN:
            raise OSError(said, os.strerror(said))
        if said:
            wait(link.fileno(), select.POLLOUT, deadline, wakeup)
            if said := link.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(said, os.strerror(said))
    except BaseException:
        link.close()
        raise
    return link


def _bind(link: socket.socket, source: "Source") -> None:
    try:
        if source.port:  # that of a link which has just ended may be had again
            link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        link.bind((source.host.encode("ascii"), source.port))
    except OSError as error:
        sentence = f"--bind {safe(str(source))}: {faults.reason(error)}"
        raise Failure(Word.CONNECT, sentence) from None


def wait(descriptor: int, interest: int, deadline: float | None, wakeup: int | None) -> None:
    """Wait for `descriptor`; raises OSError ETIMEDOUT, or Interrupted."""
    poll = select.poll()
    poll.register(descriptor, interest)
    if wakeup is not None:
        poll.register(wakeup, select.POLLIN)
    ready = poll.poll(milliseconds(deadline))
    if not ready:
        raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
    if any(found == wakeup for found, _ in ready):
        raise Interrupted


# ----------------------------------------------------------------------------- through a proxy


def _through(terms: _Terms, proxy: "Proxy", target: Target, known: Sequence[str]) -> Stream:
    """A link that a proxy carries on, to the name or to one of the addresses that are known."""
    from mailprobe.transport.tunnel import Refused

    hosts, refused = tuple(known) or (target.host,), []
    for done, host in enumerate(hosts):
        share = _share(terms.deadline, len(hosts) - done)
        try:
            return _tunnel(replace(terms, deadline=share), proxy, target, host)
        except Refused as failure:
            refused.append(f"{safe(address_text(host, target.port))}: {failure.sentence}")
    raise Failure(Word.CONNECT, f"no connection to {safe(str(target))} ({'; '.join(refused)})")


def _tunnel(terms: _Terms, proxy: "Proxy", target: Target, host: str) -> Stream:
    """One attempt.  Raises Refused where another address may do."""
    from mailprobe.transport import socks, tunnel
    from mailprobe.transport.intermediary import Conversation
    from mailprobe.transport.way import Scheme

    try:
        link, name = _reach(terms, Target(target.protocol, proxy.host, proxy.port), ())
    except Failure as failure:
        raise Failure(failure.word, f"the proxy: {failure.sentence}") from None
    stream = None
    try:
        who = f"the proxy {safe(name)}"
        if proxy.user and not (proxy.exposed or name.startswith(_NEAR)):
            raise Failure(
                Word.SECURITY,
                f"the password would travel in the clear to {who}: --insecure-auth lets it",
            )
        talk = Conversation(link, who, terms.deadline, terms.wakeup)
        terms.on_event(Connected(terms.clock(), name, name_of(link.getsockname())))
        speak = socks.connect if proxy.scheme is Scheme.SOCKS5 else tunnel.connect
        speak(talk, proxy, host, target.port)
        reached = address_text(host, target.port)
        stream = Stream(link, peer=reached, wakeup=terms.wakeup)
    finally:
        if stream is None:
            link.close()
    stream.relayed = True
    looked_up = not _literal(host, target.port)
    terms.on_event(Tunnelled(terms.clock(), reached, name, looked_up))
    return stream


def _announce(
    link: Stream, announcement: "Announcement", deadline: float | None, *, relayed: bool
) -> None:
    """Send the header of the PROXY protocol, before anything else."""
    from mailprobe.transport import proxied

    ends = (None, None) if relayed else link.ends()
    try:
        link.send(proxied.header(announcement, *ends), deadline)
    except BaseException:
        link.drop()
        raise


# ------------------------------------------------------------------------------------ look-up


def _routes(terms: _Terms, target: Target, addresses: Sequence[str]) -> list[Address]:
    family = terms.family
    if target.path is not None:
        return [(socket.AF_UNIX, target.path)]
    if addresses:
        known = [_literal(address, target.port) for address in addresses]
        fit = [route for routes in known for route in routes if family in (0, route[0])]
        if not fit:
            sentence = f"{safe(target.host)}: it has no {_FAMILIES.get(family, '')}address"
            raise Failure(Word.DNS, sentence)
        return fit
    if literal := _literal(target.host, target.port):
        if family not in (socket.AF_UNSPEC, literal[0][0]):
            why = "" if terms.source is None else ", as --bind wants it"
            raise Failure(Word.USAGE, f"{target.host} is no {_FAMILIES[family]}address{why}")
        return literal
    found = _look_up(target, family, terms.deadline, terms.wakeup)
    shown = tuple(str(address[0]) for _, address in found)
    terms.on_event(Resolved(terms.clock(), target.host, shown))
    return found


def _literal(host: str, port: int) -> list[Address]:
    """Read an IP address, zone included; empty when `host` is a name.  Asks nobody."""
    try:
        return _ask(host, port, socket.AF_UNSPEC, socket.AI_NUMERICHOST)
    except OSError:
        return []


def _ask(host: str, port: int, family: socket.AddressFamily, flags: int = 0) -> list[Address]:
    # Octets, for a str loads the idna codec (7 ms); Target.host is in A-labels already.
    answers = socket.getaddrinfo(
        host.encode("ascii"), port, family, socket.SOCK_STREAM, socket.IPPROTO_TCP, flags
    )
    routes: dict[Address, None] = {}  # in order, each once
    for kind, _, _, _, address in answers:
        routes[kind, address] = None  # type: ignore[index]  # octets: a Python without IPv6
    return list(routes)


def _look_up(
    target: Target, family: socket.AddressFamily, deadline: float | None, wakeup: int | None
) -> list[Address]:
    """Ask the resolver in a thread of its own: nothing can interrupt getaddrinfo()."""
    import threading

    found: list[Address] = []
    failed: list[OSError] = []
    mine, its = socket.socketpair()

    def ask() -> None:
        with its:  # closing it wakes the waiting side, if that is still there
            try:
                found.extend(_ask(target.host, target.port, family))
            except OSError as error:
                failed.append(error)

    with mine:
        threading.Thread(target=ask, daemon=True, name="getaddrinfo").start()
        try:
            wait(mine.fileno(), select.POLLIN, deadline, wakeup)
        except OSError:
            sentence = f"no answer about {target.host} from the resolver within the limit of time"
            raise Failure(Word.DNS, sentence) from None
    if failed:
        raise _not_found(target.host, family, failed[0])
    return found


def _not_found(host: str, family: socket.AddressFamily, error: OSError) -> Failure:
    said = _ANSWERS.get(error.errno or 0)
    if said is None or (error.errno == socket.EAI_NONAME and family in _FAMILIES):
        said = f"it has no {_FAMILIES.get(family, '')}address"
    return Failure(Word.DNS, f"{safe(host)}: {said}")
