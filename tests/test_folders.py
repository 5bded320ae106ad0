"""What stands in a folder, for whoever completes a name."""

from pathlib import Path

import pytest

from mailprobe.folders import names_in


def test_names_and_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With whether each is a folder; the one that we are in, a person's home."""
    (tmp_path / "mail.eml").touch()
    (tmp_path / "sub").mkdir()
    expected = [("mail.eml", False), ("sub", True)]
    assert sorted(names_in(f"{tmp_path}/")) == expected
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert sorted(names_in("")) == sorted(names_in("~/")) == expected


@pytest.mark.parametrize("folder", ["/nowhere/", "mail.eml/", "a\0b/", "~nobody-of-that-name/"])
def test_nothing_is_known_of_what_cannot_be_read(folder: str) -> None:
    """A person who presses Tab is not told of errors."""
    assert list(names_in(folder)) == []
