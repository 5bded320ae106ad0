"""What a learner has done: one small private file, which may be lost.

Nothing typed is kept: which steps are done, how many hints and mistakes there were, how long it
took.
"""

import json
import os.path
from collections.abc import Mapping
from datetime import UTC, datetime

from mailprobe import files
from mailprobe.errors import Failure, Word
from mailprobe.jsonlines import document
from mailprobe.lessons.course import Course
from mailprobe.safe import safe
from mailprobe.value import field, mutable

_LARGEST = 1024 * 1024  # octets
_VERSION = 1
_STEPS = 1000  # of one lesson that are read from the file
_SHIPPED = ""  # in the place of a folder
_COUNTS = ("steps", "hints", "solutions", "mistakes")
_FIELDS = (*_COUNTS, "done", "skipped", "seconds", "began", "ended")


@mutable
class Record:
    """One lesson: steps by their numbers, and what all runs together took, in seconds."""

    steps: int = 0
    done: list[int] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    hints: int = 0
    mistakes: int = 0
    seconds: float = 0.0
    began: str = ""  # in UTC, as RFC 3339 writes it
    ended: str = ""  # when all its steps were done, or skipped, first
    solutions: int = 0  # that were shown; what is done for the learner is skipped

    @property
    def over(self) -> bool:
        """Whether every step is done or was skipped."""
        return bool(self.ended)

    @property
    def passed(self) -> bool:
        """Whether every step is done."""
        return self.steps > 0 and len(self.done) >= self.steps


class Progress:
    """The records of one course.  `failure` is the first thing that went wrong with the file."""

    def __init__(self, path: str | None, course: Course, folder: str | None) -> None:
        self.failure: Failure | None = None
        self.path = path
        self._held: dict[str, object] = {}  # where there is no place for a file
        self._key = _SHIPPED if folder is None else os.path.realpath(folder)
        self._ids = [lesson.id for lesson in course.lessons]

    def records(self) -> dict[str, Record]:
        """What is known of each lesson."""
        whole = self._read()
        try:
            _check_version(whole)
        except Failure as failure:
            self.failure = self.failure or failure
            return {}
        found = {name: _record(_inside(whole, "courses", self._key, name)) for name in self._ids}
        return {name: record for name, record in found.items() if record is not None}

    def record(self, lesson: str) -> Record:
        """What is known of one; an empty record where nothing is."""
        return self.records().get(lesson, Record())

    def save(self, lesson: str, record: Record) -> None:
        """Keep what is known of one lesson, and what others have done of it.  Never raises."""
        if self.path is None:
            self._held = self._with(lesson, record)
            return
        try:
            files.append_private(self.path, b"")  # its folder has to be there
            with files.turn(self.path):  # two learners may have one file
                whole = self._with(lesson, record)
                files.replace_private(self.path, document(whole).encode())
        except Failure as failure:
            self.failure = self.failure or failure

    def _with(self, lesson: str, record: Record) -> dict[str, object]:
        """The whole file as it is now, and in it that record.  Raises Failure."""
        whole = self._read()
        _check_version(whole)
        courses = whole.setdefault("courses", {})
        whole["version"] = _VERSION
        if not isinstance(courses, dict):
            courses = whole["courses"] = {}
        mine = courses.setdefault(self._key, {})
        if not isinstance(mine, dict):
            mine = courses[self._key] = {}
        both = _joined(_record(_inside(mine, lesson)), record)
        mine[lesson] = {name: getattr(both, name) for name in _FIELDS}
        return whole

    def _read(self) -> dict[str, object]:
        """The whole file; what cannot be understood is put aside, and told."""
        if self.path is None:
            return self._held
        if not os.path.exists(self.path):  # noqa: PTH110 - a name, no Path
            return {}
        try:
            octets = files.read_small(self.path, _LARGEST + 1)
        except Failure as failure:
            self.failure = self.failure or failure
            return {}
        try:
            whole = json.loads(octets) if len(octets) <= _LARGEST else None
        except (ValueError, RecursionError):
            whole = None
        if isinstance(whole, dict):
            return whole
        if octets:
            self._put_aside()
        return {}

    def _put_aside(self) -> None:
        assert self.path is not None  # it was read
        try:
            kept = files.set_aside(self.path)
        except Failure as failure:
            self.failure = self.failure or failure
            return
        sentence = (
            f"{safe(self.path)} cannot be understood: it was put aside as {safe(kept)}, "
            "and progress begins anew"
        )
        self.failure = self.failure or Failure(Word.USAGE, sentence)


def _check_version(whole: Mapping[str, object]) -> None:
    """What a newer mailprobe keeps is left as it is.  Raises Failure `usage`."""
    version = whole.get("version")
    if isinstance(version, int) and version > _VERSION:
        sentence = "what is kept of the lessons is of a newer mailprobe, and is left as it is"
        raise Failure(Word.USAGE, sentence)


def now() -> str:
    """This moment, as it is written down."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def progress_path(state: str | None) -> str | None:
    """The file in the folder of what we remember."""
    return None if state is None else f"{state}/learn.json"


def _inside(whole: object, *keys: str) -> Mapping[str, object] | None:
    for key in keys:
        if not isinstance(whole, dict):
            return None
        whole = whole.get(key)
    return whole if isinstance(whole, dict) else None


def _record(found: Mapping[str, object] | None) -> Record | None:
    """A record of which every part is what it should be; what is not, is as if nothing were."""
    if found is None:
        return None
    record = Record()
    for name in _COUNTS:
        setattr(record, name, _number(found.get(name)))
    seconds = found.get("seconds")
    if isinstance(seconds, int | float) and 0 <= seconds < 1e9:
        record.seconds = float(seconds)
    for name in ("began", "ended"):
        value = found.get(name)
        setattr(record, name, value[:40] if isinstance(value, str) else "")
    for name in ("done", "skipped"):
        value = found.get(name)
        numbers = value[:_STEPS] if isinstance(value, list) else []
        setattr(record, name, sorted({_number(one) for one in numbers} - {0}))
    return record


def _joined(there: Record | None, record: Record) -> Record:
    """What is done stays done, whoever has done it meanwhile; counts are those of who has more."""
    if there is None:
        return record
    done = {*there.done, *record.done}
    return Record(
        record.steps,
        sorted(done),
        sorted({*there.skipped, *record.skipped} - done),
        max(there.hints, record.hints),
        max(there.mistakes, record.mistakes),
        max(there.seconds, record.seconds),
        there.began or record.began,
        there.ended or record.ended,
        max(there.solutions, record.solutions),
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value < 1_000_000 else 0
