"""From what the command line says to a session: the inner sandbox, and the way to an MX."""

import atexit
import functools
import socket
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mailprobe.errors import Failure, Word
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.events import Event
from mailprobe.protocol.model import Protocol, State
from mailprobe.safe import safe
from mailprobe.session import Observer, Session, Settings
from mailprobe.shell.options import Options
from mailprobe.transport.connect import connect
from mailprobe.transport.link import TlsSettings
from mailprobe.transport.stream import Stream
from mailprobe.transport.target import Kind, Target, Tls
from mailprobe.value import replace

if TYPE_CHECKING:
    from mailprobe.hops import Family
    from mailprobe.lookup import MailHost
    from mailprobe.sandbox.server import Sandbox
    from mailprobe.transport.identity import Ask

_IMPLICIT_PORTS = (465, 995)
_MX_PORT = {Tls.NONE: 25, Tls.STARTTLS: 25, Tls.IMPLICIT: 465}
_FAMILIES: dict[int, "Family"] = {socket.AF_INET: "4", socket.AF_INET6: "6"}
Tell = Callable[[str], None]

_NEXT = (Word.CONNECT, Word.TIMEOUT, Word.RESET, Word.EOF)  # troubles that end with one host


class Stopped(Exception):
    """A session has ended by itself, at the stage where the command line wants that."""


def open_session(
    options: Options,
    target: Target | None,
    observers: Sequence[Observer],
    *,
    wakeup: int | None = None,
    tell: Tell = lambda note: None,
    begin: Callable[[Target], None] = lambda target: None,
    keep: Callable[[Session], None] = lambda session: None,
    ask: "Ask | None" = None,
    meet: Callable[[Session], object] = lambda session: None,
    sandbox_of: "Callable[[str], Sandbox] | None" = None,
) -> Session:
    """Open a session with `target`, or with the first exchanger of `options.mx` that answers.

    `tell` hears of exchangers that were passed over; `begin` is told the target that it is;
    `keep` gets a session whose opening failed, before the Failure is raised; `ask` asks for the
    passphrase of a key, without echo; `meet` gets a session before it is opened; `sandbox_of`
    gives the sandbox that is meant by a name; without it that is one of the process.
    Raises Failure, or `transport.link.Interrupted`.
    """
    tls = options.settings.tls
    if tls != TlsSettings(verify=tls.verify):  # before anything is looked up or sent
        from mailprobe.transport.tls import check

        check(tls, ask)
    proxy = options.way.proxy
    if proxy is not None and proxy.user and not proxy.password:
        from mailprobe.shell.connections import ways

        options = ways.with_variable(options)
    if target is None:
        if options.mx is None:
            raise Failure(Word.USAGE, "name a target: mailprobe smtp HOST, or --mx DOMAIN")
        return _open_mx(options, options.mx, observers, wakeup, tell, begin, keep)
    begin(target)
    if target.kind is Kind.SANDBOX:
        target, options = sandboxed(target, options, (sandbox_of or inner_sandbox)(target.host))
    elif target.port in _IMPLICIT_PORTS and target.tls is not Tls.IMPLICIT:
        tell(f"port {target.port} is for TLS from the first octet (RFC 8314): silent? try --tls")
    addresses = _addresses(options, target, wakeup)
    return _open(options, target, addresses, observers, wakeup, keep, meet)


def _open(
    options: Options,
    target: Target,
    addresses: Sequence[str],
    observers: Sequence[Observer],
    wakeup: int | None,
    keep: Callable[[Session], None],
    meet: Callable[[Session], object] = lambda session: None,
) -> Session:
    way = options.way
    if way.program and target.kind is not Kind.PROGRAM:
        way = replace(way, program=())

    def link(target: Target, **how: object) -> Stream:
        return connect(
            target,
            family=options.family,
            addresses=addresses,
            wakeup=wakeup,
            way=way,
            **how,  # type: ignore[arg-type]  # deadline, on_event, clock: as Session.open() gives them
        )

    settings = replace(options.settings, starttls=target.tls is Tls.STARTTLS)
    session = _session(options, catalogue_of(target.protocol), observers, settings)
    meet(session)
    try:
        session.open(target, link)
    except BaseException as error:
        session.drop()
        if isinstance(error, Failure):
            keep(session)
        raise
    return session


def _session(
    options: Options, catalogue: Catalogue, observers: Sequence[Observer], settings: Settings
) -> Session:
    if options.stop is None:
        return Session(catalogue, observers, settings)
    from mailprobe.shell.piping.stopping import StoppingSession

    return StoppingSession(options.stop, catalogue, observers, settings)


def _addresses(options: Options, target: Target, wakeup: int | None) -> tuple[str, ...]:
    """What the name server that was named says of a host; nothing where the system is asked."""
    if options.dns is None or target.kind is not Kind.NETWORK or target.addresses:
        return ()
    from mailprobe import lookup
    from mailprobe.addresses import version_of
    from mailprobe.shell.connections.patience import answer_to

    if version_of(target.server_name) or target.server_name.lower() == "localhost":
        return ()
    limit, name = _limit(options, min(lookup.LIMIT, options.settings.timeout))
    host, server, family = target.host, options.dns, _family(options)
    return answer_to(
        lambda: lookup.addresses_of(
            host, server=server, limit=limit, limit_name=name, family=family
        ),
        wakeup,
    )


