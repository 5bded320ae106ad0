"""The Test Anything Protocol with its YAML blocks, version 13: `prove` refuses any later one."""

import json

from mailprobe.player.many.summary import Summary
from mailprobe.player.reports.lines import details, heading, inert, sentence
from mailprobe.player.reports.report import Report, Write
from mailprobe.player.results import Problem, Result, Verdict
from mailprobe.safe import safe


def _described(text: str) -> str:
    """A description: `\\` and `#` are written with a backslash before them."""
    return inert(text).replace("\\", "\\\\").replace("#", "\\#")


def _scalar(value: str | float) -> str:
    """A scalar of YAML 1.2: double-quoted as in JSON, with nothing that a terminal would obey."""
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("##", "#\\x23") if isinstance(value, str) else text


class TapReport(Report):
    """The plan stands at the end: nobody knows at the beginning how many there will be."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._count = 0

    def begin(self) -> None:
        self._write("TAP version 13\n")

    def add(self, result: Result) -> None:
        self._count += 1
        good = result.verdict in (Verdict.PASSED, Verdict.SKIPPED)
        described = _described(result.name if good else heading(result))
        line = f"{'ok' if good else 'not ok'} {self._count} - {described}"
        if result.verdict is Verdict.SKIPPED:
            line += f" # SKIP {_described(result.reason)}"
        self._write("".join(f"{text}\n" for text in [line, *_block(result)]))

    def end(self, summary: Summary) -> None:
        if summary.interrupted:
            self._write("Bail out! interrupted\n")
        elif summary.cut_short:
            self._write(f"# the rest was not played: {summary.cut_short}\n")
        self._write(f"1..{self._count}\n" if self._count else "1..0 # SKIP nothing ran\n")


def _block(result: Result) -> list[str]:
    if result.verdict is Verdict.SKIPPED:
        return []
    rows: list[tuple[str, str | float]] = [("duration_ms", round(result.seconds * 1000, 3))]
    if result.problem is not None:
        rows += _rows(result.problem)
    lines = [f"  {name}: {_scalar(value)}" for name, value in rows]
    if result.verdict is not Verdict.PASSED:
        lines += ["  details:", *(f"    - {_scalar(line)}" for line in details(result))]
    return ["  ---", *lines, "  ..."]


def _rows(problem: Problem) -> list[tuple[str, str | float]]:
    rows: list[tuple[str, str | float]] = [
        ("word", str(problem.word)),
        ("message", sentence(problem)),
    ]
    if problem.place is not None:
        rows += [
            ("file", safe(problem.place.file)),
            ("line", problem.place.line),
            ("column", problem.place.column),
        ]
    return rows
