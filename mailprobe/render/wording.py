"""The words of a transcript as a person reads them: languages, titles, and text fit to be shown.

It must not know where the words go: a terminal, a page, a picture.
"""

from collections.abc import Iterable, Iterator

from mailprobe.safe import safe
from mailprobe.transcript.model import Function, Lesson, Line, Piece, Place, Title, Transcript

LANGUAGES = {"de": "Deutsch", "en": "English", "es": "Español", "fr": "Français", "zh": "中文"}


def shown(text: str) -> str:
    """`text` of a transcript as it may reach a terminal or a page; a backslash stays one.

    The format allows nothing that would have to be escaped: what is, was no transcript.
    """
    return "\\".join(safe(piece) for piece in text.split("\\"))


def languages_of(transcript: Transcript) -> tuple[str, ...]:
    """The languages of its lesson text, the file's own first; none where it has but one."""
    if transcript.head.languages:
        return transcript.head.languages
    spoken = (line.language for line in transcript.walk() if isinstance(line, Lesson | Title))
    found = [*transcript.head.titles, *spoken]
    return tuple(dict.fromkeys(language for language in found if language))


def chosen(transcript: Transcript, wanted: str) -> str:
    """`wanted` where the file has it, else the file's own language; "" where it names none."""
    languages = languages_of(transcript)
    if wanted in languages:
        return wanted
    return languages[0] if languages else ""


def title_of(transcript: Transcript, language: str) -> str:
    """Its title in `language`, or in its own, or its name without a folder, which is nobody's."""
    titles = transcript.head.titles
    return shown(titles.get(language) or titles.get("") or transcript.name.rpartition("/")[2])


def by_language(transcript: Transcript, lines: Iterable[Line]) -> Iterator[tuple[Line, str]]:
    """Each line, and whose language it is; "" is everybody's.

    A title without a language is in the file's own, if a translation stands below it.
    """
    own = (*languages_of(transcript), "")[0]
    rows = list(lines)
    for line, after in zip(rows, [*rows[1:], None], strict=False):
        match line:
            case Title(language="") if isinstance(after, Title) and after.language:
                yield line, own
            case Title(language=language) | Lesson(language=language):
                yield line, language
            case _:
                yield line, ""


def notation(piece: Piece) -> str:
    """What stands for a value that nobody knows yet, in few characters: `{password}`."""
    match piece:
        case bytes():
            return shown(piece.decode("utf-8", "surrogateescape"))
        case Function(word=word):
            return f"{{={shown(word)}}}"
        case _:
            kind = "" if piece.kind in ("any", "") else f":{shown(piece.kind)}"
            return f"{{{shown(piece.name) or kind}}}"


def place_of(transcript: Transcript, place: Place) -> int | None:
    """The number of a line of the file itself; None for one that was included."""
    return place.line if place.file == transcript.name else None