def _family(options: Options) -> "Family":
    """Which addresses are of use; what a proxy can connect to is its own matter."""
    way, family = options.way, options.family
    if way.proxy is not None:
        family = socket.AF_UNSPEC  # it is that of the link to the proxy
    elif way.source is not None:
        family = way.source.family
    return _FAMILIES.get(family, "any")


def _limit(options: Options, limit: float) -> tuple[float, str]:
    """The time that a look-up may take, and the option that sets it, if it is one."""
    end = options.settings.end
    if end is not None and (left := end - time.monotonic()) < limit:
        return max(0.0, left), "--max-time"
    return limit, ""


# --------------------------------------------------------------------------------- the sandbox


@functools.cache  # all targets of one name are one sandbox in a process
def inner_sandbox(name: str = "sandbox") -> "Sandbox":
    """The practice server inside this process; it ends with it.  Raises Failure `usage`."""
    from mailprobe.sandbox.named import read
    from mailprobe.sandbox.server import Sandbox

    named = read(name)
    sandbox = Sandbox(profile=named.profile, faults=named.faults)
    sandbox.start()
    atexit.register(sandbox.stop)
    return sandbox


_SERVICES = {
    (Protocol.SMTP, False): "smtp",
    (Protocol.SMTP, True): "submissions",
    (Protocol.LMTP, False): "lmtp",
    (Protocol.POP3, False): "pop3",
    (Protocol.POP3, True): "pop3s",
}


def service_of(target: Target) -> str:
    """The service of a sandbox that `target` means.  Raises Failure `usage`."""
    service = _SERVICES.get((target.protocol, target.tls is Tls.IMPLICIT))
    if service is None:
        raise Failure(Word.USAGE, "the sandbox speaks no LMTP with --tls; try --starttls")
    return service


def sandboxed(
    target: Target, options: Options, sandbox: "Sandbox | None" = None
) -> tuple[Target, Options]:
    """The place of a sandbox, and the options that trust it; without one that of the process.

    Raises Failure `usage` for what it does not speak.
    """
    service = service_of(target)
    sandbox = sandbox or inner_sandbox(target.host)
    settings = options.settings
    if settings.tls.ca is None:
        settings = replace(settings, tls=replace(settings.tls, ca=str(sandbox.ca)))
    target = Target(target.protocol, "127.0.0.1", sandbox.ports[service], target.tls)
    return target, replace(options, settings=settings)


# ------------------------------------------------------------------------------ mail exchangers


class _Held:
    """Holds the events of an attempt back until it is known to be the one that counts."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = observers
        self._events: list[Event] | None = []

    def __call__(self, event: Event) -> None:
        if self._events is not None:
            self._events.append(event)
            return
        for observer in self._observers:
            observer(event)

    def release(self) -> None:
        held, self._events = self._events or [], None
        for event in held:
            self(event)


def _open_mx(
    options: Options,
    domain: str,
    observers: Sequence[Observer],
    wakeup: int | None,
    tell: Tell,
    begin: Callable[[Target], None],
    keep: Callable[[Session], None],
) -> Session:
    """RFC 5321, section 5.1: in order of preference, until one host answers."""
    hosts = _exchangers(options, domain, tell, wakeup)
    for position, host in enumerate(hosts, start=1):
        target = Target(Protocol.SMTP, host.name, _MX_PORT[options.tls], options.tls)
        held = _Held(observers)
        try:
            session = _open(options, target, host.addresses, [held], wakeup, keep)
        except Failure as failure:
            if failure.word in _NEXT and position < len(hosts):
                tell(f"{host.name}: {failure.sentence}; trying the next one")
                continue
            begin(target)
            held.release()
            raise
        except Stopped:
            begin(target)
            held.release()
            raise
        if session.state is not State.GREETED and position < len(hosts):
            said = safe(session.connection.facts.greeting or b"")
            session.leave()
            tell(f"{host.name} takes no mail now ({said}); trying the next one")
            continue
        begin(target)
        held.release()
        return session
    raise AssertionError("the last host either answered or raised")


def _exchangers(
    options: Options, domain: str, tell: Tell, wakeup: int | None
) -> tuple["MailHost", ...]:
    from mailprobe import lookup
    from mailprobe.addresses import dangerous, is_local
    from mailprobe.shell.connections.patience import answer_to

    limit, name = _limit(options, lookup.LIMIT)
    family = _family(options)
    hop = answer_to(
        lambda: lookup.next_hop(
            domain, server=options.dns, limit=limit, limit_name=name, family=family
        ),
        wakeup,
    )
    if not hop.usable:
        raise Failure(Word.DNS, hop.sentence)
    tell(hop.sentence)
    local = is_local(options.dns)
    for host in hop.usable:
        for address in host.addresses:
            if danger := dangerous(address, local=local):
                raise Failure(
                    Word.SECURITY,
                    f"the MX {host.name} of {hop.domain} is {address}: {danger}; "
                    "name that address yourself if you mean it",
                )
    return hop.usable
