"""Local commands that begin and end a connection."""

from mailprobe.durations import seconds
from mailprobe.protocol.model import Protocol, State
from mailprobe.session import Session
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import Argument, LocalCommand, Malformed, session_of, tell, usage
from mailprobe.transport.target import is_sandbox, parse_further

_LONGEST_WAIT = 3600.0  # seconds


def _connect(shell: Shell, argument: str) -> None:
    words = argument.split()
    if not words and shell.tutor is not None:
        shell.connect(shell.tutor.next_target())
        return
    if not 1 <= len(words) <= 2:
        raise Malformed
    said = None
    if len(words) == 2:
        if words[0].lower() not in list(Protocol):
            raise Malformed
        said = Protocol(words[0].lower())
    if words[-1].startswith("@"):
        profile = shell.config.profile(words[-1][1:])
        shell.connect(profile.target_for(said, shell.tls), profile)
        return
    if said is None and shell.session is not None and "://" not in words[0]:
        said = shell.session.connection.catalogue.protocol
    if said is None and is_sandbox(words[-1]):
        raise usage(
            f"the sandbox speaks three protocols: write /connect smtp {words[-1]}, "
            f"/connect lmtp {words[-1]} or /connect pop3 {words[-1]}"
        )
    shell.connect(parse_further(words[-1], said, shell.tls))


def _sessions(shell: Shell, argument: str) -> None:
    shell.table(
        ("", "number", "protocol", "host", "state", "TLS", "replies owed"),
        [
            ("*" if session is shell.session else "", str(number), *_row(session))
            for number, session in shell.sessions()
        ],
    )


def _row(session: Session) -> tuple[str, str, str, str, str]:
    protocol = str(session.connection.catalogue.protocol)
    tls = session.transport.tls
    state = "closed" if session.closed else str(session.state)
    owed = str(session.connection.outstanding)
    return protocol, session.transport.peer, state, tls.version if tls else "no", owed


def _use(shell: Shell, argument: str) -> None:
    if not (argument.isascii() and argument.isdigit()):
        raise Malformed
    if not shell.use(int(argument)):
        raise usage(f"there is no session {argument[:9]}: /sessions shows them")


def _close(shell: Shell, argument: str) -> None:
    session_of(shell).close()
    shell.fall_back()


def _drop(shell: Shell, argument: str) -> None:
    session_of(shell).drop()
    shell.fall_back()


def _wait(shell: Shell, argument: str) -> None:
    limit = seconds(argument)
    if not limit or limit > _LONGEST_WAIT:
        raise Malformed
    session, begun = session_of(shell), shell.heard
    if session.closed or session.state is State.CLOSED:
        raise usage("the connection is closed: nothing will come")
    if not shell.listen(limit):
        tell(shell, "interrupted")
    elif shell.heard == begun and not session.closed:
        tell(shell, f"nothing came within {limit:g} s")


def _quit(shell: Shell, argument: str) -> None:
    shell.leave()


ROWS = (
    LocalCommand(
        "connect",
        "/connect [PROTOCOL] TARGET|@PROFILE",
        "open a connection; one that is open stays",
        _connect,
        Argument.TARGET,
    ),
    LocalCommand("sessions", "/sessions", "show all sessions", _sessions),
    LocalCommand("use", "/use N", "talk to session N from now on", _use, Argument.SESSION),
    LocalCommand("close", "/close", "end the connection politely, without QUIT", _close),
    LocalCommand("drop", "/drop", "end the connection at once", _drop),
    LocalCommand(
        "wait",
        "/wait S",
        "wait for what the server says, at most S seconds",
        _wait,
        Argument.TEXT,
        listens=True,
    ),
    LocalCommand("quit", "/quit", "leave, with a QUIT to each server", _quit),
)
