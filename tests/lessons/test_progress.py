"""What is remembered of lessons: a private file, which may be lost, broken or hostile."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mailprobe.lessons.course import Course
from mailprobe.lessons.listing import listing, next_of, state_of
from mailprobe.lessons.progress import Progress, Record
from mailprobe.lessons.telling import Voice
from tests.lessons.helpers import lesson, written

TEXT = "S: 220 hi\n\n== One\nC: QUIT\nS? 221\n"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    written(tmp_path, TEXT, name="own-02", more="needs: own-01")
    return lesson(tmp_path, TEXT)[1]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "learn.json"


def test_what_was_saved_is_there_again(course: Course, path: Path) -> None:
    """In a file that nobody else reads, and of this folder alone."""
    record = Record(2, [1], [2], 3, 1, 4.5, "2026-01-01T00:00:00Z", "")
    Progress(str(path), course, "one").save("own-01", record)
    assert Progress(str(path), course, "one").record("own-01") == record
    assert Progress(str(path), course, "other").record("own-01") == Record()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["learn.json"]


@pytest.mark.parametrize("octets", [b"{", b"[1]", b"\xff\xfe", b"null", b"[" * 100_000])
def test_a_broken_file_is_put_aside(course: Course, path: Path, octets: bytes) -> None:
    """Told once, kept, and begun anew."""
    path.parent.mkdir()
    path.write_bytes(octets)
    progress = Progress(str(path), course, None)
    assert progress.record("own-01") == Record()
    assert progress.failure is not None
    assert "put aside" in progress.failure.sentence
    assert (path.parent / "learn.json.kept").read_bytes() == octets
    progress.save("own-01", Record(1, [1]))
    assert Progress(str(path), course, None).record("own-01").done == [1]


@pytest.mark.parametrize(
    "found",
    [
        {"courses": 3},
        {"courses": {"": [1]}},
        {"courses": {"": {"own-01": "x"}}},
        {"courses": {"": {"own-01": {"steps": -1, "done": "all", "hints": 1e300}}}},
        {"courses": {"": {"own-01": {"done": [{}, True, "1"], "seconds": "x", "began": 7}}}},
    ],
)
def test_parts_that_make_no_sense_are_nothing(course: Course, path: Path, found: object) -> None:
    """They are no reason to fail."""
    path.parent.mkdir()
    path.write_text(json.dumps(found))
    progress = Progress(str(path), course, None)
    assert progress.record("own-01").steps == 0
    progress.save("own-01", Record(1, [1]))
    assert progress.record("own-01").passed


def test_what_a_newer_version_keeps_is_left_alone(course: Course, path: Path) -> None:
    """It is neither read nor written, and that is told."""
    path.parent.mkdir()
    kept = json.dumps({"version": 2, "courses": {"": {"own-01": {"steps": 1, "done": [1]}}}})
    path.write_text(kept)
    progress = Progress(str(path), course, None)
    assert progress.records() == {}
    progress.save("own-01", Record(1, [1]))
    assert progress.failure is not None
    assert "of a newer mailprobe" in progress.failure.sentence
    assert path.read_text() == kept


def test_a_file_that_cannot_be_written_costs_nothing_else(course: Course, tmp_path: Path) -> None:
    """It is told once, by whoever shows it."""
    path = tmp_path / "taken"
    path.mkdir()
    progress = Progress(str(path), course, None)
    progress.save("own-01", Record(1, [1]))
    assert progress.failure is not None


def test_what_to_do_next(course: Course) -> None:
    """What is begun, then what is new and has what it needs."""
    one, two = course.lessons
    done = Record(1, [1], began="x", ended="x")
    begun = Record(1, [], began="x")
    assert next_of(course, {}) is one
    assert next_of(course, {"own-01": done}) is two
    assert next_of(course, {"own-02": begun}) is two
    assert next_of(course, {"own-02": begun}, two) is one
    assert next_of(course, {"own-01": done, "own-02": done}) is None
    assert [state_of(each) for each in (Record(), begun, done)] == ["new", "begun", "done"]


@pytest.mark.parametrize("language", ["en", "zh", "zh+en"])
def test_a_list_fits_the_terminal(tmp_path: Path, language: str) -> None:
    """A character of Chinese takes two columns; a long title is cut."""
    from mailprobe.render.widths import columns_of

    course = lesson(tmp_path, TEXT)[1]
    path = course.lessons[0].path
    path.write_text(path.read_text().replace("一课", "课" * 50))
    from mailprobe.lessons.course import course_of

    course = course_of(str(tmp_path))
    voice = Voice(language, lambda: 80)
    rows = list(listing(course, {"own-01": Record(2, [1], began="x")}, voice, 80))
    assert all(columns_of(row.text) <= 80 for row in rows)
    assert "1/2" in rows[0].text
    assert "mailprobe learn 01 --from" in " ".join(row.text.strip() for row in rows[1:])


def test_two_learners_lose_nothing_of_each_other(course: Course, path: Path) -> None:
    """What one saves meanwhile is there when the other one saves what he began with."""
    one, other = (Progress(str(path), course, None) for _ in range(2))
    one.save("own-01", Record(3, [1, 2], [], hints=2, began="a", ended="z"))
    other.save("own-01", Record(3, [3], [2], mistakes=1, began="b"))
    other.save("own-02", Record(1, [1]))
    one.save("own-01", Record(3, [1, 2]))
    assert one.record("own-01") == Record(3, [1, 2, 3], [], 2, 1, 0.0, "a", "z")
    assert one.record("own-02").done == [1]


def test_saving_takes_turns(course: Course, path: Path) -> None:
    """Many at once, each of another lesson: none is lost."""
    progress = [Progress(str(path), course, str(number)) for number in range(8)]

    def work(one: Progress) -> None:
        for step in range(1, 6):
            one.save("own-01", Record(5, [step]))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, progress))
    assert [one.record("own-01").done for one in progress] == [[1, 2, 3, 4, 5]] * 8
    assert [one.failure for one in progress] == [None] * 8
