"""The one way from a peer's octets to a person's terminal, report or error sentence.

`safe()` is injective (two different inputs never look the same, so nothing can be forged) and
its result holds printable characters only: no control, no escape sequence, no bidirectional
override, no zero-width character, no line separator.
"""

from mailprobe.patterns import pattern

_SIMPLE = {"\\": "\\\\", "\t": "\\t", "\r": "\\r", "\n": "\\n"}

# Printable by str.isprintable(), yet invisible or width-less on a terminal: variation selectors,
# Hangul and Khmer fillers, combining grapheme joiner, braille blank, Mongolian selectors.
_INVISIBLE = pattern(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)


def visible(text: str) -> bool:
    """Whether all of `text` is printable, and takes room on a terminal."""
    return text.isprintable() and (text.isascii() or not _INVISIBLE.search(text))


def safe(octets: bytes | str) -> str:
    """Show `octets` as printable text of one line.

    UTF-8 is read as such; an octet that is not UTF-8 becomes `\\xNN`, TAB `\\t`, CR `\\r`, LF
    `\\n`, a backslash `\\\\`, any other unprintable character `\\u{HEX}`.  A `str` is taken for
    the surrogate-escaped form of octets.  Never raises.
    """
    if isinstance(octets, str):
        octets = _octets(octets)
    if octets.isascii():
        text = octets.decode("ascii")
        if text.isprintable() and "\\" not in text:
            return text
    return "".join(map(_visible, octets.decode("utf-8", "surrogateescape")))


def _octets(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate that stands for no octet; no peer can send one
        return text.encode("utf-8", "backslashreplace")


def _visible(character: str) -> str:
    if simple := _SIMPLE.get(character):
        return simple
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    if visible(character):
        return character
    return f"\\u{{{ord(character):x}}}"
