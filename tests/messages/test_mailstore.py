"""Where fetched messages go: whole, private, on the disk, and over nothing that is there."""

import errno
import mailbox
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.errors import Failure, Word
from mailprobe.messages.mailstore import Folder, Maildir, Place, SingleFile, name_of

UNIQUE_IDS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1)


def keep(place: Place, octets: bytes = b"A: b\r\n\r\nc\r\n") -> str:
    place.write(octets[:5])
    place.write(octets[5:])
    return place.finish()


@given(UNIQUE_IDS, UNIQUE_IDS)
def test_names(one: str, other: str) -> None:
    """Each id has its own, inside of the folder, and no longer than a disk takes."""
    name = name_of(1, one)
    assert "/" not in name
    assert not name.startswith(".")
    assert len(name) < 200
    assert (name == name_of(2, other)) == (one == other)


def test_names_without_an_id() -> None:
    """A server without UIDL has numbers."""
    assert name_of(3, None) == "message-3.eml"
    assert name_of(3, "../../x") == "%2E.%2F..%2Fx.eml"


def test_a_file(tmp_path: Path) -> None:
    """Octet for octet, for its owner alone; an older one stays."""
    path = tmp_path / "x.eml"
    assert keep(SingleFile(path).place(1, "uid")) == str(path)
    assert path.read_bytes() == b"A: b\r\n\r\nc\r\n"
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(Failure, match="is not overwritten"):
        SingleFile(path).place(1, "uid")


def test_half_a_file_is_none(tmp_path: Path) -> None:
    """Nothing of a message that did not come whole stays."""
    place = SingleFile(tmp_path / "x.eml").place(1, None)
    place.write(b"half")
    place.discard()
    place.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_folder(tmp_path: Path) -> None:
    """It is made, and two messages of one id are not one file."""
    store = Folder(tmp_path / "a" / "b")
    keep(store.place(1, "x/y"))
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["x%2Fy.eml"]
    with pytest.raises(Failure):
        store.place(2, "x/y")


def test_a_maildir(tmp_path: Path) -> None:
    """Lines end in LF there; whatever reads Maildirs finds the message, and finds it new."""
    store = Maildir(tmp_path / "M")
    where = keep(store.place(1, "x"), b"A: b\r\n\r\n\rc\n\xff\0\r\n")
    assert Path(where).read_bytes() == b"A: b\n\n\rc\n\xff\0\n"
    assert Path(where).parent.name == "new"
    assert Path(where).stat().st_mode & 0o077 == 0
    assert len(mailbox.Maildir(tmp_path / "M", create=False)) == 1
    place = Maildir(tmp_path / "M").place(2, "y")
    place.write(b"half")
    place.discard()
    assert len(mailbox.Maildir(tmp_path / "M", create=False)) == 1


def test_what_is_no_maildir(tmp_path: Path) -> None:
    """A folder of something else is left alone."""
    (tmp_path / "x").touch()
    for path in (tmp_path, tmp_path / "x"):
        with pytest.raises(Failure, match="is no Maildir"):
            Maildir(path)
    with pytest.raises(Failure, match="cannot write"):
        Maildir(tmp_path / "x" / "y")


@pytest.mark.parametrize(
    "kind, step", [("file", "os.fsync"), ("maildir", "mailprobe.messages.mailstore.sync_folder")]
)
def test_a_disk_that_does_not_keep_it(
    kind: str, step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the octets do not get to the disk it is not said that they are kept."""
    path = tmp_path / "x"
    place = (SingleFile(path) if kind == "file" else Maildir(path)).place(1, None)
    place.write(b"x")

    def fail(what: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(step, fail)
    with pytest.raises(Failure, match="No space left") as caught:
        place.finish()
    assert caught.value.word is Word.USAGE
