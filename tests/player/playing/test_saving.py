"""--save-failures: a transcript of what happened, and none where all is well."""

import stat
from pathlib import Path

import pytest

from mailprobe.errors import Word
from mailprobe.player.client import play
from mailprobe.player.options import Options
from mailprobe.player.playing.prepared import Prepared
from mailprobe.transcript.load import load
from tests.hostile import server as at
from tests.player.scenes import SOON, against, passed, problem, run, write

LINES = "S: 220 mx\nC: NOOP\nS: 550 no\n"


def test_a_failure_is_saved(tmp_path: Path) -> None:
    """Private, readable, and what was said; it passes against the server that it shows."""
    folder = tmp_path / "failures" / "deep"
    result, _ = against(tmp_path, at.smtp(), LINES, Options(save_failures=folder))
    problem(result, Word.MISMATCH, 3)
    assert result.saved == folder / "test.mpt"
    assert stat.S_IMODE(result.saved.stat().st_mode) == 0o600
    saved = load(result.saved)
    text = saved.octets.decode()
    assert "C: NOOP\nS: 250 ok\nC: QUIT\nS: 221 bye\n" in text
    with at.ScriptedServer(*at.smtp(), at.close) as server:
        passed(run(result.saved, Options(servers={1: f"127.0.0.1:{server.port}"})).result)


def test_what_passes_leaves_nothing(tmp_path: Path) -> None:
    """Neither a recording, nor the bodies beside it."""
    folder = tmp_path / "failures"
    body = b"x" * 200_000 + b"\r\n"
    retr = [at.send(b"+OK\r\n"), at.answer({b"RETR": b"+OK\r\n" + body + b".\r\n"}, b"+OK\r\n")]
    lines = "S? +OK\nC: RETR 1\nS? +OK\n{}\n"
    options = Options(save_failures=folder)
    passed(against(tmp_path, retr, lines.format(""), options, protocol="pop3")[0])
    assert list(folder.iterdir()) == []
    result, _ = against(
        tmp_path, retr, lines.format("@assert lines == 9"), options, protocol="pop3"
    )
    assert result.saved is not None
    assert sorted(path.name for path in folder.iterdir()) == ["test.mpt", "test.mpt.1.body"]


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """Not even an earlier failure: a folder may be that of the transcripts."""
    before = (tmp_path / "test.mpt", b"")
    for name in ("test-2.mpt", "test-3.mpt"):
        result, _ = against(tmp_path, at.smtp(), LINES, Options(save_failures=tmp_path))
        assert result.saved == tmp_path / name
    assert before[0].read_bytes().endswith(LINES.encode())


def test_a_file_for_each_connection(tmp_path: Path) -> None:
    """And of a connection that is opened again, the last."""
    lines = "S: 220 mx\n@poll within=100ms every=30ms\nS2: 220 mx\nC2: NOOP\nS2: 550 no\n@end\n"
    folder = tmp_path / "failures"
    with at.ScriptedServer(*at.smtp()) as server:
        here = f"127.0.0.1:{server.port}"
        header = f"protocol: smtp\nconnect: {here}\nprotocol 2: smtp\nconnect 2: {here}"
        result = run(write(tmp_path, lines, header), Options(save_failures=folder)).result
    problem(result, Word.MISMATCH)
    assert sorted(path.name for path in folder.iterdir()) == ["test.2.mpt", "test.mpt"]
    assert "C: NOOP\nS: 250 ok\n" in (folder / "test.2.mpt").read_text()


def test_names_are_of_letters_that_mean_nothing(tmp_path: Path) -> None:
    """Whatever the file and the values of its matrix are called."""
    with at.ScriptedServer(*at.smtp()) as server:
        path = write(tmp_path, LINES, f"protocol: smtp\nconnect: 127.0.0.1:{server.port}")
        for name, stem in (
            ("../../x.mpt[eod=lf]", "x_eod=lf"),
            ("/etc/\x1b[2J", "2J"),
            ("..", "transcript"),
            ("a" * 500, "a" * 120),
        ):
            options = Options(save_failures=tmp_path / "failures")
            result = play(Prepared(load(path), path, options, name=name)).result
            assert result.saved is not None
            assert result.saved.parent == tmp_path / "failures"
            assert result.saved.name.strip("_") == f"{stem}.mpt"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Usage, and no traceback."""
    (tmp_path / "file").write_text("x")
    result, heard = against(tmp_path, at.smtp(), LINES, Options(save_failures=tmp_path / "file"))
    problem(result, Word.USAGE)
    assert heard == b""


def test_silence_is_saved_as_far_as_it_goes(tmp_path: Path) -> None:
    """Half a reply is in it, half a line of it too, and the file can be read."""
    steps = [at.send(b"220 mx\r\n"), at.expect(b"EHLO"), at.send(b"250-half\r\n250 par")]
    options = Options(timeout=SOON, save_failures=tmp_path / "failures")
    result, _ = against(tmp_path, steps, "S: 220 mx\nC: EHLO x\nS? 250\n", options)
    problem(result, Word.TIMEOUT, 3)
    assert result.saved is not None
    assert "C: EHLO x\nS: 250-half\nS= 250 par\n" in load(result.saved).octets.decode()


@pytest.mark.parametrize(
    "lines, steps, said",
    [
        ("C: NOOP\nS: 250\n", [at.expect(b"NOOP"), at.send(b"250 a\r\n250-b\r\n250 par")], "par"),
        ("C: NOOP\nC@ close\nS: 550 x\n", [at.expect(b"NOOP"), at.send(b"250 a\r\n25")], "25"),
        ("C: NOOP\nS? 250\n", [at.expect(b"NOOP"), at.send(b"250-a\r\n250 p"), at.close], "250 p"),
        ("C: DATA\nS? 354\nC: x\n", [at.expect(b"DATA"), at.send(b"354 x\r\n4")], "4"),
    ],
)
def test_half_a_line_is_never_lost(
    lines: str, steps: list[at.Step], said: str, tmp_path: Path
) -> None:
    """Wherever the run ended: it is the last that the server has said."""
    options = Options(timeout=SOON, save_failures=tmp_path / "failures")
    text = f"S: 220 mx\n{lines}C: NOOP\nS: 250 never\n" if "@" not in lines else "S? 220\n" + lines
    result, _ = against(tmp_path, [at.send(b"220 mx\r\n"), *steps], text, options)
    assert result.saved is not None
    saved = load(result.saved).octets.decode()
    [last] = [line for line in saved.split("\n") if line.startswith("S=")]
    assert last.endswith(said)
