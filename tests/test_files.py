"""The edge to the file system: private, exclusive, whole; every error has one name."""

import errno
import os
from pathlib import Path

import pytest

from mailprobe import files
from mailprobe.errors import Failure, Word
from mailprobe.files import AlreadyThere, PrivateFile, SourceFile


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_file_is_private_and_grows(tmp_path: Path) -> None:
    """0600 whatever the umask is; appends, cuts and replacements are where they belong."""
    before = os.umask(0)
    try:
        file = PrivateFile(tmp_path / "a")
    finally:
        os.umask(before)
    file.append(b"one two")
    file.replace(4, b"three four")
    assert file.read(0, 99) == b"one three four"
    file.replace(4, b"x")
    assert file.read(0, 99) == b"one xhree four"
    file.cut(4)
    file.append(b"end")
    assert (file.size, file.read(4, 99)) == (7, b"end")
    file.close()
    file.close()
    assert (tmp_path / "a").read_bytes() == b"one end"
    assert mode(tmp_path / "a") == 0o600


@pytest.mark.parametrize("kind", ["file", "folder", "link", "fifo"])
def test_nothing_that_exists_is_opened(tmp_path: Path, kind: str) -> None:
    """A file, a folder, a link to nowhere, a FIFO: each is there already, and is not touched."""
    path = tmp_path / "taken"
    match kind:
        case "file":
            path.write_text("mine")
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to(tmp_path / "elsewhere")
        case _:
            os.mkfifo(path)
    with pytest.raises(AlreadyThere) as caught:
        PrivateFile(path)
    assert caught.value.word is Word.USAGE
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", ["file/below", "missing/below", "nul\0", "x" * 300])
def test_a_place_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    """One sentence that shows the name safely, word `usage`."""
    (tmp_path / "file").write_text("")
    with pytest.raises(Failure, match="^usage: cannot write ") as caught:
        PrivateFile(tmp_path / name)
    assert caught.value.sentence.isprintable()
    for write in (files.append_private, files.replace_private):
        if name != "missing/below":
            with pytest.raises(Failure, match="^usage: cannot write "):
                write(tmp_path / name, b"x")


def test_short_writes_are_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that takes one octet at a time still gets them all."""
    pwrite, write = os.pwrite, os.write
    monkeypatch.setattr(os, "pwrite", lambda fd, octets, at: pwrite(fd, octets[:1], at))
    monkeypatch.setattr(os, "write", lambda fd, octets: write(fd, octets[:1]))
    file = PrivateFile(tmp_path / "a")
    file.append(b"hello")
    file.append(b" there")
    assert file.read(0, 99) == b"hello there"
    file.close()
    files.append_private(tmp_path / "b", b"hello")
    assert (tmp_path / "b").read_bytes() == b"hello"


def test_what_could_not_be_written_leaves_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fills up in the middle of an append, or of a replacement."""
    file = PrivateFile(tmp_path / "a")
    file.append(b"whole line\nrest")
    pwrite, room = os.pwrite, [3]

    def full(descriptor: int, octets: bytes, at: int) -> int:
        if at + len(octets) <= 15:
            return pwrite(descriptor, octets, at)
        if not room:
            raise OSError(28, "No space left on device")
        return pwrite(descriptor, octets[: room.pop()], at)

    for where in (file.size, 11):
        room[:] = [3]
        monkeypatch.setattr(os, "pwrite", full)
        with pytest.raises(Failure, match="No space left"):
            file.replace(where, b"1234567890")
        monkeypatch.setattr(os, "pwrite", pwrite)
        assert (tmp_path / "a").read_bytes() == b"whole line\nrest"
    file.close()


def test_every_operation_on_a_lost_descriptor_fails_as_usage(tmp_path: Path) -> None:
    """A closed descriptor is a Failure; closing and removing never raise."""
    file = PrivateFile(tmp_path / "a")
    os.close(file._descriptor)
    for action in (lambda: file.append(b"x"), lambda: file.cut(0), lambda: file.read(0, 1)):
        with pytest.raises(Failure, match="^usage: cannot write "):
            action()
    file.close()
    file.remove()
    file.remove()


