"""The examples of docs/python.md, and that of README, do what they show."""

import doctest
import re
from pathlib import Path

import pytest

import mailprobe

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "python.md"


@pytest.mark.parametrize(
    "page, least", [(PAGE, 10), (ROOT / "README.md", 2)], ids=["docs", "README"]
)
def test_examples(page: Path, least: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first to the last, in one namespace; `...` stands for what differs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    failed, tried = doctest.testfile(
        str(page), module_relative=False, optionflags=flags, verbose=False
    )
    assert tried >= least
    assert failed == 0


def test_all_that_is_exported_is_named() -> None:
    """The page names every export, and every public method of a session."""
    text = PAGE.read_text("utf-8")
    words = set(re.findall(r"\w+", text))
    methods = {name for name in vars(mailprobe.Session) if not name.startswith("_")}
    assert set(mailprobe.__all__) - {"__version__"} - words == set()
    assert methods - words == set()
