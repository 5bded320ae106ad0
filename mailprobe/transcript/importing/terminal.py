"""A session with telnet or netcat, as it stood in a terminal or as somebody has put it on a page.

Nobody says which lines were typed; notes may stand behind them, after a row of dashes.
"""

from collections.abc import Sequence

from mailprobe.patterns import pattern
from mailprobe.protocol.events import Ending
from mailprobe.transcript.importing.items import Ended, Printed, Shown, Told
from mailprobe.transcript.importing.shape import is_annotated, noted
from mailprobe.transcript.importing.source import address, is_greeting

_CALL = pattern(
    rb"(?:^|[\s$#])(?:telnet|nc|ncat|netcat)(?: +-\S+)* +([^\s-]\S*)[ :]+([0-9]{1,5})\b"
)
_NOISE = pattern(rb"Trying \S+\.\.\.$|Connected to |Escape character is |telnet> ")
_CLOSED = pattern(rb"Connection closed(?: by (?:foreign|remote) host)?\.?$")


def recognises(lines: Sequence[bytes]) -> bool:
    """Whether there is a line with which a server may begin."""
    return any(is_greeting(line.lstrip()) for line in lines)


def read(lines: Sequence[bytes]) -> list[Shown]:
    """The sessions, in their order: each from its greeting on."""
    annotated = is_annotated(lines)
    sessions: list[Shown] = []
    connect, indent, about = "", 0, b""
    for line in lines:
        if call := _CALL.search(line):
            connect, indent, about = address(call[1], call[2]), -1, noted(line)[1]
            continue
        text = line.lstrip(b" \t")
        if (not sessions or indent < 0) and _begins(text, annotated=annotated):
            sessions.append(Shown(connect, untagged=True, annotated=annotated))
            sessions[-1].items += [Told(about)] if about and annotated else []
            connect, indent, about = "", len(line) - len(text), b""
        if not sessions or indent < 0 or _NOISE.match(text):
            continue
        if _CLOSED.match(text):
            sessions[-1].items.append(Ended(Ending.EOF))
            indent = -1
            continue
        before = len(line) - len(text)
        sessions[-1].items.append(Printed(line[min(indent, before) :]))
    return sessions


def _begins(text: bytes, *, annotated: bool) -> bool:
    line = noted(text)[0] if annotated else text
    return is_greeting(line)
