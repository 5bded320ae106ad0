"""`connect`: from what a program says of a server to a session with it."""

import os
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack

from mailprobe.api.hearing import Hearing
from mailprobe.api.talking import Session
from mailprobe.errors import Failure, Word
from mailprobe.protocol.framing import Limits
from mailprobe.protocol.model import Protocol
from mailprobe.safe import safe
from mailprobe.session import Observer, Settings
from mailprobe.shell.connections.opening import open_session, sandboxed
from mailprobe.shell.options import Options
from mailprobe.shell.recording.recording import Recording
from mailprobe.transport.link import TlsSettings
from mailprobe.transport.target import Kind, Target, Tls, host_name, parse_target
from mailprobe.transport.way import DIRECT, Way
from mailprobe.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.sandbox.server import Sandbox
    from mailprobe.shell.config import Profile


def connect(
    target: str = "",
    *,
    protocol: Protocol | str | None = None,
    mx: str = "",
    tls: bool = False,
    starttls: bool = False,
    ca: str | os.PathLike[str] | None = None,
    verify: bool = True,
    cert: str | os.PathLike[str] | None = None,
    key: str | os.PathLike[str] | None = None,
    sni: str = "",
    insecure_auth: bool = False,
    timeout: float | None = None,
    max_time: float | None = None,
    limits: Limits | None = None,
    ehlo: str = "",
    dns: str | None = None,
    family: socket.AddressFamily = socket.AF_UNSPEC,
    bind: str | None = None,
    proxy: str | None = None,
    proxy_protocol: str | None = None,
    record: str | os.PathLike[str] | None = None,
    observers: Sequence[Observer] = (),
    settings: Settings | None = None,
) -> Session:
    """Open a session with a server, and wait for its greeting.

    `target` is what the command line takes: `smtp://host`, `submission://host:587`,
    `pop3s://host`, `lmtp://host`; with `protocol` (`"smtp"`, `"lmtp"`, `"pop3"`) also
    `host[:port]`, `[v6]:port`, `unix:/path` and `sandbox`, a practice server that lives as long
    as the session (`sandbox/muse` plays a profile); `@NAME` is a profile of config.toml.  `mx`
    names a domain in its place, whose mail exchangers are tried in their order.

    `tls` is TLS from the first octet; `starttls` has it begin by STARTTLS or STLS before anything
    but hello is sent.  `ca` is a file of certificates to trust in the place of the system's;
    `verify=False` takes any.  `cert` and `key` are PEM files that say who we are, `sni` the host
    whose certificate is asked for in the place of the target's.  A credential travels in the
    clear to another machine with `insecure_auth` alone.

    `timeout` (60 s) is the longest silence and the longest time for a whole reply, `max_time`
    bounds the whole session, both in seconds; `limits` bound what the server may send.  `ehlo` is
    the name for hello that mailprobe says itself, `dns` the name server (`ADDRESS[:PORT]`) that
    is asked for `mx`.  `bind` is our own address, `proxy` is `socks5://host:port` or
    `http://host:port`, `proxy_protocol` announces a client to the server (`v1`, `v2`, and what
    the command line has behind that).  `record` is a new file, into which the session is written
    as a transcript without secrets.  `observers` are called with each event.  `settings` says all
    of this, and more, in one value; what is given beside it counts more.

    Raises Failure: `usage`, `dns`, `connect`, `timeout`, `eof`, `reset`, `protocol`, `limit`,
    `tls`, `security`.
    """
    if tls and starttls:
        raise Failure(Word.USAGE, "tls and starttls exclude each other")
    if bool(target) is bool(mx):
        raise Failure(Word.USAGE, "name a target, or a domain by mx, and not both")

    def with_said(general: Settings) -> Settings:
        secured = _tls_settings(general.tls, ca, cert, key, sni, verify=verify)
        changed = _settings(replace(general, tls=secured), ehlo, timeout, max_time, limits)
        return replace(changed, insecure_auth=True) if insecure_auth else changed

    general = settings or Settings()
    upgraded = starttls or (general.starttls and not tls)
    wanted = Tls.IMPLICIT if tls else Tls.STARTTLS if upgraded else Tls.NONE
    known = None if protocol is None else _protocol(protocol)
    way = _way(bind, proxy, proxy_protocol, family)
    options = Options(tls=wanted, family=family, way=way, dns=dns, env=os.environ)
    found: Target | None = None
    if mx:
        if known not in (None, Protocol.SMTP):
            raise Failure(Word.USAGE, "mail exchangers speak SMTP")
        options = replace(options, mx=mx)
    elif target.startswith("@"):
        profile = _profile(target[1:], options)
        found, general = profile.target_for(known, wanted), profile.settings(general)
    else:
        found = parse_target(target, known, tls=tls, starttls=starttls)
    if upgraded and found is not None and found.tls is Tls.NONE:
        found = replace(found, tls=Tls.STARTTLS)
    return _open(replace(options, settings=with_said(general)), found, record, observers)


