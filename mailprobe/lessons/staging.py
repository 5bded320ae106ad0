"""One run of a lesson made ready: its values, its ways, its judge."""

from mailprobe.lessons.course import Lesson
from mailprobe.lessons.judging import Judge
from mailprobe.lessons.plan import Plan, plans
from mailprobe.player.options import Options
from mailprobe.player.playing.prepared import Prepared


def prepared_of(
    lesson: Lesson, options: Options | None = None, wrong: int | None = None
) -> Prepared:
    """The lesson as its players take it; `wrong`: up to the known mistake of that number."""
    options = options or Options()
    return Prepared(lesson.transcript, lesson.path, options, name=lesson.name, wrong=wrong)


def ways_of(lesson: Lesson) -> tuple[Plan, ...]:
    """Every way through it.  Raises Unreadable."""
    return plans(lesson.transcript, prepared_of(lesson).values().settings)


def judge_of(lesson: Lesson, ways: tuple[Plan, ...] | None = None) -> Judge:
    """A judge at the beginning of the lesson.  Raises Unreadable."""
    prepared = prepared_of(lesson)
    judge = Judge(
        ways or ways_of(lesson),
        lesson.transcript.head,
        prepared.values(),
        prepared.resolve,
        prepared.level,
    )
    judge.begin()
    return judge
