import mailbox
import os
import re
import shutil
from pathlib import Path

import pytest

from mailprobe.errors import Failure
from mailprobe.sandbox.maildrop import Entry, InUse, Maildrop, Store
from tests.sandbox.helpers import make_store

_MAIL = b"Subject: x\r\n\r\n.dot\r\nbare \n and \r stay\r\n"


def _read(drop: Maildrop, entry: Entry, lines: int | None = None) -> bytes:
    with drop.open(entry) as message:
        return b"".join(message.chunks() if lines is None else message.top(lines))


def test_octets_are_kept(store: Store) -> None:
    """A message comes back byte for byte: CRLF, bare CR and LF, dots."""
    store.put("bob", _MAIL)
    drop = Maildrop(store.folder("bob"))
    (entry,) = drop.entries
    assert entry.size == len(_MAIL)
    assert _read(drop, entry) == _MAIL
    drop.release()


def test_a_last_line_gets_its_end(store: Store) -> None:
    """What BDAT left without a line end has one in the maildrop."""
    store.put("bob", b"Subject: x\r\n\r\nno end")
    drop = Maildrop(store.folder("bob"))
    assert _read(drop, drop.entries[0]) == b"Subject: x\r\n\r\nno end\r\n"
    drop.release()


def test_it_is_a_maildir(store: Store) -> None:
    """Other programs find the messages by the standard library's Maildir, readable by us alone."""
    store.put("bob", _MAIL)
    box = mailbox.Maildir(store.folder("bob"), create=False)
    assert [message["Subject"] for message in box] == ["x"]
    (path,) = (store.folder("bob") / "new").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


def test_numbers_follow_arrival_and_stay(store: Store) -> None:
    """The numbers of a session are those of arrival; what comes later is not in it."""
    for number in range(20):
        store.put("bob", b"%d\r\n" % number)
    drop = Maildrop(store.folder("bob"))
    store.put("bob", b"late\r\n")
    found = [_read(drop, entry) for entry in drop.entries]
    assert found == [b"%d\r\n" % number for number in range(20)]
    drop.release()


def test_unique_ids_are_stable_and_fit(store: Store) -> None:
    """A unique-id is 1 to 70 printable characters, and the same in the next session."""
    store.put("bob", _MAIL)
    (store.folder("bob") / "new" / "of another program, with blanks").write_bytes(b"x\r\n")
    (store.folder("bob") / "cur" / ("y" * 100 + ":2,S")).write_bytes(b"x\r\n")
    found = []
    for _ in range(2):
        drop = Maildrop(store.folder("bob"))
        found.append([entry.unique_id for entry in drop.entries])
        drop.release()
    assert found[0] == found[1]
    assert len(set(found[0])) == 3
    assert all(re.fullmatch(r"[!-~]{1,70}", unique_id) for unique_id in found[0])


def test_one_session_at_a_time(store: Store) -> None:
    """The lock is exclusive, per maildrop, and free again after `release`."""
    first = Maildrop(store.folder("bob"))
    with pytest.raises(InUse):
        Maildrop(store.folder("bob"))
    Maildrop(store.folder("alice")).release()
    first.release()
    first.release()
    Maildrop(store.folder("bob")).release()


def test_update_removes_the_named_ones(store: Store) -> None:
    """`update` removes what it is given; what vanished by itself is no error."""
    for number in range(3):
        store.put("bob", b"%d\r\n" % number)
    drop = Maildrop(store.folder("bob"))
    drop.update([drop.entries[0], drop.entries[2]])
    drop.update([drop.entries[0]])
    drop.release()
    left = Maildrop(store.folder("bob"))
    assert [entry.key for entry in left.entries] == [drop.entries[1].key]
    left.release()


@pytest.mark.parametrize(
    "lines, body",
    [(0, b""), (1, b"1\r\n"), (2, b"1\r\n\r\n"), (9, b"1\r\n\r\n3" + b"x" * 70_000 + b"\r\n4\r\n")],
)
def test_top(store: Store, lines: int, body: bytes) -> None:
    """The header, the empty line and n lines, however long one is."""
    header = b"A: " + b"a" * 70_000 + b"\r\nB: b\r\n\r\n"
    store.put("bob", header + b"1\r\n\r\n3" + b"x" * 70_000 + b"\r\n4\r\n")
    drop = Maildrop(store.folder("bob"))
    assert _read(drop, drop.entries[0], lines) == header + body
    drop.release()


