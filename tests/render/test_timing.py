"""A waterfall of spans: as wide as asked, in ASCII, in words for who sees no bars."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.render.timing import clock, percentiles, waterfall
from mailprobe.timing import Kind, Span, Tally, Timing

SPANS = (
    Span(Kind.DNS, "DNS", 0.0, 0.25),
    Span(Kind.CONNECT, "connect", 0.25, 0.5),
    Span(Kind.COMMAND, "RETR", 0.5, 1.0, "+OK", first=0.75),
    Span(Kind.DATA, "mail data", 1.0, 1.5),
    Span(Kind.END_OF_DATA, "end of mail data", 1.5, 2.0, "552", failed=True),
)
TIMING = Timing(SPANS, 2.0)


def test_bars() -> None:
    """Each begins where the one before ended; waiting, coming and sending look different."""
    assert waterfall(TIMING, width=72) == (
        "DNS              250 ms     |=====\n"
        "connect          250 ms     |     =====\n"
        "RETR             500 ms +OK |          ======#####\n"
        "mail data        500 ms     |                     -----------\n"
        "end of mail data 500 ms 552 |                                ==========\n"
        "= waiting for the server   # its answer coming   - mail data on its way\n"
        "whole 2000 ms, waited 1500 ms\n"
        "slowest: RETR 500 ms, end of mail data 500 ms, DNS 250 ms\n"
    )


def test_what_a_person_took_is_left_out() -> None:
    """A minute between two commands has no room in the picture."""
    spans = (Span(Kind.COMMAND, "A", 0.0, 1.0, "250"), Span(Kind.COMMAND, "B", 61.0, 62.0, "250"))
    bars = [line.partition("|")[2] for line in waterfall(Timing(spans, 62.0)).split("\n")[:2]]
    assert len(bars[0]) == len(bars[1]) / 2 == len(bars[1].strip())
    group = (*spans, Span(Kind.COMMAND, "C", 61.5, 61.75, "250"))
    inside = waterfall(Timing(group, 62.0)).split("\n")[2].partition("|")[2]
    assert len(bars[0]) < len(inside) < len(bars[1])


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("width", [1, 40, 41, 60, 80, 200, 1000])
def test_no_line_is_too_wide(width: int, plain: bool) -> None:
    """From 40 to 200 columns; what is narrower or wider is taken for those."""
    lines = waterfall(TIMING, width=width, plain=plain).split("\n")
    assert max(map(len, lines)) <= max(40, min(width, 200))
    if not plain and width >= 40:
        assert max(len(line) for line in lines if "|" in line) >= min(width, 200) - 2


def test_words() -> None:
    """What the bars show is said: how long, since when, what came of it."""
    text = waterfall(TIMING, width=100, plain=True)
    assert "RETR: 500 ms, from 500 ms on, first line after 250 ms, +OK\n" in text
    assert "end of mail data: 500 ms, from 1500 ms on, 552\n" in text
    assert "|" not in text


def test_colour_says_nothing_alone() -> None:
    """Without it the text is the same."""
    coloured = waterfall(TIMING, color=True)
    assert "\x1b[1;31m=" in coloured
    for code in ("\x1b[1;31m", "\x1b[36m", "\x1b[32m", "\x1b[34m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == waterfall(TIMING)


def test_nothing() -> None:
    """Who asks before anything happened is told so."""
    assert waterfall(Timing((), 0.0)) == "nothing was timed yet\n"
    only = Timing((Span(Kind.DATA, "mail data", 0.0, 0.0),), 0.0)
    assert "slowest" not in waterfall(only)


@given(
    st.lists(st.tuples(st.floats(0, 1e4), st.floats(0, 1e4), st.sampled_from(list(Kind)))),
    st.integers(0, 300),
)
def test_any_spans_can_be_drawn(drawn: list[tuple[float, float, Kind]], width: int) -> None:
    """Every span has a bar of a column at least, inside the picture, in ASCII."""
    spans = tuple(Span(kind, str(kind), at, at + took, "250") for at, took, kind in drawn)
    text = waterfall(Timing(spans, max((one.end for one in spans), default=0.0)), width=width)
    assert text.isascii()
    bars = [line.partition("|")[2] for line in text.split("\n") if "|" in line]
    assert len(bars) == len(spans)
    assert all(bar.strip("=#- ") == "" and bar.strip() for bar in bars)


@pytest.mark.parametrize(
    "seconds, shown",
    [(0.00008, "0.08 ms"), (0.0123, "12.3 ms"), (1.234, "1234 ms"), (12.34, "12.3 s")],
)
def test_times_are_as_fine_as_they_are_short(seconds: float, shown: str) -> None:
    """Three figures are enough for anybody."""
    assert clock(seconds) == shown


def test_percentiles() -> None:
    """A row for each name, its figures below each other; failures by their words."""
    tally = Tally()
    tally.add(TIMING, "refused")
    tally.add(None, "connect")
    tally.add(None, "connect")
    lines = percentiles(tally).split("\n")
    assert lines[0].split() == ["n", "min", "median", "p90", "p99", "max", "failed"]
    assert lines[5].split("  ")[0] == "end of mail data"
    assert lines[6].startswith("whole session  ")
    assert lines[7] == "3 sessions, failures: 2 connect, 1 refused"
    assert percentiles(Tally()) == "0 sessions, failures: none\n"
