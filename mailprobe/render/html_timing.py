"""Spans of time as rows of a page: a bar each, and beside it what the bar says.

The bars are SVG without a script or a style of their own: the policy of a page allows neither.
"""

from collections.abc import Iterable
from typing import Protocol as Structural

from mailprobe.render.html import text
from mailprobe.render.timing import clock, totals
from mailprobe.timing import Kind, Span, Timing

_MOST = 300  # spans of one connection that are shown
_WIDE = 1000  # units of a whole bar
_HEAD = "<tr><th>Part</th><th>Began</th><th>Took</th><th>Outcome</th><th></th></tr>\n"


class Connection(Structural):
    """One connection, and when it was opened, as the player measures it."""

    @property
    def connection(self) -> int: ...
    @property
    def since(self) -> float: ...
    @property
    def timing(self) -> Timing: ...


def section(name: str, connections: "Iterable[Connection]") -> str:
    """What took how long in one run, folded away until somebody wants to see it."""
    found = list(connections)
    whole = max((one.since + one.timing.whole for one in found), default=0.0)
    tables = "".join(_table(one, whole, many=len(found) > 1) for one in found)
    summary = f"{text(name)}, {clock(whole)}"
    return f'<details class="timing"><summary>{summary}</summary>\n{tables}</details>\n'


def _table(one: "Connection", whole: float, *, many: bool) -> str:
    spans = one.timing.spans[:_MOST]
    rows = "".join(_row(span, one.since, whole) for span in spans)
    more = len(one.timing.spans) - len(spans)
    rest = f"<p>... and {more} more</p>\n" if more else ""
    title = f"<p>Connection {one.connection}</p>\n" if many else ""
    sums = "".join(f"<p>{text(line)}</p>\n" for line in totals(one.timing))
    return (
        f"{title}<table>\n<thead>{_HEAD}</thead>\n<tbody>\n{rows}</tbody>\n</table>\n{rest}{sums}"
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
    return (
        f'<svg viewBox="0 0 {_WIDE} 10" preserveAspectRatio="none" aria-hidden="true">{rects}</svg>'
    )
