"""How many columns of a terminal text takes, and how sizes and times are written."""

import unicodedata

_UNITS = ("octets", "kB", "MB", "GB")


def columns_of(text: str) -> int:
    """Columns of printable text; combining characters take none."""
    return len(text) if text.isascii() else sum(map(cells_of, text))


def cells_of(character: str) -> int:
    """Columns of one character: two for a wide one (Unicode, Standard Annex 11)."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def size_text(octets: float) -> str:
    """For people: `999 octets`, `12.3 kB`, `9.6 MB`."""
    if octets < 1000:
        return f"{octets:.0f} octets"
    for unit in _UNITS[1:]:
        octets /= 1000
        if octets < 999.95 or unit == _UNITS[-1]:
            break
    return f"{octets:.1f} {unit}"


def time_text(seconds: float) -> str:
    """`12 ms`, and from ten seconds on `12.3 s`."""
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.1f} s"
