"""The ways out: questions before an end that cannot be undone, and the last words.

They see the shell through `Conversation`: no key, no screen.
"""

from typing import TYPE_CHECKING

from mailprobe.errors import ExitStatus
from mailprobe.protocol.items import Answer, Data, Phase
from mailprobe.protocol.model import Command, State
from mailprobe.session import Item, Session

if TYPE_CHECKING:
    from mailprobe.shell.conversation import Conversation

_ENDS: dict[Phase, tuple[str, Item]] = {
    Phase.DATA: ("[e]nd the data with a lone dot", Data(b".\r\n")),
    Phase.ANSWER: ("[e]nd the login with *", Answer(b"*")),
}


def leave(talk: "Conversation") -> None:
    """End politely, after asking where an end would do something that cannot be undone.

    All questions come before the first end: who wants to go on has lost nothing by then.
    """
    endings: list[tuple[int, Session, str]] = []
    for number, session in talk.sessions():
        if session.closed:
            continue
        if session.connection.phase is not Phase.COMMAND:
            talk.use(number)
            choose_in_data(talk, session)
            return
        how = _choose_with_marks(talk, number, session)
        if how not in ("q", "d"):
            talk.use(number)
            return
        endings.append((number, session, how))
    talk.status = ExitStatus.OK
    for number, session, how in endings:
        talk.use(number)
        if how == "d":
            session.drop()
        else:
            if not session.between_lines:  # QUIT would become its end
                talk.tell("a line was half sent: the connection is dropped, without QUIT")
            _say_goodbye(session, delete=bool(session.connection.facts.marked))


def choose_in_data(talk: "Conversation", session: Session) -> None:
    """Nothing in SMTP takes back mail data that has begun; a login can be cancelled."""
    text, item = _ENDS.get(session.connection.phase, ("", None))
    if isinstance(item, Data) and not session.connection.begins_line:
        item = Data(b"\r\n" + item.octets)
    choices = ", ".join(filter(None, (text, "[d]rop the connection", "[c]ontinue")))
    match talk.ask(f"{choices}: ").strip().lower()[:1]:
        case "e" if item is not None:
            talk.send(item)
        case "d":
            session.drop()
        case _:
            pass


def _choose_with_marks(talk: "Conversation", number: int, session: Session) -> str:
    """QUIT deletes what is marked; a connection that is dropped keeps it (RFC 1939, 6)."""
    marked = session.connection.facts.marked
    if not marked:
        return "q"
    which = f"session {number}: " if len(talk.sessions()) > 1 else ""
    question = (
        f"{which}{marked} message{'s are' if marked > 1 else ' is'} marked: "
        "[q]uit and delete, [d]rop the connection and keep, [c]ontinue: "
    )
    return talk.ask(question).strip().lower()[:1]


def _say_goodbye(session: Session, *, delete: bool) -> None:
    """QUIT; unless the person wants that, a message that a refused DELE has marked all the same
    is not deleted by it."""
    if not session.between_lines:
        session.drop()
        return
    if session.state is not State.CLOSED:
        session.hurry()
        if (delete or session.unmark()) and session.send(Command(b"QUIT")):
            session.wait()
    session.close()
