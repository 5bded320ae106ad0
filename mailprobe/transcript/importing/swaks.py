"""What swaks prints: a hint of three characters before each line, `~` in it over TLS."""

import re
from collections.abc import Sequence

from mailprobe.patterns import pattern
from mailprobe.protocol.events import Ending
from mailprobe.transcript.importing.items import Ended, Item, Remark, Said, Shown, Upgraded
from mailprobe.transcript.importing.source import address, is_reply

_HINT = pattern(rb"( [-~]>|\*[*~]>|<[-~] |<[*~]\*|===|\*\*\*)(?: (.*))?", re.DOTALL)
_TRYING = pattern(rb"Trying (\S+):([0-9]+)\.\.\.")
_TLS = pattern(rb"TLS started w(?:ith|/) cipher ")
_SUMMARY = pattern(rb"[0-9]+ lines sent")


def recognises(lines: Sequence[bytes]) -> bool:
    """Whether swaks printed this."""
    said = [match for line in lines if (match := _HINT.fullmatch(line))]
    told = any(match[1] == b"===" for match in said)
    return told and any(match[1] != b"===" for match in said)


def read(lines: Sequence[bytes]) -> list[Shown]:
    """The sessions, in their order."""
    sessions: list[Shown] = []
    for line in lines:
        match = _HINT.fullmatch(line)
        if match is None:
            continue
        hint, text = match[1], match[2] or b""
        if hint == b"===" and (trying := _TRYING.match(text)):
            sessions.append(Shown(address(trying[1], trying[2])))
        if not sessions:
            sessions.append(Shown())
        sessions[-1].items += _items(hint, text, sessions[-1].items)
    return sessions


def _items(hint: bytes, text: bytes, before: Sequence[Item]) -> list[Item]:
    if hint == b"===":
        begun = any(isinstance(item, Said) for item in before)
        return [Upgraded(verified=True, implicit=not begun)] if _TLS.match(text) else []
    if hint == b"***":
        return _complaint(text)
    if b"<" in hint:
        return [Said("S", text)]
    if _SUMMARY.fullmatch(text) and _opens_data(before):
        return []  # --suppress-data
    return [Said("C", text)]


def _opens_data(before: Sequence[Item]) -> bool:
    last = before[-1] if before else None
    return isinstance(last, Said) and last.octets[:3] == b"354" and is_reply(last.octets)


def _complaint(text: bytes) -> list[Item]:
    if text.startswith(b"Remote host closed connection"):
        return [Ended(Ending.EOF)]
    if text.startswith(b"TLS startup failed"):
        return [Remark("TLS did not start")]
    return []
