"""Lines in a private file: bounded when read, and no reason to stop when they cannot be kept."""

from pathlib import Path

from mailprobe.shell.memory.kept import LineFile


def test_lines_come_back(tmp_path: Path) -> None:
    """Those that were appended, then those that took their place; half a line is none."""
    path = tmp_path / "state" / "lines"
    kept = LineFile(str(path), 100)
    assert kept.read() == []
    kept.append(b"one")
    kept.append(b"two")
    assert kept.read() == [b"one", b"two"]
    kept.replace([b"three"])
    with path.open("ab") as file:
        file.write(b"half")
    assert LineFile(str(path), 100).read() == [b"three"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_more_than_the_limit_is_read(tmp_path: Path) -> None:
    """A file that somebody has blown up costs no memory."""
    path = tmp_path / "lines"
    path.write_bytes(b"0123456789\n" * 1000)
    path.chmod(0o600)
    assert LineFile(str(path), 100).read() == [b"0123456789"] * 9


def test_what_cannot_be_kept_is_told_once(tmp_path: Path) -> None:
    """A folder in its place: the failure is there to be shown, and nothing is tried again."""
    path = tmp_path / "lines"
    path.mkdir()
    kept = LineFile(str(path), 100)
    kept.append(b"one")
    failure = kept.failure
    assert failure is not None
    assert str(path) in failure.sentence
    path.rmdir()
    kept.append(b"two")
    assert kept.failure is failure
    assert not path.exists()


def test_without_a_home_nothing_is_kept() -> None:
    """No path, no failure."""
    kept = LineFile(None, 100)
    kept.append(b"one")
    assert (kept.read(), kept.failure) == ([], None)
