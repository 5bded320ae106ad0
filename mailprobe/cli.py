"""The command line: options as data, the streams of the process, and nothing of the protocols.

The only module that ends the process and catches what the standard streams throw.
"""

import argparse
import contextlib
import errno
import io
import os
import re
import signal
import socket
import stat
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, TextIO

from mailprobe.errors import ExitStatus, Failure, Word
from mailprobe.protocol.framing import Limits
from mailprobe.protocol.model import Protocol
from mailprobe.safe import safe
from mailprobe.session import Settings
from mailprobe.shell.options import Options
from mailprobe.transport.link import Interrupted, TlsSettings
from mailprobe.transport.target import Target, Tls, parse_target
from mailprobe.version import VERSION

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|)")
_SECONDS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0}
_SIZE = re.compile(r"([0-9]{1,15})([KMG]?)", re.IGNORECASE)
_OCTETS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}


def duration(text: str) -> float:
    """Seconds of `5`, `0.5`, `500ms`, `2s`, `3m`.  Raises ArgumentTypeError."""
    match = _DURATION.fullmatch(text)
    seconds = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if not seconds:
        raise argparse.ArgumentTypeError(f"{safe(text)} is no time: write 5, 500ms, 2s or 3m")
    return seconds


def size(text: str) -> int:
    """Octets of `512`, `64K`, `1M`, `2G`.  Raises ArgumentTypeError."""
    match = _SIZE.fullmatch(text)
    octets = int(match[1]) * _OCTETS[match[2].upper()] if match else 0
    if not octets:
        raise argparse.ArgumentTypeError(f"{safe(text)} is no size: write 512, 64K or 1M")
    return octets


def port(text: str) -> int:
    """A port; 0 is any free one.  Raises ArgumentTypeError."""
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{safe(text)} is no port: 0 to 65535")
    return int(text)


def hello_name(text: str) -> str:
    """What EHLO may say: no blank, no control character.  Raises ArgumentTypeError."""
    if not text or not text.isprintable() or " " in text:
        raise argparse.ArgumentTypeError(f"{safe(text)} is no name to say hello with")
    return text


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Failure(Word.USAGE, f"{safe(message)}; {self.prog} --help tells more")


_SESSION_OPTIONS: tuple[tuple[tuple[str, ...], dict[str, object]], ...] = (
    (("--mx",), {"metavar": "DOMAIN", "help": "talk to the mail exchangers of DOMAIN, in order"}),
    (("--tls",), {"action": "store_true", "help": "TLS from the first octet (port 465 or 995)"}),
    (("--starttls",), {"action": "store_true", "help": "TLS by STARTTLS or STLS, before all else"}),
    (("--ca",), {"metavar": "FILE", "help": "trust the certificates in FILE, and no others"}),
    (("--no-verify",), {"action": "store_true", "help": "take any certificate (loud)"}),
    (
        ("--insecure-auth",),
        {"action": "store_true", "help": "let credentials travel in the clear"},
    ),
    (("--ehlo",), {"metavar": "NAME", "type": hello_name, "help": "name for EHLO"}),
    (("--dns",), {"metavar": "SERVER[:PORT]", "help": "ask this name server"}),
    (("--record",), {"metavar": "FILE", "help": "write the session down as a transcript"}),
    (("--script",), {"metavar": "FILE", "help": "send the lines of FILE (- is standard input)"}),
    (("--keep-going",), {"action": "store_true", "help": "go on after a refused command"}),
    (
        ("--timeout",),
        {"metavar": "S", "type": duration, "default": 60.0, "help": "longest silence (60 s)"},
    ),
    (("--max-time",), {"metavar": "S", "type": duration, "help": "longest time for the run"}),
    (
        ("--max-line",),
        {"metavar": "SIZE", "type": size, "default": 64 * 1024, "help": "longest reply line (64K)"},
    ),
    (
        ("--max-reply",),
        {"metavar": "SIZE", "type": size, "default": 1024**2, "help": "longest reply (1M)"},
    ),
    (
        ("--max-body",),
        {"metavar": "SIZE", "type": size, "default": 256 * 1024**2, "help": "longest body (256M)"},
    ),
    (
        ("--max-body-line",),
        {
            "metavar": "SIZE",
            "type": size,
            "default": 1024**2,
            "help": "longest line of a body (1M)",
        },
    ),
    (
        ("--color",),
        {"choices": ("auto", "always", "never"), "default": "auto", "help": "colours (auto)"},
    ),
    (
        ("--plain",),
        {"action": "store_true", "help": "append-only: no menu, no toolbar, nothing redrawn"},
    ),
    (
        ("-4",),
        {"dest": "family", "action": "store_const", "const": socket.AF_INET, "help": "IPv4 only"},
    ),
    (
        ("-6",),
        {"dest": "family", "action": "store_const", "const": socket.AF_INET6, "help": "IPv6 only"},
    ),
)

