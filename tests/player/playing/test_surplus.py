"""A server that says more than the file has is red, at the line that the surplus is seen at."""

from pathlib import Path

import pytest

from mailprobe.errors import Word
from mailprobe.player.options import Options
from tests.hostile import server as at
from tests.player.scenes import SOON, against, passed, problem

GREETING = at.send(b"220 mx\r\n")
ONE = [GREETING, at.expect(b"NOOP")]
TWO = [*ONE, at.expect(b"NOOP")]


@pytest.mark.parametrize(
    "replies, lines, line, said",
    [
        # of a group, the last reply is the one too many: nobody knows which it was
        (b"250 a\r\n" * 3, "C: NOOP\nC: NOOP\nS: 250 a\nS: 250 a\n", 5, "250 a"),
        (b"250 a\r\n" * 3, "C: NOOP\nC: NOOP\nS: 250 a\nS: 250 a\nC: QUIT\nS: 221\n", 6, "250 a"),
        (b"250 a\r\n" * 3, "C: NOOP\nC: NOOP\nS? 250\nS? 250\n== end\n# x\n", 5, "250 a"),
        (b"250 a\r\n" * 3, "C: NOOP\nC: NOOP\nS? 250\nS? 250\nS+ a\n", 6, "250 a"),
        (b"250 a\r\n" * 3, "C: NOOP\nC: NOOP\nS: 250 a\nS: 250 a\nC@ close\n", 6, "250 a"),
        (b"250 a\r\n" * 3, "C: NOOP\nC: NOOP\nS: 250 a\nS: 250 a\nC@ reset\n", 6, "250 a"),
        (b"250 a\r\n" * 3, "C: NOOP\nC: NOOP\nS: 250 a\nS: 250 a\nS@ close\n", 6, "250 a"),
        (b"250 a\r\n" * 2 + b"25", "C: NOOP\nC: NOOP\nS: 250 a\nS: 250 a\n", 5, "begun to say 25"),
        (b"250 a\r\n" * 2 + b"25", "C: NOOP\nC: NOOP\nS: 250 a\nS: 250 a\nC@ close\n", 6, "25"),
        (b"250 a\r\n" * 2 + b"?\r\n", "C: NOOP\nC: NOOP\nS: 250 a\nS: 250 a\n", 5, "?"),
        (
            b"250 a\r\n" * 4,
            "C: NOOP\nC: NOOP\nS: 250 a\nS: 250 a\nC@ close\nS: 250 a\n",
            6,
            "250 a",
        ),
    ],
)
def test_a_group(replies: bytes, lines: str, line: int, said: str, tmp_path: Path) -> None:
    """Red before our own QUIT, before our own end, and before the next line."""
    steps = [*TWO, at.send(replies), at.expect(b"QUIT")]
    result, _ = against(tmp_path, steps, "S: 220 mx\n" + lines)
    assert said in problem(result, Word.MISMATCH, line).sentence


@pytest.mark.parametrize(
    "replies, lines",
    [
        (b"250 a\r\n" * 3, "S: 250 a\nS: 250 a\nS: 250 a\n"),
        (b"250 a\r\n" * 3, "S: 250 a\nS: 250 a\nC@ close\nS: 250 a\n"),
        (b"250 a\r\n" * 2, "S: 250 a\nC@ close\n"),  # who hangs up takes no more
        (b"250 a\r\n" * 2, "C@ reset\n"),
        (b"250 a\r\n250 a", "S: 250 a\nC@ close\n"),
        (
            b"250 a\r\n250 a\r\n421 b\r\n",
            "S: 250 a\nS: 250 a\n@alt a\nS: 421 b\n@or b\nS? 4xx\n@end\n",
        ),
    ],
)
def test_what_the_file_has(replies: bytes, lines: str, tmp_path: Path) -> None:
    """A recording of that server is green: whatever came stands in it, or is free."""
    steps = [*TWO, at.send(replies), at.expect(b"QUIT")]
    passed(against(tmp_path, steps, "S: 220 mx\nC: NOOP\nC: NOOP\n" + lines)[0])


def test_what_comes_behind_our_own_quit(tmp_path: Path) -> None:
    """It takes the place of the answer to QUIT, which is one too many then."""
    steps = [*ONE, at.send(b"250 a\r\n"), at.expect(b"QUIT"), at.send(b"250 b\r\n221 c\r\n")]
    result, _ = against(tmp_path, steps, "S: 220 mx\nC: NOOP\nS: 250 a\n")
    assert "221 c unasked" in problem(result, Word.MISMATCH, 3).sentence
    steps[-1] = at.send(b"221 c\r\n")
    passed(against(tmp_path, steps, "S: 220 mx\nC: NOOP\nS: 250 a\n")[0])


def test_on_each_connection(tmp_path: Path) -> None:
    """The line is one of the connection that it came on."""
    steps = [*ONE, at.send(b"250 a\r\n250 b\r\n"), at.expect(b"QUIT")]
    lines = "S2: 220 mx\nS: 220 mx\nC: NOOP\nS: 250 a\n@assert recipients == 0\n"
    with at.ScriptedServer(GREETING, at.expect(b"QUIT")) as other:
        header = f"protocol 2: smtp\nconnect 2: 127.0.0.1:{other.port}"
        result, _ = against(tmp_path, steps, lines, header=header)
        assert "250 b" in problem(result, Word.MISMATCH, 4).sentence


def test_a_round(tmp_path: Path) -> None:
    """What is left over in a round of @poll is its failure."""
    steps = [*ONE, at.send(b"250 a\r\n250 b\r\n"), at.expect(b"QUIT")]
    lines = "@poll within=20ms every=20ms\nS: 220 mx\nC: NOOP\nS: 250 a\n@end\n"
    assert "250 b" in problem(against(tmp_path, steps, lines)[0], Word.MISMATCH, 4).sentence


@pytest.mark.parametrize(
    "lines, line",
    [
        ("S: a\nC: b\nS: c\n", 3),
        ("S: a\nC: b\nS: c\nC@ close\n", 4),
        ("S: a\nC: b\nS: c\nC@ close\nS: d\n", None),
        ("S: a\nC: b\nS: c\nS: d\n", None),
        ("S: a\nC: b\nS: c\nS* d\n", None),
    ],
)
def test_lines_of_raw(lines: str, line: int | None, tmp_path: Path) -> None:
    """A protocol without replies has lines that nobody took."""
    steps = [at.send(b"a\r\n"), at.expect(b"b"), at.send(b"c\r\nd\r\n"), at.pause(SOON)]
    result, _ = against(tmp_path, steps, lines, Options(timeout=5.0), protocol="raw")
    if line is None:
        passed(result)
    else:
        problem(result, Word.MISMATCH, line)
