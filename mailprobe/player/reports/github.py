"""Annotations for GitHub: `::error file=,line=,col=::` workflow commands.

The one thing that may command a CI service, and so the one that escapes all that could make a
second command of it.
"""

from os.path import normpath

from mailprobe.player.many.summary import Summary
from mailprobe.player.reports.lines import details, heading, inert, sentence
from mailprobe.player.reports.report import Report, Write
from mailprobe.player.results import Result, Verdict
from mailprobe.safe import safe

_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


class GithubReport(Report):
    """An annotation for each transcript that did not pass, at the line where it ended."""

    def __init__(self, write: Write) -> None:
        self._write = write

    def add(self, result: Result) -> None:
        self._warn(result)
        if result.verdict in (Verdict.PASSED, Verdict.SKIPPED):
            return
        problem = result.problem
        properties = {"file": _in_repository(str(result.path))}
        if problem is not None and problem.place is not None:
            properties["file"] = _in_repository(problem.place.file)
            properties["line"] = str(problem.place.line)
            properties["col"] = str(problem.place.column)
        properties["title"] = heading(result)
        named = ",".join(
            f"{name}={inert(text).translate(_PROPERTY)}" for name, text in properties.items()
        )
        said = sentence(problem) if problem is not None else str(result.verdict)
        message = "\n".join([inert(said), *details(result)[1:]]).translate(_DATA)
        self._write(f"::error {named}::{message}\n")

    def _warn(self, result: Result) -> None:
        """What the server did that no RFC allows: no failure of the transcript."""
        file = inert(safe(str(result.path))).translate(_PROPERTY)
        title = inert(result.name).translate(_PROPERTY)
        for deviation in result.deviations:
            message = inert(deviation).translate(_DATA)
            self._write(f"::warning file={file},title={title}::{message}\n")

    def end(self, summary: Summary) -> None:
        if summary.cut_short:
            rest = f"the rest was not played: {summary.cut_short}".translate(_DATA)
            self._write(f"::warning title=mailprobe replay::{rest}\n")


def _in_repository(path: str) -> str:
    """A path as a repository lists it: an annotation of `./a.mpt` would stand beside no file."""
    return safe(normpath(path))
