"""`mailprobe sandbox`: the practice server, until a signal ends it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mailprobe.commands import streams as standard
from mailprobe.commands.arguments import port
from mailprobe.commands.parser import Parser
from mailprobe.commands.streams import Streams
from mailprobe.errors import ExitStatus
from mailprobe.sandbox.manners import DEFAULT, Profile
from mailprobe.sandbox.profiles import PROFILES

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from mailprobe.sandbox.faults.model import Fault
    from mailprobe.sandbox.server import Sandbox

_SERVICES = ("smtp", "submission", "submissions", "lmtp", "pop3", "pop3s")
_CLIENT = "alice"  # who gets a client certificate


def parser() -> Parser:
    """What may stand on the command line."""
    parser = Parser(
        prog="mailprobe sandbox",
        description="A practice server of SMTP, LMTP and POP3 on loopback: alice (secret), "
        "bob (builder) at example.test.",
    )
    for service in _SERVICES:
        parser.add_argument(f"--{service}", metavar="PORT", type=port, help="0 is any free port")
    parser.add_argument(
        "--profile",
        metavar="PROFILE",
        default="",
        help=f"what it plays: {', '.join(PROFILES)}",
    )
    parser.add_argument(
        "--deterministic",
        action="store_true",
        help="say the same, octet for octet, whenever it is told the same",
    )
    parser.add_argument(
        "--seed", metavar="N", type=int, default=0, help="what chance begins with; 0 without it"
    )
    parser.add_argument("--dir", metavar="DIR", type=Path, help="keep the maildrops in DIR")
    parser.add_argument(
        "--fault",
        metavar="NAME[:TIME][=PROBABILITY][@POSITION],...",
        action="append",
        help="what goes wrong on purpose; help lists all that can",
    )
    parser.add_argument(
        "--print-ports", action="store_true", help="nothing but the ports on standard output"
    )
    return parser


def run(argv: Sequence[str], env: Mapping[str, str], streams: Streams) -> ExitStatus:
    """Serve.  Raises Failure."""
    asked = parser().parse_args(argv)
    words = ",".join(asked.fault or ())
    if words == "help":
        from mailprobe.explain.languages import language_of
        from mailprobe.sandbox.faults.listing import listing

        streams.write(listing(language_of(None, env)))
        return ExitStatus.OK

    from mailprobe.sandbox.named import profile_of
    from mailprobe.sandbox.server import Sandbox

    faults = _faults(words)
    profile = profile_of(asked.profile) if asked.profile else DEFAULT
    wanted = {name: getattr(asked, name) for name in _SERVICES}
    ports = {name: number for name, number in wanted.items() if number is not None}
    sandbox = Sandbox(
        ports or None,
        asked.dir,
        profile=profile,
        faults=faults,
        deterministic=asked.deterministic,
        seed=asked.seed,
    )
    with standard.wakeup() as wakeup, sandbox:
        certificate = sandbox.client_certificate(_CLIENT)  # lies beside the CA
        streams.write("".join(f"{line}\n" for line in _ports(sandbox)))
        for note in () if asked.print_ports else _notes(sandbox, profile, certificate.name):
            streams.tell(f"note: {note}")
        os.read(wakeup, 1)
    return ExitStatus.OK


def _faults(words: str) -> "tuple[Fault, ...]":
    """Raises Failure `usage`."""
    if not words:
        return ()
    from mailprobe.sandbox.faults.asking import read_faults

    return read_faults(words)


def _ports(sandbox: "Sandbox") -> Iterator[str]:
    """What another program reads."""
    yield from (f"{name.upper()}={sandbox.host}:{port}" for name, port in sandbox.ports.items())
    if sandbox.dns:
        yield f"DNS={sandbox.dns}"
    yield f"CA={sandbox.ca}"
    yield "READY"


def _notes(sandbox: "Sandbox", profile: Profile, certificate: str) -> Iterator[str]:
    """What a person wants to know besides; of a night not what is broken in it."""
    if sandbox.faults:
        wrong = ", ".join(fault.spec.name for fault in sandbox.faults)
        yield f"goes wrong on purpose: {wrong}"
    if profile.name:
        yield f"{profile.name}: {profile.summary}"
    for host, place in sandbox.exchangers:
        yield f"{host} takes mail at {place}"
    users = ", ".join(f"{user} ({secret})" for user, secret in sandbox.users.items())
    yield (
        f"{users} at example.test; for AUTH EXTERNAL --cert {certificate}, beside the CA, is "
        f"{_CLIENT}'s; Ctrl-C ends the sandbox"
    )
