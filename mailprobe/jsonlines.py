"""One object as JSON, fit for a terminal and, as one line, for the log of a CI service.

What JSON leaves as it is and a terminal would obey or hide (C1, bidirectional overrides, what
takes no column) is written as `\\uXXXX`: the value is the same.
"""

import json
from collections.abc import Mapping

from mailprobe.patterns import pattern
from mailprobe.safe import visible

_UNSEEN = pattern("[^\n -~]")  # a line end stands between values alone


def line(one: Mapping[str, object]) -> str:
    """The line with its LF; no two `#` stand beside each other, for that commands some services."""
    return _seen(json.dumps(one, ensure_ascii=False)).replace("##", "#\\u0023") + "\n"


def document(one: Mapping[str, object]) -> str:
    """The same for a file that people look at: a line for each value."""
    return _seen(json.dumps(one, ensure_ascii=False, indent=2)) + "\n"


def _seen(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub(lambda match: _escaped(match[0]), text)


def _escaped(character: str) -> str:
    """As RFC 8259, section 7 has it; beyond the first plane, two surrogates."""
    if visible(character):
        return character
    code = ord(character)
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
