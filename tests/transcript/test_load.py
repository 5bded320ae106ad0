"""Files of a transcript: what it includes, from nowhere but its own folder, and its variants."""

import os
from pathlib import Path

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.transcript.load import MOST_VARIANTS, Variant, load, resolve, variants
from mailprobe.transcript.model import (
    Alt,
    Assert,
    FileLine,
    Include,
    Line,
    Poll,
    Setting,
    Transcript,
    Unreadable,
    Wrong,
)
from mailprobe.transcript.parse import parse


def write(folder: Path, name: str, *lines: str, head: str = "") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"mailprobe: 1\n{head}\n" + "".join(f"{line}\n" for line in lines))
    return path


def texts(transcript: Transcript) -> list[str]:
    return [line.text for line in transcript.walk() if line.text and line.text[0] in "CS"]


def refused(path: Path) -> Failure:
    with pytest.raises(Failure) as caught:
        load(path)
    return caught.value


def include(lines: tuple[Line, ...], index: int = 0) -> Include:
    line = lines[index]
    assert isinstance(line, Include)
    return line


def test_a_file_that_includes_nothing(tmp_path: Path) -> None:
    """It is what the parser makes of it, by the name that a person gave it."""
    path = write(tmp_path, "a.mpt", "C: x", "S? 250")
    assert load(path) == parse(path.read_bytes(), str(path))
    assert load(path, "a.mpt").lines[0].place.file == "a.mpt"
    assert load(str(path)).name == str(path)


def test_lines_and_settings_of_an_included_file(tmp_path: Path) -> None:
    """Its lines stand where it is included, and know the file in which they are written."""
    write(tmp_path, "login.mpt", "C~ USER {user}", head="protocol: pop3\nset user: alice\n")
    path = write(tmp_path, "a.mpt", "S? +OK", "@include login.mpt ", "C: STAT")
    read = load(path, "dir/a.mpt")
    line = include(read.lines, 1)
    assert texts(read) == ["S? +OK", "C~ USER {user}", "C: STAT"]
    assert str(line.place) == "dir/a.mpt:4:1"
    assert str(line.lines[0].place) == "dir/login.mpt:5:1"
    assert [(one.name, one.pieces) for one in line.settings] == [("user", (b"alice",))]
    assert isinstance(line.settings[0], Setting)
    assert read.octets == path.read_bytes()


def test_files_in_blocks_and_in_other_files(tmp_path: Path) -> None:
    """A path begins in the folder of the file that says it; in the end all are told from ours."""
    write(tmp_path, "sub/one.mpt", "@include two.mpt", "C< body.txt", "@assert body is b.eml")
    write(tmp_path, "sub/two.mpt", "@include ../three.mpt", "S2> raw x.body", "@assert n == b")
    write(tmp_path, "three.mpt", "C: three", "C< body.txt", "@assert body is b.eml")
    path = write(
        *(tmp_path, "a.mpt", "@alt a", "S? 250", "@include sub/one.mpt", "@or b", "S: x", "@end"),
        *("@poll within=1m every=1s", "@include three.mpt", "@end", "@wrong", "C: no", "@end"),
    )
    read = load(path)
    alt, poll, wrong = read.lines
    assert isinstance(alt, Alt)
    assert isinstance(poll, Poll)
    assert isinstance(wrong, Wrong)
    assert texts(read).count("C: three") == 2
    files = [line.path for line in read.walk() if isinstance(line, FileLine)]
    assert files == ["sub/../body.txt", "sub/x.body", "sub/body.txt", "body.txt"]
    values = [line.value for line in read.walk() if isinstance(line, Assert)]
    assert values == [(b"sub/../", b"b.eml"), (b"b",), (b"sub/", b"b.eml"), (b"b.eml",)]


def test_an_included_file_may_come_again(tmp_path: Path) -> None:
    """That is no circle."""
    write(tmp_path, "b.mpt", "C: b")
    path = write(tmp_path, "a.mpt", "@include b.mpt", "@include b.mpt")
    assert texts(load(path)) == ["C: b", "C: b"]


