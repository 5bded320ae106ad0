"""A route on a terminal: drawn, indented, in colour, as wide as there is room."""

import pytest

from mailprobe.answers import Answer, Said
from mailprobe.hops import NextHop, Outcome
from mailprobe.render.route import draw, step_line, words_of
from mailprobe.routing.model import Fetched, Level, Part, Step, doubt, fault, good
from mailprobe.routing.route import Route

HOP = NextHop("example.org", Outcome.NULL_MX, (), "it takes no mail", 0.1)
PARTS = (
    Part("Exchangers", below=(Part("1. mx.example.org", below=(good("named", "RFC 1"),)),)),
    Part("SPF: broken", Level.FAULT, below=(fault("it is wrong"),)),
    doubt("DMARC: none"),
)
STEPS: tuple[Step, ...] = (
    Answer(0.0, 0.001, "example.org", "MX", Said.RECORDS, ("x",), validated=True),
    Fetched(0.1, 0.2, "https://mta-sts.example.org/x", "page", 200, "text/plain", b"12345"),
)
ROUTE = Route(
    "example.org", HOP, (), PARTS, Part("What they would do", below=(Part("wait"),)), STEPS, 0.02
)


def test_drawn() -> None:
    """A tree with its words; levels stand there in words, where nothing below says the same."""
    assert draw(ROUTE, width=80) == (
        "example.org\n"
        "├── Exchangers\n"
        "│   └── 1. mx.example.org\n"
        "│       └── named (RFC 1)\n"
        "├── SPF: broken\n"
        "│   └── fault: it is wrong\n"
        "├── doubt: DMARC: none\n"
        "└── What they would do\n"
        "    └── wait\n"
        "1 fault, 1 doubt; 1 question and 1 page in 20 ms\n"
    )


def test_plain() -> None:
    """The same indented, with nothing drawn."""
    text = draw(ROUTE, width=80, plain=True)
    assert text.isascii()
    assert text.split("\n")[:4] == [
        "example.org",
        "  Exchangers",
        "    1. mx.example.org",
        "      named (RFC 1)",
    ]


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("width", [10, 20, 40])
def test_no_line_is_too_wide(plain: bool, width: int) -> None:
    """Long text is folded, however narrow it is; nothing is cut off."""
    long = Part("record: " + "x" * 300 + " and many words " * 20)
    route = Route("example.org", HOP, (), (long,), Part("end"), (), 0.0)
    lines = draw(route, width=width, plain=plain).split("\n")[:-2]
    assert max(map(len, lines)) <= max(width, 20)
    assert "".join(lines).count("x") == 301  # and that of example.org


def test_colours_say_nothing_alone() -> None:
    """Without them the words are the same."""
    painted = draw(ROUTE, width=80, color=True)
    assert "\x1b[1;31m" in painted
    assert "\x1b[32m" in painted
    assert "\x1b" not in draw(ROUTE, width=80)
    assert "\x1b[1;31m" in draw(ROUTE, width=80, color=True, plain=True)


def test_markup_is_text() -> None:
    """Brackets of a record reach the terminal as they are."""
    part = Part("[/nope] [bold]x[/bold] :skull:")
    text = draw(Route("e.org", HOP, (), (part,), Part("end"), (), 0.0), width=80)
    assert "[/nope] [bold]x[/bold] :skull:" in text


def test_words() -> None:
    """Level, sentence, reference."""
    assert words_of(fault("it is wrong", "RFC 1")) == "fault: it is wrong (RFC 1)"
    assert words_of(doubt("perhaps")) == "doubt: perhaps"
    assert words_of(good("fine")) == "fine"
    assert words_of(doubt("RFC 1 forbids it", "RFC 1")) == "doubt: RFC 1 forbids it"


def test_steps() -> None:
    """One line each, with the moment and the time it took."""
    first, second = map(step_line, STEPS)
    assert first == "     0.0 ms  MX example.org: 1 record, validated (1 ms)"
    assert second == "   100.0 ms  GET https://mta-sts.example.org/x: 200, 5 octets (200 ms)"
    lost = Answer(0.5, 2.0, "\x1b[2J", "TXT", Said.TIMEOUT, text="no answer")
    assert step_line(lost) == "   500.0 ms  TXT \\u{1b}[2J: timeout, no answer (2000 ms)"
    nothing = Answer(0.0, 0.0, "a", "A", Said.NXDOMAIN, text="NXDOMAIN")
    assert step_line(nothing) == "     0.0 ms  A a: nxdomain (0 ms)"
    page = Fetched(0.0, 0.0, "https://a/", "tls", text="not trusted")
    assert step_line(page) == "     0.0 ms  GET https://a/: not trusted (0 ms)"
