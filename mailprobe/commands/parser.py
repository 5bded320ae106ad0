"""A parser of the command line that fails as everything here does."""

import argparse
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NoReturn

from mailprobe.commands.arguments import Row
from mailprobe.errors import Failure, Word
from mailprobe.safe import safe

_NEGATIVE = re.compile(r"-\.?[0-9]")


class Parser(argparse.ArgumentParser):
    """A parser whose mistakes are a Failure `usage`, and which guesses no option."""

    def __init__(self, **how: object) -> None:
        super().__init__(allow_abbrev=False, **how)  # type: ignore[arg-type]  # as argparse has them

    @property
    def actions(self) -> Sequence[argparse.Action]:
        """What may stand on the command line, in the order of the help."""
        return tuple(self._actions)

    def add_rows(self, rows: Iterable[Row]) -> None:
        """Take the options of a table."""
        for names, how in rows:
            self.add_argument(*names, **how)  # type: ignore[arg-type]  # rows of one table

    def parse_known_args(  # type: ignore[override]  # one signature for its two overloads
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> Any:
        """As argparse does; where options are named -4 and -6, `--timeout -1` has a value, too."""
        words = None if args is None else list(self._joined(args))
        return super().parse_known_args(words, namespace)

    def _joined(self, args: Sequence[str]) -> Iterator[str]:
        """`--name=-1` for `--name -1`, so that the value is what is wrong."""
        options, words = self._option_string_actions, list(args)
        while words:
            word = words.pop(0)
            if word == "--":
                yield from (word, *words)
                return
            takes_one = word in options and options[word].nargs is None
            if takes_one and words and _NEGATIVE.match(words[0]) and words[0] not in options:
                word += f"={words.pop(0)}"
            yield word

    def error(self, message: str) -> NoReturn:
        """Raise Failure `usage`."""
        raise Failure(Word.USAGE, f"{safe(message)}; {self.prog} --help tells more")
