"""The shipped lessons: each holds, each is in both languages, and each replays as a transcript."""

import pytest

from mailprobe.errors import ExitStatus
from mailprobe.lessons.course import SHIPPED, course_of
from tests.commands.inside import inside

COURSE = course_of(None)


def test_every_file_is_a_lesson() -> None:
    """Of a number of its own, by which it is found."""
    assert COURSE.faults == ()
    assert len(COURSE.lessons) == len(list(SHIPPED.glob("*.mpt")))
    for lesson in COURSE.lessons:
        assert COURSE.find(str(lesson.number)) is lesson
        assert lesson.name.startswith(f"{lesson.number:02}-")


@pytest.mark.slow
@pytest.mark.parametrize("words", [("learn", "--check"), ("replay", str(SHIPPED))])
def test_every_lesson_holds(words: tuple[str, ...]) -> None:
    """Solutions pass and do every step; known mistakes are answered as they say, and do none."""
    ran = inside(*words)
    assert ran.status == ExitStatus.OK, ran.out


@pytest.mark.slow
@pytest.mark.parametrize("lesson", COURSE.lessons, ids=[one.id for one in COURSE.lessons])
def test_every_lesson_can_be_done_in_the_shell(lesson: object) -> None:
    """What stands in the file is what the shell sends, in the right session."""
    name = getattr(lesson, "id", "")
    ran = inside("learn", name, "--lang", "en", text=b"\x1d/solution go\n" * 20)
    assert f"Lesson {name} is over" in ran.out, ran.out
