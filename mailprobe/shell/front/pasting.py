"""A paste of many lines where commands are expected: shown, and offered in ways to send it.

It sees the shell through `Conversation`: no key, no screen.  Whoever pastes a whole session, or
the wrong text, finds out before any of it is sent.
"""

from typing import TYPE_CHECKING

from mailprobe.enums import Enum, auto
from mailprobe.protocol.catalogue import Catalogue, Then
from mailprobe.protocol.model import Command
from mailprobe.safe import safe
from mailprobe.shell.local.table import ESCAPE
from mailprobe.shell.typing.mask import encode, visible
from mailprobe.shell.writing import groups

if TYPE_CHECKING:
    from mailprobe.shell.conversation import Conversation

_SHOWN = 3  # lines


class Way(Enum):
    """How a paste goes out."""

    BATCH = auto()  # one write
    ONE_BY_ONE = auto()  # each behind the reply to the last; the first refusal ends it
    NOT_AT_ALL = auto()


def ask(talk: "Conversation", lines: list[str]) -> Way:
    """Show the beginning of the paste, and ask what becomes of it."""
    shown = visible("\n".join(lines), talk.facts, talk.catalogue).split("\n")[:_SHOWN]
    text = "".join(f"  {safe(line)}\n" for line in shown)
    if len(lines) > _SHOWN:
        text += f"  ... {len(lines) - _SHOWN} more\n"
    talk.write(f"{len(lines)} lines were pasted:\n{text}")
    batch = _may_be_one_write(talk, lines)
    ways = "[b]atch (one write), [o]ne by one, [n]othing: "
    question = ways if batch else ways.partition(", ")[2]
    match talk.ask(question).strip().lower()[:1]:
        case "b" if batch:
            return Way.BATCH
        case "o":
            return Way.ONE_BY_ONE
        case _:
            return Way.NOT_AT_ALL


def send_batch(talk: "Conversation", lines: list[str]) -> None:
    """Send all of it as one write, and show which reply belongs to which line."""
    session, switches = talk.session, talk.switches
    assert session is not None  # or it would not have been offered
    stuffing = b"." if switches.stuffing else b""
    switches.group = [
        (stuffing if data and octets.startswith(b".") and octets != b"." else b"") + octets
        for octets, data in _parted(session.connection.catalogue, lines)
    ]
    switches.group = [octets + switches.end for octets in switches.group]
    try:
        groups.go(talk, session)
    finally:
        switches.group = None


def was_refused(talk: "Conversation") -> bool:
    """Whether the last reply ends a paste that goes line by line."""
    last = talk.session.last if talk.session is not None else None
    return last is not None and bool(last.replies) and last.replies[-1].refused


def _may_be_one_write(talk: "Conversation", lines: list[str]) -> bool:
    """Not local commands, nor a login: nothing would hide its answers."""
    if talk.session is None or talk.session.closed:
        return False
    catalogue = talk.session.connection.catalogue
    said = [octets for octets, data in _parted(catalogue, lines) if not data]
    local = any(
        line.startswith(ESCAPE) or (line.startswith("/") and not line.startswith("//"))
        for line in _commands(catalogue, lines)
    )
    logs_in = any(catalogue.row(Command(octets)).then is Then.SASL for octets in said)
    return not local and not logs_in and len(said) <= groups.MOST


def _commands(catalogue: Catalogue, lines: list[str]) -> list[str]:
    parted = zip(lines, _parted(catalogue, lines), strict=True)
    return [line for line, (_, data) in parted if not data]


def _parted(catalogue: Catalogue, lines: list[str]) -> list[tuple[bytes, bool]]:
    """The octets of each line, and whether it would be mail data, its lone dot included."""
    found, data = [], False
    for line in lines:
        octets = encode(line if data or not line.startswith("//") else line[1:])
        found.append((octets, data))
        if data:
            data = line != "."
        else:
            data = catalogue.row(Command(octets)).then is Then.DATA
    return found
