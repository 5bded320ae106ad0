"""The lessons that there are: those that are shipped, or those of a teacher's folder."""

from collections.abc import Iterator
from pathlib import Path

from mailprobe.errors import Failure, Word
from mailprobe.folders import files_in
from mailprobe.lessons.words import Words, titled
from mailprobe.patterns import pattern
from mailprobe.safe import safe
from mailprobe.transcript.load import load
from mailprobe.transcript.model import Transcript
from mailprobe.value import frozen

SHIPPED = Path(__file__).parent / "course"
_NUMBER = pattern(r"([0-9]{1,4})\Z")
_SUFFIX = ".mpt"
_SHOWN = 40  # characters of a name that fit into a sentence


@frozen
class Lesson:
    """One of them; `name` is what a person would call its file."""

    id: str
    path: Path
    name: str
    transcript: Transcript

    @property
    def title(self) -> Words:
        return titled(self.transcript.head.titles, self.transcript.head.languages)

    @property
    def number(self) -> int | None:
        """What ends its id: 7 of smtp-07."""
        match = _NUMBER.search(self.id)
        return int(match[1]) if match else None


@frozen
class Course:
    """Lessons in the order of their files; `faults` are files that cannot be read."""

    lessons: tuple[Lesson, ...]
    faults: tuple[Failure, ...]
    folder: str | None  # as it was named; None: those that are shipped

    def find(self, word: str) -> Lesson:
        """The lesson of an id, or of a number that only one has.  Raises Failure `usage`."""
        found = [lesson for lesson in self.lessons if lesson.id == word.lower()]
        if not found and word.isascii() and word.isdigit() and len(word) <= 4:
            found = [lesson for lesson in self.lessons if lesson.number == int(word)]
        if len(found) == 1:
            return found[0]
        shown = safe(word[:_SHOWN])
        if found:
            which = ", ".join(lesson.id for lesson in found)
            raise Failure(Word.USAGE, f"{shown} may be {which}: name one of them")
        sentence = f"there is no lesson {shown}: mailprobe learn lists them"
        if self.faults:
            sentence += f"; and one cannot be read: {self.faults[0].sentence}"
        raise Failure(Word.USAGE, sentence)

    def after(self, lesson: Lesson) -> Iterator[Lesson]:
        """Those that follow it, and then those before it."""
        at = self.lessons.index(lesson)
        yield from self.lessons[at + 1 :]
        yield from self.lessons[:at]


def course_of(folder: str | None) -> Course:
    """The shipped lessons, or those of a folder.

    Raises Failure `usage` for a folder that cannot be read or has no lesson in it.
    """
    place = SHIPPED if folder is None else Path(folder)
    if folder is not None and not place.is_dir():
        raise Failure(Word.USAGE, f"there is no folder {safe(folder)}")
    lessons: list[Lesson] = []
    faults: list[Failure] = []
    for file in files_in(str(place), _SUFFIX):
        name = file if folder is None else f"{folder.rstrip('/')}/{file}"
        try:
            transcript = load(place / file, name)
        except Failure as fault:
            faults.append(fault)
            continue
        called = transcript.head.lesson
        if not called:
            continue  # a part that others include
        if any(lesson.id == called for lesson in lessons):
            faults.append(
                Failure(
                    Word.USAGE, f"{safe(name)}: there is another lesson {safe(called[:_SHOWN])}"
                )
            )
            continue
        lessons.append(Lesson(called, place / file, name, transcript))
    if folder is not None and not lessons and not faults:
        sentence = f"{safe(folder)} has no lesson: a transcript with a lesson: in its header is one"
        raise Failure(Word.USAGE, sentence)
    return Course(tuple(lessons), tuple(faults), folder)
