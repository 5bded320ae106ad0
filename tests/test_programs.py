"""Programs that a person has asked for."""

import sys
from pathlib import Path

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.programs import run_program


def test_exit_status_is_given() -> None:
    """Whatever it is."""
    assert run_program([sys.executable, "-c", "raise SystemExit(3)"]) == 3


@pytest.mark.parametrize("name", ["missing", "folder", "nul\0"])
def test_program_that_does_not_start_is_told(tmp_path: Path, name: str) -> None:
    """By a sentence with its name."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(Failure, match="does not start") as caught:
        run_program([str(tmp_path / name)])
    assert caught.value.word is Word.USAGE
