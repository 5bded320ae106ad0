"""The options that every subcommand has that talks to one server, and what they make.

Whom it talks to, and what is said there, is for the subcommand to read.
"""

import socket
import time
from collections.abc import Mapping

from mailprobe.commands import tls_options, way_options
from mailprobe.commands.arguments import COLOR, LIMITS, LINKS, Row, duration, hello_name, limits_of
from mailprobe.errors import Failure, Word
from mailprobe.protocol.model import Protocol
from mailprobe.safe import safe
from mailprobe.session import Settings
from mailprobe.shell.options import Options
from mailprobe.transport.target import Tls, parse_target
from mailprobe.value import replace

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    import argparse

_TIMEOUT = 60.0  # seconds

MX: Row = (
    ("--mx",),
    {"metavar": "DOMAIN", "help": "talk to the mail exchangers of DOMAIN, in order"},
)
CONNECTION: tuple[Row, ...] = (
    *tls_options.BEGINNING,
    *tls_options.TRUST,
    *tls_options.OFFERS,
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
    *LINKS,
    (("--ehlo",), {"metavar": "NAME", "type": hello_name, "help": "name for EHLO"}),
    (("--dns",), {"metavar": "SERVER[:PORT]", "help": "ask this name server"}),
    (("--record",), {"metavar": "FILE", "help": "write the session down as a transcript"}),
    (
        ("--timeout",),
        {
            "metavar": "S",
            "type": duration,
            "help": "longest silence, and time for a whole reply (60 s)",
        },
    ),
    (("--max-time",), {"metavar": "S", "type": duration, "help": "longest time for the run"}),
    *LIMITS,
    COLOR,
    (("--no-config",), {"action": "store_true", "help": "leave config.toml alone"}),
    (("-4",), {"dest": "ipv4", "action": "store_true", "help": "IPv4 only"}),
    (("-6",), {"dest": "ipv6", "action": "store_true", "help": "IPv6 only"}),
)


def general_options(asked: "argparse.Namespace", env: Mapping[str, str]) -> Options:
    """All that says nothing of the target.  Raises Failure `usage`."""
    if asked.tls and asked.starttls:
        raise Failure(Word.USAGE, "--tls and --starttls exclude each other")
    if asked.ipv4 and asked.ipv6:
        raise Failure(Word.USAGE, "-4 and -6 exclude each other")
    wanted = Tls.IMPLICIT if asked.tls else Tls.STARTTLS if asked.starttls else Tls.NONE
    if asked.dns is not None:
        from mailprobe.addresses import parse_server

        parse_server(asked.dns)
    settings = Settings(
        timeout=_TIMEOUT if asked.timeout is None else asked.timeout,
        end=None if asked.max_time is None else time.monotonic() + asked.max_time,
        limits=limits_of(asked),
        tls=tls_options.settings_of(asked),
        insecure_auth=asked.insecure_auth,
        hello_name=asked.ehlo or "",
    )
    family = _family(asked)
    others = vars(asked)  # what not every subcommand has
    given = {
        "timeout": asked.timeout,
        "ehlo": asked.ehlo,
        "tls-min": asked.tls_min,
        "tls-max": asked.tls_max,
        "sni": asked.sni,
    }
    return Options(
        mx=others.get("mx"),
        tls=wanted,
        settings=settings,
        family=family,
        way=way_options.way_of(asked, family),
        dns=asked.dns,
        record=asked.record,
        keep_going=others.get("keep_going", False),
        color=asked.color,
        plain=others.get("plain", False),
        env=env,
        with_config=not asked.no_config,
        given=frozenset(name for name, value in given.items() if value is not None)
        | ({"color"} if asked.color != "auto" else set()),
    )


def _family(asked: "argparse.Namespace") -> socket.AddressFamily:
    if asked.ipv4:
        return socket.AF_INET
    return socket.AF_INET6 if asked.ipv6 else socket.AF_UNSPEC


def with_profile(
    options: Options, asked: "argparse.Namespace", name: str, protocol: Protocol | None
) -> Options:
    """Take target and more from a profile; what the command line says counts more.

    Raises Failure `usage`.
    """
    from mailprobe.shell.config import config_of

    if options.mx is not None:
        raise two_targets()
    profile = config_of(options).profile(name)
    profile = replace(
        profile,
        tls=asked.tls or (profile.tls and not asked.starttls),
        starttls=asked.starttls or (profile.starttls and not asked.tls),
        ca="" if asked.ca is not None else profile.ca,
        cert="" if asked.cert is not None else profile.cert,
        tls_min="" if asked.tls_min is not None else profile.tls_min,
        tls_max="" if asked.tls_max is not None else profile.tls_max,
        sni="" if asked.sni is not None else profile.sni,
        ehlo="" if asked.ehlo is not None else profile.ehlo,
        timeout=None if asked.timeout is not None else profile.timeout,
    )
    target = profile.target_for(protocol)
    return replace(options, protocol=target.protocol, target=target, profile=profile)


def with_login(options: Options, asked: "argparse.Namespace", env: Mapping[str, str]) -> Options:
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


def options_for(
    asked: "argparse.Namespace", env: Mapping[str, str], protocol: Protocol
) -> tuple[Options, list[str]]:
    """The options of a run with one server, which the first of `asked.words` names, or --mx.

    A URL may say another protocol.  Gives the words behind it, too.  Raises Failure `usage`.
    """
    options, words = general_options(asked, env), list(asked.words)
    tls_options.check(options.settings.tls)
    if options.mx is not None:
        return with_login(replace(options, protocol=protocol), asked, env), words
    if not words:
        raise Failure(Word.USAGE, "name a target: host, host:port, a URL, or sandbox")
    name = words.pop(0)
    if name.startswith("@"):
        options = with_profile(options, asked, name[1:], protocol)
        return with_login(options, asked, env), words
    spoken = None if "://" in name else protocol
    target = parse_target(name, spoken, tls=asked.tls, starttls=asked.starttls)
    options = replace(options, protocol=target.protocol, target=target)
    return with_login(options, asked, env), words


def two_targets() -> Failure:
    return Failure(Word.USAGE, "a target and --mx exclude each other")
