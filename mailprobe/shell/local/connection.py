"""Local commands that begin and end a connection."""

from mailprobe.protocol.model import Protocol, State
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import Argument, LocalCommand, Malformed, session_of, usage
from mailprobe.transport.target import parse_target

_OVER = (State.CLOSED, State.UPDATE)  # the server has said goodbye


def _connect(shell: Shell, argument: str) -> None:
    words = argument.split()
    if not 1 <= len(words) <= 2:
        raise Malformed
    live = shell.session is not None and not shell.session.closed
    if live and shell.session is not None and shell.session.state not in _OVER:
        raise usage("there is a connection already: /close or /drop ends it")
    protocol = None
    if len(words) == 2:
        if words[0].lower() not in list(Protocol):
            raise Malformed
        protocol = Protocol(words[0].lower())
    elif shell.session is not None and "://" not in words[0]:
        protocol = shell.session.connection.catalogue.protocol
    shell.connect(parse_target(words[-1], protocol))


def _close(shell: Shell, argument: str) -> None:
    session_of(shell).close()


def _drop(shell: Shell, argument: str) -> None:
    session_of(shell).drop()


def _quit(shell: Shell, argument: str) -> None:
    shell.leave()


ROWS = (
    LocalCommand(
        "connect", "/connect [PROTOCOL] TARGET", "open a connection", _connect, Argument.TARGET
    ),
    LocalCommand("close", "/close", "end the connection politely, without QUIT", _close),
    LocalCommand("drop", "/drop", "end the connection at once", _drop),
    LocalCommand("quit", "/quit", "leave, with a QUIT to the server", _quit),
)
