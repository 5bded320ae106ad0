"""What `mailprobe explain` says, in both languages, for the pages of the manual."""

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from mailprobe.protocol.model import Protocol
from manual.markdown import chinese, paragraph


def explained(words: Sequence[str], protocol: Protocol | None = None) -> list[Any]:
    """The Explanations of `words`; none where nothing is known of them."""
    if find_spec("mailprobe.explain.explaining") is None:
        return []
    found: list[Any] = import_module("mailprobe.explain.explaining").of_words(words, protocol)
    return found


def explanations(words: Sequence[str], protocol: Protocol | None = None) -> str:
    """Paragraphs: what it says, why, and what to do next, first in English, then in Chinese."""
    made = []
    for one in explained(words, protocol):
        texts = [text for text in (one.says, one.now, one.next) if text is not None]
        made.append(paragraph(" ".join(_sentence(text.en, ".") for text in texts)))
        made.append(chinese("".join(_sentence(text.zh, "。") for text in texts)))
    return "".join(made)


def chinese_of(words: Sequence[str], protocol: Protocol | None = None) -> str:
    """What it says, in Chinese alone; "" where nothing is known."""
    found = explained(words, protocol)
    return str(found[0].says.zh) if found else ""


def _sentence(value: str, stop: str) -> str:
    """Begun large, and ended."""
    ended = value if value.endswith((".", "?", "!", "。", "？", "！")) else value + stop
    return ended[:1].upper() + ended[1:]
