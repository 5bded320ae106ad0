"""The texts that explanations are made of, read from the tables beside this module when needed.

`chinese.toml` has a Chinese sentence for each English one of the protocols' own rows;
`replies.toml` why a reply comes and what to do next; `terms.toml` what has no row elsewhere.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mailprobe.explain.model import Text
from mailprobe.value import frozen

_FOLDER = Path(__file__).parent


@frozen
class Layers:
    """What one row of the table says: what is left out stands elsewhere, or in another row."""

    now: Text | None
    next: Text | None
    says: Text | None  # in place of what its code says otherwise
    reference: str | None  # who says so, if not whoever defines the code


def text(english: str, **words: "str | Text") -> Text:
    """A sentence of ours in both languages; `words` stand in the place of {names}."""
    chinese = _chinese().get(english, english)
    if not words:
        return Text(english, chinese)
    pairs = {
        name: Text(word, word) if isinstance(word, str) else word for name, word in words.items()
    }
    return Text(
        english.format(**{name: word.en for name, word in pairs.items()}),
        chinese.format(**{name: word.zh for name, word in pairs.items()}),
    )


def joined(texts: Iterable[Text], en: str = "; ", zh: str = "\uff1b") -> Text:
    """Several texts as one, with that between two of them."""
    parts = list(texts)
    return Text(en.join(part.en for part in parts), zh.join(part.zh for part in parts))


@cache
def layers() -> Mapping[str, Layers]:
    """By "MOMENT CODE" or "MOMENT CODE CIRCUMSTANCE": see the head of `replies.toml`."""
    rows = _replies()["replies"]
    return {
        key: Layers(
            _both(row.get("now")),
            _both(row.get("next")),
            _both(row.get("says")),
            row.get("reference"),
        )
        for key, row in rows.items()
    }


@cache
def wordings() -> "Mapping[str, re.Pattern[str]]":
    """By circumstance, the pattern of the server's words that it is known by; lower case."""
    return _patterns("wordings")


@cache
def hints() -> "Mapping[str, re.Pattern[str]]":
    """The same of words that count only where no row of the command says more."""
    return _patterns("hints")


@cache
def terms() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """By kind (mechanisms, references): the rows of `terms.toml`."""
    return _read("terms.toml")


@cache
def _chinese() -> Mapping[str, str]:
    sections = _read("chinese.toml").values()
    return {english: chinese for rows in sections for english, chinese in rows.items()}


@cache
def _replies() -> dict[str, Any]:
    return _read("replies.toml")


def _patterns(section: str) -> "dict[str, re.Pattern[str]]":
    return {name: re.compile(found) for name, found in _replies()[section].items()}


def _both(row: "Mapping[str, str] | None") -> Text | None:
    return None if row is None else Text(row["en"], row["zh"])


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / name).read_text(encoding="utf-8"))
