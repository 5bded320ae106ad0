"""`--report`: which reports there are, where each is written, and all of them as one."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from mailprobe import outputs
from mailprobe.errors import Failure, Word
from mailprobe.outputs import Output
from mailprobe.player.many.summary import Summary
from mailprobe.player.reports.report import Report, Write
from mailprobe.player.results import Result
from mailprobe.safe import safe
from mailprobe.transcript.model import Transcript
from mailprobe.value import frozen

STANDARD_OUTPUT = "-"


@frozen
class Means:
    """What a report may need: `started` in seconds since 1970, `load` to read a transcript."""

    load: Callable[[str, str], Transcript]
    started: float


def _junit(write: Write, means: Means) -> Report:
    from mailprobe.player.reports.junit import JUnitReport

    return JUnitReport(write, means.started)


def _tap(write: Write, means: Means) -> Report:
    from mailprobe.player.reports.tap import TapReport

    return TapReport(write)


def _events(write: Write, means: Means) -> Report:
    from mailprobe.player.reports.events import EventReport

    return EventReport(write)


def _page(write: Write, means: Means) -> Report:
    from mailprobe.player.reports.page import PageReport

    return PageReport(write, means.load)


def _github(write: Write, means: Means) -> Report:
    from mailprobe.player.reports.github import GithubReport

    return GithubReport(write)


_KINDS: dict[str, Callable[[Write, Means], Report]] = {
    "junit": _junit,
    "tap": _tap,
    "json": _events,
    "html": _page,
    "github": _github,
}
_FORMS = "junit=FILE, tap=FILE, json=FILE (- is standard output), html=DIR or github"


@frozen
class Wanted:
    """One `--report`; `target` is "-", a file, or a folder (html)."""

    kind: str
    target: str

    @property
    def takes_output(self) -> bool:
        """Whether nothing else may stand on standard output."""
        return self.target == STANDARD_OUTPUT and self.kind != "github"


def parse(texts: Sequence[str]) -> list[Wanted]:
    """Read the options.  Raises Failure `usage`."""
    wanted = [_parse(text) for text in texts]
    on_output = [one for one in wanted if one.target == STANDARD_OUTPUT]
    if len(on_output) > 1 and any(one.takes_output for one in on_output):
        raise Failure(Word.USAGE, "two reports cannot share standard output: give one a file")
    targets = [one.target for one in wanted if one.target != STANDARD_OUTPUT]
    if len(set(targets)) < len(targets):
        raise Failure(Word.USAGE, "two reports cannot share a file")
    return wanted


def _parse(text: str) -> Wanted:
    kind, equals, target = text.partition("=")
    if kind == "github" and not equals:
        return Wanted(kind, STANDARD_OUTPUT)
    good = kind in _KINDS and kind != "github" and target
    if not good or (kind == "html" and target == STANDARD_OUTPUT):
        raise Failure(Word.USAGE, f"--report is {_FORMS}: not {safe(text)}")
    return Wanted(kind, target)


class Reports(Report):
    """Several reports; those in files take their place when all is written.

    Raises Failure `usage` when one of the files cannot be made.
    """

    def __init__(self, wanted: Sequence[Wanted], write: Write, means: Means) -> None:
        self._all: list[Report] = []
        self._files: list[Output] = []
        try:
            for one in wanted:
                self._all.append(_KINDS[one.kind](self._writer(one, write), means))
        except Failure:
            self._discard()
            raise

    def also(self, report: Report) -> None:
        """Tell `report`, too, before the others."""
        self._all.insert(0, report)

    def _writer(self, wanted: Wanted, write: Write) -> Write:
        if wanted.target == STANDARD_OUTPUT:
            return write
        path = Path(wanted.target)
        if wanted.kind == "html":
            outputs.make_folder(path)
            path /= "index.html"
        file = Output(path)
        self._files.append(file)
        return lambda text: file.write(text.encode("utf-8", "backslashreplace"))

    def begin(self) -> None:
        for report in self._all:
            report.begin()

    def add(self, result: Result) -> None:
        for report in self._all:
            report.add(result)

    def end(self, summary: Summary) -> None:
        """End each of them, though another fails.  Raises Failure of the first that did."""
        failures = [_tried(partial(report.end, summary)) for report in self._all]
        failures += [_tried(file.finish) for file in self._files]
        for failure in filter(None, failures):
            raise failure

    def _discard(self) -> None:
        for file in self._files:
            file.discard()


def _tried(step: Callable[[], None]) -> Failure | None:
    try:
        step()
    except Failure as failure:
        return failure
    return None
