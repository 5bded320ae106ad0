"""The octets of a transcript as lines of text, in which nothing hides.

It knows no line: what the grammar says of them is read elsewhere.
"""

from mailprobe.patterns import pattern
from mailprobe.safe import visible
from mailprobe.transcript.model import Place, Unreadable

LARGEST = 10 * 1000 * 1000  # octets of a file
LONGEST = 1024 * 1024  # octets of a line
_MOST = 200_000  # lines, so that nobody has to hold them; the body has a limit of its own
_BOM = b"\xef\xbb\xbf"
# Unassigned today, and not to be seen if they ever are assigned (Default_Ignorable_Code_Point).
_IGNORABLE = pattern("[\u2065\ufff0-\ufff8\U000e0000-\U000e0fff]")


def split(octets: bytes, name: str) -> tuple[list[str], dict[int, Unreadable]]:
    """The lines of a file without their ends, and what is wrong with any, by its number.

    Raises Unreadable for a file that has no lines: too large, with too many, or not UTF-8.
    """
    if len(octets) > LARGEST:
        line = octets.count(b"\n", 0, LARGEST) + 1
        raise Unreadable(Place(name, line), f"the file has more than {LARGEST} octets")
    if octets.count(b"\n") > _MOST:
        raise Unreadable(Place(name, _MOST + 1), f"the file has more than {_MOST} lines")
    try:
        text = octets.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8(octets.removeprefix(_BOM), error.start, name) from None
    # At LF only: as text, lines would be parted at other characters, too.
    lines = text.split("\n")
    if "\r" in text:
        last = lines.pop()
        lines = [line[:-1] if line.endswith("\r") else line for line in lines]
        lines.append(last)
    if not lines[-1]:
        lines.pop()
    wrong: dict[int, Unreadable] = {}
    if not visible("".join(lines)):
        wrong |= _find_hidden(lines, name)
    if len(octets) > LONGEST:
        wrong |= _find_long(lines, name)
    return lines, wrong


def _not_utf8(octets: bytes, at: int, name: str) -> Unreadable:
    start = octets.rfind(b"\n", 0, at) + 1
    before = octets[start:at].decode("utf-8")
    end = octets.find(b"\n", at)
    line = octets[start : end if end >= 0 else None].decode("utf-8", "surrogateescape")
    place = Place(name, octets.count(b"\n", 0, at) + 1, len(before) + 1)
    sentence = f"this octet is not UTF-8: in a line of the wire it is written \\x{octets[at]:02x}"
    return Unreadable(place, sentence, line)


def _find_hidden(lines: list[str], name: str) -> dict[int, Unreadable]:
    found = {}
    for number, text in enumerate(lines, 1):
        if visible(text):
            continue
        for column, character in enumerate(text, 1):
            if not visible(character) and _hides(character):
                written = "\\t" if character == "\t" else f"\\u{{{ord(character):x}}}"
                sentence = f"a character that cannot be seen: where escapes count, {written}"
                place = Place(name, number, column)
                found[number] = Unreadable(place, sentence, text)
                break
    return found


def _find_long(lines: list[str], name: str) -> dict[int, Unreadable]:
    found = {}
    for number, text in enumerate(lines, 1):
        if len(text) * 4 > LONGEST and len(text.encode()) > LONGEST:
            sentence = f"this line has more than {LONGEST} octets"
            found[number] = Unreadable(Place(name, number), sentence, text[:80])
    return found


def _hides(character: str) -> bool:
    """Whether a character cannot be seen, or not be told from another.

    A character that is newer than this Python is none of these: a recording of elsewhere.
    """
    import unicodedata  # where somebody writes what cannot be seen

    if unicodedata.category(character) != "Cn":
        return True
    return bool(_IGNORABLE.match(character)) or ord(character) & 0xFFFE == 0xFFFE
