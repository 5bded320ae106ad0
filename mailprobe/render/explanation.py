"""Explanations as rows of text: what is explained, its layers one below the other, and who says so.

A server's own words never stand among them: whoever shows both writes those above.
"""

from collections.abc import Iterator, Sequence

from mailprobe.explain.languages import CHINESE, tongues
from mailprobe.explain.model import Explanation, Text
from mailprobe.explain.texts import text
from mailprobe.render.folding import fold
from mailprobe.render.theme import paint
from mailprobe.render.widths import columns_of

_LAYERS = ("says", "now", "next")
_INDENT = 2
_WIDE = 4  # columns of the widest label, says
_GAP = 2  # blanks behind a label
_SHORT = 100  # columns of a sentence below a reply
_NARROWEST = 20  # columns


def drawn(explanations: Sequence[Explanation], language: str, *, columns: int, color: bool) -> str:
    """Rows of at most `columns` (0: nobody knows, and none is broken); ends in LF.

    What has one layer only, as one meaning of several, takes one line.
    """
    rows: list[str] = []
    after_line = False
    for one in explanations:
        alone = one.now is None and one.next is None
        if rows and not (alone and after_line):
            rows.append("")
        rows += (
            _line(one, language, columns) if alone else _block(one, language, columns, color=color)
        )
        after_line = alone
    return "".join(f"{row}\n" for row in rows)


def brief(one: Explanation, language: str) -> list[str]:
    """A reply in two sentences, for below it: why it came now, and what to do next.

    What it says stands before that where it is short: who wants all of it asks for all of it.
    """
    found = []
    for tongue in tongues(language):
        layers = [_in(layer, tongue) for layer in (one.says, one.now) if layer is not None]
        first = ("\uff1b" if tongue == CHINESE else "; ").join(layers)
        found.append(first if columns_of(first) <= _SHORT else layers[-1])
        if one.next is not None:
            colon = "\uff1a" if tongue == CHINESE else ": "
            found.append(f"{_in(text('next'), tongue)}{colon}{_in(one.next, tongue)}")
        found[-1] += f" ({one.reference})"
    return found


def _block(one: Explanation, language: str, columns: int, *, color: bool) -> Iterator[str]:
    yield paint("title", _heading(one, language), color=color)
    for name in _LAYERS:
        layer: Text | None = getattr(one, name)
        if layer is None:
            continue
        for tongue in tongues(language):
            label = _in(text(name), tongue)
            yield from _hanging(label, _in(layer, tongue), columns)
    source = " " * _INDENT + one.reference
    for row in _folded(source, columns):
        yield paint("note", row, color=color)


def _line(one: Explanation, language: str, columns: int) -> Iterator[str]:
    for tongue in tongues(language):
        colon = "\uff1a" if tongue == CHINESE else ": "
        head = f"{one.subject}, {_in(one.kind, tongue)}"
        yield from _folded(f"{head}{colon}{_in(one.says, tongue)} ({one.reference})", columns)


def _heading(one: Explanation, language: str) -> str:
    kinds = dict.fromkeys(one.kind.said(language))
    return ", ".join([one.subject, " / ".join(kinds)])


def _hanging(label: str, sentence: str, columns: int) -> Iterator[str]:
    """A sentence behind its label; what does not fit stands below its beginning."""
    head = " " * _INDENT + label + " " * (_WIDE - columns_of(label) + _GAP)
    taken = columns_of(head)
    rows = fold(sentence, max(columns - taken, _NARROWEST)) if columns else [sentence]
    for at, row in enumerate(rows):
        yield f"{head if not at else ' ' * taken}{row}"


def _folded(sentence: str, columns: int) -> list[str]:
    if not columns or columns_of(sentence) <= columns:
        return [sentence]
    first, *_ = fold(sentence, max(columns, _NARROWEST))
    rest = sentence[len(first) :].lstrip(" ")
    indent = " " * (2 * _INDENT)
    return [first, *(indent + row for row in fold(rest, max(columns - len(indent), _NARROWEST)))]


def _in(sentence: Text, tongue: str) -> str:
    return sentence.said(tongue)[0]
