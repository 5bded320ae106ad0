"""Transcripts that are played in the tests of this folder, against scripted servers."""

from collections.abc import Mapping
from pathlib import Path

from mailprobe.errors import Word
from mailprobe.player.client import Played, play
from mailprobe.player.options import Options
from mailprobe.player.playing.prepared import Prepared
from mailprobe.player.results import Problem, Result, Verdict
from mailprobe.transcript.load import load
from tests.hostile.server import ScriptedServer, Step

SOON = 0.2  # seconds: for what must run out


def prepare(
    path: Path,
    options: Options | None = None,
    *,
    matrix: Mapping[str, bytes] | None = None,
    wrong: int | None = None,
) -> Prepared:
    return Prepared(load(path, path.name), path, options or Options(), matrix, wrong=wrong)


def run(path: Path, options: Options | None = None) -> Played:
    return play(prepare(path, options))


def write(folder: Path, lines: str, header: str = "", name: str = "test.mpt") -> Path:
    """A transcript in a folder; `header` are lines of it, the first of `lines` is the tenth."""
    head = ["mailprobe: 1", *header.split("\n")] if header else ["mailprobe: 1"]
    head += ["# "] * (8 - len(head))
    path = folder / name
    path.write_bytes(("\n".join(head) + "\n\n" + lines.lstrip("\n")).encode())
    return path


def against(
    folder: Path,
    steps: list[Step] | tuple[Step, ...],
    lines: str,
    options: Options | None = None,
    *,
    protocol: str = "smtp",
    header: str = "",
) -> tuple[Result, bytes]:
    """Play lines against a server of `steps`; the result, and what the server has heard."""
    with ScriptedServer(*steps) as server:
        top = f"protocol: {protocol}\nconnect: 127.0.0.1:{server.port}"
        path = write(folder, lines, f"{top}\n{header}" if header else top)
        result = run(path, options).result
        return result, server.heard


def passed(result: Result) -> None:
    assert result.verdict is Verdict.PASSED, result


def problem(result: Result, word: Word, line: int | None = None) -> Problem:
    """The problem of a run that did not pass; `line` counts from the first below the header."""
    assert result.problem is not None, result
    assert result.problem.word is word, result.problem
    if line is not None:
        assert result.problem.place is not None
        assert result.problem.place.line == line + 9, result.problem
    return result.problem