_SERVICES = ("smtp", "submission", "submissions", "lmtp", "pop3", "pop3s")


def _session_parser() -> _Parser:
    parser = _Parser(
        prog="mailprobe",
        usage="mailprobe [smtp|lmtp|pop3 TARGET | --mx DOMAIN] [options]\n"
        "       mailprobe sandbox [options]",
        description="Raw SMTP, LMTP and POP3 sessions, by hand or from a script.",
        epilog="TARGET: host[:port], [v6]:port, a URL such as submission://host, unix:/path, "
        "or sandbox, a practice server that starts inside.",
        allow_abbrev=False,
    )
    parser.add_argument("words", nargs="*", metavar="smtp|lmtp|pop3 TARGET", help="whom to talk to")
    parser.add_argument("--version", action="version", version=f"mailprobe {VERSION}")
    for names, how in _SESSION_OPTIONS:
        parser.add_argument(*names, **how)  # type: ignore[arg-type]  # rows of one table
    return parser


def _sandbox_parser() -> _Parser:
    parser = _Parser(
        prog="mailprobe sandbox",
        description="A practice server of SMTP, LMTP and POP3 on loopback: alice (secret), "
        "bob (builder) at example.test.",
        allow_abbrev=False,
    )
    for service in _SERVICES:
        parser.add_argument(f"--{service}", metavar="PORT", type=port, help="0 is any free port")
    parser.add_argument("--dir", metavar="DIR", type=Path, help="keep the maildrops in DIR")
    parser.add_argument(
        "--print-ports", action="store_true", help="nothing but the ports on standard output"
    )
    return parser


