"""Rows of text: no wider than asked for, and nothing but blanks is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.render.folding import chunks, columns, fold

TEXT = st.text(alphabet="ab 。你好,e\u0301")


@pytest.mark.parametrize(
    "text, width, rows",
    [
        ("", 5, [""]),
        ("one two three", 8, ["one two", "three"]),
        ("one two", 7, ["one two"]),
        ("  indented text", 10, ["  indented", "text"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("ab abcdefghij", 4, ["ab", "abcd", "efgh", "ij"]),
        ("数一数，列一列", 8, ["数一数，", "列一列"]),
        ("数一数，列", 6, ["数一", "数，列"]),
        ("用STAT看", 6, ["用STAT", "看"]),
        ("\u0301你,", 2, ["\u0301你", ","]),
    ],
)
def test_rows(text: str, width: int, rows: list[str]) -> None:
    """Words stay whole where they fit; a closing mark never begins a row."""
    assert fold(text, width) == rows


@given(TEXT, st.integers(2, 12))
def test_every_row_fits(text: str, width: int) -> None:
    """Also with wide and with combining characters; all but blanks stands there."""
    rows = fold(text, width)
    assert max(map(columns, rows)) <= width
    assert "".join(rows).replace(" ", "") == text.replace(" ", "")


@given(TEXT, st.integers(1, 12))
def test_chunks_lose_nothing(text: str, width: int) -> None:
    """A row that is narrower than a character holds one all the same."""
    pieces = chunks(text, width)
    assert "".join(pieces) == text
    assert all(columns(piece) <= max(width, 2) for piece in pieces)


@pytest.mark.slow
def test_a_long_word_is_cut_at_once() -> None:
    """A line of a megabyte takes the time of a megabyte."""
    assert len(fold("x" * 1_000_000, 100)) == 10_000
