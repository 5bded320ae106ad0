"""An explanation behind a fold, in each language of a page."""

from collections.abc import Sequence

from mailprobe.explain.model import Explanation, Text
from mailprobe.render.html import text
from mailprobe.render.html_words import each, word


def fold(explanation: Explanation, languages: Sequence[str]) -> str:
    """What the reply says, why now, what next; `languages` are those of the page."""

    def whole(language: str, attributes: str) -> str:
        rows: list[tuple[str, Text | None]] = [
            ("says", explanation.says),
            ("now", explanation.now),
            ("next", explanation.next),
        ]
        items = "".join(
            f"<dt>{text(word(name, language))}</dt>"
            f"<dd>{text(' '.join(layer.said(language)))}</dd>\n"
            for name, layer in rows
            if layer is not None
        )
        source = (
            f"<dt>{text(word('source', language))}</dt><dd>{text(explanation.reference)}</dd>\n"
            if explanation.reference
            else ""
        )
        return f"<dl{attributes}>\n{items}{source}</dl>\n"

    def summary(language: str, attributes: str) -> str:
        kind = " ".join(explanation.kind.said(language))
        name = "explained as" if kind else "explained"
        words = word(name, language, explanation.subject, kind)
        return f"<span{attributes}>{text(words)}</span>"

    return (
        f'<details class="explained"><summary>{each(languages, summary)}</summary>\n'
        f"{each(languages, whole)}</details>"
    )
