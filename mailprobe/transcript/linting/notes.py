"""What lint says of a file: plain values, fit to be shown."""

from collections.abc import Callable

from mailprobe.transcript.model import Line, Place, Unreadable
from mailprobe.value import frozen


@frozen
class Note:
    """One remark.  `text` is the line, `width` what the caret covers, in characters.

    `error`: the file can never pass as it stands; otherwise it is probably not meant so.
    `syntax`: whoever plays it refuses it before anything is sent.  `owed`: a reply is missing.
    """

    place: Place
    width: int
    text: str
    sentence: str
    error: bool
    syntax: bool = False
    owed: bool = False

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}"


Tell = Callable[[Note], None]


def about(line: Line, sentence: str, *, error: bool = False, owed: bool = False) -> Note:
    """A note about a whole line."""
    return Note(line.place, max(1, len(line.text)), line.text, sentence, error, owed=owed)


def about_word(line: Line, word: str, sentence: str, *, error: bool = False) -> Note:
    """A note about a word of a line."""
    at = line.text.find(word)
    if at < 0:
        return about(line, sentence, error=error)
    place = line.place._replace(column=at + 1)
    return Note(place, len(word), line.text, sentence, error)


def of_fault(fault: Unreadable) -> Note:
    """What breaks the grammar, or the dialogue, as a note."""
    return Note(fault.place, fault.width, fault.text, fault.reason, error=True, syntax=True)
