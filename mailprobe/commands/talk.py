"""`mailprobe smtp|lmtp|pop3 TARGET`: a session with one server, by hand or from a script."""

import gc
import socket
import sys
import time
from collections.abc import Mapping, Sequence

from mailprobe.commands import quick
from mailprobe.commands import streams as standard
from mailprobe.commands.arguments import COLOR, LIMITS, Row, duration, hello_name, limits_of
from mailprobe.commands.streams import Streams
from mailprobe.commands.table import SUBCOMMANDS
from mailprobe.errors import ExitStatus, Failure, Word
from mailprobe.protocol.model import Protocol
from mailprobe.safe import safe
from mailprobe.session import Settings
from mailprobe.shell.options import Options
from mailprobe.transport.link import TlsSettings
from mailprobe.transport.target import Target, Tls, parse_target
from mailprobe.value import replace
from mailprobe.version import VERSION

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    import argparse

    from mailprobe.commands.parser import Parser
    from mailprobe.keyboard import Keyboard

_TIMEOUT = 60.0  # seconds
_NO_ECHO = "note: what you type is not echoed; it is shown as C: when it is sent"
_OPTIONS: tuple[Row, ...] = (
    (("--mx",), {"metavar": "DOMAIN", "help": "talk to the mail exchangers of DOMAIN, in order"}),
    (("--tls",), {"action": "store_true", "help": "TLS from the first octet (port 465 or 995)"}),
    (("--starttls",), {"action": "store_true", "help": "TLS by STARTTLS or STLS, before all else"}),
    (("--ca",), {"metavar": "FILE", "help": "trust the certificates in FILE, and no others"}),
    (("--no-verify",), {"action": "store_true", "help": "take any certificate (loud)"}),
    (
        ("--insecure-auth",),
        {"action": "store_true", "help": "let credentials travel in the clear"},
    ),
    (("--auth",), {"metavar": "MECH", "help": "log in: a SASL mechanism, or APOP"}),
    (("--user",), {"metavar": "U", "help": "whose login it is; without a file he is asked"}),
    (("--authzid",), {"metavar": "A", "help": "whom he acts for (PLAIN, EXTERNAL)"}),
    (("--password-file",), {"metavar": "FILE", "help": "the secret, or token, is what FILE holds"}),
    (("--password-env",), {"metavar": "NAME", "help": "it is the value of a variable"}),
    (("--netrc",), {"action": "store_true", "help": "it stands in ~/.netrc, or $NETRC"}),
    (("--keyring",), {"action": "store_true", "help": "the desktop's keyring has it"}),
    (("--ehlo",), {"metavar": "NAME", "type": hello_name, "help": "name for EHLO"}),
    (("--dns",), {"metavar": "SERVER[:PORT]", "help": "ask this name server"}),
    (("--record",), {"metavar": "FILE", "help": "write the session down as a transcript"}),
    (("--script",), {"metavar": "FILE", "help": "send the lines of FILE (- is standard input)"}),
    (("--keep-going",), {"action": "store_true", "help": "go on after a refused command"}),
    (
        ("--timeout",),
        {"metavar": "S", "type": duration, "help": "longest silence (60 s)"},
    ),
    (("--max-time",), {"metavar": "S", "type": duration, "help": "longest time for the run"}),
    *LIMITS,
    COLOR,
    (
        ("--plain",),
        {"action": "store_true", "help": "append-only: no menu, no toolbar, nothing redrawn"},
    ),
    (("--no-config",), {"action": "store_true", "help": "leave config.toml alone"}),
    (
        ("-4",),
        {"dest": "family", "action": "store_const", "const": socket.AF_INET, "help": "IPv4 only"},
    ),
    (
        ("-6",),
        {"dest": "family", "action": "store_const", "const": socket.AF_INET6, "help": "IPv6 only"},
    ),
)


