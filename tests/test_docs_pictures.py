"""The pictures and the tour of README show the program as it is."""

import html
import json
import re
import subprocess
import sys
from pathlib import Path

import pyte
import pytest

DOCS = Path(__file__).parents[1] / "docs"
_PICTURES = ("screenshot", "completion", "mime")
_TEXT = re.compile(r'<text class="[^"]*" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>')
_CHANCE = (  # what no two runs have in common, in this order
    (re.compile(r"\w{3}, \d+ \w{3} \d{4} [\d:]+ [-+]\d{4}"), "DATE"),
    (re.compile(r"\b[0-9a-f]{12,}\b"), "ID"),
    (re.compile(r" *\d+ ms"), " T ms"),
    (re.compile(r" {2,}"), "  "),  # what stands at the right edge
    (re.compile(r"127\.0\.0\.1:\d+"), "PEER"),
)


def _steady(text: str) -> list[str]:
    for pattern, word in _CHANCE:
        text = pattern.sub(word, text)
    return [line.rstrip() for line in text.split("\n")]


def _drawn(path: Path) -> list[str]:
    """The rows of a picture."""
    rows: dict[float, list[tuple[float, str]]] = {}
    for x, y, text in _TEXT.findall(path.read_text("utf-8")):
        rows.setdefault(float(y), []).append((float(x), html.unescape(text)))
    lines = ("".join(text for _, text in sorted(rows[y])) for y in sorted(rows))
    return _steady("\n".join(line.rstrip("\n").replace("\xa0", " ") for line in lines))


def _toured(path: Path) -> list[str]:
    """All rows that a tour has left on a terminal."""
    header, *events = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    screen = pyte.Screen(header["width"], 200)
    stream = pyte.Stream(screen)
    for _, _, text in events:
        stream.feed(text)
    return _steady("\n".join(screen.display))


@pytest.mark.slow
@pytest.mark.terminal
def test_pictures_are_those_of_the_program(tmp_path: Path) -> None:
    """`python docs/pictures.py` makes the same ones again, but for times and names by chance."""
    subprocess.run([sys.executable, DOCS / "pictures.py", tmp_path], check=True, timeout=300)
    for name in _PICTURES:
        made, kept = (_drawn(folder / f"{name}.svg") for folder in (tmp_path, DOCS))
        assert len(kept) > 15
        assert made == kept, f"{name}.svg is of another day: python docs/pictures.py"
    made, kept = (_toured(folder / "tour.cast") for folder in (tmp_path, DOCS))
    assert any("hidden dot" in line for line in kept)
    assert made == kept, "tour.cast is of another day: python docs/pictures.py"
