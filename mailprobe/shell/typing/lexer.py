"""A typed line as fragments with the names of styles: is the verb legal here, known, local?

The names are those of `render.theme`; what they look like is not known here.  Secrets come out
as `*`, so that whoever paints the fragments cannot show them.
"""

import re

from mailprobe.patterns import pattern
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.model import Command, State
from mailprobe.shell.typing.complete import why_not
from mailprobe.shell.typing.mask import LOCAL, at_the_prompt, encode, spans, visible

Fragments = list[tuple[str, str]]

_WORDS = pattern(r"([ \t]*)([^ \t]*)(.*)", re.DOTALL)


def fragments(
    line: str, facts: Facts, catalogue: Catalogue | None, *, reveal: bool = False
) -> Fragments:
    """`line` in pieces of (style, text): the texts joined are `visible(line)`, or with `reveal` it.

    A pasted text of several lines is taken line by line; a line end is a piece of its own.
    """
    facts = at_the_prompt(line, facts)
    shown = line if reveal else visible(line, facts, catalogue)
    secrets = spans(line, facts, catalogue)
    pieces: Fragments = []
    start = 0
    for number, part in enumerate(line.split("\n")):
        if number:
            pieces.append(("", "\n"))
        inside = [(a - start, b - start) for a, b in secrets if start <= a <= start + len(part)]
        pieces += _line(part, shown[start : start + len(part)], inside, facts, catalogue)
        start += len(part) + 1
    return pieces


def _line(
    line: str,
    shown: str,
    secrets: list[tuple[int, int]],
    facts: Facts,
    catalogue: Catalogue | None,
) -> Fragments:
    if facts.state is State.DATA and not secrets:
        return _without_empty([("body", line)])
    cut, end = secrets[0] if secrets else (len(line), len(line))
    head = _open(line[:cut], facts, catalogue)
    return _without_empty([*head, ("secret", shown[cut:end]), ("argument", line[end:])])


def _open(text: str, facts: Facts, catalogue: Catalogue | None) -> Fragments:
    """The pieces of a line up to its secret."""
    if facts.state is State.AUTH:
        return [("argument", text)]
    if text.startswith("//"):  # the second slash and what follows go to the server
        return [("local", "/"), *_command(text[1:], facts, catalogue)]
    if text.startswith(LOCAL):
        name, blank, rest = text.partition(" ")
        return [("local", name), ("argument", blank + rest)]
    return _command(text, facts, catalogue)


def _command(text: str, facts: Facts, catalogue: Catalogue | None) -> Fragments:
    match = _WORDS.fullmatch(text)
    assert match is not None  # the pattern matches every text
    return [
        ("argument", match[1]),
        (_verb_style(match[2], facts, catalogue), match[2]),
        ("argument", match[3]),
    ]


def _verb_style(word: str, facts: Facts, catalogue: Catalogue | None) -> str:
    row = catalogue.find(Command(encode(word)).verb) if catalogue else None
    if row is None or catalogue is None:
        return "verb.unknown"
    return "verb.early" if why_not(row, facts, catalogue) else "verb.legal"


def _without_empty(pieces: Fragments) -> Fragments:
    return [(style, text) for style, text in pieces if text]
