"""Text in columns: how wide it is on a terminal, and where a long line breaks.

`text` has been through `safe()`: every character is printable.
"""

import unicodedata
from collections.abc import Iterator

_WIDE = ("W", "F")  # Unicode Standard Annex 11: two columns
_CLOSES = ("Po", "Pe", "Pf")  # never begins a row


def columns(text: str) -> int:
    """How many columns `text` takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def fold(text: str, width: int) -> list[str]:
    """`text` in rows of at most `width` columns, broken at blanks where there are any.

    Between wide characters a row may break everywhere, as Chinese does.
    """
    rows = []
    row, taken = "", 0
    for word in _words(text):
        bare = word.rstrip(" ")
        if taken and taken + columns(bare) > width:
            rows.append(row.rstrip(" "))
            row, taken = "", 0
        if columns(bare) > width:  # what stands in the row by now takes no columns
            *whole, word = chunks(row + word, width)
            rows += whole
            row = ""
        row, taken = row + word, taken + columns(word)
    return [*rows, row.rstrip(" ")]


def chunks(text: str, width: int) -> list[str]:
    """`text` cut wherever `width` columns are full; one character at least stands in each."""
    found = []
    start, taken = 0, 0
    for at, character in enumerate(text):
        size = _columns(character)
        if taken + size > width and at > start:
            found.append(text[start:at])
            start, taken = at, 0
        taken += size
    return [*found, text[start:]]


def _words(text: str) -> Iterator[str]:
    """Pieces that stay together: a word with the blanks behind it, or one wide character."""
    start = 0
    for at in range(1, len(text)):
        if _parts(text[at - 1], text[at]):
            yield text[start:at]
            start = at
    yield text[start:]


def _parts(before: str, after: str) -> bool:
    """Whether a row may end between two characters."""
    if after == " ":
        return False
    if before == " ":
        return True
    wide = _columns(before) == 2 or _columns(after) == 2
    return wide and unicodedata.category(after) not in _CLOSES


def _columns(character: str) -> int:
    if unicodedata.east_asian_width(character) in _WIDE:
        return 2
    return 0 if unicodedata.combining(character) else 1
