"""Where a session stands, in the few words of a prompt and of a toolbar.  Pure: nothing is read."""

from mailprobe.protocol.items import Phase
from mailprobe.protocol.model import State
from mailprobe.safe import safe
from mailprobe.session import Session

_NAMES = {State.AUTHORIZATION: "auth", State.TRANSACTION: "trans"}  # states with long names


def prompt_text(session: Session | None) -> str:
    """The prompt; `>` takes a command, `|` an answer or data."""
    if session is None:
        return "mailprobe> "
    connection = session.connection
    protocol = connection.catalogue.protocol
    if session.closed:
        return f"{protocol}:closed> "
    match connection.phase:
        case Phase.ANSWER:
            return f"{protocol}:auth| "
        case Phase.DATA:
            return f"{protocol}:data| "
        case Phase.CHUNK:
            return f"{protocol}:chunk({connection.chunk_left})| "
        case Phase.COMMAND:
            pass
    if connection.state is State.CLOSED:
        return f"{protocol}:leaving> "  # the server has said so, and the link still stands
    name = _NAMES.get(connection.state, str(connection.state))
    if connection.state is State.RCPT:
        name += f"({len(connection.facts.recipients)})"
    return f"{protocol}:{name}> "


def status_text(session: Session | None, *, recorded: bool) -> str:
    """Peer, TLS, replies owed, recording: one line."""
    if session is None or session.closed:
        return "not connected"
    owed, tls = session.connection.outstanding, session.transport.tls
    parts = [safe(session.transport.peer)]
    if tls is not None:
        parts.append(safe(tls.version) + ("" if tls.verified else " UNVERIFIED"))
    if owed:
        parts.append(f"{owed} repl{'y' if owed == 1 else 'ies'} owed")
    if recorded:
        parts.append("rec")
    return " · ".join([*parts, "^] local command"])
