"""Fields and text of a message, decoded as a person would read them, for `@assert`.

A message is hostile: what cannot be decoded is shown as it is, and all of it has bounds.
"""

import codecs
import re
from email.errors import MessageError, MissingHeaderBodySeparatorDefect
from email.header import decode_header

HEADER = 256 * 1024  # octets of the header that are looked at
TEXT = 4 * 1024 * 1024  # octets of a message that are read for its text
_FIELD = 16 * 1024  # characters of a field: decoding takes its square in time
_PARTS = 1000
# Everybody writes the larger set under the older name.
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "euc-cn": "gb18030", "gb_2312-80": "gb18030"}
_UNREADABLE = (LookupError, MessageError, RecursionError, ValueError)


def field(octets: bytes, name: str) -> str | None:
    """The first field of that name, unfolded and decoded; None when there is none."""
    head = re.split(rb"\r?\n\r?\n", octets[:HEADER].removeprefix(b"\n"), maxsplit=1)[0]
    unfolded = re.sub(rb"\r?\n(?=[ \t])", b"", head)
    wanted = name.lower().encode("utf-8", "replace")
    for line in unfolded.split(b"\n"):
        key, colon, value = line.partition(b":")
        if colon and key.strip().lower() == wanted:
            return _decoded(value.decode("utf-8", "replace")[:_FIELD]).strip()
    return None


def _decoded(value: str) -> str:
    """RFC 2047: `=?charset?B?...?=` and its like as what they say."""
    try:
        chunks = decode_header(value)
    except _UNREADABLE:
        return value
    return "".join(
        chunk if isinstance(chunk, str) else _text(chunk, charset) for chunk, charset in chunks
    )


def _text(octets: bytes, charset: str | None) -> str:
    name = (charset or "utf-8").lower()
    name = _WIDER.get(name, name)
    try:
        if not codecs.lookup(name)._is_text_encoding:
            name = "utf-8"
        return octets.decode(name, "replace")
    except _UNREADABLE:
        return octets.decode("utf-8", "replace")


def text(octets: bytes) -> str:
    """All plain text of a message; where it has none, the text that it has.

    It stands below an empty line (RFC 5322, section 2.1): nothing above it is text.
    """
    from email.parser import BytesParser

    try:
        message = BytesParser().parsebytes(octets[:TEXT])
        if any(isinstance(defect, MissingHeaderBodySeparatorDefect) for defect in message.defects):
            return _below(octets)
        found: dict[str, list[str]] = {}
        for number, part in enumerate(message.walk()):
            if number >= _PARTS:
                break
            if part.get_content_maintype() == "text":
                payload = part.get_payload(decode=True)
                charset = part.get_content_charset()
                said = _text(payload if isinstance(payload, bytes) else b"", charset)
                found.setdefault(part.get_content_subtype(), []).append(said)
    except _UNREADABLE:
        return _below(octets)
    chosen = found.get("plain") or next(iter(found.values()), [])
    return "\n".join(chosen).replace("\r\n", "\n")


def _below(octets: bytes) -> str:
    """What stands below the first empty line, as it is."""
    below = re.split(rb"\r?\n\r?\n", octets[:TEXT], maxsplit=1)[1:]
    return b"".join(below).decode("utf-8", "replace").replace("\r\n", "\n")
