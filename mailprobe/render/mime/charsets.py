"""Octets of a mail as text, by the charset that it names, or by what they look like.

No codec but those of text is ever asked: the name comes from the peer.
"""

import codecs

from mailprobe.value import frozen

_SUPERSET = "GB18030"
# RFC 1922, and what mailers write for GB 2312 and GBK: all of them are a part of GB 18030.
_GB = {"gb2312", "gb_2312-80", "gbk", "cp936", "ms936", "x-gbk", "euc-cn", "x-euc-cn", "hz-gbk"}
_ASCII = {"us-ascii", "ascii", "ansi_x3.4-1968", "iso646-us"}
# No charsets of mail; some of them take the square of the length.
_REFUSED = {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"}
_LONGEST = 60  # characters of a name that is looked up
_KEPT = 1024 * 1024  # octets up to which those that mean nothing are kept: it takes time
# Without such a mark their incremental readers refuse what `bytes.decode` reads.
_MARKS = {
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
}
_GUESSES = (("utf-8", "UTF-8"), ("gb2312", "GB2312"), ("cp1252", "Windows-1252"))


@frozen
class Text:
    """What octets mean, and what is to be said about how that was found out.

    An octet that means nothing is a lone surrogate, as `surrogateescape` makes it.
    """

    text: str
    notes: tuple[str, ...] = ()


def decode(octets: bytes, charset: str) -> Text:
    """`octets` by the charset that was declared; "" is none.  Never raises."""
    name = charset.strip().lower()
    if not name or name in _ASCII:
        return _undeclared(octets, charset)
    if name in _GB:
        return _decoded(octets, _SUPERSET, (f"{charset} read as {_SUPERSET}, its superset",))
    if not _is_known(name):
        guess = _undeclared(octets, "")
        return Text(guess.text, (f"nobody knows the charset {charset[:_LONGEST]}", *guess.notes))
    return _decoded(octets, name, ())


def codec_of(beginning: bytes, charset: str) -> tuple[str, list[str]]:
    """The codec of a long text that begins so, and what is to be said about it."""
    name = charset.strip().lower()
    if name in _GB:
        return _SUPERSET.lower(), [f"{charset} read as {_SUPERSET}, its superset"]
    if name and name not in _ASCII and _is_known(name):
        looked_up = codecs.lookup(name).name
        marked = beginning.startswith(_MARKS.get(looked_up, b""))
        return looked_up if marked else f"{looked_up}-le", []
    unknown = bool(name) and name not in _ASCII
    notes = [f"nobody knows the charset {charset[:_LONGEST]}"] if unknown else []
    if beginning.isascii():
        return "utf-8", notes
    why = f"8-bit octets in {charset}" if name and not unknown else "no charset is named"
    for codec, shown in _GUESSES:
        try:
            codecs.getincrementaldecoder(codec)().decode(beginning)
        except UnicodeDecodeError:
            continue
        return codec, [*notes, f"{why}: read as {shown}, by its looks"]
    return "utf-8", [*notes, f"{why}, and the octets do not tell"]


def _is_known(name: str) -> bool:
    if len(name) > _LONGEST:
        return False
    try:
        found = codecs.lookup(name).name.replace("-", "_")
        "".encode(name)  # this refuses what is no charset: zip, hex, rot13
    except (LookupError, ValueError, TypeError, AttributeError):
        return False
    return found not in _REFUSED


def _undeclared(octets: bytes, charset: str) -> Text:
    if octets.isascii():
        return Text(octets.decode("ascii"))
    why = f"8-bit octets in {charset}" if charset else "no charset is named"
    for codec, name in _GUESSES:
        reader = codecs.getincrementaldecoder(codec)()
        try:
            text = reader.decode(octets)  # not final: a text that was cut ends in half a character
        except UnicodeDecodeError:
            continue
        half = reader.getstate()[0].decode("ascii", "surrogateescape")
        return Text(text + half, (f"{why}: read as {name}, by its looks",))
    return Text(octets.decode("utf-8", "surrogateescape"), (f"{why}, and the octets do not tell",))


def _decoded(octets: bytes, codec: str, notes: tuple[str, ...]) -> Text:
    try:
        return Text(octets.decode(codec), notes)
    except UnicodeError:
        pass
    bad = (f"octets that are no {codec.upper()}",)
    try:
        if len(octets) <= _KEPT:
            return Text(octets.decode(codec, "surrogateescape"), notes + bad)
    except UnicodeError:  # those below 0x80 cannot be kept: half a character of UTF-16, say
        pass
    try:
        return Text(octets.decode(codec, "replace"), notes + bad)
    except UnicodeError:
        return Text(octets.decode("utf-8", "surrogateescape"), notes + bad)