def _protocol(text: str) -> Protocol:
    try:
        return Protocol(text)
    except ValueError:
        known = ", ".join(Protocol)
        raise Failure(Word.USAGE, f"protocol is one of {known}, not {safe(text)}") from None


def _way(
    bind: str | None, proxy: str | None, announced: str | None, family: socket.AddressFamily
) -> Way:
    """How octets get to the server.  Raises Failure `usage`."""
    if bind is proxy is announced is None:
        return DIRECT
    from mailprobe.transport import written  # most links are direct

    way = Way(
        None if bind is None else written.parse_source(bind),
        None if proxy is None else written.parse_proxy(proxy),
        None if announced is None else written.parse_announcement(announced),
    )
    if family is not socket.AF_UNSPEC:
        written.check_family(way, family)
    return way


def _profile(name: str, options: Options) -> "Profile":
    from mailprobe.shell.config import config_of  # tomllib, where somebody names one

    return config_of(options).profile(name)


def _tls_settings(
    general: TlsSettings,
    ca: str | os.PathLike[str] | None,
    cert: str | os.PathLike[str] | None,
    key: str | os.PathLike[str] | None,
    sni: str,
    *,
    verify: bool,
) -> TlsSettings:
    """`general`, and what the call says of TLS itself.  Raises Failure `usage`."""
    changed = general if verify else replace(general, verify=False)
    if ca is not None:
        changed = replace(changed, ca=os.fspath(ca))
    if key is not None and cert is None:
        raise Failure(Word.USAGE, "key is the key of a certificate: give cert, too")
    if cert is not None:
        from mailprobe.transport.identity import ClientCertificate  # and ssl

        private = None if key is None else os.fspath(key)
        changed = replace(changed, identity=ClientCertificate(os.fspath(cert), private))
    return replace(changed, name=host_name(sni)) if sni else changed


def _settings(
    general: Settings,
    ehlo: str,
    timeout: float | None,
    max_time: float | None,
    limits: Limits | None,
) -> Settings:
    """`general`, and what the call says itself.  Raises Failure `usage`."""
    changed = general
    if ehlo:
        if not ehlo.isprintable() or " " in ehlo:
            raise Failure(Word.USAGE, f"{safe(ehlo)} is no name to say hello with")
        changed = replace(changed, hello_name=ehlo)
    for name, seconds in (("timeout", timeout), ("max_time", max_time)):
        if seconds is not None and not seconds > 0:
            raise Failure(Word.USAGE, f"{name} is a time in seconds, above 0: not {seconds:g}")
    if timeout is not None:
        changed = replace(changed, timeout=timeout)
    if max_time is not None:
        changed = replace(changed, end=time.monotonic() + max_time)
    return changed if limits is None else replace(changed, limits=limits)


def _open(
    options: Options,
    target: Target | None,
    record: str | os.PathLike[str] | None,
    observers: Sequence[Observer],
) -> Session:
    """Open, and let go of all that was begun for it where that fails."""
    hearing = Hearing()
    with ExitStack() as stack:
        recording: Recording | None = None
        if record is not None:
            recording = Recording(hearing.warn)
            stack.callback(recording.close)
            recording.start(os.fspath(record))
        named = target
        if target is not None and target.kind is Kind.SANDBOX:
            sandbox = stack.enter_context(_sandbox(target))
            target, options = sandboxed(target, options, sandbox)

        def begin(found: Target) -> None:
            if recording is not None:
                recording.begin(named or found)

        heard = [recording] if recording is not None else []
        session = open_session(options, target, [*heard, hearing, *observers], begin=begin)
        return Session(session, hearing, recording, stack.pop_all())


def _sandbox(target: Target) -> "Sandbox":
    """A practice server with the one service that is asked for."""
    from mailprobe.sandbox.named import read
    from mailprobe.sandbox.server import Sandbox
    from mailprobe.shell.connections.opening import service_of

    named = read(target.host)
    return Sandbox({service_of(target): 0}, profile=named.profile, faults=named.faults)
