"""Spans of time as rows of a page: a bar each, and beside it what the bar says.

The bars are SVG without a script or a style of their own: the policy of a page allows neither.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol as Structural

from mailprobe.render.html import text
from mailprobe.render.html_words import said
from mailprobe.render.timing import clock
from mailprobe.timing import Kind, Span, Timing

_MOST = 300  # spans of one connection that are shown
_WIDE = 1000  # units of a whole bar
_COLUMNS = ("part", "began", "lasted", "outcome", "bar")


class Connection(Structural):
    """One connection, and when it was opened, as the player measures it."""

    @property
    def connection(self) -> int: ...
    @property
    def since(self) -> float: ...
    @property
    def timing(self) -> Timing: ...


def section(name: str, connections: "Iterable[Connection]", languages: Sequence[str] = ()) -> str:
    """What took how long in one run, folded away until somebody wants to see it."""
    found = list(connections)
    whole = _whole(found)
    summary = f"{text(name)}, {clock(whole)}"
    return (
        f'<details class="timing"><summary>{summary}</summary>\n'
        f"{_tables(found, whole, languages)}</details>\n"
    )


def part(connections: "Iterable[Connection]", languages: Sequence[str]) -> str:
    """The same as a part of a page, under a title of its own."""
    found = list(connections)
    return (
        f'<section class="timing" aria-labelledby="timing">\n'
        f'<h2 id="timing">{said("timing", languages)}</h2>\n'
        f"{_tables(found, _whole(found), languages)}</section>\n"
    )


def wait(seconds: float, longest: float, languages: Sequence[str]) -> str:
    """How long one reply took, beside it; `longest` is the longest of them."""
    width = max(2, round(seconds / longest * _WIDE)) if longest else 2
    rect = f'<rect x="0" width="{width}" height="10"/>'
    return f'<span class="took">{said("took", languages, clock(seconds))} {_picture(rect)}</span>'


def _whole(connections: "Iterable[Connection]") -> float:
    return max((one.since + one.timing.whole for one in connections), default=0.0)


def _tables(found: "Sequence[Connection]", whole: float, languages: Sequence[str]) -> str:
    return "".join(_table(one, whole, languages, many=len(found) > 1) for one in found)


def _table(one: "Connection", whole: float, languages: Sequence[str], *, many: bool) -> str:
    def say(name: str, *values: object) -> str:
        return f"<p>{said(name, languages, *values)}</p>\n"

    spans = one.timing.spans[:_MOST]
    rows = "".join(_row(span, one.since, whole) for span in spans)
    more = len(one.timing.spans) - len(spans)
    slowest = ", ".join(f"{span.name} {clock(span.seconds)}" for span in one.timing.slowest())
    head = "".join(f'<th scope="col">{said(name, languages)}</th>' for name in _COLUMNS)
    return (
        f"{say('connection', one.connection) if many else ''}"
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
        f"{say('more', more) if more else ''}"
        f"{say('whole', clock(one.timing.whole), clock(one.timing.waited))}"
        f"{say('slowest', slowest) if slowest else ''}"
    )


def _row(span: Span, since: float, whole: float) -> str:
    cells = (span.name, clock(since + span.start), clock(span.seconds), span.outcome)
    said = "".join(f"<td>{text(cell)}</td>" for cell in cells)
    return f"<tr>{said}<td>{_bar(span, since, whole)}</td></tr>\n"


def _bar(span: Span, since: float, whole: float) -> str:
    """The words beside it say the same: who sees no picture misses nothing."""

    def place(moment: float) -> int:
        return round((since + moment) / whole * _WIDE) if whole else 0

    start, end = place(span.start), max(place(span.start) + 2, place(span.end))
    kind = "refused" if span.failed else "data" if span.kind is Kind.DATA else ""
    pieces = [(start, end, kind)]
    if span.first is not None and not span.failed:
        turn = min(max(place(span.first), start), end)
        pieces = [(start, turn, "waiting"), (turn, end, kind)]
    rects = "".join(
        f'<rect x="{left}" width="{right - left}" height="10"'
        + (f' class="{name}"/>' if name else "/>")
        for left, right, name in pieces
        if right > left
    )
    return _picture(rects)


def _picture(rects: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDE} 10" preserveAspectRatio="none" aria-hidden="true">{rects}</svg>'
    )
