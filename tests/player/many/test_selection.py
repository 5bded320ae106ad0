"""Which files are played."""

import os
from pathlib import Path

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.player.many.selection import Found, Selection, Shard, find, parse_shard


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("b.mpt", "a/2.mpt", "a/1.mpt", "a/.hidden.mpt", ".git/x.mpt", "c.txt", "a.mpt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    return tmp_path


def names(found: list[Found]) -> list[str]:
    return [one.inside for one in found]


def test_a_folder_stands_for_its_transcripts(tree: Path) -> None:
    """In order, those of inner folders too, hidden ones not."""
    found = find([str(tree)])
    assert names(found) == ["a/1.mpt", "a/2.mpt", "a.mpt", "b.mpt"]
    assert found[0].name == str(tree / "a" / "1.mpt")


def test_a_file_is_played_whatever_its_name(tree: Path) -> None:
    """Who names it wants it: also hidden, also with another ending; once, as named first."""
    paths = [str(tree / name) for name in ("c.txt", ".git/x.mpt", "b.mpt", "b.mpt")]
    assert names(find([*paths, str(tree)])) == [
        *("c.txt", "x.mpt", "b.mpt"),
        *("a/1.mpt", "a/2.mpt", "a.mpt"),
    ]


def test_links(tree: Path) -> None:
    """No circle; a link inside of the folder is a file, though it may lead nowhere."""
    (tree / "a" / "loop").symlink_to(tree)
    (tree / "own.mpt").symlink_to("b.mpt")
    (tree / "self.mpt").symlink_to("self.mpt")
    assert names(find([str(tree)])) == [
        *("a/1.mpt", "a/2.mpt", "a.mpt", "b.mpt", "own.mpt", "self.mpt")
    ]


def test_links_out_of_the_folder(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """They are refused: a hostile one would show a line of what it leads to."""
    outside = tmp_path_factory.mktemp("outside") / "secret.mpt"
    outside.write_text("")
    (tree / "a" / "out.mpt").symlink_to(outside)
    with pytest.raises(Failure, match=r"out\.mpt is a link out of its folder"):
        find([str(tree)])
    assert names(find([str(tree / "a" / "out.mpt")])) == ["out.mpt"]


@pytest.mark.parametrize("path", ["nowhere.mpt", "a\0b", ""])
def test_what_is_not_there(path: str) -> None:
    """Word `usage`."""
    with pytest.raises(Failure) as caught:
        find([path])
    assert caught.value.word is Word.USAGE


def test_a_folder_that_nobody_may_read(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said, for else nobody would know that something was not played."""
    scan = os.scandir

    def refuse(path: str) -> object:
        if path == str(tree / "a"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(Failure, match="cannot read .*/a: Permission denied"):
        find([str(tree)])


def test_shards_share_all_files(tree: Path) -> None:
    """Each file is in one of them, by its path from the folder alone."""
    shares = [names(find([str(tree)], Shard(number, 3))) for number in (1, 2, 3)]
    assert sorted(name for share in shares for name in share) == sorted(names(find([str(tree)])))
    assert Shard(1, 1).has("anything")


def test_shards_do_not_depend_on_how_a_folder_is_called(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`here`, `./here/`, `../x/here`, the whole path, and `.` inside of it."""
    for name in "cdefgh":
        (tree / f"{name}.mpt").write_text("")
    monkeypatch.chdir(tree.parent)
    name = tree.name
    paths = [name, f"./{name}/", f"{name}//", f"../{tree.parent.name}/{name}", str(tree)]
    shares = [[names(find([path], Shard(part, 3))) for part in (1, 2, 3)] for path in paths]
    monkeypatch.chdir(tree)
    shares.append([names(find(["."], Shard(part, 3))) for part in (1, 2, 3)])
    assert all(share == shares[0] for share in shares)
    assert all(shares[0])


def test_a_file_that_is_named_twice_has_one_share(tree: Path) -> None:
    """By itself or by an inner folder, and by the folder around it."""
    for inner in ("a", "a/1.mpt", "a/2.mpt"):
        shares = [find([str(tree / inner), str(tree)], Shard(part, 4)) for part in (1, 2, 3, 4)]
        played = [one.name for share in shares for one in share]
        assert sorted(played) == sorted(one.name for one in find([str(tree)]))


def test_shards_stay_what_they_are() -> None:
    """The hash is a promise: two machines with two versions must agree."""
    places = ["a.mpt", "b.mpt", "smtp/plain.mpt", "ü.mpt"]
    assert [
        next(number for number in range(1, 5) if Shard(number, 4).has(place)) for place in places
    ] == [2, 3, 1, 2]


@pytest.mark.parametrize("text", ["", "1", "0/2", "3/2", "1/0", "a/b", "1/2/3", "-1/2", "٣/4"])
def test_what_is_no_shard(text: str) -> None:
    """Word `usage`."""
    with pytest.raises(Failure) as caught:
        parse_shard(text)
    assert caught.value.word is Word.USAGE


def test_a_shard() -> None:
    """It counts from 1."""
    assert parse_shard("2/3") == Shard(2, 3)


def test_tags() -> None:
    """One of those asked for is enough; without any all are wanted."""
    assert Selection().wants("x", frozenset())
    assert Selection(tags=frozenset("ab")).wants("x", frozenset("bc"))
    assert not Selection(tags=frozenset("ab")).wants("x", frozenset("c"))
    assert not Selection(name=lambda name: False).wants("x", frozenset())