def parser() -> "Parser":
    """What may stand on the command line."""
    from mailprobe.commands.parser import Parser  # and argparse: most lines are read without

    others = "".join(f"\n       mailprobe {name} ..." for name in SUBCOMMANDS)
    parser = Parser(
        prog="mailprobe",
        usage="mailprobe [smtp|lmtp|pop3 TARGET | --mx DOMAIN] [options]" + others,
        description="Raw SMTP, LMTP and POP3 sessions, by hand or from a script.",
        epilog="TARGET: host[:port], [v6]:port, a URL such as submission://host, unix:/path, "
        "sandbox, a practice server that starts inside, or @NAME, a profile of config.toml.  "
        + "; ".join(f"{name}: {what}" for name, what in SUBCOMMANDS.items())
        + ".",
    )
    parser.add_argument("words", nargs="*", metavar="smtp|lmtp|pop3 TARGET", help="whom to talk to")
    parser.add_argument("--version", action="version", version=f"mailprobe {VERSION}")
    parser.add_rows(_OPTIONS)
    return parser


def run(argv: Sequence[str], env: Mapping[str, str], streams: Streams) -> ExitStatus:
    """Talk.  Raises Failure, and Interrupted where there was no link yet."""
    asked = quick.read(argv, _OPTIONS, "words") or parser().parse_intermixed_args(argv)
    options = _options(asked, env)
    if asked.ca is not None:
        from mailprobe.transport.tls import check_ca  # and ssl, 26 ms

        check_ca(asked.ca)
    if asked.script is None and sys.stdin and sys.stdin.isatty() and sys.stdout.isatty():
        return _shell(options, streams.keyboard)
    if streams.keyboard is not None:
        if asked.script in (None, "-"):
            streams.tell(_NO_ECHO)
        else:
            streams.keyboard.release()
    with standard.source(asked.script) as source:
        return _pipe(options, source, streams)


def _shell(options: Options, keyboard: "Keyboard | None") -> ExitStatus:
    gc.disable()  # until the shell has loaded what it needs there is nothing to collect
    from mailprobe.shell import app

    try:
        with standard.terminal():
            return app.run(options, None if keyboard is None else keyboard.found)
    finally:
        if keyboard is not None:
            keyboard.forget()


def _pipe(options: Options, source: int, streams: Streams) -> ExitStatus:
    from mailprobe.render.wish import wants_color
    from mailprobe.shell.piping.pipe import Pipe
    from mailprobe.shell.piping.printer import Printer

    color = wants_color(options.color, options.env, isatty=streams.on_terminal)
    printer = Printer(streams.write, streams.tell, color=color)
    with standard.wakeup() as wakeup:
        ask = standard.ask_secret  # a script may be played where somebody sits
        Pipe(options, source, printer, streams.tell, streams.write, wakeup, ask).run()
    return ExitStatus.OK


def _options(asked: "argparse.Namespace", env: Mapping[str, str]) -> Options:
    if asked.tls and asked.starttls:
        raise Failure(Word.USAGE, "--tls and --starttls exclude each other")
    options = _general_options(asked, env)
    words = asked.words
    if words and words[-1].startswith("@"):
        return _with_login(_with_profile(options, asked), asked, env)
    protocol, target = _target(asked)
    options = replace(options, protocol=protocol, target=target)
    return _with_login(options, asked, env)


def _with_login(options: Options, asked: "argparse.Namespace", env: Mapping[str, str]) -> Options:
    """Take in whose login it is, and where the secret is; it is for that server alone."""
    places = (asked.password_file, asked.password_env, asked.netrc, asked.keyring)
    if asked.auth is None and asked.user is None and not any(places):
        return options
    from mailprobe.shell.config import Profile
    from mailprobe.shell.credentials import Credentials

    profile = options.profile or Profile("")
    user = asked.user or profile.user
    _check_login(options, asked, user)
    login = Credentials(
        mechanism=asked.auth or "",
        user=user,
        authzid=asked.authzid or "",
        password_file=asked.password_file or "",
        variable=asked.password_env or "",
        netrc=(env.get("NETRC") or env.get("HOME", "") + "/.netrc") if asked.netrc else "",
        keyring=asked.keyring,
    )
    return replace(options, profile=replace(profile, user=user, login=login))


