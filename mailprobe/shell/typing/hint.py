"""The ghost behind the cursor: what the syntax still wants, shrinking as it is typed.

Every word of it comes from the table, none from the server.
"""

import re
import unicodedata
from collections.abc import Iterator

from mailprobe.protocol.catalogue import Catalogue, CommandSpec, Kind, Parameter
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.model import Command, State
from mailprobe.shell.typing.complete import LINE, PATH, offered, values_on_offer
from mailprobe.shell.typing.mask import encode

_LABELS = {
    Kind.NUMBER: "n",
    Kind.XTEXT: "text",
    Kind.STRING: "value",
    Kind.DATE_TIME: "time",
}
_FEW = 4  # values that are written out


def hint(line: str, facts: Facts, catalogue: Catalogue | None) -> str:
    """What may still follow `line`; "" where nothing may, or nobody knows.  Never raises."""
    if catalogue is None or facts.state in (State.DATA, State.AUTH) or line.startswith("/"):
        return ""
    match = LINE.fullmatch(line)
    assert match is not None  # the pattern matches every text
    row = catalogue.find(Command(encode(match[1])).verb)
    if row is None:
        return ""
    if row.prefix:
        rest = _after_prefix(row, match[3], facts)
    else:
        rest = _positional(row, match[3])
    return f" {rest}" if rest and not match[2] else rest


def cut(ghost: str, before: str, columns: int) -> str:
    """What of `ghost` fits into the row that `before` ends in; one column is the cursor's."""
    width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in before)
    return ghost[: max(0, columns - width % max(1, columns) - 1)]


def _after_prefix(row: CommandSpec, argument: str, facts: Facts) -> str:
    path, prefix = row.arguments[0], row.prefix
    begin = argument[: len(prefix)]
    if not begin.isascii() or not prefix.startswith(begin.upper()):
        return ""
    if len(argument) > len(prefix):
        return _in_path(row, argument, facts)
    return f"{prefix[len(argument) :]}{path.name}>{_parameters(row, facts, [])}"


def _in_path(row: CommandSpec, argument: str, facts: Facts) -> str:
    match = PATH.match(argument, len(row.prefix))
    if match is None:
        return f">{_parameters(row, facts, [])}"
    rest = argument[match.end() :]
    if not rest:
        return _parameters(row, facts, [])
    if rest[0] not in " \t":
        return ""
    *before, word = re.split(r"[ \t]", rest)
    return _in_parameter(row, facts, before, word)


def _in_parameter(row: CommandSpec, facts: Facts, before: list[str], word: str) -> str:
    """The rest of the parameter that is being typed, and the ones not used yet."""
    name, equals, value = word.partition("=")
    if not word:
        return _parameters(row, facts, before).lstrip(" ")
    others = _parameters(row, facts, [*before, word])
    fitting = [
        parameter
        for parameter in offered(row, facts)
        if parameter.name.startswith(name.upper()) and name.isascii()
    ]
    if equals:
        label = "".join(_value(p, facts) for p in fitting if p.name == name.upper() and not value)
        return label + others
    if len(fitting) != 1:
        return "" if fitting else others
    others = _parameters(row, facts, [*before, fitting[0].name])
    return _form(fitting[0], facts)[len(name) :] + others


def _parameters(row: CommandSpec, facts: Facts, words: list[str]) -> str:
    """Each offered parameter that `words` do not name, in brackets, with a blank before it."""
    named = {word.partition("=")[0].upper() for word in words}
    return "".join(
        f" [{_form(parameter, facts)}]"
        for parameter in offered(row, facts)
        if parameter.name not in named
    )


def _form(parameter: Parameter, facts: Facts) -> str:
    if parameter.optional or parameter.kind is Kind.FLAG:
        return parameter.name
    return f"{parameter.name}={_value(parameter, facts)}"


def _value(parameter: Parameter, facts: Facts) -> str:
    values = values_on_offer(parameter, facts)
    if parameter.kind is Kind.KEYWORD and len(values) <= _FEW:
        return "|".join(values)
    if parameter.kind is Kind.KEYWORDS:
        return ",".join(values)
    return _LABELS.get(parameter.kind, "value")


def _positional(row: CommandSpec, argument: str) -> str:
    words = re.findall(r"[^ \t]+", argument)
    if not words:
        return row.syntax.partition(" ")[2]
    rest = " ".join(_names(row, len(words)))
    return rest if argument[-1] in " \t" or not rest else f" {rest}"


def _names(row: CommandSpec, typed: int) -> Iterator[str]:
    for argument in row.arguments[typed:]:
        yield f"[{argument.name}]" if argument.optional else argument.name
