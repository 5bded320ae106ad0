"""Base64 as AUTH carries it (RFC 4648, section 4), with the empty initial response."""

import base64
import binascii

from mailprobe.protocol.sasl.terms import SaslError


def encode(octets: bytes) -> bytes:
    """Write a challenge or a response as base64, without a line end; nothing stays nothing."""
    return base64.b64encode(octets)


def encode_initial(octets: bytes) -> bytes:
    """Write an initial response as base64; `=` alone is the empty one (RFC 4954, section 4)."""
    return encode(octets) or b"="


def decode(line: bytes) -> bytes:
    """Read a challenge or a response.

    Raises SaslError for any octet outside the alphabet and for wrong padding.
    """
    try:
        return base64.b64decode(line, validate=True)
    except binascii.Error:
        raise SaslError("expected base64 (A-Z a-z 0-9 + / and = at the end)") from None


def decode_initial(line: bytes) -> bytes:
    """Read an initial response, where `=` alone is the empty one (RFC 4954, section 4)."""
    return b"" if line == b"=" else decode(line)
