"""Lessons of a few lines, and a dialogue in memory that their judge hears."""

from collections.abc import Iterator
from pathlib import Path

from mailprobe.lessons.course import Course, Lesson, course_of
from mailprobe.lessons.judging import Judge
from mailprobe.lessons.staging import judge_of
from mailprobe.lessons.told import Begun, Done, Explained, Told
from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.model import Protocol
from mailprobe.session import Session
from mailprobe.transport.memory import Scripted

HEAD = """\
mailprobe: 1
title: A lesson
title zh: 一课
protocol: {protocol}
connect: {connect}
lesson: {id}
lang: en zh
{more}"""


def written(
    folder: Path,
    text: str,
    *,
    name: str = "own-01",
    protocol: str = "smtp",
    more: str = "",
    connect: str = "sandbox",
) -> Path:
    """A lesson as a file; `more` are lines of its header."""
    path = folder / f"{name}.mpt"
    more = f"{more}\n" * bool(more)
    head = HEAD.format(protocol=protocol, connect=connect, id=name, more=more)
    path.write_text(f"{head}\n{text}")
    return path


def lesson(folder: Path, text: str, *, name: str = "own-01", **how: str) -> tuple[Lesson, Course]:
    """The same, read."""
    written(folder, text, name=name, **how)
    course = course_of(str(folder))
    assert not course.faults, course.faults
    return course.find(name), course


class Script(Scripted):
    """A server that speaks when somebody waits for it; `polled` comes of its own accord."""

    polled: bytes | None = None

    def poll_receive(self) -> memoryview | None:
        octets, self.polled = self.polled, None
        return None if octets is None else memoryview(octets)


class Dialogue:
    """A judge, and sessions with scripts: what the server says, reply by reply."""

    def __init__(self, found: Lesson) -> None:
        self.judge: Judge = judge_of(found)
        self.told: list[Told] = self.judge.take()

    def open(self, *replies: str, protocol: str = "smtp") -> Session:
        """A connection; the first reply is its greeting."""
        ear = self.judge.ear(Protocol(protocol))
        session = Session(catalogue_of(protocol), [ear])
        ear.follow(session)
        chunks = [reply.replace("\n", "\r\n").encode() + b"\r\n" for reply in replies]
        self.script = Script(chunks, ending=None)
        session.attach(self.script)
        return session

    def said(self) -> list[str]:
        """What was told since the last look: the names of what it is, and texts in English."""
        return list(self._names(self.judge.take()))

    def _names(self, told: list[Told]) -> Iterator[str]:
        for each in told:
            name = type(each).__name__.lower()
            match each:
                case Explained(text=text):
                    yield " ".join(text.said("en")) or name
                case Begun(part=part, first=True):
                    yield f"{name} {part.number}"
                case Done(part=part, skipped=skipped):
                    yield f"{'skipped' if skipped else name} {part.number}"
                case _:
                    yield name
