"""How octets are written in a transcript: verbatim where all of it can be seen, else escaped."""

from collections.abc import Iterable, Iterator

from mailprobe.patterns import pattern
from mailprobe.safe import visible

_NAMED = {"\\": "\\\\", "\r": "\\r", "\n": "\\n", "\t": "\\t", "\0": "\\0", "\x1b": "\\e"}
_CLEAN = pattern(rb"[ -~]*[!-~]|")  # printable ASCII that does not end in a blank
# A longer line is written in pieces: no line of a transcript is longer than 1 MiB.
_PIECE = 128 * 1024


def verbatim(octets: bytes) -> str | None:
    """`octets` as text, or None when a reader could not see all of it."""
    if _CLEAN.fullmatch(octets):
        return octets.decode("ascii")
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if visible(text) and not text.endswith(" ") else None


def escape(octets: bytes, *, cooked: bool) -> str:
    """`octets` with escapes; `cooked` text may hold placeholders, so braces are escaped, too."""
    text = octets.decode("utf-8", "surrogateescape")
    return "".join([_escaped(character, cooked=cooked) for character in text])


def _escaped(character: str, *, cooked: bool) -> str:
    if character in _NAMED:
        return _NAMED[character]
    if cooked and character in "{}":
        return "\\" + character
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    if visible(character):
        return character
    return f"\\u{{{ord(character):x}}}"


def lines_of(octets: bytes) -> list[bytes]:
    """Lines with their LF; the last one may lack it."""
    *whole, rest = octets.split(b"\n")
    lines = [line + b"\n" for line in whole]
    return [*lines, rest] if rest else lines


def wire_lines(side: str, octets: bytes) -> bytes:
    """The recorded form of `octets`: whole lines by `:` or `\\`, everything else by `=`."""
    if octets[-2:] == b"\r\n" and octets.isascii() and len(octets) <= _PIECE:
        text = octets[:-2].decode()
        # Nearly every line.  Of ASCII nothing prints but what can be seen, and the blank.
        if text.isprintable() and text[-1:] not in " ":
            return f"{side}: {text}\n".encode()
    return "".join([_wire_line(side, line) for line in lines_of(octets)]).encode()


def cooked_line(side: str, pieces: Iterable[tuple[bytes, str]]) -> bytes:
    """One line (with its end or without) of octets, each followed by what stands for a secret.

    Without its end the server's line is `S=`, in which a name is plain text: nothing else could
    be written there.
    """
    parts = list(pieces)
    if sum(len(octets) for octets, _ in parts) > _PIECE:
        return "".join(_tagged(side, "=", text) for text in _cut(parts)).encode()
    octets, placeholder = parts[-1]
    whole = octets.endswith(b"\r\n") and not placeholder
    if whole:
        parts[-1] = (octets[:-2], "")
    text = "".join(escape(octets, cooked=True) + placeholder for octets, placeholder in parts)
    return _tagged(side, "~" if whole else "=", text).encode()


def _cut(parts: Iterable[tuple[bytes, str]]) -> Iterator[str]:
    for octets, placeholder in parts:
        for at in range(0, len(octets), _PIECE):
            yield escape(octets[at : at + _PIECE], cooked=True)
        if placeholder:
            yield placeholder


def _wire_line(side: str, line: bytes) -> str:
    if not line.endswith(b"\r\n") or len(line) > _PIECE:
        pieces = (line[at : at + _PIECE] for at in range(0, len(line), _PIECE))
        cooked = side == "C"
        return "".join([_tagged(side, "=", escape(piece, cooked=cooked)) for piece in pieces])
    content = line[:-2]
    if not content:
        return f"{side}:\n"
    text = verbatim(content)
    if text is not None:
        return f"{side}: {text}\n"
    return _tagged(side, "\\", escape(content, cooked=False))


def _tagged(side: str, tag: str, text: str) -> str:
    """A line of the transcript; a blank at its end is written so that it can be seen."""
    if text.endswith(" "):
        text = text[:-1] + "\\s"
    return f"{side}{tag} {text}\n"
