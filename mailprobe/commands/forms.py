"""All that may stand on a command line, as plain values: for completion and for the manual.

It is read off the parsers themselves, so that an option that somebody adds is known here, too.
"""

import argparse
from importlib import import_module

from mailprobe.commands.parser import Parser
from mailprobe.commands.table import SUBCOMMANDS
from mailprobe.value import frozen


@frozen
class Option:
    """`metavar` names its value, "" where it takes none; `choices` are all that it may be."""

    names: tuple[str, ...]
    metavar: str
    choices: tuple[str, ...]
    repeats: bool
    help: str


@frozen
class Argument:
    """A word that is no option; `many`: others may follow it."""

    metavar: str
    choices: tuple[str, ...]
    many: bool
    help: str


@frozen
class Form:
    """A command: `words` behind `mailprobe`, none for a session itself."""

    words: tuple[str, ...]
    summary: str
    description: str
    epilog: str
    options: tuple[Option, ...]
    arguments: tuple[Argument, ...]

    @property
    def name(self) -> str:
        return " ".join(("mailprobe", *self.words))


def forms() -> tuple[Form, ...]:
    """The session's own form first, then those of the subcommands in their order."""
    found = [_form((), "a session, by hand or from a script", _parser("talk"))]
    for word, summary in SUBCOMMANDS.items():
        found.append(_form((word,), summary, _parser(word)))
        if word == "transcript":
            from mailprobe.commands.transcript import WORDS

            for inner, (module, what) in WORDS.items():
                parser = _parser(f"transcripts.{module}")
                found.append(_form((word, inner), what, parser))
    return tuple(found)


def _parser(module: str) -> Parser:
    parser: Parser = import_module(f"mailprobe.commands.{module}").parser()
    return parser


def _form(words: tuple[str, ...], summary: str, parser: Parser) -> Form:
    shown = [action for action in parser.actions if action.help is not argparse.SUPPRESS]
    return Form(
        words,
        summary,
        parser.description or "",
        parser.epilog or "",
        tuple(_option(action) for action in shown if action.option_strings),
        tuple(_argument(action) for action in shown if not action.option_strings),
    )


def _option(action: argparse.Action) -> Option:
    choices = _choices(action)
    metavar = "" if action.nargs == 0 else _metavar(action, choices)
    repeats = isinstance(action.default, list)
    return Option(tuple(action.option_strings), metavar, choices, repeats, _help(action))


def _argument(action: argparse.Action) -> Argument:
    choices = _choices(action)
    many = action.nargs in ("*", "+", argparse.REMAINDER)
    return Argument(_metavar(action, choices), choices, many, _help(action))


def _choices(action: argparse.Action) -> tuple[str, ...]:
    return tuple(str(one) for one in action.choices or ())


def _metavar(action: argparse.Action, choices: tuple[str, ...]) -> str:
    if isinstance(action.metavar, str):
        return action.metavar
    return "|".join(choices) or action.dest.upper()


def _help(action: argparse.Action) -> str:
    return (action.help or "").replace("%%", "%")
