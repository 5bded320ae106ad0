"""Rows of a terminal: own sentences wrapped at blanks, texts cut where a screen is full."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.render.rows import beginning, fits, rows_of, wrapped
from mailprobe.render.widths import columns_of

WORDS = st.lists(st.text("ab", min_size=1, max_size=8), min_size=1, max_size=40)
WIDE = st.lists(st.text("ab\u4f60", min_size=1, max_size=8), min_size=1, max_size=40)


@given(WORDS, st.integers(20, 80))
def test_no_word_is_broken(words: list[str], columns: int) -> None:
    """No row is too long, and the words are those that there were."""
    text = wrapped(" ".join(words), columns)
    assert max(map(len, text.split("\n"))) <= columns
    assert text.split() == words


@given(WIDE, st.integers(20, 80))
def test_wide_characters_fit(words: list[str], columns: int) -> None:
    """Two columns each; between them a row may end."""
    rows = wrapped(" ".join(words), columns).split("\n")
    assert max(map(columns_of, rows)) <= columns
    assert "".join(rows).replace(" ", "") == "".join(words)


@pytest.mark.parametrize(
    "text, columns, expected",
    [
        ("lmtp or pop3", 9, "lmtp or\n  pop3"),
        ("one two", 0, "one two"),
        ("one two", 7, "one two"),
        ("x" * 25, 12, "x" * 12 + "\n  " + "x" * 10 + "\n  xxx"),
    ],
)
def test_wrapped(text: str, columns: int, expected: str) -> None:
    """Rows behind the first are indented; without a terminal it is one line."""
    assert wrapped(text, columns) == expected


@pytest.mark.parametrize(
    "text, columns, rows",
    [("", 80, 1), ("a\n", 80, 1), ("a\nb", 80, 2), ("x" * 81, 80, 2), ("x" * 160, 80, 2),
     ("\u4f60" * 41, 80, 2), ("x" * 500, 0, 1), ("\x1b[1m" + "x" * 80 + "\x1b[0m", 80, 1)],
)  # fmt: skip
def test_rows_of(text: str, columns: int, rows: int) -> None:
    """As the terminal breaks them; colours take no columns."""
    assert rows_of(text, columns) == rows


@pytest.mark.parametrize(
    "lines, rows, shown, more",
    [
        (["a", "b"], 2, ["a", "b"], ""),
        (["a", "b", "c"], 2, ["a", "b"], "1 more line"),
        (["a", "x" * 25, "c"], 3, ["a"], "2 more lines"),
        (["x" * 25, "c"], 2, ["x" * 20], "5 more characters of this line, 1 more line"),
        (["\u4f60" * 15], 1, ["\u4f60" * 5], "10 more characters of this line"),
        (["x" * 25], 0, ["x" * 25], ""),
        ([], 3, [], ""),
    ],
)
def test_beginning(lines: list[str], rows: int, shown: list[str], more: str) -> None:
    """Whole lines as long as they fit; of a first one that does not, what does."""
    assert beginning(lines, rows, 10) == (shown, more)


def test_fits() -> None:
    """No more is taken than is needed to know."""
    pieces = iter(["ab\n", "", "x" * 15, "x" * 10, "\nlast"])
    assert fits(pieces, 3, 10) == ("ab\n" + "x" * 25, False)
    assert next(pieces) == "\nlast"
    assert fits(["a\n", "b"], 2, 10) == ("a\nb", True)
    assert fits(["a\n"] * 9, 0, 10) == ("a\n" * 9, True)
