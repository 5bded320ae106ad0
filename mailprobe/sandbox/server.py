"""The sandbox: servers of SMTP, LMTP and POP3 on loopback over one store of maildrops.

Writes nothing to standard output, needs no privilege, and sends no mail on.
"""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import resources
from pathlib import Path

from mailprobe.errors import Failure, Word
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.sandbox.accounts import DOMAIN, SECRETS
from mailprobe.sandbox.certificates import Certificates
from mailprobe.sandbox.chance import Chance, Fixed
from mailprobe.sandbox.dialogue import PATIENCE, Dialogue, Service, Tls, converse
from mailprobe.sandbox.maildrop import MAXIMUM_OCTETS, Store, renamed
from mailprobe.sandbox.manners import DEFAULT, Host, Profile
from mailprobe.sandbox.office import Office
from mailprobe.sandbox.pop3 import POP3, Pop3Service
from mailprobe.sandbox.smtp import LMTP, SMTP, SmtpService
from mailprobe.transport.listen import Listener, Running
from mailprobe.transport.stream import Stream
from mailprobe.transport.target import address_text
from mailprobe.value import frozen

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from mailprobe.sandbox.faults.model import Fault
    from mailprobe.sandbox.faults.striking import Plan
    from mailprobe.transport.oracle import Oracle

LOOPBACK = "127.0.0.1"

_MEMORY = Path("/dev/shm")  # Linux: a file system in memory
_MEMORY_WANTED = 2 * MAXIMUM_OCTETS

_Make = Callable[[Dialogue, Office, Host | None], Service]


@frozen
class _Kind:
    """What is spoken on one port."""

    catalogue: Catalogue
    make: _Make
    implicit: bool = False  # TLS from the first octet (RFC 8314)


def _pop3(dialogue: Dialogue, office: Office, host: Host | None) -> Service:
    return Pop3Service(dialogue, office)


_SMTP = _Kind(SMTP, partial(SmtpService, SMTP))
_KINDS: dict[str, _Kind] = {
    "smtp": _SMTP,
    "submission": _SMTP,
    "submissions": _Kind(SMTP, partial(SmtpService, SMTP), implicit=True),
    "lmtp": _Kind(LMTP, partial(SmtpService, LMTP)),
    "pop3": _Kind(POP3, _pop3),
    "pop3s": _Kind(POP3, _pop3, implicit=True),
}
SERVICES = tuple(_KINDS)
_ATTEMPTS = 10  # to find a port that is free for all hosts
_OF_HOSTS = ("smtp",)  # services that a mail exchanger has


