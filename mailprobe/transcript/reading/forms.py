"""How a secret may appear in what is said later: in the encodings in which it travels.

It knows no session: `redact` decides what is a secret.
"""

from binascii import a2b_base64, b2a_base64
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from mailprobe.safe import safe

_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def forms(value: bytes) -> Iterator[bytes]:
    """Every form of a value."""
    yield value
    yield from _alphabets(_base64(value))
    yield from _alphabets(_base64(value).rstrip(b"="))
    yield value.hex().encode()
    yield value.hex().upper().encode()
    yield value.strip()  # a server may leave the blanks out
    text = value.decode("utf-8", "surrogateescape")
    for quoted in (quote(value), quote(value, safe=""), quote_plus(value), safe(value)):
        yield quoted.encode()
    if not (text.isascii() and text.isprintable()) or '"' in text or "\\" in text:
        yield from _json(text)
    # inside a longer base64 text the value begins at any of three offsets
    for before in range(3):
        inner = _base64(b"\0" * before + value)
        first = (0, 2, 3)[before]
        last = len(inner) - (0, 3, 2)[(before + len(value)) % 3]
        yield from _alphabets(inner[first:last])


def _alphabets(octets: bytes) -> Iterator[bytes]:
    """Base64 as it is, and as it stands in URLs where that differs (RFC 4648, section 5)."""
    yield octets
    if b"+" in octets or b"/" in octets:
        yield octets.translate(_URL_SAFE)


def _base64(value: bytes) -> bytes:
    return b2a_base64(value, newline=False)


def _json(text: str) -> Iterator[bytes]:
    import json  # 4 ms of a start, and of few passwords it would make something else

    for ascii_alone in (True, False):
        quoted = json.dumps(text, ensure_ascii=ascii_alone)[1:-1]
        yield quoted.encode("utf-8", "surrogateescape")


def decoded(line: bytes) -> tuple[bytes, bool]:
    """What base64 says, and whether it was written as it must be."""
    from mailprobe.protocol import sasl  # with hashlib and hmac: only where somebody logs in

    try:
        return sasl.decode(line), True
    except sasl.SaslError:
        pass
    try:
        return a2b_base64(line), False
    except ValueError:  # binascii.Error is one
        return b"", False
