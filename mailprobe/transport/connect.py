"""The way to a server: look its name up, try its addresses in order, show each attempt."""

import errno
import os
import select
import socket
import time
from collections.abc import Callable, Sequence

from mailprobe.errors import Failure, Word
from mailprobe.protocol.events import Connected, Connecting, Event, Resolved
from mailprobe.safe import safe
from mailprobe.transport import faults
from mailprobe.transport.link import Interrupted
from mailprobe.transport.stream import Stream, milliseconds, name_of
from mailprobe.transport.target import Kind, Target

Address = tuple[socket.AddressFamily, tuple[str | int, ...] | str]  # for socket() and connect()
Observe = Callable[[Event], None]

_ANSWERS = {
    socket.EAI_NONAME: "there is no such host",
    socket.EAI_AGAIN: "the resolver did not answer, try again later",
    socket.EAI_FAIL: "the resolver failed",
}
_WORDS = {errno.ETIMEDOUT: Word.TIMEOUT, errno.ECONNRESET: Word.RESET}
_FAMILIES = {socket.AF_INET: "IPv4 ", socket.AF_INET6: "IPv6 "}
# What non-blocking connect() says when it has begun; EAGAIN is a unix socket's full backlog.
_BEGUN = (0, errno.EINPROGRESS, errno.EINTR)


def connect(
    target: Target,
    *,
    deadline: float | None = None,
    family: socket.AddressFamily = socket.AF_UNSPEC,
    addresses: Sequence[str] = (),
    on_event: Observe = lambda event: None,
    clock: Callable[[], float] = time.monotonic,
    wakeup: int | None = None,
) -> Stream:
    """Return a link to `target`.

    `addresses`, when given here or in `target`, are what the name was found to be already: no
    look-up.  `clock` gives the `at` of the events.  Raises Failure DNS, CONNECT, or TIMEOUT when
    the limit ran out, and Interrupted when `wakeup` became readable.
    """
    if target.kind is Kind.SANDBOX:
        raise ValueError("the sandbox is reached by the address that it was started on")
    failed: list[tuple[str, OSError]] = []
    known = addresses or target.addresses
    routes = _routes(target, deadline, family, known, on_event, clock, wakeup)
    for done, (kind, address) in enumerate(routes):
        name = name_of(address)
        on_event(Connecting(clock(), name))
        share = _share(deadline, len(routes) - done)
        try:
            link = Stream(_open(kind, address, share, wakeup), peer=name, wakeup=wakeup)
        except OSError as error:
            failed.append((name, error))
            continue
        on_event(Connected(clock(), name, link.local))
        return link
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


def _open(
    family: socket.AddressFamily,
    address: tuple[str | int, ...] | str,
    deadline: float | None,
    wakeup: int | None,
) -> socket.socket:
    """Return a connected socket; raises OSError, ETIMEDOUT when the deadline passes."""
    link = socket.socket(family, socket.SOCK_STREAM)
    try:
        link.settimeout(0)
        if family != socket.AF_UNIX:
            # One send is one turn: waiting for more to send costs 40 ms a session.
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        said = link.connect_ex(address)
        if said == errno.EAGAIN and family == socket.AF_UNIX:
            raise OSError(errno.ECONNREFUSED, "backlog full")
        if said not in _BEGUN:
            raise OSError(said, os.strerror(said))
        if said:
            _wait(link.fileno(), select.POLLOUT, deadline, wakeup)
            if said := link.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(said, os.strerror(said))
    except BaseException:
        link.close()
        raise
    return link


def _wait(descriptor: int, interest: int, deadline: float | None, wakeup: int | None) -> None:
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


# ------------------------------------------------------------------------------------ look-up


def _routes(
    target: Target,
    deadline: float | None,
    family: socket.AddressFamily,
    addresses: Sequence[str],
    on_event: Observe,
    clock: Callable[[], float],
    wakeup: int | None,
) -> list[Address]:
    if target.path is not None:
        return [(socket.AF_UNIX, target.path)]
    if addresses:
        known = [_literal(address, target.port) for address in addresses]
        return [route for routes in known for route in routes]
    if literal := _literal(target.host, target.port):
        if family not in (socket.AF_UNSPEC, literal[0][0]):
            raise Failure(Word.USAGE, f"{target.host} is no {_FAMILIES[family]}address")
        return literal
    found = _look_up(target, family, deadline, wakeup)
    shown = tuple(str(address[0]) for _, address in found)
    on_event(Resolved(clock(), target.host, shown))
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
            _wait(mine.fileno(), select.POLLIN, deadline, wakeup)
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
