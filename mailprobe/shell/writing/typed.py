"""What becomes of typed lines: a command, an answer, mail data, a chunk, or a local command.

They see the shell through `Conversation`: no key, no screen.
"""

from typing import TYPE_CHECKING

from mailprobe.errors import Failure, Word
from mailprobe.protocol.catalogue import Kind, Then
from mailprobe.protocol.framing import CRLF
from mailprobe.protocol.items import Data, Phase, Raw
from mailprobe.protocol.model import Command
from mailprobe.render.theme import paint
from mailprobe.session import Item, Session
from mailprobe.shell.front import pasting
from mailprobe.shell.local.commands import COMMANDS
from mailprobe.shell.local.table import ESCAPE
from mailprobe.shell.typing.mask import encode
from mailprobe.shell.writing.groups import collect, wants_empty_lines

if TYPE_CHECKING:
    from mailprobe.shell.conversation import Conversation

# What people type in other programs; without a connection it can only be meant for us.
_OTHER_NAMES = {"?": "help", "exit": "quit", "bye": "quit"}


def take_lines(talk: "Conversation", text: str) -> None:
    """A line, or a paste of many, of which the person says how it goes.

    What of it is mail data goes as one batch.
    """
    lines = text.split("\n")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()  # a paste of whole lines ends with a line end
    if len(lines) == 1 or talk.phase is not Phase.COMMAND or talk.switches.group is not None:
        _take_all(talk, lines, until_refused=False)
        return
    match pasting.ask(talk, lines):
        case pasting.Way.BATCH:
            pasting.send_batch(talk, lines)
        case pasting.Way.ONE_BY_ONE:
            _take_all(talk, lines, until_refused=True)
        case _:
            talk.tell("nothing was sent")


def _take_all(talk: "Conversation", lines: list[str], *, until_refused: bool) -> None:
    """Each line after the reply to the last; with `until_refused` no reply may be a no."""
    done = 0
    while done < len(lines):
        went_on, count = False, _batch(talk, lines, done)
        exchange = talk.session.last if talk.session is not None else None
        try:
            went_on = _take(talk, lines[done : done + count], seen=len(lines) == 1)
            if until_refused and talk.session is not None and talk.session.last is not exchange:
                went_on = went_on and not pasting.was_refused(talk)
        finally:
            done += count
            if not went_on and (left := len(lines) - done):
                more = "1 more line was" if left == 1 else f"{left} more lines were"
                talk.tell(f"{more} not sent")
        if not went_on:
            return


def _batch(talk: "Conversation", lines: list[str], start: int) -> int:
    """How many lines go together: mail data up to its lone dot, else one."""
    if talk.phase is not Phase.DATA:
        return 1
    end = next((at for at in range(start, len(lines)) if lines[at] == "."), len(lines) - 1)
    return end - start + 1


def _take(talk: "Conversation", lines: list[str], *, seen: bool) -> bool:
    """Send or carry out lines that go together; False when nothing may follow them unseen.

    `seen`: the line stands above its reply, where it was typed.
    """
    if talk.phase is Phase.DATA:
        _open_session(talk, "")
        return _send_data(talk, [encode(line) for line in lines])
    return _take_line(talk, lines[0], seen=seen)


def _take_line(talk: "Conversation", line: str, *, seen: bool) -> bool:
    """Send or carry out one line; False when nothing may follow it unseen."""
    if talk.phase is not Phase.COMMAND:
        return _send_line(talk, line, seen=seen)
    if line.startswith(ESCAPE) or (line.startswith("/") and not line.startswith("//")):
        talk.run_local(line.removeprefix(ESCAPE))
        return talk.status is None
    line = line.removeprefix("/") if line.startswith("//") else line
    if talk.switches.group is not None:
        return _collect(talk, line)
    return _send_line(talk, line, seen=seen) if line else True


def _collect(talk: "Conversation", line: str) -> bool:
    """A line of a group, which is not sent yet."""
    catalogue = _open_session(talk, line).connection.catalogue
    if (line or wants_empty_lines(talk.switches, catalogue)) and (
        advice := collect(talk.switches, catalogue, encode(line))
    ):
        talk.tell(advice)
    return True


def _open_session(talk: "Conversation", line: str) -> Session:
    if talk.session is None or talk.session.closed:
        raise Failure(Word.USAGE, f"nothing was sent: {_unheard(talk, line)}")
    return talk.session


