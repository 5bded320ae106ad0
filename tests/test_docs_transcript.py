"""The written specification: its examples parse, and its tables are those of the program."""

import re
from pathlib import Path

import pytest

from mailprobe.player.client import play
from mailprobe.player.options import Options
from mailprobe.player.playing.prepared import Prepared
from mailprobe.player.reports.lines import details
from mailprobe.player.results import Verdict
from mailprobe.transcript.importing.convert import KINDS
from mailprobe.transcript.lint import lint
from mailprobe.transcript.load import load
from mailprobe.transcript.model import Happening, Level, Unreadable, Wrong
from mailprobe.transcript.parse import LARGEST, LONGEST, MOST_LINES, parse
from mailprobe.transcript.reading.cooked import FUNCTIONS, TYPES
from mailprobe.transcript.reading.headers import KEYS, LONGEST_TIME
from mailprobe.transcript.reading.lines import DIRECTIVES, OPERATORS
from mailprobe.transcript.talks.walkthrough import walkthroughs
from tests.interop.talk import LIMIT

DOCUMENT = (Path(__file__).parent.parent / "docs" / "transcript.md").read_text("utf-8")
_BLOCK = re.compile(r"^```mpt( wrong)?\n((?:.*\n)*?)```$", re.MULTILINE)
EXAMPLES = [(match[2], bool(match[1])) for match in _BLOCK.finditer(DOCUMENT)]
HEADER = "mailprobe: 1\nprotocol: smtp\n\nS? 220\nC: EHLO client.example\nS? 250\n"
WHOLE = [
    text if text.startswith("mailprobe:") else HEADER + text
    for text, wrong in EXAMPLES
    if not wrong
]
PLAYED = [text for text in WHOLE if re.search(r"^connect: sandbox$", text, re.MULTILINE)]


def section(title: str) -> str:
    """The text under a heading."""
    start = DOCUMENT.index(f"\n## {title}\n")
    end = DOCUMENT.find("\n## ", start + 1)
    return DOCUMENT[start : end if end >= 0 else None]


def rows(title: str, head: str) -> list[str]:
    """The first cells of the table whose first column is called `head`."""
    found = re.search(
        rf"^\| {re.escape(head)} \|.*\n\|[-|]+\|\n((?:\|.*\n?)+)", section(title), re.MULTILINE
    )
    assert found
    return [re.split(r"(?<!\\)\|", row)[1].strip() for row in found[1].strip().split("\n")]


def words(title: str, head: str) -> list[str]:
    """What stands in backquotes in those cells."""
    return [word for cell in rows(title, head) for word in re.findall(r"`([^`]+)`", cell)]


def test_examples_are_found() -> None:
    """The document keeps its examples in a form that this test reads."""
    assert len(EXAMPLES) == DOCUMENT.count("```mpt")
    assert len(EXAMPLES) >= 12
    assert [wrong for _, wrong in EXAMPLES].count(True) >= 1


@pytest.mark.parametrize("text, wrong", EXAMPLES)
def test_an_example_parses(text: str, wrong: bool) -> None:
    """Whole files as they are, pieces behind a small header; a wrong one does not."""
    whole = text if text.startswith("mailprobe:") else HEADER + text
    if wrong:
        with pytest.raises(Unreadable):
            parse(whole.encode(), "example")
    else:
        parse(whole.encode(), "example")


@pytest.mark.parametrize("text", WHOLE)
def test_an_example_can_be_played(text: str) -> None:
    """On every way through it the lines make a dialogue, and no line of it can never pass."""
    transcript = parse(text.encode(), "example")
    faults: list[Unreadable] = []
    assert list(walkthroughs(transcript, faults.append))
    assert faults == []
    assert [note for note in lint(transcript) if note.error] == []


def test_examples_are_played() -> None:
    """More than one leads into the sandbox, and none into one that is not there."""
    assert len(PLAYED) >= 3
    assert "connect: sandbox/" not in DOCUMENT


@pytest.mark.parametrize("text", PLAYED)
def test_an_example_replays_green(text: str, tmp_path: Path) -> None:
    """What leads into the sandbox plays there, with its known mistakes."""
    path = tmp_path / "example.mpt"
    path.write_text(text, "utf-8")
    transcript = load(path, "example")
    mistakes = sum(isinstance(line, Wrong) for line in transcript.walk())
    for wrong in (None, *range(mistakes)):
        result = play(Prepared(transcript, path, Options(timeout=LIMIT), {}, wrong=wrong)).result
        assert result.verdict is Verdict.PASSED, "\n".join([result.reason, *details(result)])


def test_header_keys() -> None:
    """The table names every key, in the order of the program, and no other."""
    assert words("The header", "key") == list(KEYS)


def test_types() -> None:
    """All types of a placeholder, and no other."""
    assert set(words("Escapes, placeholders, functions", "type")) == TYPES


def test_functions() -> None:
    """All functions, and no other."""
    named = [
        re.match(r"\{=([a-z0-9]+)", word)
        for word in words("Escapes, placeholders, functions", "function")
    ]
    assert {match[1] for match in named if match} == set(FUNCTIONS)
    assert all(named)


def test_events() -> None:
    """All events, and no other."""
    assert words("Events and time", "event") == [str(word) for word in Happening]


def test_directives() -> None:
    """All directives and operators, and no other."""
    assert words("Directives", "directive")[0] == "@tls"
    first = [re.findall(r"`@([a-z]+)", row)[0] for row in rows("Directives", "directive")]
    assert set(first) == set(DIRECTIVES)
    assert all(f"`{operator}`" in section("Directives") for operator in OPERATORS)


def test_levels() -> None:
    """The three match levels, from the least to the most."""
    assert words("What must be the same", "level") == [level.value for level in Level]


def test_sources() -> None:
    """What can be imported."""
    assert words("Importing", "source") == list(KINDS)


def test_limits() -> None:
    """The numbers are those of the program."""
    limits = section("Limits")
    assert f"| a file | {LARGEST // 1_000_000} MB |" in limits
    assert f"| a line | {LONGEST // 1024**2} MiB |" in limits
    assert f"| lines behind the header | {MOST_LINES:,} |".replace(",", " ") in limits
    assert "| a time | one day |" in limits
    assert LONGEST_TIME == 24 * 60 * 60


def test_links() -> None:
    """Each link to a heading leads to one."""
    anchors = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^## (.+)$", DOCUMENT, re.MULTILINE)
    }
    links = set(re.findall(r"\]\(#([^)]+)\)", DOCUMENT))
    assert links <= anchors
    assert len(links) >= 15
