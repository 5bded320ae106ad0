"""How a secret may appear in what is said later: in the encodings in which it travels.

It knows no session: `redact` decides what is a secret.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from mailprobe.protocol import sasl
from mailprobe.safe import safe


def forms(value: bytes) -> Iterator[bytes]:
    """Every form of a value."""
    yield value
    yield b64encode(value)
    yield b64encode(value).rstrip(b"=")
    yield value.hex().encode()
    yield value.hex().upper().encode()
    yield value.strip()  # a server may leave the blanks out
    text = value.decode("utf-8", "surrogateescape")
    for quoted in (quote(value), quote(value, safe=""), quote_plus(value), safe(value)):
        yield quoted.encode()
    for ascii_alone in (True, False):
        quoted = json.dumps(text, ensure_ascii=ascii_alone)[1:-1]
        yield quoted.encode("utf-8", "surrogateescape")
    # inside a longer base64 text the value begins at any of three offsets
    for before in range(3):
        inner = b64encode(b"\0" * before + value)
        first = (0, 2, 3)[before]
        last = len(inner) - (0, 3, 2)[(before + len(value)) % 3]
        yield inner[first:last]


def decoded(line: bytes) -> tuple[bytes, bool]:
    """What base64 says, and whether it was written as it must be."""
    try:
        return sasl.decode(line), True
    except sasl.SaslError:
        pass
    try:
        return b64decode(line), False
    except ValueError:  # binascii.Error is one
        return b"", False
