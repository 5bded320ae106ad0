"""What stands on the command line of `mailprobe replay`, and what the player makes of it."""

import os
from collections.abc import Mapping, Sequence
from functools import partial

from mailprobe.commands import quick, tls_options
from mailprobe.commands import streams as standard
from mailprobe.commands.arguments import COLOR, LIMITS, LINKS, Row, count, duration, limits_of, path
from mailprobe.commands.named import NAME, inline, pairs, settings_of
from mailprobe.errors import Failure, Word
from mailprobe.player.many.selection import Selection
from mailprobe.player.options import Options
from mailprobe.player.secrets import Vault
from mailprobe.safe import safe
from mailprobe.transcript.model import Level
from mailprobe.value import replace

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    import argparse

    from mailprobe.commands.parser import Parser
    from mailprobe.transport.way import Way

_PASSPHRASE, _ESCAPED = "passphrase", "surrogateescape"  # the secret of that name
_LEVELS = tuple(level.value for level in Level)

# How a transcript is played.
PLAYING: tuple[Row, ...] = (
    (
        ("--server",),
        {
            "metavar": "[N=]HOST:PORT",
            "action": "append",
            "default": [],
            "help": "play against this server; 2=HOST:PORT is that of connection 2",
        },
    ),
    (
        ("--allow-host",),
        {
            "metavar": "HOST",
            "action": "append",
            "default": [],
            "help": "let files connect to HOST themselves (loopback they may)",
        },
    ),
    (
        ("--match",),
        {"choices": _LEVELS, "help": "how much of a recorded reply must be the same"},
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
        ("--env",),
        {
            "metavar": "NAME",
            "action": "append",
            "default": [],
            "help": "give {name} the value of the environment variable NAME",
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
        ("-t",),
        {
            "metavar": "TAG",
            "action": "append",
            "default": [],
            "help": "only what has one of these tags; intrusive and fails must be asked for",
        },
    ),
    (
        ("--timeout",),
        {
            "metavar": "S",
            "type": duration,
            "help": "longest silence, and time for a whole reply (the file's, or 60 s)",
        },
    ),
    (("--max-time",), {"metavar": "S", "type": duration, "help": "longest time for the run"}),
    (
        ("--save-failures",),
        {"metavar": "DIR", "type": path, "help": "write down what happened instead"},
    ),
    *tls_options.TRUST,
    *LINKS,
    (
        ("--insecure-auth",),
        {"action": "store_true", "help": "let credentials travel in the clear"},
    ),
    *LIMITS,
    COLOR,
)

# Which ones are, and what is told of them.
_OPTIONS: tuple[Row, ...] = (
    (("-k",), {"metavar": "EXPR", "help": "parts of names, with and, or, not and ( )"}),
    (("-j",), {"metavar": "N", "type": count, "default": 1, "help": "play N at a time (1)"}),
    (("--shard",), {"metavar": "I/N", "help": "the I-th of N shares of the files"}),
    (
        ("--retry",),
        {"metavar": "N", "type": count, "default": 0, "help": "play up to N times more (0)"},
    ),
    (
        ("--retry-on",),
        {"metavar": "WORDS", "help": "after connect,timeout (default), 4xx and others"},
    ),
    (
        ("--bless",),
        {"action": "store_true", "help": "write the replies that came into the files"},
    ),
    (("--bless-diff",), {"action": "store_true", "help": "show what --bless would write"}),
    (("--force",), {"action": "store_true", "help": "bless where CI is set, too"}),
    (("--lint",), {"action": "store_true", "help": "say what the server does that no RFC allows"}),
    (("--fail-fast",), {"action": "store_true", "help": "begin no more after one went wrong"}),
    (
        ("--report",),
        {
            "metavar": "KIND=FILE",
            "action": "append",
            "default": [],
            "help": "junit=FILE, tap=FILE, json=FILE (- is standard output), html=DIR, github",
        },
    ),
)

_NUMBERS = tuple("123456789")  # of connections


def read(argv: Sequence[str]) -> "argparse.Namespace":
    """The command line.  Raises Failure `usage`."""
    plain = quick.read(argv, [*_OPTIONS, *PLAYING], "paths")
    return plain or parser().parse_intermixed_args(argv)


def parser() -> "Parser":
    """What may stand on the command line."""
    from mailprobe.commands.parser import Parser

    parser = Parser(
        prog="mailprobe replay",
        description="Play transcripts as the client, and check what the servers say.",
        epilog="PATH: a file, or a folder with *.mpt files; hidden ones are left out.  Exit "
        "status: 0 all passed; 1 an expectation did not hold; 2 usage; 3 a file does not parse; "
        "4 a server was out of reach or not understood; 5 nothing ran; 130 interrupted.  Of "
        "several, the first of 130, 2, 3, 4, 1.",
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", help="what to play")
    parser.add_rows([*_OPTIONS, *PLAYING])
    return parser


def selection_of(asked: "argparse.Namespace") -> Selection:
    """Which transcripts are wanted.  Raises Failure `usage`."""
    if asked.k is None:
        return Selection(tags=frozenset(asked.t))
    from mailprobe.player.many import expression  # where names are looked at

    return Selection(expression.read(asked.k), frozenset(asked.t))


def options_of(
    asked: "argparse.Namespace", env: Mapping[str, str], wakeup: int, end: float | None
) -> Options:
    """What every transcript is played with.  Raises Failure `usage`."""
    vault = Vault(env, dict(pairs("--secret-file", asked.secret_file)), partial(_ask, wakeup))
    tls = tls_options.settings_of(asked)
    if tls.identity is not None:
        tls.identity.unlock(lambda prompt: vault.value(_PASSPHRASE).decode(errors=_ESCAPED))
    tls_options.check(replace(tls, ca=None))  # a CA is looked at where TLS starts
    return Options(
        servers=_servers(asked.server),
        allowed=frozenset(asked.allow_host),
        level=None if asked.match is None else Level(asked.match),
        settings={**settings_of(asked.set), **_variables(asked.env, env)},
        vault=vault,
        timeout=asked.timeout,
        end=end,
        limits=limits_of(asked),
        tls=tls,
        insecure_auth=asked.insecure_auth,
        way=_way(asked, vault),
        tags=frozenset(asked.t),
        save_failures=asked.save_failures,
        wakeup=wakeup,
    )


def _way(asked: "argparse.Namespace", vault: Vault) -> "Way | None":
    """How servers are reached; a proxy's password is the secret `proxy-password`."""
    if (asked.bind, asked.proxy, asked.proxy_protocol) == (None, None, None):
        return None
    from mailprobe.commands.way_options import way_of  # most links are direct

    way = way_of(asked)
    proxy = way.proxy
    if proxy is None or not proxy.user:
        return way
    password = vault.value("proxy-password", f"of {proxy}").decode("utf-8", "surrogateescape")
    return replace(way, proxy=replace(proxy, password=password, exposed=asked.insecure_auth))


def _ask(wakeup: int, prompt: str) -> str | None:
    return standard.ask_secret(prompt, wakeup)


def _servers(texts: Sequence[str]) -> dict[int, str]:
    servers: dict[int, str] = {}
    for text in texts:
        number, server = 1, text
        if text[:1] in _NUMBERS and text[1:2] == "=":
            number, server = int(text[0]), text[2:]
        if not server:
            raise Failure(Word.USAGE, "--server needs HOST:PORT")
        if number in servers:
            raise Failure(Word.USAGE, f"--server is given twice for connection {number}")
        servers[number] = server
    return servers


def _variables(names: Sequence[str], env: Mapping[str, str]) -> dict[str, bytes]:
    found = {}
    for name in names:
        if name not in env:
            raise Failure(Word.USAGE, f"--env {safe(name)}: there is no such variable")
        if not NAME.fullmatch(name.lower()):
            raise Failure(Word.USAGE, f"--env {safe(name)}: no name that a transcript can use")
        found[name.lower()] = os.fsencode(inline("--env", name, env[name]))
    return found
