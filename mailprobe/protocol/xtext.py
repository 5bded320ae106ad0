"""xtext (RFC 3461, section 4), and the original recipient that is written in it."""

from mailprobe.patterns import pattern

# xchar is %d33-126 but "+" and "="; what is none of these becomes a hexchar
_HEXCHAR = pattern(rb"\+([0-9A-F]{2})")
# RFC 6533, section 3: QCHAR is %x21-7e but "+", "=" and "\"
_EMBEDDED = pattern(r"[^!-~]|[+=\\]")
_UNSAFE = pattern(r"[\x00-\x20\x7f+=\\]")  # where UTF-8 may stand as it is


def encode(octets: bytes) -> bytes:
    """`octets` as xtext: `+`, `=`, blanks, controls and 8-bit octets become `+HH`."""
    return b"".join(
        bytes([one]) if 33 <= one <= 126 and one not in b"+=" else b"+%02X" % one for one in octets
    )


def decode(octets: bytes) -> bytes:
    """What xtext says; what is no hexchar stays as it is.  Never raises."""
    return _HEXCHAR.sub(lambda match: bytes.fromhex(match[1].decode("ascii")), octets)


def original_recipient(address: str, *, utf8: bool = False) -> bytes:
    """The value of ORCPT for `address`, its type included where it is written with one.

    An address in ASCII has the type rfc822 (RFC 3461, section 4.2), any other utf-8, which is
    `\\x{HEX}` inside where SMTPUTF8 is not said (`utf8` False; RFC 6533, section 3).
    """
    kind, semicolon, rest = address.partition(";")
    if not semicolon or not kind.isascii() or '"' in kind or "@" in kind:
        kind, rest = ("rfc822" if address.isascii() else "utf-8"), address
    if kind.lower() != "utf-8":
        return kind.encode() + b";" + encode(rest.encode("utf-8", "surrogateescape"))
    unsafe = _UNSAFE if utf8 else _EMBEDDED
    text = unsafe.sub(lambda match: f"\\x{{{ord(match[0]):02X}}}", rest)
    return f"{kind};{text}".encode("utf-8", "surrogateescape")
