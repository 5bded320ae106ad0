"""Spans of time as a waterfall of text, and many of them as a table of percentiles.

Bars are ASCII: the blocks and lines of Unicode take two columns in a terminal of East Asia.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

from mailprobe.render.rows import wrapped
from mailprobe.render.theme import paint
from mailprobe.render.widths import columns_of
from mailprobe.timing import Kind, Row, Span, Tally, Timing

NARROWEST, WIDEST = 40, 200  # columns
_LEAST_BAR = 8  # columns
_STYLES = {
    Kind.DNS: "reply.go-on",
    Kind.CONNECT: "reply.go-on",
    Kind.TUNNEL: "reply.go-on",
    Kind.TLS: "tls",
    Kind.GREETING: "reply.ok",
    Kind.COMMAND: "reply.ok",
    Kind.ANSWER: "reply.ok",
    Kind.DATA: "sent",
    Kind.END_OF_DATA: "reply.ok",
}
_WAITING, _COMING, _SENDING = "=", "#", "-"
_LEGEND = "= waiting for the server   # its answer coming   - mail data on its way"


def clock(seconds: float) -> str:
    """`0.08 ms`, `12.3 ms`, `1234 ms`, `12.3 s`."""
    milliseconds = seconds * 1000
    if milliseconds >= 10_000:
        return f"{seconds:.1f} s"
    digits = 2 if milliseconds < 10 else 1 if milliseconds < 100 else 0
    return f"{milliseconds:.{digits}f} ms"


def waterfall(timing: Timing, *, width: int = 80, color: bool = False, plain: bool = False) -> str:
    """A line for each span and the totals below; each ends in LF.

    `plain` says in words what the bars show.  Widths below 40 and above 200 are those.
    """
    width = max(NARROWEST, min(width, WIDEST))
    if not timing.spans:
        return "nothing was timed yet\n"
    if plain:
        lines = [wrapped(line, width) for line in _sentences(timing)]
    else:
        lines = _bars(timing, width, color=color)
    lines += [wrapped(line, width) for line in totals(timing)]
    return "".join(f"{line}\n" for line in lines)


def totals(timing: Timing) -> list[str]:
    """How long all of it took, and what took longest."""
    slowest = ", ".join(f"{span.name} {clock(span.seconds)}" for span in timing.slowest())
    whole, waited = clock(timing.whole), clock(timing.waited)
    return [f"whole {whole}, waited {waited}", *([f"slowest: {slowest}"] if slowest else [])]


def _sentences(timing: Timing) -> list[str]:
    lines = []
    for span in timing.spans:
        words = [f"{span.name}: {clock(span.seconds)}", f"from {clock(span.start)} on"]
        if span.first is not None:
            words.append(f"first line after {clock(span.first - span.start)}")
        if span.outcome:
            words.append(span.outcome)
        lines.append(", ".join(words))
    return lines


def _bars(timing: Timing, width: int, *, color: bool) -> list[str]:
    names = max(columns_of(span.name) for span in timing.spans)
    times = [clock(span.seconds) for span in timing.spans]
    took = max(map(len, times))
    outcomes = max(len(span.outcome) for span in timing.spans)
    room = width - names - took - 4 - (outcomes + 1)
    if room < _LEAST_BAR:  # what can be missed first
        outcomes, room = 0, room + outcomes + 1
    place = _axis(timing.spans)
    lines = []
    for span, time in zip(timing.spans, times, strict=True):
        bar = _bar(span, place, max(room, _LEAST_BAR))
        style = "failure" if span.failed else _STYLES[span.kind]
        head = f"{span.name}{' ' * (names - columns_of(span.name))} {time:>{took}} "
        said = f"{span.outcome:<{outcomes}} " if outcomes else ""
        before, drawn = bar[: len(bar) - len(bar.lstrip())], bar.lstrip()
        lines.append(f"{head}{said}|{before}{paint(style, drawn, color=color)}".rstrip())
    return [*lines, wrapped(_LEGEND, width, indent=0)]


def _axis(spans: Sequence[Span]) -> Callable[[float], float]:
    """Where a moment stands between 0 and 1; the time between spans, a person's, is left out."""
    edges: list[list[float]] = []  # from, to, and how much has gone by before
    total = 0.0
    for span in spans:  # in the order in which they began
        if edges and span.start <= edges[-1][1]:
            total += max(0.0, span.end - edges[-1][1])
            edges[-1][1] = max(edges[-1][1], span.end)
        else:
            edges.append([span.start, span.end, total])
            total += span.end - span.start
    whole = total or 1.0

    def place(moment: float) -> float:
        start, end, before = edges[bisect_right(edges, moment, key=lambda edge: edge[0]) - 1]
        return (before + min(moment, end) - start) / whole

    return place


def _bar(span: Span, place: Callable[[float], float], room: int) -> str:
    """The bar of a span; one column is the least."""

    def column(moment: float) -> int:
        return min(room, max(0, round(place(moment) * room)))

    begin = min(column(span.start), room - 1)
    end = max(begin + 1, column(span.end))
    if span.kind is Kind.DATA:
        return " " * begin + _SENDING * (end - begin)
    turn = end if span.first is None else max(begin, min(column(span.first), end))
    return " " * begin + _WAITING * (turn - begin) + _COMING * (end - turn)


# --------------------------------------------------------------------------------- percentiles

_COLUMNS: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("", lambda row: row.name),
    ("n", lambda row: str(row.count)),
    ("min", lambda row: clock(row.least)),
    ("median", lambda row: clock(row.median)),
    ("p90", lambda row: clock(row.p90)),
    ("p99", lambda row: clock(row.p99)),
    ("max", lambda row: clock(row.most)),
    ("failed", lambda row: str(row.failed)),
)


def percentiles(tally: Tally) -> str:
    """A table with a row for each span, and the failures by their words; lines end in LF."""
    table = [[title for title, _ in _COLUMNS]]
    table += [[cell(row) for _, cell in _COLUMNS] for row in tally.rows()]
    lines = list(_columns(table)) if len(table) > 1 else []
    failures = ", ".join(f"{count} {word}" for word, count in sorted(tally.words.items()))
    noun = "session" if tally.sessions == 1 else "sessions"
    lines.append(f"{tally.sessions} {noun}, failures: {failures or 'none'}")
    return "".join(f"{line}\n" for line in lines)


def _columns(table: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        first, *rest = zip(row, widths, strict=True)
        numbers = [f"{cell:>{width}}" for cell, width in rest]
        yield "  ".join([f"{first[0]:<{first[1]}}", *numbers]).rstrip()
