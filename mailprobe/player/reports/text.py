"""The report that people read: a line for each transcript, and all about what went wrong."""

from mailprobe.player.many.summary import Summary
from mailprobe.player.reports.lines import WORDS, counted, details, heading, inert, took
from mailprobe.player.reports.report import Report, Write
from mailprobe.player.results import Result, Verdict

FEW = 100  # files: of more, those that pass are only counted
_COLUMN = 52  # where the seconds stand

_STYLES = {
    Verdict.PASSED: "reply.ok",
    Verdict.FAILED: "failure",
    Verdict.ERROR: "failure",
    Verdict.SKIPPED: "note",
}
_COUNTED = (
    (Verdict.PASSED, "passed"),
    (Verdict.FAILED, "failed"),
    (Verdict.ERROR, "could not be played"),
    (Verdict.SKIPPED, "skipped"),
)


class TextReport(Report):
    """`brief` leaves out those that passed."""

    def __init__(self, write: Write, *, color: bool = False, brief: bool = False) -> None:
        self._write = write
        self._color = color
        self._brief = brief

    def add(self, result: Result) -> None:
        if result.verdict is Verdict.PASSED and self._brief and not result.deviations:
            return
        lines = [self._headline(result)]
        if result.verdict is Verdict.PASSED:
            lines += details(result)
        elif result.verdict is not Verdict.SKIPPED:
            lines += [*details(result), ""]
        self._write("".join(f"{line}\n" for line in lines))

    def _headline(self, result: Result) -> str:
        word = WORDS[result.verdict]
        skipped = result.verdict is Verdict.SKIPPED
        name = result.name if result.verdict is Verdict.PASSED else heading(result)
        name = f"{result.name}: {result.reason}" if skipped else name
        plain = inert(f"{word:<4} {name}")
        if not skipped:
            plain = f"{plain:<{_COLUMN - 1}} {took(result.seconds):>7}"
        return self._painted(result.verdict, word) + plain[len(word) :]

    def _painted(self, verdict: Verdict, word: str) -> str:
        if not self._color:
            return word
        from mailprobe.render.theme import paint  # the table of colours takes 1 ms

        return paint(_STYLES[verdict], word, color=True)

    def end(self, summary: Summary) -> None:
        counts = counted((summary.counts[verdict], what) for verdict, what in _COUNTED)
        more = f", {summary.deselected} not asked for" if summary.deselected else ""
        noun = "transcript" if summary.total == 1 else "transcripts"
        said = f"{summary.total} {noun}: {counts}" if summary.total else f"0 {noun}"
        self._write(f"{said}{more}  {took(summary.seconds)}\n")
        if summary.cut_short:
            self._write(f"the rest was not played: {summary.cut_short}\n")
