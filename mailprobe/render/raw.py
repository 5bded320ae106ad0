"""Octets with nothing hidden: line ends, NUL, and everything beyond ASCII."""

_SIMPLE = {0: "\\0", 9: "\\t", 10: "\\n\n", 13: "\\r", 92: "\\\\"}
_SHOWN = {
    octet: _SIMPLE.get(octet) or (chr(octet) if 0x20 <= octet < 0x7F else f"\\x{octet:02x}")
    for octet in range(256)
}


def raw_text(octets: bytes) -> str:
    r"""`\r\n` at the end of a line, `\0`, `\xe9`; a new line behind each LF."""
    return octets.decode("latin-1").translate(_SHOWN)