def test_append_private_makes_folder_and_file(tmp_path: Path) -> None:
    """0700 and 0600, and a file that others could read is closed to them."""
    path = tmp_path / "new" / "a"
    files.append_private(path, b"one\n")
    path.chmod(0o644)
    files.append_private(path, b"two\n")
    assert path.read_bytes() == b"one\ntwo\n"
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)


def test_append_private_wants_a_regular_file(tmp_path: Path) -> None:
    """A FIFO that somebody reads, a link and a folder are refused, and nobody waits."""
    fifo, link = tmp_path / "fifo", tmp_path / "link"
    os.mkfifo(fifo)
    link.symlink_to(tmp_path / "elsewhere")
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        for path in (fifo, link, tmp_path):
            with pytest.raises(Failure, match="^usage: cannot write "):
                files.append_private(path, b"x")
    finally:
        os.close(reader)
    assert not (tmp_path / "elsewhere").exists()


def test_replace_private_puts_a_whole_file_in_place(tmp_path: Path) -> None:
    """The old one stays until the new one is there; nothing is left beside it."""
    path = tmp_path / "a"
    path.write_text("old")
    files.replace_private(path, b"new")
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o600
    (tmp_path / "folder").mkdir()
    with pytest.raises(Failure, match="^usage: cannot write "):
        files.replace_private(tmp_path / "folder", b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "folder"]


def test_read_small_reads_regular_files_only(tmp_path: Path) -> None:
    """Bounded; a FIFO, a device, a folder and what is not there are refused, and nobody waits."""
    (tmp_path / "a").write_bytes(b"0123456789")
    os.mkfifo(tmp_path / "fifo")
    assert files.read_small(tmp_path / "a", 4) == b"0123"
    for path in (tmp_path / "fifo", tmp_path, tmp_path / "missing", Path("/dev/zero")):
        with pytest.raises(Failure, match="^usage: cannot read "):
            files.read_small(path, 4)


def test_a_spool_that_cannot_be_written(tmp_path: Path) -> None:
    """A full disk under a temporary file is a Failure, too."""
    with (tmp_path / "a").open("w+b", buffering=0) as file:
        files.keep(file, b"fits")
    with Path("/dev/full").open("w+b", buffering=0) as file:
        with pytest.raises(Failure, match="^usage: cannot write a temporary file"):
            files.keep(file, b"x")


# --------------------------------------------------------------------------------- source files


def test_source_is_read_in_blocks_and_from_anywhere(tmp_path: Path) -> None:
    """More than once, too; a link is followed, for the person has named it."""
    path, link = tmp_path / "file", tmp_path / "link"
    octets = bytes(range(256)) * 600
    path.write_bytes(octets)
    link.symlink_to(path)
    with SourceFile(link) as source:
        assert source.size == len(octets)
        for _ in range(2):
            assert b"".join(source.blocks()) == octets
        assert max(map(len, source.blocks())) == 64 * 1024
        assert b"".join(source.blocks(5, 7)) == octets[5:12]
        assert list(source.blocks(5, 0)) == []


@pytest.mark.parametrize("name", ["missing", "folder", "fifo", "nul\0"])
def test_source_that_is_no_file_is_told(tmp_path: Path, name: str) -> None:
    """A FIFO is never waited for."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(Failure, match="cannot read") as caught:
        SourceFile(tmp_path / name)
    assert caught.value.word is Word.USAGE


def test_source_that_shrinks_or_fails_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a message is not taken for a whole one."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * 10)
    with SourceFile(path) as source:
        path.write_bytes(b"x")
        with pytest.raises(Failure, match="shorter"):
            list(source.blocks())

        def fail(*given: object) -> bytes:
            raise OSError(errno.EIO, "Input/output error")

        monkeypatch.setattr("mailprobe.files.os.pread", fail)
        with pytest.raises(Failure, match="Input/output error"):
            list(source.blocks())
