"""The object for those who grade."""

from pathlib import Path

from mailprobe.lessons.progress import Record
from mailprobe.lessons.reporting import report_of
from tests.lessons.helpers import lesson

TEXT = "S: 220 hi\n\n== One\nC: NOOP\nS? 250\n\n== Two\nC: QUIT\nS? 221\n"


def test_what_counts_is_the_file_as_it_is(tmp_path: Path) -> None:
    """A lesson that has grown since is not passed; one that has shrunk may be."""
    found, course = lesson(tmp_path, TEXT)
    grown = report_of(course, {found.id: Record(1, [1], began="x")}, "", (found,))
    shrunk = report_of(course, {found.id: Record(3, [1, 2], [3], began="x")}, "", (found,))
    assert [each["status"] for each in (grown, shrunk)] == ["fail", "pass"]
    assert [each["lessons"][0]["done"] for each in (grown, shrunk)] == [1, 2]  # type: ignore[index]
    assert shrunk["lessons"][0]["skipped"] == 0  # type: ignore[index]