# -------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("target", ["../b.mpt", "/etc/passwd", "/proc/self/environ", "up/b.mpt"])
def test_no_file_outside_of_the_folder(tmp_path: Path, target: str) -> None:
    """Not by dots, not by an absolute path, not through a link; it is not even looked at."""
    write(tmp_path, "b.mpt", "C: b")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "up").symlink_to(tmp_path)
    path = write(tmp_path / "in", "a.mpt", "C: x", f"@include {target}")
    failure = refused(path)
    assert failure.word is Word.SECURITY
    outside = f"{target} is outside of the transcript's folder, and is not read"
    assert failure.sentence == f"{path}:4:10: {outside}"
    with pytest.raises(Failure, match="is outside of the transcript's folder"):
        resolve(tmp_path / "in", target)


def test_a_link_to_a_file_outside(tmp_path: Path) -> None:
    """What a link leads to counts, and links inside of the folder are fine."""
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_text("x")
    inside = tmp_path / "in"
    (inside / "a").write_text("x")
    (inside / "good").symlink_to("a")
    (inside / "bad").symlink_to("../secret")
    (tmp_path / "also").symlink_to(inside)
    assert resolve(inside, "good") == (inside / "a").resolve()
    assert resolve(tmp_path / "also", "good") == (inside / "a").resolve()
    assert resolve(inside, str(inside / "a")) == (inside / "a").resolve()
    with pytest.raises(Failure) as caught:
        resolve(inside, "bad")
    assert caught.value.word is Word.SECURITY


