"""`mailprobe smtp|lmtp|pop3 TARGET`: a session with one server, by hand or from a script."""

import gc
import os
import sys
from collections.abc import Mapping, Sequence

from mailprobe.commands import quick, tls_options, way_options
from mailprobe.commands import streams as standard
from mailprobe.commands.arguments import Row, count
from mailprobe.commands.connection_options import (
    CONNECTION,
    MX,
    general_options,
    two_targets,
    with_login,
    with_profile,
)
from mailprobe.commands.streams import Streams
from mailprobe.commands.table import SUBCOMMANDS
from mailprobe.errors import ExitStatus, Failure, Word
from mailprobe.protocol.model import Protocol
from mailprobe.safe import safe
from mailprobe.shell.options import Options
from mailprobe.transport.link import Interrupted
from mailprobe.transport.target import Target, parse_target
from mailprobe.value import replace
from mailprobe.version import VERSION

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    import argparse

    from mailprobe.commands.parser import Parser
    from mailprobe.keyboard import Keyboard
    from mailprobe.shell.piping.printer import Printer

_NO_ECHO = "note: what you type is not echoed; it is shown as C: when it is sent"
_OPTIONS: tuple[Row, ...] = (
    MX,
    *CONNECTION,
    *way_options.OPTIONS,
    (("--script",), {"metavar": "FILE", "help": "send the lines of FILE (- is standard input)"}),
    (("--keep-going",), {"action": "store_true", "help": "go on after a refused command"}),
    (("--json",), {"action": "store_true", "help": "one object a line, for programs"}),
    (("--lint",), {"action": "store_true", "help": "say what the server does that no RFC allows"}),
    (
        ("--repeat",),
        {"metavar": "N", "type": count, "help": "play the input N times, and measure each part"},
    ),
    (("--verbose",), {"action": "store_true", "help": "with --repeat: show each time"}),
    (
        ("--plain",),
        {"action": "store_true", "help": "append-only: no menu, no toolbar, nothing redrawn"},
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
        "sandbox, a practice server that starts inside (sandbox/PROFILE+FAULT plays others), or "
        "@NAME, a profile of config.toml.  "
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
    tls_options.check(options.settings.tls)
    if options.stop is not None and asked.script is None and sys.stdin and sys.stdin.isatty():
        asked.script = os.devnull  # nobody types what ends by itself
    by_hand = asked.script is None and not asked.json and asked.repeat is None
    if by_hand and sys.stdin and sys.stdin.isatty() and sys.stdout.isatty():
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
    from mailprobe.shell.piping.pipe import Pipe

    printer = _printer(options, streams)
    with standard.wakeup() as wakeup:
        ask = standard.ask_secret  # a script may be played where somebody sits
        try:
            if options.repeat:
                from mailprobe.shell.piping.repeating import Repetition

                Repetition(options, source, printer, streams.tell, wakeup, ask).run()
            else:
                Pipe(options, source, printer, streams.tell, wakeup, ask).run()
        except Failure as failure:
            printer.fail(failure)
            raise
        except Interrupted:
            printer.fail(Failure(Word.INTERRUPTED, "interrupted"))
            raise
    return ExitStatus.OK


def _printer(options: Options, streams: Streams) -> "Printer":
    """Who shows the dialogue of a pipe."""
    if options.json:
        from mailprobe.shell.piping.objects import ObjectPrinter  # and json, 4 ms

        return ObjectPrinter(streams.write, streams.tell)
    from mailprobe.render.wish import wants_color
    from mailprobe.shell.piping.printer import Printer

    color = wants_color(options.color, options.env, isatty=streams.on_terminal)
    return Printer(streams.write, streams.tell, color=color)


def _options(asked: "argparse.Namespace", env: Mapping[str, str]) -> Options:
    options = replace(
        general_options(asked, env),
        json=asked.json,
        lint=asked.lint,
        repeat=asked.repeat or 0,
        verbose=asked.verbose,
    )
    if asked.words and asked.words[-1].startswith("@"):
        *before, name = asked.words
        if len(before) > 1 or (before and before[0] not in list(Protocol)):
            raise _unexpected(asked.words)
        options = with_profile(options, asked, name[1:], Protocol(before[0]) if before else None)
    else:
        protocol, target = _target(asked)
        options = replace(options, protocol=protocol, target=target)
    return with_login(way_options.with_options(options, asked), asked, env)


def _target(asked: "argparse.Namespace") -> tuple[Protocol | None, Target | None]:
    words = asked.words
    if not words:
        if asked.mx is None and (asked.tls or asked.starttls):
            raise Failure(Word.USAGE, "--tls and --starttls need a target")
        return None, None
    if asked.exec is not None and len(words) == 1 and words[0] in list(Protocol):
        return Protocol(words[0]), way_options.target_of_program(Protocol(words[0]), asked)
    if words[0] not in list(Protocol) or len(words) != 2:
        raise _unexpected(words)
    if asked.mx is not None:
        raise two_targets()
    protocol = Protocol(words[0])
    target = parse_target(words[1], protocol, tls=asked.tls, starttls=asked.starttls)
    return protocol, target


def _unexpected(words: Sequence[str]) -> Failure:
    wanted = "smtp TARGET, lmtp TARGET, pop3 TARGET or sandbox"
    shown = safe(" ".join(words))
    return Failure(Word.USAGE, f"expected {wanted}, got {shown}; mailprobe --help tells more")
