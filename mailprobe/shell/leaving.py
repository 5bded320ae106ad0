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
    """End politely, after asking where an end would do something that cannot be undone."""
    session = talk.session
    if session is None or session.closed:
        talk.status = ExitStatus.OK
    elif session.connection.phase is not Phase.COMMAND:
        choose_in_data(talk, session)
    elif session.connection.facts.marked:
        _choose_with_marks(talk, session)
    else:
        _say_goodbye(talk, session)


def choose_in_data(talk: "Conversation", session: Session) -> None:
    """Nothing in SMTP takes back mail data that has begun; a login can be cancelled."""
    text, item = _ENDS.get(session.connection.phase, ("", None))
    choices = ", ".join(filter(None, (text, "[d]rop the connection", "[c]ontinue")))
    match talk.front.ask(f"{choices}: ").strip().lower()[:1]:
        case "e" if item is not None:
            talk.send(item)
        case "d":
            session.drop()
        case _:
            pass


def _choose_with_marks(talk: "Conversation", session: Session) -> None:
    """QUIT deletes what is marked; a connection that is dropped keeps it (RFC 1939, 6)."""
    marked = session.connection.facts.marked
    question = (
        f"{marked} message{'s are' if marked > 1 else ' is'} marked: "
        "[q]uit and delete, [d]rop the connection and keep, [c]ontinue: "
    )
    match talk.front.ask(question).strip().lower()[:1]:
        case "q":
            _say_goodbye(talk, session, delete=True)
        case "d":
            session.drop()
            talk.status = ExitStatus.OK
        case _:
            pass


def _say_goodbye(talk: "Conversation", session: Session, *, delete: bool = False) -> None:
    """QUIT; unless the person wants that, a message that a refused DELE has marked all the same
    is not deleted by it."""
    talk.status = ExitStatus.OK
    if session.state is not State.CLOSED:
        session.hurry()
        if (delete or session.unmark()) and session.send(Command(b"QUIT")):
            session.wait()
    session.close()