@pytest.mark.parametrize("name", ["fifo", "folder", ".", "missing", "x" * 5000, "loop", "a/b"])
def test_what_is_no_file(tmp_path: Path, name: str) -> None:
    """A FIFO that nobody writes to never keeps us waiting; there is one sentence for each."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "a").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(Failure) as caught:
        resolve(tmp_path, name)
    reason = "not a regular file" if name in ("fifo", "folder", ".", "loop") else "no such file"
    assert str(caught.value) == f"usage: cannot read {name}: {reason}"
    failure = refused(write(tmp_path, "a.mpt", f"@include {name}"))
    assert failure.sentence == f"{tmp_path / 'a.mpt'}:3:10: cannot read {name}: {reason}"
    assert isinstance(failure, Unreadable)
    assert (failure.word, failure.text) == (Word.USAGE, f"@include {name}")


def test_a_path_with_a_nul() -> None:
    """An assertion may compute one."""
    with pytest.raises(Failure) as caught:
        resolve("/tmp", "a\0\x1b")
    assert str(caught.value) == "usage: a\\u{0}\\u{1b} is no path"


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """The transcript itself may be missing, or be no file."""
    os.mkfifo(tmp_path / "fifo")
    for name in ("missing.mpt", "fifo", "."):
        assert refused(tmp_path / name).word is Word.USAGE


def test_a_fault_of_an_included_file_is_shown_in_that_file(tmp_path: Path) -> None:
    """Its name, line and column."""
    write(tmp_path, "b.mpt", "hello")
    path = write(tmp_path, "a.mpt", "@include b.mpt")
    with pytest.raises(Unreadable) as caught:
        load(path, "a.mpt")
    assert str(caught.value.place) == "b.mpt:3:1"
    assert caught.value.text == "hello"


def unreadable(path: Path) -> tuple[int, int, str]:
    with pytest.raises(Unreadable) as caught:
        load(path)
    assert caught.value.text
    return caught.value.place.line, caught.value.place.column, caught.value.reason


def test_circles(tmp_path: Path) -> None:
    """A file never includes itself, by whatever name."""
    path = write(tmp_path, "a.mpt", "@include a.mpt")
    sentence = "this file is being read already: it would include itself"
    assert unreadable(path) == (3, 10, sentence)
    write(tmp_path, "a.mpt", "C: x", "@include  b.mpt")
    write(tmp_path, "b.mpt", "@include ./link.mpt")
    (tmp_path / "link.mpt").symlink_to("a.mpt")
    assert unreadable(path) == (3, 10, sentence)


def test_bounds(tmp_path: Path) -> None:
    """How deep, how many, how much: a few small files cannot become a large one."""
    for number in range(12):
        write(tmp_path, f"{number}.mpt", f"@include {number + 1}.mpt")
    deep = (3, 10, "more than 10 files that include each other")
    assert unreadable(tmp_path / "0.mpt") == deep
    write(tmp_path, "x.mpt")
    path = write(tmp_path, "many.mpt", *["@include x.mpt"] * 1001)
    assert unreadable(path) == (1003, 10, "more than 1000 files are included")
    much = "with it there are more than 10000000 octets or 100000 lines"
    write(tmp_path, "x.mpt", *["# x"] * 50_000)
    assert unreadable(write(tmp_path, "lines.mpt", *["@include x.mpt"] * 2)) == (4, 10, much)
    write(tmp_path, "x.mpt", *["#" + "x" * 1_000_000] * 6)
    assert unreadable(write(tmp_path, "large.mpt", *["@include x.mpt"] * 2)) == (4, 10, much)


def test_what_an_included_file_cannot_have(tmp_path: Path) -> None:
    """A matrix would be lost, another protocol makes no sense."""
    path = write(tmp_path, "a.mpt", "@include b.mpt", head="protocol: smtp\n")
    write(tmp_path, "b.mpt", head="set a: 1\nmatrix x: a=1\n")
    with pytest.raises(Unreadable) as caught:
        load(path, "a.mpt")
    assert str(caught.value.place) == "b.mpt:3:1"
    assert caught.value.reason == "a file that another one includes has no matrix"
    assert caught.value.text == "matrix x: a=1"
    write(tmp_path, "b.mpt", head="protocol: pop3\n")
    assert unreadable(path) == (4, 10, "that file speaks pop3, and this one smtp")
    write(tmp_path, "b.mpt", "C: x", head="protocol: smtp\nprotocol 2: pop3\ntls: none\n")
    assert texts(load(path)) == ["C: x"]


def test_blocks_that_come_into_a_poll(tmp_path: Path) -> None:
    """What may not stand there may not come from another file, however deep."""
    write(tmp_path, "b.mpt", "@alt a", "S? 250", "@include c.mpt", "@end")
    write(tmp_path, "c.mpt", "@wrong", "C: x", "@end")
    path = write(tmp_path, "a.mpt", "@poll within=1s every=1s", "@include b.mpt", "@end")
    sentence = "that file holds a block which cannot stand inside @poll"
    assert unreadable(path) == (5, 10, sentence)


# --------------------------------------------------------------------------------------- variants


def head(*matrices: str) -> Transcript:
    return parse("".join(["mailprobe: 1\n", *matrices]).encode(), "a.mpt")


def test_variants_are_all_combinations() -> None:
    """In the order of the file, the last matrix changes first; without one there is one."""
    assert variants(head().head) == [Variant("", {})]
    read = head("matrix b: lf=\\n | cr=\\r\n", "matrix a: x= | y=2\n").head
    assert variants(read) == [
        Variant("b=lf,a=x", {"b": b"\n", "a": b""}),
        Variant("b=lf,a=y", {"b": b"\n", "a": b"2"}),
        Variant("b=cr,a=x", {"b": b"\r", "a": b""}),
        Variant("b=cr,a=y", {"b": b"\r", "a": b"2"}),
    ]


def test_there_are_not_too_many_variants() -> None:
    """Ten thousand, no more: they are counted before they are made."""
    values = " | ".join(f"v{number}=x" for number in range(100))
    lines = [f"matrix m{number}: {values}\n" for number in range(20)]
    assert len(variants(head(*lines[:2]).head)) == MOST_VARIANTS
    with pytest.raises(Unreadable) as caught:
        variants(head(*lines).head)
    assert caught.value.place.line == 21
    assert caught.value.reason == "the matrices make more than 10000 combinations"
