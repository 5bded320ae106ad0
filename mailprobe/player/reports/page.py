"""A page for people: a table of all results, and the transcripts that failed, marked.

One file that works without network; what makes pages safe stands in `render.html`.
"""

from collections.abc import Callable

from mailprobe.errors import Failure
from mailprobe.player.many.summary import Summary
from mailprobe.player.reports.lines import WORDS, counted, details, heading, sentence, took
from mailprobe.player.reports.report import Report, Write
from mailprobe.player.results import Result, Verdict
from mailprobe.render import html, html_timing
from mailprobe.render.html_transcript import transcript_section
from mailprobe.transcript.model import Transcript

_MOST = 200  # transcripts that are shown whole
_LOOKS = {
    Verdict.PASSED: "passed",
    Verdict.FAILED: "failed",
    Verdict.ERROR: "failed",
    Verdict.SKIPPED: "skipped",
}


class PageReport(Report):
    """`load` reads a transcript again: only those that failed, one at a time."""

    def __init__(self, write: Write, load: Callable[[str, str], Transcript]) -> None:
        self._write = write
        self._load = load
        self._rows: list[str] = []
        self._sections: list[str] = []
        self._timings: list[str] = []

    def add(self, result: Result) -> None:
        anchor = f"result-{len(self._rows) + 1}"
        bad = result.verdict in (Verdict.FAILED, Verdict.ERROR)
        name = html.text(heading(result) if bad else result.name)
        if bad:
            name = f'<a href="#{anchor}">{name}</a>'
            self._sections.append(self._section(result, anchor))
        about = result.reason or result.title
        cells = (WORDS[result.verdict], name, html.text(about), took(result.seconds))
        if result.measured and len(self._timings) < _MOST:
            self._timings.append(html_timing.section(result.name, result.measured))
        first, *others = cells
        rest = "".join(f"<td>{cell}</td>" for cell in others)
        self._rows.append(f'<tr><td class="{_LOOKS[result.verdict]}">{first}</td>{rest}</tr>\n')

    def _section(self, result: Result, anchor: str) -> str:
        lines = "\n".join(html.text(line) for line in details(result))
        shown = self._transcript(result, anchor) if len(self._sections) < _MOST else ""
        return (
            f'<section aria-labelledby="{anchor}">\n<h2 id="{anchor}">'
            f"{html.text(heading(result))}</h2>\n<pre>{lines}</pre>\n{shown}</section>\n"
        )

    def _transcript(self, result: Result, anchor: str) -> str:
        """The whole file, with what went wrong at its line."""
        problem = result.problem
        try:
            transcript = self._load(str(result.path), str(result.path))
        except Failure:  # it does not parse: the excerpt says all
            return ""
        marks = {}
        if problem is not None and problem.place is not None:
            marks[problem.place.line] = sentence(problem)
        return transcript_section(transcript, marks, anchor=f"{anchor}-file", level=3)

    def _timing(self) -> str:
        if not self._timings:
            return ""
        return f"<section>\n<h2>Timing</h2>\n{''.join(self._timings)}</section>\n"

    def end(self, summary: Summary) -> None:
        counts = counted((summary.counts[verdict], str(verdict)) for verdict in Verdict)
        rest = f"; the rest was not played: {summary.cut_short}" if summary.cut_short else ""
        said = f"{summary.total} transcripts: {counts or 'none'}, {took(summary.seconds)}{rest}"
        head = "".join(
            f'<th scope="col">{name}</th>' for name in ("Verdict", "Transcript", "About", "Time")
        )
        body = (
            f"<h1>mailprobe replay</h1>\n<p>{html.text(said)}</p>\n"
            f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{''.join(self._rows)}</tbody>\n"
            f"</table>\n{''.join(self._sections)}{self._timing()}"
        )
        self._write(html.document("mailprobe replay", body))
