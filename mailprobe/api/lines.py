"""What a program may say as one line, and where; and lines that go out as they are."""

from collections.abc import Sequence

from mailprobe.errors import Failure, Word
from mailprobe.exchanges import Exchange
from mailprobe.protocol.items import Phase, Raw
from mailprobe.session import Session

_FORBIDDEN = b"\r\n\0"
_WANTED = {
    Phase.COMMAND: "a command is due here",
    Phase.ANSWER: "the server waits for the answer to its challenge: answer() gives it",
    Phase.DATA: "mail data is open: data() goes on with it, raw() sends any octets",
    Phase.CHUNK: "a chunk of mail data is open: raw() sends the rest of it",
}


def misplaced(phase: Phase, wanted: Sequence[Phase]) -> str:
    """Why nothing of the phases that are wanted can be said here, for a sentence."""
    if phase is Phase.COMMAND and Phase.ANSWER in wanted:
        return "there is no challenge to answer: login() logs in, command() begins with AUTH"
    return _WANTED[phase]


def one_line(line: str | bytes) -> bytes:
    """The octets of a line.  Raises Failure `usage` where they are not of one."""
    octets = line.encode("utf-8", "surrogateescape") if isinstance(line, str) else bytes(line)
    if any(octet in octets for octet in _FORBIDDEN):
        raise Failure(Word.USAGE, "CR, LF or NUL in a line: raw() sends any octets")
    return octets


def send_raw(dialogue: Session, octets: bytes) -> list[Exchange]:
    """Send octets, and wait for what is owed: an Exchange for each command that they end."""
    before = dialogue.last
    if octets:
        dialogue.send(Raw(octets))
    dialogue.wait()
    since: list[Exchange] = []
    for exchange in reversed(dialogue.exchanges):
        if exchange is before:
            break
        since.append(exchange)
    return since[::-1]
