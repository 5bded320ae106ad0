"""JSON Lines for programs: an object a line, written as it happens.

The first is `{"event": "begin", "format": 1, ...}`, then one `"result"` each, the last is
`"end"`: where that is missing, the run was killed.  New names may come; `format` changes when an
old one goes or means something else.
"""

from mailprobe.jsonlines import line
from mailprobe.player.many.summary import Summary
from mailprobe.player.reports.report import Report, Write
from mailprobe.player.results import Measured, Problem, Result
from mailprobe.safe import safe
from mailprobe.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.timing import Span

_FORMAT = 1


class EventReport(Report):
    """Every text is one of `Result`, and was made fit to be shown; lines of a file are here."""

    def __init__(self, write: Write) -> None:
        self._write = write

    def begin(self) -> None:
        self._say({"event": "begin", "format": _FORMAT, "mailprobe": VERSION})

    def add(self, result: Result) -> None:
        self._say({"event": "result", **facts(result)})

    def end(self, summary: Summary) -> None:
        counts = {str(verdict): number for verdict, number in summary.counts.items()}
        self._say(
            {
                "event": "end",
                **counts,
                "deselected": summary.deselected,
                "seconds": round(summary.seconds, 6),
                "status": int(summary.status),
                "interrupted": summary.interrupted,
                "cut_short": summary.cut_short,
            }
        )

    def _say(self, event: dict[str, object]) -> None:
        self._write(line(event))


def facts(result: Result) -> dict[str, object]:
    """A result as names and plain values."""
    return {
        "name": result.name,
        "path": safe(str(result.path)),
        "title": result.title,
        "verdict": str(result.verdict),
        "seconds": round(result.seconds, 6),
        "section": result.section,
        "reason": result.reason,
        "exchanges": result.exchanges,
        "attempts": result.attempts,
        "saved": None if result.saved is None else safe(str(result.saved)),
        "tags": sorted(result.tags),
        "deviations": list(result.deviations),
        "spans": [_span(one, span) for one in result.measured for span in one.timing.spans],
        "problem": None if result.problem is None else _problem(result.problem),
    }


def _span(one: Measured, span: "Span") -> dict[str, object]:
    """`start` is in seconds since the run began."""
    return {
        "connection": one.connection,
        "kind": str(span.kind),
        "name": span.name,
        "start": round(one.since + span.start, 6),
        "seconds": round(span.seconds, 6),
        "outcome": span.outcome,
        "failed": span.failed,
    }


def _problem(problem: Problem) -> dict[str, object]:
    from mailprobe.render.wording import shown  # where something went wrong

    place = problem.place
    return {
        "word": str(problem.word),
        "sentence": problem.sentence,
        "file": None if place is None else safe(place.file),
        "line": None if place is None else place.line,
        "column": None if place is None else place.column,
        "width": problem.width,
        "source": [{"line": number, "text": shown(text)} for number, text in problem.source],
        "command": problem.command,
        "peer": problem.peer,
        "after": problem.after,
        "reply": list(problem.reply),
        "difference": list(problem.difference),
        "hint": problem.hint,
    }
