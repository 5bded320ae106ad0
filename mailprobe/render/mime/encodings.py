"""Content transfer encodings undone (RFC 2045, section 6), the broken ones as far as they go."""

import binascii

from mailprobe.patterns import pattern

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_BLANKS = b" \t\r\n"
_OTHERS = bytes(octet for octet in range(256) if octet not in ALPHABET)
_FOREIGN = bytes(octet for octet in range(256) if octet not in ALPHABET + _BLANKS)
_PADS = 100  # ends of base64 in one text, beyond which they are passed over
_PAD = pattern(rb"=+")
# Where a mailer, or a person who pasted, has cut lines inside of an octet: `=D` CRLF `4`.
_CUT = pattern(rb"=([0-9A-F])[ \t]*\r?\n([0-9A-F])(?=[=\r\n])")
_CUT_BEHIND_SIGN = pattern(rb"(?<=[0-9A-F])=[ \t]*\r?\n([0-9A-F]{2})")
_DOUBLED = pattern(rb"==(?=[0-9A-F]{2})")
_STRAY = pattern(rb"=(?![0-9A-Fa-f]{2}|[ \t]*(?:\r?\n|\Z))")


def undo(octets: bytes, encoding: str) -> tuple[bytes, list[str]]:
    """The octets that were encoded, and what is wrong with the encoding.  Never raises."""
    match encoding:
        case "" | "7bit" | "8bit" | "binary":
            return octets, []
        case "base64":
            return from_base64(octets)
        case "quoted-printable":
            return from_quoted_printable(octets)
        case _:
            return octets, [f"nobody knows the encoding {encoding[:60]}"]


def from_base64(octets: bytes) -> tuple[bytes, list[str]]:
    """RFC 2045, section 6.8: what is not of the alphabet is passed over, and told."""
    notes = []
    if octets.translate(None, ALPHABET + _BLANKS):
        notes.append("octets in base64 that do not belong there")
    text = octets.translate(None, _OTHERS)
    runs = _PAD.split(text, maxsplit=_PADS)
    decoded = []
    for run in runs:
        letters = run.replace(b"=", b"")
        if len(letters) % 4 == 1:
            letters = letters[:-1]
            notes.append("base64 that ends early")
        decoded.append(binascii.a2b_base64(letters + b"=" * (-len(letters) % 4)))
    if len(text) % 4 and "base64 that ends early" not in notes:
        notes.append("base64 without its padding")
    return b"".join(decoded), list(dict.fromkeys(notes))


def from_quoted_printable(octets: bytes) -> tuple[bytes, list[str]]:
    """RFC 2045, section 6.7; lines that were cut inside of an octet are joined again."""
    if not _CUT.search(octets) and not _DOUBLED.search(octets):
        notes = ["a = in quoted-printable that encodes nothing"] if _STRAY.search(octets) else []
        return binascii.a2b_qp(octets), notes
    octets = _CUT.sub(rb"=\1\2", octets)
    octets = _CUT_BEHIND_SIGN.sub(rb"=\1", octets)
    octets = _DOUBLED.sub(b"=", octets)
    return binascii.a2b_qp(octets), ["quoted-printable cut inside of octets, joined again"]
