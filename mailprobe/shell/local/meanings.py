"""The local command that explains replies: the last one, any other, or each as it comes."""

from mailprobe.explain.languages import language_of
from mailprobe.protocol import events
from mailprobe.protocol.model import Command, Reply
from mailprobe.render.theme import REPLY
from mailprobe.safe import safe
from mailprobe.session import Session
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import Argument, LocalCommand, session_of, usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.explain.model import Explanation

_SWITCH = {"on": True, "off": False}


def _explain(shell: Shell, argument: str) -> None:
    if argument.lower() in _SWITCH:
        shell.explain_replies(wanted=_SWITCH[argument.lower()])
    elif argument:
        _explain_words(shell, argument)
    else:
        _explain_last(shell, session_of(shell))


def _explain_words(shell: Shell, argument: str) -> None:
    from mailprobe.explain.explaining import nothing_known, of_words, said_by_server

    spoken = shell.session.connection.catalogue.protocol if shell.session is not None else None
    found = of_words([argument], spoken) or of_words([argument])
    if not found:
        raise nothing_known([argument])
    for line in said_by_server([argument]):
        shell.write(f"< {safe(line)}\n")
    _show(shell, found)


def _explain_last(shell: Shell, session: Session) -> None:
    from mailprobe.explain.replying import of_reply

    command, reply = _last(session)
    for line in _ends(reply):
        said = shell.mask(f"< {safe(line)}") if line else "..."
        shell.write(f"{shell.paint(REPLY[reply.verdict], said)}\n")
    found = of_reply(reply, command, session.connection.facts)
    if found is None:
        raise usage(f"nothing is known about {safe(reply.code)}")
    _show(shell, [found])


def _show(shell: Shell, found: "list[Explanation]") -> None:
    from mailprobe.render.explanation import drawn

    language = language_of(shell.preferences.language, shell.environment)
    shell.write(drawn(found, language, columns=shell.columns, color=shell.color))


def _last(session: Session) -> tuple[Command | None, Reply]:
    """The last reply, and what it answers: None of a greeting, and of what came unasked.

    Raises Failure `usage` where the server has said nothing.
    """
    answered = next((one for one in reversed(session.exchanges) if one.replies), None)
    unasked = session.unsolicited[0] if session.unsolicited else None
    if unasked is not None and (answered is None or unasked.at > answered.sent_at):
        return None, unasked.reply
    if answered is not None:
        return answered.command, answered.replies[-1]
    for _, event in session.milestones:
        if isinstance(event, events.Greeting):
            return None, event.reply
    raise usage("the server has said nothing yet: /explain 550 5.7.1 explains any code")


def _ends(reply: Reply) -> tuple[bytes, ...]:
    """The lines of a reply, or the first and the last of many; b"" for what is between."""
    lines = reply.lines
    return lines if len(lines) <= 3 else (lines[0], b"", lines[-1])


ROWS = (
    LocalCommand(
        "explain",
        "/explain [on|off|WORDS]",
        "say what the last reply means, or these words; on: each reply, below it",
        _explain,
        Argument.EXPLAINED,
    ),
)
