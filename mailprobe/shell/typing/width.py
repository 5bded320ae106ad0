"""How many columns of a terminal text takes, and what of it fits into so many."""

from mailprobe.render.widths import cells_of, columns_of

cells = columns_of


def fitting(text: str, columns: int) -> str:
    """As much of the beginning of `text` as fits into `columns`; half a character never."""
    if cells(text) <= columns:
        return text
    used = 0
    for index, character in enumerate(text):
        used += cells_of(character)
        if used > columns:
            return text[:index]
    return text
