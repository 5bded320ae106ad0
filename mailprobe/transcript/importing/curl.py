"""What `curl -v` prints: `>` sent, `<` received, `*` told, and a body where standard output is.

Mail data is not shown, and of a body that went to a file there is nothing either.
"""

import re
from collections.abc import Sequence

from mailprobe.patterns import pattern
from mailprobe.transcript.importing.items import Item, Printed, Said, Shown, Upgraded
from mailprobe.transcript.importing.source import address, is_reply

TIME = rb"(?:[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6} )?"  # --trace-time
_TAGGED = pattern(TIME + rb"([<>*{}]) (.*)", re.DOTALL)
_DATA = pattern(rb"\[[0-9]+ bytes data\]")
_METER = pattern(rb" *[0-9]+ +[0-9.kMGT]+ [ 0-9.kMGT:-]*[0-9-]:[0-9-]{2} +[0-9.kMGT]+")
_METER_HEAD = (b"  % Total    % Received", b"                                 Dload")
_CONNECTED = pattern(rb"Connected to .* \(([^ ()]+)\) port ([0-9]+)")
_TLS = pattern(rb"SSL connection using ")
_UNVERIFIED = b"continuing anyway"


def recognises(lines: Sequence[bytes]) -> bool:
    """Whether `curl -v` printed this."""
    tagged = [match for line in _unmetered(lines) if (match := _TAGGED.fullmatch(line))]
    told = any(match[1] == b"*" for match in tagged)
    return told and any(match[1] == b"<" and is_reply(match[2]) for match in tagged)


def read(lines: Sequence[bytes]) -> list[Shown]:
    """The sessions, in their order."""
    sessions: list[Shown] = []
    for line in _unmetered(lines):
        match = _TAGGED.fullmatch(line)
        tag, text = (match[1], match[2]) if match else (b"", line)
        if tag == b"*" and (connected := _CONNECTED.match(text)):
            sessions.append(Shown(address(connected[1], connected[2])))
        if not sessions:
            if tag not in (b"<", b">"):
                continue
            sessions.append(Shown())
        items = sessions[-1].items
        if tag == b"*":
            told(text, items)
        elif tag in (b"<", b">"):
            items.append(Said("S" if tag == b"<" else "C", text))
        elif not (match and _DATA.fullmatch(text)):
            items.append(Printed(line))
    return sessions


def told(text: bytes, items: list[Item]) -> None:
    """Add what an information line says about TLS."""
    if _TLS.match(text):
        begun = any(isinstance(item, Said) for item in items)
        items.append(Upgraded(verified=True, implicit=not begun))
    elif _UNVERIFIED in text and items and isinstance(last := items[-1], Upgraded):
        items[-1] = Upgraded(verified=False, implicit=last.implicit)


def connected_to(text: bytes) -> str | None:
    """The server that an information line names."""
    match = _CONNECTED.match(text)
    return address(match[1], match[2]) if match else None


def _unmetered(lines: Sequence[bytes]) -> list[bytes]:
    """The lines without those of the progress meter, which overwrite one another."""
    found = []
    for line in lines:
        if line.startswith(_METER_HEAD):
            continue
        rest = line
        while match := _METER.match(rest.removeprefix(b"\r")):
            rest = rest.removeprefix(b"\r")[match.end() :]
        if rest or not line:
            found.append(rest)
    return found
