"""Where mail data and transactions may begin in a shell, and its way to `dispatch`.

It sees the shell through `Shell` alone.
"""

from collections.abc import Iterable
from functools import partial

from mailprobe.errors import Failure, Word
from mailprobe.files import SourceFile
from mailprobe.messages import dispatch, envelope
from mailprobe.messages.dispatch import Channel, Chunk, Style
from mailprobe.messages.envelope import Envelope
from mailprobe.protocol.items import Phase
from mailprobe.protocol.model import Protocol, Reply, State
from mailprobe.safe import safe
from mailprobe.session import Session
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import tell

_OVER = (State.CLOSED, State.UPDATE)
_OPEN = (State.MAIL, State.RCPT, State.BDAT)


# ------------------------------------------------------------------------------------ what may be


def open_session(shell: Shell) -> Session:
    """The session, where it can still be talked to.  Raises Failure `usage`."""
    session = shell.session
    if session is None or session.closed or session.state in _OVER:
        raise _usage("there is no connection: /connect smtp sandbox makes one")
    if shell.switches.group is not None:
        raise _usage("lines are being collected: /pipeline go sends them, /pipeline drop does not")
    return session


def session_for_data(shell: Shell) -> Session:
    """The session, where mail data is due, or DATA may open it.  Raises Failure `usage`."""
    session = open_session(shell)
    if session.connection.phase is Phase.DATA:
        return session
    row = session.connection.catalogue.find("DATA")
    if row is None:
        raise _usage("mail is sent by SMTP or LMTP: /connect smtp sandbox opens such a session")
    if session.connection.phase is not Phase.COMMAND or session.state not in row.states:
        raise _usage(
            "DATA comes behind MAIL and an accepted RCPT: send those first, or all at once by /send"
        )
    return session


def session_for_mail(shell: Shell) -> Session:
    """The session, where a mail transaction may begin.  Raises Failure `usage`."""
    session = open_session(shell)
    if session.connection.catalogue.protocol is Protocol.POP3:
        raise _usage("mail is sent by SMTP or LMTP: /connect smtp sandbox opens such a session")
    if session.connection.phase is not Phase.COMMAND:
        raise _usage("not in the middle of mail data, or of a login: end that first")
    if session.state in _OPEN:
        raise _usage("a mail transaction is open: /body FILE goes on with it, RSET takes it back")
    return session


# ------------------------------------------------------------------------------------- the way


def channel_of(shell: Shell) -> Channel:
    """How `dispatch` talks through a shell."""
    return Channel(shell.put, shell.wait, partial(tell, shell))


def say(shell: Shell, session: Session, line: bytes) -> Reply | None:
    """Send a command, wait, and give the last reply to it; None when there is none."""
    return dispatch.say(channel_of(shell), session, line)


def refuse(session: Session, asked: Envelope) -> None:
    """Raise Failure for an envelope that must not be sent as things stand."""
    facts = session.connection.facts
    envelope.refuse(asked, facts.offers or {}, tls=facts.tls)


def send_body(shell: Shell, session: Session, blocks: Iterable[bytes], name: str) -> None:
    """`name` as mail data, behind a DATA of ours where that was not sent yet."""
    channel, switches = channel_of(shell), shell.switches
    if not dispatch.open_data(channel, session):
        waits = session.connection.waiting
        why = "its go-ahead is owed still" if waits else "the server wants no mail data"
        tell(shell, f"nothing of {safe(name)} was sent: {why}")
        return
    style = Style(switches.file_ends, switches.stuffing)
    dispatch.write_data(channel, session, blocks, style)


def send_chunks(shell: Shell, source: SourceFile, chunks: list[Chunk], *, pipelined: bool) -> None:
    """BDAT after BDAT (RFC 3030), each after the reply to the last one, or all at once."""
    session = open_session(shell)
    dispatch.send_chunks(channel_of(shell), session, source.blocks(), chunks, pipelined=pipelined)


def _usage(sentence: str) -> Failure:
    return Failure(Word.USAGE, sentence)