class Sandbox(Running):
    """A sandbox, from `start` to `stop`; also a context manager.

    `ports` names the services to start, 0 is any free port; without it all are started.  The
    maildrops lie in `directory`, or in a private folder that `stop` removes.  `profile` is what
    it plays; a `deterministic` one says the same whenever it is told the same.  `faults` go wrong
    on purpose, at the same places of each session as long as `seed` is the same.  Raises Failure
    USAGE for a service that nobody knows.
    """

    def __init__(
        self,
        ports: Mapping[str, int] | None = None,
        directory: Path | None = None,
        host: str = LOOPBACK,
        *,
        patience: float = PATIENCE,
        profile: Profile = DEFAULT,
        faults: "Sequence[Fault]" = (),
        deterministic: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self._wanted = dict(ports) if ports else dict.fromkeys(SERVICES, 0)
        if unknown := self._wanted.keys() - _KINDS.keys():
            known = ", ".join(SERVICES)
            raise Failure(Word.USAGE, f"expected services among {known}, got {sorted(unknown)}")
        self.host = host
        self.ports: dict[str, int] = {}
        self._directory = directory
        self._patience = patience
        self.profile = profile if profile is DEFAULT else _as_seeded(profile, seed)
        self.faults = tuple(faults)
        self.deterministic = deterministic
        self.seed = seed
        self._plan: Plan | None = None
        self._stopping = threading.Event()  # nobody waits for time to pass any more
        self._private: Path | None = None
        self._nameserver: Oracle | None = None
        self._certificates: Certificates | None = None

    def _start(self) -> None:
        """Make the maildrops, too.  Raises Failure USAGE when the folder is no use."""
        with renamed("making the sandbox's folder"):
            self._private = Path(tempfile.mkdtemp(prefix="mailprobe-", dir=_scratch()))
        profile = self.profile
        self._certificates = Certificates(self._private, asks=True, expired=profile.expired)
        if self.faults:
            from mailprobe.sandbox.faults.striking import Plan

            self._stopping.clear()
            self._plan = Plan(self.faults, self.seed, self._stopping.wait)
        chance = Fixed() if self.deterministic else Chance()
        store = Store(self._directory or self._private / "mail", chance=chance)
        office = Office(store, profile, chance)
        for user in office.accounts.secrets:
            if store.make(user) and user in profile.readers:
                for sample in samples(profile.mails):
                    store.put(user, sample)
        for name in sorted(self._wanted, key=SERVICES.index):
            self._open(name, office)
        if profile.zone is not None:
            from mailprobe.sandbox.nameserver import answer  # few have a zone
            from mailprobe.transport.oracle import Oracle

            self._nameserver = Oracle(partial(answer, profile.zone))
            self._nameserver.start()

    def _open(self, name: str, office: Office) -> None:
        """Serve on a port; hosts with addresses of their own have the same number."""
        hosts = office.profile.hosts if name in _OF_HOSTS else ()
        listeners = self._listen_alike(
            (self.host, *(host.address for host in hosts)), self._wanted[name]
        )
        self.ports[name] = listeners[0].address[1]
        for listener, host in zip(listeners, (None, *hosts), strict=True):
            listener.serve(partial(self._serve, _KINDS[name], office, host))

    def _listen_alike(self, addresses: Sequence[str], port: int) -> list[Listener]:
        """One number at all addresses; a free one may be taken at some of them."""
        for attempt in range(_ATTEMPTS):
            first, *others = addresses
            listeners = [self._listen(first, port)]
            try:
                listeners += [self._listen(each, listeners[0].address[1]) for each in others]
            except Failure:
                if port or attempt == _ATTEMPTS - 1:
                    raise
            else:
                return listeners
        raise AssertionError("the last attempt has returned, or raised")

    def _serve(self, kind: _Kind, office: Office, host: Host | None, stream: Stream) -> None:
        def drain(octets: bytes) -> None:
            stream.send(octets, time.monotonic() + self._patience)

        assert self._certificates is not None  # `_start` made them
        dialogue = Dialogue(kind.catalogue, peer=stream.peer, drain=drain)
        tls: Tls = self._certificates
        implicit, patience = kind.implicit, self._patience
        if self._plan is not None:
            from mailprobe.sandbox.faults.certificates import FaultyTls

            faults = dialogue.faults = self._plan.session(dialogue.connection, stream)
            tls = FaultyTls(self._certificates, faults, stream)
            implicit, patience = faults.implicit_tls(implicit), faults.patience(patience)
        service = kind.make(dialogue, office, host)
        converse(stream, service, tls, implicit=implicit, patience=patience)

    def stop(self) -> None:
        """Close the ports, end the sessions, remove what is private.  May be called again."""
        self._stopping.set()
        self._stop_listening()
        nameserver, self._nameserver = self._nameserver, None
        if nameserver is not None:
            nameserver.stop()
        self.ports = {}
        private, self._private = self._private, None
        if private is not None:
            shutil.rmtree(private, ignore_errors=True)

    @property
    def dns(self) -> str:
        """The name server of its zone, `127.0.0.1:PORT`; "" for a profile that has none."""
        return "" if self._nameserver is None else self._nameserver.address

    @property
    def exchangers(self) -> tuple[tuple[str, str], ...]:
        """The hosts of its zone, by name, and where each of them takes mail."""
        port = self.ports.get("smtp")
        hosts = self.profile.hosts if port else ()
        return tuple((host.name, address_text(host.address, port or 0)) for host in hosts)

    @property
    def users(self) -> Mapping[str, str]:
        """Who may log in, and with which password."""
        return {**SECRETS, **self.profile.secrets}

    @property
    def ca(self) -> Path:
        """The file with the CA's certificate; made when it is first asked for.

        Raises Failure USAGE before `start`.
        """
        return self._made.ca

    def client_certificate(self, user: str) -> Path:
        """A file by which `user` logs in with EXTERNAL: a certificate and its key.

        Raises Failure USAGE before `start`.
        """
        return self._made.of_client(f"{user}@{DOMAIN}")

    @property
    def _made(self) -> Certificates:
        if self._certificates is None:
            raise Failure(Word.USAGE, "the sandbox has no certificates before it starts")
        return self._certificates


def _as_seeded(profile: Profile, seed: int) -> Profile:
    from mailprobe.sandbox.profiles import of_seed  # few plays are by seed, or by a profile at all

    return of_seed(profile, seed)


def _scratch() -> Path | None:
    """Where the private folder goes: into memory when there is room, unless TMPDIR says where.

    To make one file on a disk was seen to take 1 ms, more than a whole short session.
    """
    if os.environ.get("TMPDIR") or not os.access(_MEMORY, os.W_OK):
        return None
    return _MEMORY if shutil.disk_usage(_MEMORY).free > _MEMORY_WANTED else None


def samples(name: str = "samples") -> list[bytes]:
    """The mails of a new maildrop, in their order, with CRLF line ends."""
    folder = resources.files("mailprobe.sandbox") / name
    with renamed("reading the sample mails"):
        files = sorted((file for file in folder.iterdir()), key=lambda file: file.name)
        found = [file.read_bytes() for file in files if file.name.endswith(".eml")]
    # The files have the line ends of a checkout, whichever those are.
    return [octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for octets in found]
