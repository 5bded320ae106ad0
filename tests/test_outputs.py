"""Files that a person asked for by name."""

import os
import stat
from pathlib import Path

import pytest

from mailprobe import outputs
from mailprobe.errors import Failure, Word
from mailprobe.outputs import Output


def test_it_takes_its_place_at_the_end(tmp_path: Path) -> None:
    """Until then the old one stands, and nothing is left beside it."""
    path = tmp_path / "report.xml"
    path.write_text("old")
    path.chmod(0o640)
    output = Output(path)
    output.write(b"n")
    output.write(b"ew")
    assert path.read_text() == "old"
    output.finish()
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_one_is_as_the_umask_says(tmp_path: Path) -> None:
    """A report is read by others, too."""
    before = os.umask(0o027)
    try:
        output = Output(tmp_path / "x")
        output.finish()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o640


def test_nothing_is_left_of_one_that_is_given_up(tmp_path: Path) -> None:
    """Twice does no harm, and finishing it afterwards none either."""
    output = Output(tmp_path / "x")
    output.write(b"half")
    output.discard()
    output.discard()
    output.finish()
    assert list(tmp_path.iterdir()) == []


def test_a_new_one_takes_nobodys_place(tmp_path: Path) -> None:
    """Where it is wanted so: neither at once, nor that of one which has come meanwhile."""
    (tmp_path / "x").write_text("old")
    with pytest.raises(Failure, match="it is there already, and is not overwritten"):
        Output(tmp_path / "x", fresh=True)
    output = Output(tmp_path / "y", fresh=True)
    output.write(b"new")
    (tmp_path / "y").write_text("older")
    with pytest.raises(Failure, match="there already"):
        output.finish()
    assert (tmp_path / "y").read_text() == "older"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x", "y"]


@pytest.mark.parametrize("kind", ["link", "folder", "fifo", "no folder", "nul"])
def test_what_is_no_place_for_a_report(tmp_path: Path, kind: str) -> None:
    """Word `usage`, at once, and what is there stays."""
    path = tmp_path / "x"
    if kind == "link":
        (tmp_path / "y").write_text("kept")
        path.symlink_to("y")
    elif kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path = tmp_path / ("no/x" if kind == "no folder" else "a\0b")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(Failure) as caught:
        Output(path)
    assert caught.value.word is Word.USAGE
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full to write to")
def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Word `usage`; the old file stands."""
    path = tmp_path / "x"
    path.write_text("old")
    output = Output(path)
    with monkeypatch.context() as patch, Path("/dev/full").open("wb") as full:
        patch.setattr(os, "write", lambda descriptor, octets: full.raw.write(octets))
        with pytest.raises(Failure) as caught:
            output.write(b"new")
    assert caught.value.word is Word.USAGE
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_rewriting_what_a_link_leads_to(tmp_path: Path) -> None:
    """The link stays, and the permissions too."""
    path = tmp_path / "real.mpt"
    path.write_text("old")
    path.chmod(0o600)
    (tmp_path / "link.mpt").symlink_to("real.mpt")
    outputs.rewrite(tmp_path / "link.mpt", b"new")
    assert (tmp_path / "link.mpt").is_symlink()
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_to_itself(tmp_path: Path) -> None:
    """Word `usage`."""
    (tmp_path / "x").symlink_to("x")
    with pytest.raises(Failure) as caught:
        outputs.rewrite(tmp_path / "x", b"")
    assert caught.value.word is Word.USAGE


def test_folders(tmp_path: Path) -> None:
    """They are made where there are none; a file in the way is told."""
    outputs.make_folder(tmp_path / "a" / "b")
    outputs.make_folder(tmp_path / "a" / "b")
    (tmp_path / "file").write_text("")
    with pytest.raises(Failure):
        outputs.make_folder(tmp_path / "file")