def _check_login(options: Options, asked: "argparse.Namespace", user: str) -> None:
    """Raises Failure `usage`."""
    if options.target is None and options.mx is None:
        raise Failure(Word.USAGE, "--auth, --user and what tells of a secret need a target")
    from mailprobe.protocol import sasl

    if asked.auth is not None and asked.auth.upper() not in (*sasl.MECHANISMS, "APOP"):
        known = ", ".join((*sasl.MECHANISMS, "APOP"))
        raise Failure(Word.USAGE, f"--auth {safe(asked.auth)}: expected one of {known}")
    if not user and (asked.auth is None or sasl.secret_kind(asked.auth)):
        raise Failure(Word.USAGE, "a login needs --user, or a profile that names one")


def _general_options(asked: "argparse.Namespace", env: Mapping[str, str]) -> Options:
    """All that says nothing of the target."""
    wanted = Tls.IMPLICIT if asked.tls else Tls.STARTTLS if asked.starttls else Tls.NONE
    if asked.dns is not None:
        from mailprobe.addresses import parse_server

        parse_server(asked.dns)
    settings = Settings(
        timeout=_TIMEOUT if asked.timeout is None else asked.timeout,
        end=None if asked.max_time is None else time.monotonic() + asked.max_time,
        limits=limits_of(asked),
        tls=TlsSettings(asked.ca, verify=not asked.no_verify),
        insecure_auth=asked.insecure_auth,
        hello_name=asked.ehlo or "",
    )
    given = {"timeout": asked.timeout, "ehlo": asked.ehlo}
    return Options(
        mx=asked.mx,
        tls=wanted,
        settings=settings,
        family=asked.family or socket.AF_UNSPEC,
        dns=asked.dns,
        record=asked.record,
        keep_going=asked.keep_going,
        color=asked.color,
        plain=asked.plain,
        env=env,
        with_config=not asked.no_config,
        given=frozenset(name for name, value in given.items() if value is not None)
        | ({"color"} if asked.color != "auto" else set()),
    )


def _with_profile(options: Options, asked: "argparse.Namespace") -> Options:
    """Take target and more from a profile; what the command line says counts more."""
    from mailprobe.shell.config import config_of

    *before, name = asked.words
    if len(before) > 1 or (before and before[0] not in list(Protocol)):
        raise _unexpected(asked.words)
    if asked.mx is not None:
        raise _two_targets()
    profile = config_of(options).profile(name[1:])
    profile = replace(
        profile,
        tls=asked.tls or (profile.tls and not asked.starttls),
        starttls=asked.starttls or (profile.starttls and not asked.tls),
        ca="" if asked.ca is not None else profile.ca,
        ehlo="" if asked.ehlo is not None else profile.ehlo,
        timeout=None if asked.timeout is not None else profile.timeout,
    )
    target = profile.target_for(Protocol(before[0]) if before else None)
    return replace(options, protocol=target.protocol, target=target, profile=profile)


def _target(asked: "argparse.Namespace") -> tuple[Protocol | None, Target | None]:
    words = asked.words
    if not words:
        if asked.mx is None and (asked.tls or asked.starttls):
            raise Failure(Word.USAGE, "--tls and --starttls need a target")
        return None, None
    if words[0] not in list(Protocol) or len(words) != 2:
        raise _unexpected(words)
    if asked.mx is not None:
        raise _two_targets()
    protocol = Protocol(words[0])
    target = parse_target(words[1], protocol, tls=asked.tls, starttls=asked.starttls)
    return protocol, target


def _unexpected(words: Sequence[str]) -> Failure:
    wanted = "smtp TARGET, lmtp TARGET, pop3 TARGET or sandbox"
    shown = safe(" ".join(words))
    return Failure(Word.USAGE, f"expected {wanted}, got {shown}; mailprobe --help tells more")


def _two_targets() -> Failure:
    return Failure(Word.USAGE, "a target and --mx exclude each other")
