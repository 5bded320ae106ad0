"""How many columns of a terminal text takes, and what of it fits into so many."""

import unicodedata


def cells(text: str) -> int:
    """Columns: two for a wide character (Unicode, Standard Annex 11), none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(map(_cells, text))


def fitting(text: str, columns: int) -> str:
    """As much of the beginning of `text` as fits into `columns`; half a character never."""
    if cells(text) <= columns:
        return text
    used = 0
    for index, character in enumerate(text):
        used += _cells(character)
        if used > columns:
            return text[:index]
    return text


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
