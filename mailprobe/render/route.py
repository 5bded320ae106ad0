"""A route as a tree for a terminal, as wide as it is; or indented, where nothing is drawn."""

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mailprobe.answers import Answer
from mailprobe.render.tables import rendered
from mailprobe.render.theme import STYLES, Color, paint
from mailprobe.render.widths import time_text
from mailprobe.routing.model import Level, Part, Step
from mailprobe.routing.route import Route
from mailprobe.safe import safe

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

_STYLES = {Level.GOOD: "reply.ok", Level.DOUBT: "reply.later", Level.FAULT: "failure"}
_WORDS = {Level.DOUBT: "doubt: ", Level.FAULT: "fault: "}  # for nothing is said by colour alone
_NARROWEST = 20  # columns


def draw(route: Route, *, width: int, color: bool = False, plain: bool = False) -> str:
    """The whole tree; ends in LF."""
    parts = (*route.parts, route.would)
    closing = f"{_counted(route)}; {_closing(route)}"
    if plain:
        lines = [route.domain, *_indented(parts, 1, max(width, _NARROWEST), color=color), closing]
        return "".join(f"{line}\n" for line in lines)
    return f"{_drawn(route.domain, parts, max(width, _NARROWEST), color=color)}{closing}\n"


def _closing(route: Route) -> str:
    questions = sum(isinstance(step, Answer) for step in route.steps)
    pages = len(route.steps) - questions
    page = f" and {pages} page" if pages else ""
    asked = "1 question" if questions == 1 else f"{questions} questions"
    return f"{asked}{page} in {time_text(route.seconds)}"


def _counted(route: Route) -> str:
    numbers = [(route.count(level), str(level)) for level in (Level.FAULT, Level.DOUBT)]
    return ", ".join(f"{count} {word}{'s' * (count != 1)}" for count, word in numbers)


def words_of(part: Part, *, top: bool = False) -> str:
    """A sentence with its level; where the level comes from below, it stands there."""
    inherited = part.level is not Level.FACT and any(
        below.level is part.level for below in part.below
    )
    word = "" if top and inherited else _WORDS.get(part.level, "")
    told = part.reference in part.text  # there is always an empty one
    reference = "" if told else f" ({part.reference})"
    return f"{word}{part.text}{reference}"


def _indented(parts: Iterable[Part], depth: int, width: int, *, color: bool) -> Iterable[str]:
    for part in parts:
        before = "  " * min(depth, 6)
        text = textwrap.wrap(
            words_of(part, top=depth == 1),
            width=width,
            initial_indent=before,
            subsequent_indent=f"{before}  ",
            break_on_hyphens=False,
        )
        for line in text:
            yield paint(_STYLES.get(part.level, "body"), line, color=color)
        yield from _indented(part.below, depth + 1, width, color=color)


def _drawn(domain: str, parts: Iterable[Part], width: int, *, color: bool) -> str:
    from rich.text import Text
    from rich.tree import Tree

    tree = Tree(Text(domain, style="bold"), guide_style="dim" if color else "")
    _grow(tree, parts, top=True)
    return rendered(tree, width=width, color=color)


def _grow(tree: "Tree", parts: Iterable[Part], *, top: bool = False) -> None:
    for part in parts:
        _grow(tree.add(_label(part, top=top)), part.below)


def _label(part: Part, *, top: bool) -> "Text":
    from rich.text import Text

    style = STYLES[_STYLES.get(part.level, "body")]
    words = ["bold"] * style.bold + [style.color.name.lower()] * (style.color is not Color.DEFAULT)
    return Text(words_of(part, top=top), style=" ".join(words), overflow="fold")


def step_line(step: Step) -> str:
    """One step with its time, in one line."""
    if isinstance(step, Answer):
        count = len(step.records)
        said = "1 record" if count == 1 else f"{count} records" if count else str(step.said)
        reason = [step.text] if step.failed else []
        more = [said, *(["validated"] if step.validated else []), *reason]
        what = f"{step.record_type} {safe(step.name)}: {', '.join(more)}"
    else:
        what = f"GET {safe(step.url)}: {step.text or f'{step.status}, {len(step.body)} octets'}"
    return f"{step.at * 1000:8.1f} ms  {what} ({time_text(step.took)})"
