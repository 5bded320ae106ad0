"""The course as a list: what is done, what is begun, and what to do next."""

from collections.abc import Iterator, Mapping
from shlex import quote

from mailprobe.lessons import telling
from mailprobe.lessons.course import Course, Lesson
from mailprobe.lessons.progress import Record
from mailprobe.lessons.telling import Row, Voice
from mailprobe.render.rows import aligned
from mailprobe.render.widths import cells_of, columns_of
from mailprobe.safe import safe

_CUT = "..."


def listing(
    course: Course, records: Mapping[str, Record], voice: Voice, columns: int
) -> Iterator[Row]:
    """A row for each lesson, and what to do next."""
    language = voice.languages[0]
    rows = [
        [*_facts(lesson, records.get(lesson.id, Record()), language)] for lesson in course.lessons
    ]
    titles = [
        " / ".join(dict.fromkeys(lesson.title.said(voice.language))) for lesson in course.lessons
    ]
    facts = aligned(rows)
    widest = max(map(columns_of, facts), default=0)
    room = columns - widest - 2 if columns else 0
    for line, title in zip(facts, titles, strict=True):
        lead = line + " " * (widest - columns_of(line))
        yield Row("", f"{lead}  {_fitting(title, room)}".rstrip())
    if course.lessons:  # else all of them are faults
        yield from upcoming(course, records, voice)


def _facts(lesson: Lesson, record: Record, language: str) -> Iterator[str]:
    state = state_of(record)
    yield lesson.id
    yield telling.STATES[state].said(language)[0]
    yield f"{len(record.done)}/{record.steps}" if state == "begun" and record.steps else ""


def state_of(record: Record) -> str:
    """A word of `telling.STATES`."""
    if record.passed:
        return "done"
    if record.over:
        return "skipped"
    return "begun" if record.began else "new"


def next_of(
    course: Course, records: Mapping[str, Record], last: Lesson | None = None
) -> Lesson | None:
    """What to do next: what is begun, then the first that is new and whose needs are done."""
    around = list(course.after(last)) if last is not None else list(course.lessons)
    states = {lesson.id: state_of(records.get(lesson.id, Record())) for lesson in course.lessons}
    if last is None and (begun := [each for each in around if states[each.id] == "begun"]):
        return begun[0]
    fresh = [each for each in around if states[each.id] in ("new", "begun")]
    ready = [
        each
        for each in fresh
        if all(
            states.get(need, "done") in ("done", "skipped") for need in each.transcript.head.needs
        )
    ]
    return next(iter([*ready, *fresh]), None)


def upcoming(
    course: Course, records: Mapping[str, Record], voice: Voice, last: Lesson | None = None
) -> Iterator[Row]:
    """What to do next, in words."""
    following = next_of(course, records, last)
    if following is None:
        yield from voice.say(telling.ALL_DONE)
    else:
        yield from voice.say(telling.NEXT, called(course, following))


def called(course: Course, lesson: Lesson) -> str:
    """What is written behind `mailprobe learn`: the shortest name that means it, and its folder."""
    name = _shortest(course, lesson)
    return name if course.folder is None else f"{name} --from {quote(safe(course.folder))}"


def _shortest(course: Course, lesson: Lesson) -> str:
    same = [each for each in course.lessons if each.number == lesson.number]
    return (
        lesson.id.rpartition("-")[2] if lesson.number is not None and len(same) == 1 else lesson.id
    )


def _fitting(text: str, room: int) -> str:
    if not room or columns_of(text) <= room:
        return text
    taken, cut = len(_CUT), ""
    for character in text:
        taken += cells_of(character)
        if taken > room:
            break
        cut += character
    return cut + _CUT