class Streams:
    """Standard output and error of one run.  Everything is flushed at once."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out = out
        self._err = err

    def write(self, text: str) -> None:
        """Raises BrokenPipeError when nobody reads any more, and Failure `usage`."""
        try:
            self._out.write(text)
            self._out.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            self._out = io.StringIO()  # the few lines that still come go nowhere
            sentence = f"cannot write to standard output: {error.strerror}"
            raise Failure(Word.USAGE, sentence) from None

    def tell(self, line: str) -> None:
        with contextlib.suppress(OSError):  # the status says the same
            self._err.write(line + "\n")
            self._err.flush()


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - lives as long as we


def main(argv: Sequence[str], env: Mapping[str, str]) -> ExitStatus:
    """Run one command line.  Every failure is one line on standard error, and a status."""
    streams = Streams(sys.stdout, sys.stderr)
    try:
        if argv[:1] == ["sandbox"]:
            return _serve(_sandbox_parser().parse_args(argv[1:]), streams)
        return _talk(_session_parser().parse_intermixed_args(argv), env, streams)
    except Failure as failure:
        streams.tell(f"mailprobe: {failure}")
        return failure.word.status
    except (Interrupted, KeyboardInterrupt):
        return ExitStatus.INTERRUPTED


def run() -> int:
    """`main` for this process: its arguments, its environment, its last words."""
    # a stream that was closed before we began is None
    sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        # what a peer said is printable, but not in every locale
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        return main(sys.argv[1:], os.environ)
    except BrokenPipeError:  # the reader of our output has seen enough
        return ExitStatus.OK
    except SystemExit as leave:  # --help, --version, or a signal that ended the shell
        return leave.code if isinstance(leave.code, int) else ExitStatus.OK
    except Exception as error:  # noqa: BLE001 - the last line of defence: never a traceback
        return _confess(error)
    finally:
        _let_go()


def _let_go() -> None:
    """What is left in a buffer that nobody takes must not fail when Python ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _confess(error: Exception) -> ExitStatus:
    """Name our own fault by its place alone: values might be secrets."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else "?"
    with contextlib.suppress(OSError):
        sys.stderr.write(
            f"mailprobe: {Word.INTERNAL}: {type(error).__name__} at {where}; "
            "this is a fault of mailprobe, please report it\n"
        )
    return ExitStatus.INTERNAL


# ----------------------------------------------------------------------------------- a session


def _talk(asked: argparse.Namespace, env: Mapping[str, str], streams: Streams) -> ExitStatus:
    options = _options(asked, env)
    if asked.script is None and sys.stdin and sys.stdin.isatty() and sys.stdout.isatty():
        return _shell(options)
    with _source(asked.script) as source:
        return _pipe(options, source, streams)


def _shell(options: Options) -> ExitStatus:
    """Talk with a person.  Where the terminal goes away, that is an end as by SIGHUP."""
    import termios

    from mailprobe.shell import app

    try:
        return app.run(options)
    except (OSError, termios.error) as error:
        if error.args[0] != errno.EIO:
            raise
        raise SystemExit(128 + signal.SIGHUP) from None


def _options(asked: argparse.Namespace, env: Mapping[str, str]) -> Options:
    protocol, target = _target(asked)
    if asked.tls and asked.starttls:
        raise Failure(Word.USAGE, "--tls and --starttls exclude each other")
    wanted = Tls.IMPLICIT if asked.tls else Tls.STARTTLS if asked.starttls else Tls.NONE
    if asked.dns is not None:
        from mailprobe.addresses import parse_server

        parse_server(asked.dns)
    limits = Limits(asked.max_line, asked.max_reply, asked.max_body, asked.max_body_line)
    settings = Settings(
        timeout=asked.timeout,
        end=None if asked.max_time is None else time.monotonic() + asked.max_time,
        limits=limits,
        tls=TlsSettings(asked.ca, verify=not asked.no_verify),
        insecure_auth=asked.insecure_auth,
        hello_name=asked.ehlo or "",
    )
    return Options(
        protocol=protocol,
        target=target,
        mx=asked.mx,
        mx_tls=wanted,
        settings=settings,
        family=asked.family or socket.AF_UNSPEC,
        dns=asked.dns,
        record=Path(asked.record) if asked.record is not None else None,
        keep_going=asked.keep_going,
        color=asked.color,
        plain=asked.plain,
        env=env,
    )


def _target(asked: argparse.Namespace) -> tuple[Protocol | None, Target | None]:
    words = asked.words
    if not words:
        if asked.mx is None and (asked.tls or asked.starttls):
            raise Failure(Word.USAGE, "--tls and --starttls need a target")
        return None, None
    if words[0] not in list(Protocol) or len(words) != 2:
        wanted = "smtp TARGET, lmtp TARGET, pop3 TARGET or sandbox"
        shown = safe(" ".join(words))
        raise Failure(Word.USAGE, f"expected {wanted}, got {shown}; mailprobe --help tells more")
    if asked.mx is not None:
        raise Failure(Word.USAGE, "a target and --mx exclude each other")
    protocol = Protocol(words[0])
    target = parse_target(words[1], protocol, tls=asked.tls, starttls=asked.starttls)
    return protocol, target


@contextlib.contextmanager
def _source(script: str | None) -> Iterator[int]:
    if (script is None or script == "-") and sys.stdin:
        yield sys.stdin.fileno()
        return
    if script is None or script == "-":  # standard input was closed before we began
        script = os.devnull
    try:
        descriptor = os.open(script, os.O_RDONLY | os.O_CLOEXEC)
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Failure(Word.USAGE, f"cannot read {safe(script)}: {reason}") from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _pipe(options: Options, source: int, streams: Streams) -> ExitStatus:
    from mailprobe.render import theme
    from mailprobe.shell.pipe import Pipe
    from mailprobe.shell.printer import Printer

    color = theme.wants_color(options.color, options.env, isatty=sys.stdout.isatty())
    printer = Printer(streams.write, streams.tell, color=color)
    with _wakeup() as wakeup:
        Pipe(options, source, printer, streams.tell, streams.write, wakeup).run()
    return ExitStatus.OK


@contextlib.contextmanager
def _wakeup() -> Iterator[int]:
    """A descriptor that SIGINT and SIGTERM make readable: no exception in the middle of a reply."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def wake(number: int, frame: object) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(writing, b"\0")

    before = {number: signal.signal(number, wake) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield reading
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)


# --------------------------------------------------------------------------------- the sandbox


def _serve(asked: argparse.Namespace, streams: Streams) -> ExitStatus:
    from mailprobe.sandbox.server import Sandbox

    wanted = {name: getattr(asked, name) for name in _SERVICES}
    ports = {name: number for name, number in wanted.items() if number is not None}
    with _wakeup() as wakeup, Sandbox(ports or None, asked.dir) as sandbox:
        lines = [f"{name.upper()}={sandbox.host}:{port}" for name, port in sandbox.ports.items()]
        streams.write("\n".join([*lines, f"CA={sandbox.ca}", "READY"]) + "\n")
        if not asked.print_ports:
            streams.tell(
                "note: alice (secret) and bob (builder) at example.test; Ctrl-C ends the sandbox"
            )
        os.read(wakeup, 1)
    return ExitStatus.OK