def _unheard(talk: "Conversation", line: str) -> str:
    """What somebody may have meant whose line nobody can hear."""
    word = line.split(" ")[0].lower()
    name = _OTHER_NAMES.get(word, word)
    if name in COMMANDS:
        return f"local commands begin with a slash: /{name}"
    if talk.session is None:
        return "there is no connection: /connect opens one, /help shows what else there is"
    others = talk.parties.others
    back = f"/use {others[-1].number} goes back to another one, " if others else ""
    return f"the connection is closed: {back}/connect opens a new one, /quit leaves"


def _send_line(talk: "Conversation", line: str, *, seen: bool) -> bool:
    session, octets = _open_session(talk, line), encode(line)
    if talk.phase is Phase.CHUNK:
        return _send_chunk(talk, session, octets)
    if _lacks_password(session, octets):
        whole = _with_password(talk, octets)
        return whole is not None and _send_command(talk, session, whole, typed=None)
    return _send_command(talk, session, octets, typed=octets, seen=seen)


def _lacks_password(session: Session, octets: bytes) -> bool:
    """Whether it is a PASS that the person wants to be asked for; /raw sends it bare."""
    command = session.item(octets)
    if not isinstance(command, Command) or command.argument:
        return False
    first = session.connection.catalogue.row(command).arguments[:1]
    return bool(first) and first[0].kind is Kind.PASSWORD


def _with_password(talk: "Conversation", octets: bytes) -> bytes | None:
    """`octets` and the password, which nobody sees; None where it is not to be sent."""
    line = octets.rstrip(b" ") + b" "
    if not talk.may_expose(Command(line + b"secret")):
        return None
    password = talk.ask_secret("password (hidden): ")
    if not password:
        talk.tell("nothing was sent: no password was given")
        return None
    if "\n" in password or "\r" in password:
        raise Failure(Word.USAGE, "nothing was sent: a password is one line")
    return line + encode(password)


def _send_command(
    talk: "Conversation", session: Session, octets: bytes, *, typed: bytes | None, seen: bool = True
) -> bool:
    """A command, or the answer to a challenge; `typed` is what the person wrote of it."""
    item = meant = session.item(octets)
    if talk.switches.end != CRLF:
        item = Raw(octets + talk.switches.end)
    if not talk.send(item, typed=typed, seen=seen):
        return False
    if talk.phase is Phase.ANSWER:
        from mailprobe.shell.writing import challenges  # and sasl: where somebody logs in

        challenges.explain(talk)
    if not _turned_down(talk, session, meant):
        return True
    # What was meant as mail data or as a secret would be run as commands.
    if talk.front.discard():
        talk.tell("what was typed ahead was not sent")
    return False


def _turned_down(talk: "Conversation", session: Session, item: Item) -> bool:
    """Whether `item` asked for lines that are no commands, and is not to have them."""
    row = session.connection.catalogue.row(item) if isinstance(item, Command) else None
    if row is not None and row.then is Then.DATA:
        return talk.phase is not Phase.DATA
    if row is not None and row.then is not Then.SASL:
        return False
    last = session.last
    refused = last is None or not last.replies or last.replies[-1].refused
    return talk.phase is not Phase.ANSWER and refused


def _send_data(talk: "Conversation", lines: list[bytes]) -> bool:
    """Lines of mail data; a dot at the beginning of one is doubled (RFC 5321, section 4.5.2)."""
    end, stuffed = talk.switches.end, 0
    octets = bytearray()
    for line in lines:
        dotted = talk.switches.stuffing and line.startswith(b".") and line != b"."
        stuffed += dotted
        octets += (b"." if dotted else b"") + line + end
    if stuffed:
        note = "(stuffed)" if len(lines) == 1 else f"({stuffed} of {len(lines)} lines stuffed)"
        talk.write(paint("note", note, color=talk.color) + "\n")
    return talk.send(Data(bytes(octets)), typed=lines[-1])


def _send_chunk(talk: "Conversation", session: Session, line: bytes) -> bool:
    """Octets of a BDAT chunk; what exceeds it, less the line end, is a command."""
    left = session.connection.chunk_left
    octets = line + talk.switches.end
    if not talk.send(Data(octets[:left]), typed=line):
        return False
    rest = line[left:]
    return talk.send(Command(rest), typed=rest) if rest else True
