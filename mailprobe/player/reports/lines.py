"""Pieces that several reports share: excerpts with a caret, and lines that command nobody."""

from collections.abc import Iterable, Sequence

from mailprobe.patterns import pattern
from mailprobe.player.results import Problem, Result, Verdict
from mailprobe.safe import safe
from mailprobe.transcript.model import Place

WORDS = {
    Verdict.PASSED: "ok",
    Verdict.FAILED: "FAIL",
    Verdict.ERROR: "ERROR",
    Verdict.SKIPPED: "SKIP",
}
_REPLY = 50  # lines of a reply that are shown

# What a CI service takes for a command of the job when it stands in what a program prints:
# `::error::` at the beginning of a line (GitHub, after blanks, too), `##[...]` anywhere (GitHub),
# `##vso[...]` anywhere (Azure), `##teamcity[...]` (TeamCity).
_COMMAND = pattern(r"^(\s*):(?=:)|#(?=#(?:\[|[A-Za-z]+\[))")


def inert(line: str) -> str:
    """The line with the first character of a workflow command written as `\\xNN`."""
    if "::" not in line and "##" not in line:
        return line
    return _COMMAND.sub(lambda match: "\\x23" if match[1] is None else f"{match[1]}\\x3a", line)


def excerpt(
    source: Sequence[tuple[int, str]], place: Place, width: int, *, indent: str = "   "
) -> list[str]:
    """Lines of a file as people look at them: number, text, and a caret below the one meant."""
    from mailprobe.render.wording import shown  # where something went wrong

    gutter = max((len(str(number)) for number, _ in source), default=0)
    lines = []
    for number, text in source:
        meant = number == place.line
        mark = ">" if meant else " "
        lines.append(f"{indent}{mark} {number:>{gutter}} | {shown(text)}".rstrip())
        if meant:
            start, end = place.column - 1, place.column - 1 + max(width, 1)
            blank = " " * _columns(shown(text[:start]).ljust(start if start > len(text) else 0))
            carets = "^" * max(_columns(shown(text[start:end])), 1)
            lines.append(f"{indent}  {'':>{gutter}} | {blank}{carets}")
    return lines


def _columns(text: str) -> int:
    """How many columns a terminal takes for it."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def spot(place: Place) -> str:
    """`file:line:column`, whatever the name of the file holds."""
    return safe(str(place))


def sentence(problem: Problem) -> str:
    """What went wrong in one sentence; a mismatch needs no word before it."""
    return problem.sentence if problem.word == "mismatch" else f"{problem.word}: {problem.sentence}"


def heading(result: Result) -> str:
    """The name, and the step in which it ended."""
    return f"{result.name} > {result.section}" if result.section else result.name


def took(seconds: float) -> str:
    """`0.41 s`."""
    return f"{seconds:.2f} s"


def details(result: Result) -> list[str]:
    """All that is known of what went wrong, below the heading; no line is a command to anybody."""
    problem = result.problem
    lines = []
    if problem is not None:
        where = f"{spot(problem.place)}  " if problem.place is not None else ""
        lines.append(f"  {where}{sentence(problem)}")
        if problem.place is not None:
            lines += excerpt(problem.source, problem.place, problem.width)
        marks = ("- ", "+ ", "  ")  # expected, got, the caret
        lines += [
            f"     {mark}{line}" for mark, line in zip(marks, problem.difference, strict=False)
        ]
        lines += _answer(problem)
        lines += [f"  hint: {problem.hint}"] if problem.hint else []
    lines += [f"  lint: {sentence}" for sentence in result.deviations]
    if result.attempts > 1:
        lines.append(f"  attempts: {result.attempts}")
    if result.saved is not None:
        lines.append(f"  saved: {safe(str(result.saved))}")
    return [inert(line) for line in lines]


def _answer(problem: Problem) -> list[str]:
    if not problem.reply and not problem.command:
        return []
    after = None if problem.after is None else f"after {_short(problem.after)}"
    facts = ", ".join(fact for fact in (problem.peer, after) if fact)
    what = f'reply to "{problem.command}"' if problem.command else "it said"
    lines = [f"  {what}{f' ({facts})' if facts else ''}:"]
    lines += [f"     {line}" for line in problem.reply[:_REPLY]]
    if len(problem.reply) > _REPLY:
        lines.append(f"     ... and {len(problem.reply) - _REPLY} more lines")
    return lines if problem.reply else [*lines, "     nothing"]


def _short(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else took(seconds)


def counted(counts: Iterable[tuple[int, str]]) -> str:
    """`38 passed, 1 failed`, without what there is none of."""
    return ", ".join(f"{number} {what}" for number, what in counts if number)
