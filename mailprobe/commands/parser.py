"""A parser of the command line that fails as everything here does."""

import argparse
from collections.abc import Iterable
from typing import NoReturn

from mailprobe.commands.arguments import Row
from mailprobe.errors import Failure, Word
from mailprobe.safe import safe


class Parser(argparse.ArgumentParser):
    """A parser whose mistakes are a Failure `usage`, and which guesses no option."""

    def __init__(self, **how: object) -> None:
        super().__init__(allow_abbrev=False, **how)  # type: ignore[arg-type]  # as argparse has them

    def add_rows(self, rows: Iterable[Row]) -> None:
        """Take the options of a table."""
        for names, how in rows:
            self.add_argument(*names, **how)  # type: ignore[arg-type]  # rows of one table

    def error(self, message: str) -> NoReturn:
        """Raise Failure `usage`."""
        raise Failure(Word.USAGE, f"{safe(message)}; {self.prog} --help tells more")
