"""Octets with nothing hidden: line ends, NUL, and everything beyond ASCII."""

_SIMPLE = {0: "\\0", 9: "\\t", 10: "\\n\n", 13: "\\r", 92: "\\\\"}
_SHOWN = {
    octet: _SIMPLE.get(octet) or (chr(octet) if 0x20 <= octet < 0x7F else f"\\x{octet:02x}")
    for octet in range(256)
}


def raw_text(octets: bytes) -> str:
    r"""`\r\n` at the end of a line, `\0`, `\xe9`; a new line behind each LF."""
    return octets.decode("latin-1").translate(_SHOWN)


def line_text(line: bytes, octets: bytes, secret: tuple[int, int] | None) -> str:
    """A line that was sent, as `octets` ended it; the span `secret` of it is not shown."""
    end = raw_text(octets[-2:] if octets.endswith(b"\r\n") else octets[-1:]).removesuffix("\n")
    if secret is None:
        return raw_text(line) + end
    return f"{raw_text(line[: secret[0]])}****{raw_text(line[secret[1] :])}{end}"


def rows_of_data(octets: bytes, most: int) -> list[str]:
    """Mail data, a row for each line, and no more than `most` octets of it."""
    more = len(octets) - most
    text = raw_text(octets[:most]) + (f"... {more:,} octets more" if more > 0 else "")
    return text.removesuffix("\n").split("\n")
