"""JUnit XML, as Jenkins, GitLab and their like read it: a testcase per file and matrix value.

The elements and attributes are those that all published schemas of it have in common.
"""

import time

from mailprobe.patterns import pattern
from mailprobe.player.many.summary import Summary
from mailprobe.player.reports.lines import details, sentence
from mailprobe.player.reports.report import Report, Write
from mailprobe.player.results import Result, Verdict
from mailprobe.safe import safe
from mailprobe.spool import Spool

_IN_MEMORY = 1024**2  # octets
_CHUNK = 64 * 1024
# XML 1.0, section 2.2: what a document may hold at all.
_NO_CHARACTER = pattern("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPED = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;"}
)


def escape(text: str) -> str:
    """Text and attributes of XML 1.0; what it cannot hold is written as `safe` writes it.

    Two `#` would be the beginning of a command to the CI service that reads our output.
    """
    text = _NO_CHARACTER.sub(lambda match: safe(match[0]), text)
    return text.translate(_ESCAPED).replace("##", "#&#35;")


class JUnitReport(Report):
    """The numbers stand at the top, so that the cases wait in a spool for the end."""

    def __init__(self, write: Write, started: float) -> None:
        self._write = write
        self._started = started  # seconds since 1970
        self._cases = Spool(_IN_MEMORY)

    def add(self, result: Result) -> None:
        self._cases.write(_case(result).encode())

    def end(self, summary: Summary) -> None:
        counts = summary.counts
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(self._started))
        numbers = (
            f'tests="{summary.total}" failures="{counts[Verdict.FAILED]}" '
            f'errors="{counts[Verdict.ERROR]}"'
        )
        took = f'time="{summary.seconds:.3f}"'
        self._write(
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<testsuites name="mailprobe" {numbers} {took}>\n'
            f'<testsuite name="mailprobe replay" {numbers} skipped="{counts[Verdict.SKIPPED]}" '
            f'{took} timestamp="{stamp}" hostname="localhost">\n<properties/>\n'
        )
        self._cases.seek(0)
        pending = b""
        while chunk := self._cases.read(_CHUNK):
            whole, newline, pending = (pending + chunk).rpartition(b"\n")
            self._write((whole + newline).decode())
        said = escape(f"the rest was not played: {summary.cut_short}") if summary.cut_short else ""
        self._write(
            f"<system-out>{said}</system-out>\n<system-err/>\n</testsuite>\n</testsuites>\n"
        )
        self._cases.close()


def _case(result: Result) -> str:
    folder, _, name = result.name.partition("[")[0].rpartition("/")
    label = result.name[len(result.name.partition("[")[0]) :]
    group = folder.replace("/", ".").strip(".") or "transcripts"
    start = (
        f'<testcase name="{escape(name + label)}" classname="{escape(group)}" '
        f'time="{result.seconds:.3f}"'
    )
    if result.verdict is Verdict.PASSED:
        return f"{start}/>\n"
    if result.verdict is Verdict.SKIPPED:
        return f'{start}><skipped message="{escape(result.reason)}"/></testcase>\n'
    tag = "failure" if result.verdict is Verdict.FAILED else "error"
    problem = result.problem
    word = problem.word if problem is not None else "internal"
    message = sentence(problem) if problem is not None else ""
    lines = "\n".join([result.section, *details(result)] if result.section else details(result))
    return (
        f'{start}><{tag} type="{word}" message="{escape(message)}">{escape(lines)}</{tag}>'
        "</testcase>\n"
    )
