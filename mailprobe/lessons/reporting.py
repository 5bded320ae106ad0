"""What was done, as an object for those who grade: no secret, and nothing that was typed."""

from collections.abc import Mapping

from mailprobe.errors import Failure
from mailprobe.jsonlines import document
from mailprobe.lessons.course import Course, Lesson
from mailprobe.lessons.progress import Record, now
from mailprobe.lessons.staging import ways_of
from mailprobe.outputs import Output
from mailprobe.version import VERSION

_VERSION = 1


def report_of(
    course: Course, records: Mapping[str, Record], who: str, lessons: tuple[Lesson, ...]
) -> dict[str, object]:
    """The object that docs/lessons.md describes."""
    found = [_lesson(lesson, records.get(lesson.id, Record())) for lesson in lessons]
    broken = [str(fault) for fault in course.faults]
    passed = all(one["status"] == "pass" for one in found)
    return {
        "version": _VERSION,
        "tool": f"mailprobe {VERSION}",
        "who": who,
        "when": now(),
        "status": "error" if broken else "pass" if passed else "fail",
        "faults": broken,
        "lessons": found,
    }


def write_report(path: str, report: Mapping[str, object]) -> None:
    """Raises Failure `usage`."""
    output = Output(path)
    output.write(document(report).encode())
    output.finish()


def who_of(env: Mapping[str, str]) -> str:
    """The learner, as the environment names him; a name that is given counts first."""
    names = ("MAILPROBE_LEARNER", "LOGNAME", "USER")
    return next((env[name][:200] for name in names if env.get(name)), "")


def _lesson(lesson: Lesson, record: Record) -> dict[str, object]:
    titles = _steps(lesson)
    tests = [
        {"name": title, "status": _status(number, record)}
        for number, title in enumerate(titles, start=1)
    ]
    each = [test["status"] for test in tests]  # of the file as it is now
    passed = bool(each) and set(each) == {"pass"}
    status = "pass" if passed else "fail" if record.began else "none"
    return {
        "id": lesson.id,
        "title": " ".join(lesson.title.said("en")),
        "status": status,
        "steps": len(titles),
        "done": each.count("pass"),
        "skipped": each.count("skip"),
        "hints": record.hints,
        "solutions": record.solutions,
        "mistakes": record.mistakes,
        "seconds": round(record.seconds, 1),
        "began": record.began or None,
        "ended": record.ended or None,
        "tests": tests,
    }


def _steps(lesson: Lesson) -> list[str]:
    try:
        parts = ways_of(lesson)[0].parts
    except Failure:  # told by --check
        return []
    return [" ".join(part.title.said("en")) for part in parts if part.number]


def _status(number: int, record: Record) -> str:
    if number in record.done:
        return "pass"
    return "skip" if number in record.skipped else "fail"
