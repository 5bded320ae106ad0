"""C< and what else is sent from a file: its line ends, its dots, its size, and where it lies."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from mailprobe.errors import Word
from mailprobe.player.options import Options
from mailprobe.player.playing import bodies
from tests.hostile import server as at
from tests.player.scenes import against, passed, problem

DATA = "S: 220 mx\nC: DATA\nS: 354 go\n{}\nC: .\nS: 250 ok\n"


@pytest.mark.parametrize(
    "octets, travelled",
    [
        (b"one\ntwo\n", b"one\r\ntwo\r\n"),
        (b"one\r\ntwo", b"one\r\ntwo\r\n"),
        (b".one\n.\ntwo\n", b"..one\r\n..\r\ntwo\r\n"),
        (b"one\rtwo\r", b"one\r\ntwo\r\n"),
        (b"", b""),
        (b"\n", b"\r\n"),
        (b"\xff\0\n", b"\xff\0\r\n"),
    ],
)
def test_a_file_as_mail_data(tmp_path: Path, octets: bytes, travelled: bytes) -> None:
    """CRLF, an end, and dots doubled; raw is what it is."""
    (tmp_path / "body.txt").write_bytes(octets)
    result, heard = against(tmp_path, at.smtp(), DATA.format("C< body.txt"))
    passed(result)
    assert heard == b"DATA\r\n" + travelled + b".\r\nQUIT\r\n"


def test_a_raw_file(tmp_path: Path) -> None:
    """To the octet; the dot in it ends the mail, if it stands so."""
    (tmp_path / "body.txt").write_bytes(b".one\ntwo\r\n")
    result, heard = against(tmp_path, at.smtp(), DATA.format("C< raw body.txt"))
    passed(result)
    assert heard == b"DATA\r\n.one\ntwo\r\n.\r\nQUIT\r\n"


def test_lines_around_a_file(tmp_path: Path) -> None:
    """A file goes on where the line before it ends; together they are one write."""
    (tmp_path / "body.txt").write_bytes(b".one\n")
    result, heard = against(
        tmp_path, at.smtp(), DATA.format("C: Subject: x\nC:\nC= half\nC< body.txt\nC: more")
    )
    passed(result)
    assert heard == b"DATA\r\nSubject: x\r\n\r\nhalf.one\r\nmore\r\n.\r\nQUIT\r\n"


def test_a_file_in_a_chunk(tmp_path: Path) -> None:
    """Nothing is stuffed there."""
    (tmp_path / "body.txt").write_bytes(b".one\n")
    lines = "S: 220 mx\nC: BDAT 6 LAST\nC< body.txt\nS: 250 ok\n"
    result, heard = against(tmp_path, at.smtp(), lines)
    passed(result)
    assert heard == b"BDAT 6 LAST\r\n.one\r\nQUIT\r\n"


@pytest.mark.slow
def test_a_large_file_is_never_in_memory(tmp_path: Path) -> None:
    """It is read, mended and sent piece by piece."""
    import tracemalloc

    size = 12 * 1024 * 1024
    (tmp_path / "body.txt").write_bytes(b".2345678\n" * (size // 9))
    lines = DATA.format("C< body.txt")
    heard: list[int] = []

    def swallow(peer: at.Peer) -> None:
        """Take the mail in, keep none of it."""
        tail = b""
        while b"\r\n.\r\n" not in tail:
            octets = peer.link.recv(65536)
            heard.append(len(octets))
            tail = (tail + octets)[-len(octets) - 4 :]

    steps = [
        at.send(b"220 mx\r\n"),
        at.expect(b"DATA"),
        at.send(b"354 go\r\n"),
        swallow,
        at.send(b"250 ok\r\n"),
        at.answer({b"QUIT": b"221 bye\r\n"}),
    ]
    tracemalloc.start()
    try:
        result, _ = against(tmp_path, steps, lines)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    passed(result)
    assert sum(heard) >= size * 11 // 9
    assert peak < size


@pytest.mark.parametrize(
    "path", ["../secret", "/etc/passwd", "link", "fifo", "none", "folder", "/proc/self/environ"]
)
def test_files_elsewhere(tmp_path: Path, path: str) -> None:
    """Refused before anything is sent, at the line that names them."""
    folder = tmp_path / "here"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(folder / "fifo")
    (folder / "folder").mkdir()
    result, heard = against(folder, at.smtp(), DATA.format(f"C< {path}"))
    assert result.problem is not None
    assert result.problem.word in (Word.SECURITY, Word.USAGE)
    assert result.problem.place is not None
    assert result.problem.place.line == 13
    assert heard == b""


def test_a_body_that_a_file_holds(tmp_path: Path) -> None:
    """S> is compared where the level is text; raw is the body as it travelled."""
    retr = [
        at.send(b"+OK\r\n"),
        at.answer({b"RETR": b"+OK\r\nA: b\r\n\r\n..dot\r\n.\r\n"}, b"+OK\r\n"),
    ]
    lines = "S: +OK\nC: RETR 1\nS: +OK\nS> {}mail.eml\nS: .\n"
    for raw, octets in (("", b"A: b\n\n.dot\n"), ("raw ", b"A: b\r\n\r\n..dot\r\n")):
        for level in ("code", "text"):
            (tmp_path / "mail.eml").write_bytes(octets)
            header = f"match: {level}"
            passed(against(tmp_path, retr, lines.format(raw), protocol="pop3", header=header)[0])
    (tmp_path / "mail.eml").write_bytes(b"A: c\n\n.dot\n")
    result, _ = against(tmp_path, retr, lines.format(""), protocol="pop3", header="match: text")
    problem(result, Word.MISMATCH, 4)


@given(some.lists(some.sampled_from([b"\r", b"\n", b".", b"a", b"\r\n", b"\r\n."]), max_size=40))
def test_however_it_is_cut_it_is_the_same(pieces: list[bytes]) -> None:
    """Line ends are mended over the borders of blocks."""
    whole = b"".join(bodies.with_crlf(iter([b"".join(pieces)])))
    assert b"".join(bodies.with_crlf(iter(pieces))) == whole
    assert b"\n" not in whole.replace(b"\r\n", b"")
    assert b"\r" not in whole.replace(b"\r\n", b"")
    assert whole in (b"", b"\r\n") or whole.endswith(b"\r\n")


@given(some.binary(max_size=50), some.integers(1, 9), some.integers(1, 9))
def test_streams_are_compared_by_octets(octets: bytes, one: int, other: int) -> None:
    """Whatever pieces they come in."""

    def cut(data: bytes, size: int) -> list[bytes]:
        return [data[at : at + size] for at in range(0, len(data), size)]

    assert bodies.same_octets(iter(cut(octets, one)), iter(cut(octets, other)))
    assert not bodies.same_octets(iter(cut(octets, one)), iter(cut(octets + b"x", other)))


def test_options_are_the_same_for_all(tmp_path: Path) -> None:
    """A level of the command line is the level."""
    lines = "S: 220 mx.example.test ESMTP\nC: NOOP\nS: 251 x\n"
    from mailprobe.transcript.model import Level

    passed(against(tmp_path, at.smtp(), lines, Options(level=Level.CLASS))[0])
    problem(against(tmp_path, at.smtp(), lines)[0], Word.MISMATCH, 3)
