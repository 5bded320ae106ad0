"""Columns of a terminal: wide characters count twice, combining ones not at all."""

import pytest

from mailprobe.shell.typing.width import cells, fitting


@pytest.mark.parametrize(
    "text, columns", [("", 0), ("abc", 3), ("你好", 4), ("e\u0301", 1), ("ｶﾅ", 2), ("Ａ", 2)]
)
def test_cells(text: str, columns: int) -> None:
    """As a terminal counts (Unicode, Standard Annex 11)."""
    assert cells(text) == columns


@pytest.mark.parametrize(
    "text, columns, expected",
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "abc"),
        ("你好", 3, "你"),
        ("你好", 4, "你好"),
        ("ab", 0, ""),
        ("e\u0301a", 1, "e\u0301"),
    ],
)
def test_fitting(text: str, columns: int, expected: str) -> None:
    """No half of a wide character."""
    assert fitting(text, columns) == expected
