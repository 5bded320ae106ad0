"""Which lesson a person wants to learn, and in which language: plain values for a shell."""

from mailprobe.lessons.course import Course, Lesson
from mailprobe.lessons.progress import Progress
from mailprobe.value import frozen


@frozen
class Enrolment:
    """`progress` is where it is kept; `language` is one of those of explanations."""

    lesson: Lesson
    course: Course
    progress: Progress
    language: str
