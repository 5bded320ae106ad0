"""What pytest shows of a transcript that did not pass: the same as the text report."""

from pathlib import Path

from mailprobe.player.reports.lines import sentence
from mailprobe.player.reports.text import TextReport
from mailprobe.player.results import Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Writer(Protocol):
        """The terminal of pytest."""

        def line(self, text: str) -> None:
            """Write a line."""


class Picture:
    """Shown by pytest like one of its own tracebacks; plain values, so that it can travel.

    `path` and `lineno` say where, `message` is for the summary at the end of the run.
    """

    def __init__(self, text: str, path: str, lineno: int, message: str) -> None:
        self.text = text
        self.path = path
        self.lineno = lineno
        self.message = message

    def __str__(self) -> str:
        return self.text

    @property
    def reprcrash(self) -> "Picture":
        """Where pytest looks for place and message."""
        return self

    def toterminal(self, writer: "Writer") -> None:
        """Write it on the terminal."""
        for line in self.text.split("\n"):
            writer.line(line)


def text_of(result: Result) -> str:
    """The lines that `mailprobe replay` prints of it."""
    lines: list[str] = []
    TextReport(lines.append).add(result)
    return "".join(lines).rstrip("\n")


def picture_of(result: Result, path: Path, line: int) -> Picture:
    """A result that did not pass."""
    problem = result.problem
    return Picture(
        text_of(result), str(path), line, sentence(problem) if problem is not None else ""
    )
