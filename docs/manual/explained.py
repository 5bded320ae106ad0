"""What `mailprobe explain` says, in both languages, for the pages of the manual."""

from collections.abc import Sequence

from mailprobe.explain.explaining import of_words
from mailprobe.explain.model import Explanation, Text
from mailprobe.protocol.model import Protocol
from manual.markdown import chinese, in_chinese, paragraph


def layers(words: Sequence[str], protocol: Protocol | None = None) -> str:
    """Paragraphs: what it says, why, and what to do next, in English and in Chinese.

    Raises LookupError where nothing is known.
    """
    one = _explained(words, protocol)
    return _paragraphs([text for text in (one.says, one.now, one.next) if text is not None])


def meaning(words: Sequence[str], protocol: Protocol | None = None, kind: str = "") -> str:
    """The first of these layers alone; `kind` is a word of what the subject has to be."""
    return _paragraphs([_explained(words, protocol, kind).says])


def brief(words: Sequence[str], protocol: Protocol | None = None, kind: str = "") -> str:
    """What it says, in Chinese, for a cell that says so in English."""
    return in_chinese(_explained(words, protocol, kind).says.zh)


def _explained(
    words: Sequence[str], protocol: Protocol | None = None, kind: str = ""
) -> Explanation:
    for one in of_words(words, protocol):
        if kind in one.kind.en:
            return one
    raise LookupError(f"no explanation of {' '.join(words)}")


def _paragraphs(texts: Sequence[Text]) -> str:
    english = paragraph(" ".join(_sentence(text.en, ".") for text in texts))
    return english + chinese("".join(_sentence(text.zh, "。") for text in texts))


def _sentence(value: str, stop: str) -> str:
    """Begun large, and ended."""
    ended = value if value.endswith((".", "?", "!", "。", "？", "！")) else value + stop
    return ended[:1].upper() + ended[1:]
