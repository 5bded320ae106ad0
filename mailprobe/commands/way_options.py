"""Options about the way to a server, who we seem to be, and where the session ends."""

import socket

from mailprobe.commands.arguments import Row
from mailprobe.errors import Failure, Word
from mailprobe.protocol.model import Protocol
from mailprobe.safe import safe
from mailprobe.transport.target import Kind, Target, Tls, parse_target
from mailprobe.transport.way import DIRECT, Way
from mailprobe.value import replace

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    import argparse

    from mailprobe.shell.options import Options
    from mailprobe.shell.piping.stopping import Stop
    from mailprobe.shell.writing.pretending import Pretence

# What belongs to a session that somebody types, or a script.
OPTIONS: tuple[Row, ...] = (
    (
        ("--exec",),
        {"metavar": "COMMAND", "help": "talk to a program, as in 'exim -bs', over its stdin"},
    ),
    (("--xclient",), {"metavar": "ATTRIBUTES", "help": "seem to be another client: ADDR=... ..."}),
    (("--xforward",), {"metavar": "ATTRIBUTES", "help": "name the client that is spoken for"}),
    (
        ("--stop-after",),
        {"metavar": "STAGE", "help": "QUIT after connect, greeting, ehlo, rcpt, any verb"},
    ),
    (("--drop-after",), {"metavar": "STAGE", "help": "the same, without QUIT"}),
    (
        ("--drop-before-reply",),
        {"metavar": "STAGE", "help": "send its command, and drop the link unheard"},
    ),
)


def way_of(asked: "argparse.Namespace", family: socket.AddressFamily = socket.AF_UNSPEC) -> Way:
    """How octets get to the server, by addresses of `family`.  Raises Failure `usage`."""
    given = (asked.bind, asked.proxy, asked.proxy_protocol)
    if given == (None, None, None):
        return DIRECT
    from mailprobe.transport import written  # most links are direct

    readers = (written.parse_source, written.parse_proxy, written.parse_announcement)
    parts = [
        None if text is None else read(text) for read, text in zip(readers, given, strict=True)
    ]
    way = Way(*parts)  # type: ignore[arg-type]  # each reader has made its type
    if family != socket.AF_UNSPEC:
        written.check_family(way, family)
    return way


def with_options(options: "Options", asked: "argparse.Namespace") -> "Options":
    """`options`, with all that these options say; the target is known.  Raises Failure `usage`."""
    if asked.exec is not None:
        options = _with_program(options, asked)
    return replace(options, pretences=_pretences(options, asked), stop=_stop(options, asked))


def _with_program(options: "Options", asked: "argparse.Namespace") -> "Options":
    """Its target is the name that a certificate has to have, where one was written."""
    from shlex import split  # where there is a program

    try:
        words = tuple(split(asked.exec))
    except ValueError as error:
        raise Failure(Word.USAGE, f"--exec: {safe(str(error))}") from None
    if not words or not words[0]:
        raise Failure(Word.USAGE, "--exec names no program")
    target = options.target
    if options.way.source or options.way.proxy:
        raise Failure(Word.USAGE, "--exec takes the place of the network: no --bind, no --proxy")
    if target is None or target.kind is not Kind.NETWORK or options.profile is not None:
        raise Failure(Word.USAGE, "--exec needs smtp, lmtp or pop3, and perhaps a host behind it")
    return replace(
        options,
        target=replace(target, kind=Kind.PROGRAM),
        way=replace(options.way, program=words),
    )


def target_of_program(protocol: Protocol, asked: "argparse.Namespace") -> Target:
    """The target of `mailprobe smtp --exec COMMAND`: this machine."""
    tls = Tls.IMPLICIT if asked.tls else Tls.STARTTLS if asked.starttls else Tls.NONE
    return replace(parse_target("localhost", protocol), tls=tls)


def _pretences(options: "Options", asked: "argparse.Namespace") -> "tuple[Pretence, ...]":
    given = (("XCLIENT", asked.xclient), ("XFORWARD", asked.xforward))
    if all(text is None for _, text in given):
        return ()
    from mailprobe.shell.writing import pretending

    if _protocol(options) is Protocol.POP3:
        raise Failure(Word.USAGE, "--xclient and --xforward are for SMTP and LMTP")
    return tuple(pretending.parse(verb, text) for verb, text in given if text is not None)


def _stop(options: "Options", asked: "argparse.Namespace") -> "Stop | None":
    given = (asked.stop_after, asked.drop_after, asked.drop_before_reply)
    names = [name for name in given if name is not None]
    if not names:
        return None
    if len(names) > 1:
        raise Failure(
            Word.USAGE, "--stop-after, --drop-after and --drop-before-reply exclude each other"
        )
    protocol = _protocol(options)
    if protocol is None:
        raise Failure(Word.USAGE, "where a session ends can be said of a target alone")
    from mailprobe.protocol.connection import catalogue_of
    from mailprobe.shell.piping import stopping

    hows = tuple(stopping.How)
    how = next(how for how, name in zip(hows, given, strict=True) if name is not None)
    return stopping.parse(names[0], how, catalogue_of(protocol))


def _protocol(options: "Options") -> Protocol | None:
    if options.target is not None:
        return options.target.protocol
    return Protocol.SMTP if options.mx is not None else options.protocol