def test_several_maildrops_share_a_message(store: Store) -> None:
    """A message for two is in both, and stays in one when the other removes it."""
    delivery = store.take_in(store.folder("bob"))
    delivery.write(_MAIL)
    delivery.finish()
    for name in ("bob", "alice"):
        delivery.deliver(store.folder(name))
    delivery.discard()
    drop = Maildrop(store.folder("bob"))
    drop.update(drop.entries)
    drop.release()
    other = Maildrop(store.folder("alice"))
    assert _read(other, other.entries[0]) == _MAIL
    other.release()
    assert list((store.folder("bob") / "tmp").iterdir()) == []


def test_a_disk_without_links(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where hard links are not to be had the message is copied."""

    def refuse(*paths: str) -> None:
        raise PermissionError

    monkeypatch.setattr("os.link", refuse)
    store.put("bob", _MAIL)
    drop = Maildrop(store.folder("bob"))
    assert _read(drop, drop.entries[0]) == _MAIL
    drop.release()


def test_a_discarded_message_leaves_nothing(store: Store) -> None:
    """What was not delivered is nowhere."""
    delivery = store.take_in(store.folder("bob"))
    delivery.write(_MAIL)
    delivery.discard()
    delivery.discard()
    assert [path for path in store.folder("bob").rglob("*") if path.is_file()] == []


def test_errors_of_the_disk_are_failures(store: Store) -> None:
    """No OSError leaves the edge, whatever is asked for in a folder that is gone."""
    store.put("bob", _MAIL)
    drop = Maildrop(store.folder("bob"))
    delivery = store.take_in(store.folder("bob"))
    shutil.rmtree(store.folder("bob"))
    with pytest.raises(Failure):
        drop.open(drop.entries[0])
    with pytest.raises(Failure):
        delivery.deliver(store.folder("bob"))
    with pytest.raises(Failure):
        store.take_in(store.folder("bob"))
    with pytest.raises(Failure):
        Maildrop(store.folder("bob"))
    drop.release()
    delivery.discard()


def test_a_message_that_vanished(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that another program took away is a failure, not a KeyError; nothing is locked."""

    def vanish(self: mailbox.Maildir, key: str) -> None:
        raise KeyError(key)

    store.put("bob", _MAIL)
    drop = Maildrop(store.folder("bob"))
    monkeypatch.setattr(mailbox.Maildir, "get_file", vanish)
    with pytest.raises(Failure, match="vanished"):
        drop.open(drop.entries[0])
    drop.release()
    with pytest.raises(Failure, match="vanished"):
        Maildrop(store.folder("bob"))
    monkeypatch.undo()
    Maildrop(store.folder("bob")).release()


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    """A store cannot be made below a file; the sentence names the folder."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Failure, match="making the maildrop .*alice"):
        Store(tmp_path / "file").make("alice")


def test_a_lock_that_is_a_symlink_is_refused(store: Store, tmp_path: Path) -> None:
    """A link in the place of the lock is not followed."""
    (store.folder("bob") / ".lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Failure):
        Maildrop(store.folder("bob"))
    assert not (tmp_path / "elsewhere").exists()


def test_folders_are_bounded(tmp_path: Path) -> None:
    """When enough folders were made, the next ones share one, and known ones stay."""
    store = Store(tmp_path, folders=3)
    paths = {store.folder(f"kept/{name}").name for name in "abcdef"}
    assert paths == {"a", "b", "c", "%more"}
    assert store.folder("kept/a").name == "a"


def test_octets_are_bounded(tmp_path: Path) -> None:
    """A store that has taken in what it may is full."""
    store = Store(tmp_path, octets=10)
    assert not store.full
    store.delivered(10)
    assert store.full


def test_make_tells_what_is_new(tmp_path: Path) -> None:
    """Only the first `make` of a folder finds it new, and folders are ours alone."""
    store = make_store(tmp_path / "mail")
    assert not store.make("alice")
    assert not Store(tmp_path / "mail").make("alice")
    assert (tmp_path / "mail" / "alice").stat().st_mode & 0o777 == 0o700
    os.rmdir(tmp_path / "mail" / "bob" / "tmp")  # noqa: PTH106 - the plain call is the shortest
    assert not store.make("bob")
    assert (tmp_path / "mail" / "bob" / "tmp").is_dir()
