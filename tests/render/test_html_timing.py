"""Bars of a page: well-formed, without style or script of their own, and said in words."""

from mailprobe.player.results import Measured
from mailprobe.render import html
from mailprobe.render.html_timing import section
from mailprobe.timing import Kind, Span, Timing
from tests.render.test_html import Page

SPANS = (
    Span(Kind.CONNECT, "connect", 0.0, 0.5),
    Span(Kind.COMMAND, "RETR", 0.5, 1.0, "+OK", first=0.75),
    Span(Kind.DATA, "mail data", 1.0, 1.5),
    Span(Kind.COMMAND, "NOOP<b>", 2.0, 2.0, "no reply", failed=True),
)


def test_bars() -> None:
    """One for each span, where it began and as long as it took; of a body in two parts."""
    page = Page(html.document("x", section("a<b>.mpt", [Measured(1, 2.0, Timing(SPANS, 2.0))])))
    rects = [(rect["x"], rect["width"], rect.get("class")) for rect in page.all("rect")]
    assert rects == [
        ("500", "125", None),
        ("625", "63", "waiting"),
        ("688", "62", None),
        ("750", "125", "data"),
        ("1000", "2", "refused"),
    ]
    assert all("style" not in attributes for _, attributes in page.elements)
    assert all(svg["aria-hidden"] == "true" for svg in page.all("svg"))
    for words in ("a<b>.mpt, 4000 ms", "NOOP<b>", "no reply", "500 ms", "slowest: "):
        assert words in page.words


def test_several_connections_and_many_spans() -> None:
    """Each has its table; of one at most 300 rows are shown."""
    many = Timing(tuple(Span(Kind.COMMAND, "NOOP", at, at + 1, "250") for at in range(400)), 400.0)
    two = [Measured(1, 0.0, Timing(SPANS, 2.0)), Measured(2, 0.0, many)]
    page = Page(html.document("x", section("a", two)))
    assert "Connection 2" in page.words
    assert "... and 100 more" in page.words
    assert len(page.all("svg")) == 304
    assert Page(html.document("x", section("a", []))).all("svg") == []
    empty = Timing((Span(Kind.DATA, "mail data", 0.0, 0.0),), 0.0)
    assert len(Page(html.document("x", section("a", [Measured(1, 0.0, empty)]))).all("rect")) == 1
