"""All generated pages."""

from collections.abc import Iterator
from pathlib import Path

from manual import codes, commands, course, offers, program, stage
from manual.excerpts import Excerpts

ROOT = Path(__file__).parents[2]


def pages(root: Path = ROOT) -> dict[str, str]:
    """Name (a path below docs/) to Markdown, in the order of the navigation."""
    return dict(_pages(root))


def _pages(root: Path) -> Iterator[tuple[str, str]]:
    yield from commands.pages(Excerpts(root / "transcripts"))
    yield from codes.pages()
    yield from offers.pages()
    yield from program.pages()
    yield from stage.pages()
    yield from course.pages(root / "mailprobe" / "lessons" / "course")
