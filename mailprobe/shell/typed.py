"""What becomes of typed lines: a command, an answer, mail data, a chunk, or a local command.

They see the shell through `Conversation`: no key, no screen.
"""

from typing import TYPE_CHECKING

from mailprobe.errors import Failure, Word
from mailprobe.protocol.catalogue import Then
from mailprobe.protocol.items import Data, Phase
from mailprobe.protocol.model import Command
from mailprobe.render.theme import paint
from mailprobe.session import Item, Session
from mailprobe.shell.local.commands import run
from mailprobe.shell.local.table import ESCAPE
from mailprobe.shell.mask import encode

if TYPE_CHECKING:
    from mailprobe.shell.conversation import Conversation


def take_lines(talk: "Conversation", text: str) -> None:
    """A paste of many lines goes out line by line, each after the reply to the last."""
    lines = text.split("\n")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()  # a paste of whole lines ends with a line end
    for done, line in enumerate(lines, 1):
        went_on = False
        try:
            went_on = _take_line(talk, line)
        finally:
            if not went_on and (left := len(lines) - done):
                more = "1 more line was" if left == 1 else f"{left} more lines were"
                talk.tell(f"{more} not sent")
        if not went_on:
            return


def _take_line(talk: "Conversation", line: str) -> bool:
    """Send or carry out one line; False when nothing may follow it unseen."""
    if talk.phase is not Phase.COMMAND:
        return _send_line(talk, line)
    if line.startswith(ESCAPE) or (line.startswith("/") and not line.startswith("//")):
        run(talk, line.removeprefix(ESCAPE))
        return talk.status is None
    if not line:
        return True
    return _send_line(talk, line.removeprefix("/") if line.startswith("//") else line)


def _send_line(talk: "Conversation", line: str) -> bool:
    if talk.session is None or talk.session.closed:
        raise Failure(Word.USAGE, "nothing was sent: /connect opens a connection")
    octets = encode(line)
    match talk.phase:
        case Phase.CHUNK:
            return _send_chunk(talk, talk.session, octets)
        case Phase.DATA:
            return _send_data(talk, octets)
        case _:
            return _send_command(talk, talk.session, octets)


def _send_command(talk: "Conversation", session: Session, octets: bytes) -> bool:
    """A command, or the answer to a challenge."""
    item = session.item(octets)
    if not talk.send(item, typed=octets):
        return False
    if not _turned_down(talk, session, item):
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


def _send_data(talk: "Conversation", line: bytes) -> bool:
    """A line of mail data; a dot at its beginning is doubled (RFC 5321, section 4.5.2)."""
    stuffed = line.startswith(b".") and line != b"."
    if stuffed:
        talk.write(paint("note", "(stuffed)", color=talk.color) + "\n")
    return talk.send(Data((b"." if stuffed else b"") + line + b"\r\n"), typed=line)


def _send_chunk(talk: "Conversation", session: Session, line: bytes) -> bool:
    """Octets of a BDAT chunk; what exceeds it, less the line end, is a command."""
    left = session.connection.chunk_left
    octets = line + b"\r\n"
    if not talk.send(Data(octets[:left]), typed=line):
        return False
    rest = line[left:]
    return talk.send(Command(rest), typed=rest) if rest else True
