"""`mailprobe serve`: transcripts as servers, until a signal, or the one client, ends it."""

import argparse
import os
import select
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from mailprobe.commands import streams as standard
from mailprobe.commands.arguments import Row, duration, size
from mailprobe.commands.named import pairs, settings_of
from mailprobe.commands.parser import Parser
from mailprobe.commands.streams import Streams
from mailprobe.errors import ExitStatus, Failure, Word
from mailprobe.patterns import pattern
from mailprobe.player.playing.hosts import is_loopback
from mailprobe.player.results import Result, Verdict
from mailprobe.player.secrets import Vault
from mailprobe.player.server import LOOPBACK, ServeOptions, Server
from mailprobe.player.serving.course import Manner
from mailprobe.player.serving.visits import verdict_line
from mailprobe.protocol.framing import Limits
from mailprobe.safe import safe
from mailprobe.transcript.model import Level
from mailprobe.transport.target import address_text

_PATIENCE = 300.0  # seconds; RFC 5321, section 4.5.3.2.7
_LEVELS = tuple(level.value for level in Level)

_OPTIONS: tuple[Row, ...] = (
    (
        ("--listen",),
        {
            "metavar": "HOST:PORT",
            "default": f"{LOOPBACK}:0",
            "help": f"where connection 1 is awaited ({LOOPBACK}:0; 0 is any free port); "
            "connection 2 has the next port, and so on",
        },
    ),
    (("--once",), {"action": "store_true", "help": "serve one client; its verdict is the status"}),
    (
        ("--print-port",),
        {
            "action": "store_true",
            "help": "nothing but ports on standard output: one a line, that of connection 1 first",
        },
    ),
    (
        ("--match",),
        {"choices": _LEVELS, "help": "how much of a recorded command must be the same"},
    ),
    (("--lenient",), {"action": "store_true", "help": "answer NOOP, RSET and CAPA anywhere"}),
    (("--cert",), {"metavar": "FILE", "help": "certificate for TLS, PEM (else a practice CA's)"}),
    (("--key",), {"metavar": "FILE", "help": "its key, PEM"}),
    (
        ("--print-ca",),
        {"action": "store_true", "help": "tell the file with the practice CA, behind the ports"},
    ),
    (
        ("--set",),
        {
            "metavar": "NAME=VALUE",
            "action": "append",
            "default": [],
            "help": "give a name a value (it is no secret: others see the command line)",
        },
    ),
    (
        ("--secret-file",),
        {
            "metavar": "NAME=PATH",
            "action": "append",
            "default": [],
            "help": "read a secret from a private file (or set MAILPROBE_SECRET_NAME)",
        },
    ),
    (
        ("--timeout",),
        {"metavar": "S", "type": duration, "default": _PATIENCE, "help": "longest silence (300 s)"},
    ),
    (
        ("--max-line",),
        {"metavar": "SIZE", "type": size, "default": 64 * 1024, "help": "longest line (64K)"},
    ),
    (
        ("--max-body",),
        {"metavar": "SIZE", "type": size, "default": 256 * 1024**2, "help": "longest mail (256M)"},
    ),
)

_ADDRESS = pattern(r"(?:\[(?P<v6>[0-9A-Fa-f:.%]+)\]|(?P<host>[^:\[\]]+)):(?P<port>[0-9]{1,5})")


def parser() -> Parser:
    """What may stand on the command line."""
    parser = Parser(
        prog="mailprobe serve",
        description="Play transcripts as the server, and check what clients say.  Each client "
        "plays the next file, or value of a matrix, from the top.",
        epilog="Exit status: 0 every client has said what the file has; 1 one has not; 2 usage; "
        "3 a file does not parse, or has a line that cannot be said; 4 the port is taken; "
        "5 --once was interrupted before its client had come and gone.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="what to play")
    parser.add_rows(_OPTIONS)
    return parser


def run(argv: Sequence[str], env: Mapping[str, str], streams: Streams) -> ExitStatus:
    """Serve.  Raises Failure."""
    asked = parser().parse_intermixed_args(argv)
    told = _Told(streams)
    options = _options(asked, env)
    with standard.wakeup() as wakeup:
        with Server(asked.files, options, told.tell) as server:
            if not is_loopback(server.host):
                streams.tell(
                    f"warning: {safe(server.host)} is no loopback address: everybody who can "
                    "reach it can play against this server"
                )
            _announce(server, asked, streams)
            _wait(wakeup, told.descriptor if asked.once else None)
        if asked.once and not any(_counts(result) for result in server.verdicts):
            return ExitStatus.NOTHING_RAN
        return ExitStatus.FAILED if server.failed else ExitStatus.OK


def _counts(result: Result) -> bool:
    return result.verdict is not Verdict.SKIPPED


def _announce(server: Server, asked: argparse.Namespace, streams: Streams) -> None:
    """Where to connect; READY says that it can be done."""
    with_ca = asked.cert is None and (asked.print_ca or server.speaks_tls)
    if asked.print_port:
        lines = [str(port) for port in server.ports.values()]
        lines += [str(server.ca)] if asked.print_ca else []
    else:
        lines = [
            f"{_name(server.protocols[number], number)}={address_text(server.host, port)}"
            for number, port in server.ports.items()
        ]
        lines += [*([f"CA={server.ca}"] if with_ca else []), "READY"]
    streams.write("\n".join(lines) + "\n")


def _name(protocol: str, connection: int) -> str:
    return protocol.upper() if connection == 1 else f"{protocol.upper()}-{connection}"


def _wait(wakeup: int, ended: int | None) -> None:
    """Until a signal comes, or the client has left."""
    descriptors = [wakeup] if ended is None else [wakeup, ended]
    select.select(descriptors, [], [])


class _Told:
    """Tells each verdict as it is known; `descriptor` becomes readable by the first."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._lock = threading.Lock()
        self.descriptor, self._writing = os.pipe()

    def tell(self, result: Result) -> None:
        """In the thread of the connection."""
        with self._lock:
            line = verdict_line(result)
            self._streams.tell(line if line.startswith("note: ") else f"mailprobe: {line}")
            os.write(self._writing, b"\0")


def _options(asked: argparse.Namespace, env: Mapping[str, str]) -> ServeOptions:
    """Raises Failure `usage`."""
    host, port = _address(asked.listen)
    if asked.key is not None and asked.cert is None:
        raise Failure(Word.USAGE, "--key needs --cert")
    if asked.print_ca and asked.cert is not None:
        raise Failure(Word.USAGE, "--print-ca and --cert exclude each other")
    secret_files = {name: Path(path) for name, path in pairs("--secret-file", asked.secret_file)}
    return ServeOptions(
        host=host,
        port=port,
        once=asked.once,
        level=None if asked.match is None else Level(asked.match),
        settings=settings_of(asked.set),
        vault=Vault(env, secret_files),
        certificate=asked.cert,
        key=asked.key,
        manner=Manner(
            asked.timeout, lenient=asked.lenient, limits=Limits(asked.max_line, body=asked.max_body)
        ),
    )


def _address(text: str) -> tuple[str, int]:
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) > 65535:
        raise Failure(Word.USAGE, f"--listen is HOST:PORT or [v6]:PORT, not {safe(text)}")
    return match["v6"] or match["host"], int(match["port"])
