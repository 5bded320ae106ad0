"""Options that are `NAME=...`: values for the names of a transcript, and files with secrets."""

from collections.abc import Iterator, Sequence

from mailprobe.errors import Failure, Word
from mailprobe.patterns import pattern
from mailprobe.safe import safe

NAME = pattern(r"[a-z][a-z0-9_-]*")
_FORBIDDEN = pattern("[\r\n\0]")


def pairs(option: str, texts: Sequence[str], what: str = "PATH") -> Iterator[tuple[str, str]]:
    """Name and value of each.  Raises Failure `usage`."""
    seen = set()
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not NAME.fullmatch(name):
            raise Failure(
                Word.USAGE,
                f"{option} is NAME={what}, the name of a-z, 0-9, - and _: not {safe(name)}",
            )
        if name in seen:
            raise Failure(Word.USAGE, f"{option} is given twice for {name}")
        seen.add(name)
        yield name, value


def settings_of(texts: Sequence[str]) -> dict[str, bytes]:
    """What `--set` gives.  Raises Failure `usage`."""
    return {
        name: inline("--set", name, value).encode("utf-8", "surrogateescape")
        for name, value in pairs("--set", texts, "VALUE")
    }


def inline(option: str, name: str, value: str) -> str:
    """A value that stays inside of its line.  Raises Failure `usage`."""
    if _FORBIDDEN.search(value):
        raise Failure(Word.USAGE, f"{option} {safe(name)}: CR, LF or NUL in the value")
    return value
