"""Which editor it is, and what becomes of its file; terminals have their own tests."""

import contextlib
import tempfile
from pathlib import Path

import pytest

from mailprobe.errors import Failure
from mailprobe.shell.writing import editor
from mailprobe.shell.writing.editor import edited, editor_words


@pytest.mark.parametrize(
    "env, words",
    [
        ({"VISUAL": "code --wait", "EDITOR": "vi"}, ["code", "--wait"]),
        ({"VISUAL": "", "EDITOR": "'my editor' -x"}, ["my editor", "-x"]),
    ],
)
def test_words_of_the_editor(env: dict[str, str], words: list[str]) -> None:
    """$VISUAL before $EDITOR, split as a shell does."""
    assert editor_words(env) == words


def test_editor_that_is_there(tmp_path: Path) -> None:
    """Where nobody says which; and a sentence where there is none."""
    with pytest.raises(Failure, match="there is no editor"):
        editor_words({"PATH": str(tmp_path)})
    path = tmp_path / "vi"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o700)
    assert editor_words({"PATH": str(tmp_path)}) == [str(path)]


def test_editor_that_cannot_be_read() -> None:
    """A quotation mark that is open."""
    with pytest.raises(Failure, match="cannot be read"):
        editor_words({"EDITOR": "'vi"})


def test_file_that_replaces_ours_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many editors write a new file and rename it; nothing of either stays behind."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    script = 'printf new > "$0.x"; mv "$0.x" "$0"'
    env = {"EDITOR": f"sh -c '{script}'"}
    assert edited(b"old", env, contextlib.nullcontext) == b"new"
    assert list(tmp_path.iterdir()) == []


def test_text_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """No text of an editor: /body FILE takes any size."""
    monkeypatch.setattr(editor, "_LARGEST", 2)
    with pytest.raises(Failure, match="/body FILE"):
        edited(b"old", {"EDITOR": "true"}, contextlib.nullcontext)
