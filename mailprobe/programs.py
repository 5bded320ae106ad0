"""Other programs that a person has asked for: his editor, his pager.  They get his terminal."""

import os
import subprocess
from collections.abc import Iterator, Sequence

from mailprobe.errors import Failure, Word
from mailprobe.safe import safe

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from typing import IO

_BLOCK = 64 * 1024  # octets


def run_program(words: Sequence[str], source: "IO[bytes] | None" = None) -> int:
    """Run a program with our own terminal, to its end; returns its exit status.

    `source` is a file for its standard input.  Raises Failure `usage` when it cannot be started.
    """
    try:
        return subprocess.run(words, check=False, stdin=source).returncode
    except (OSError, ValueError) as error:
        raise _not_started(words[0], error) from None


def output_of(words: Sequence[str], source: "IO[bytes]") -> Iterator[bytes]:
    """What a program writes, errors too, as it comes; `source` is its standard input.

    Raises Failure `usage` when it cannot be started, or ends with an error.
    """
    try:
        program = subprocess.Popen(
            words, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0
        )
    except (OSError, ValueError) as error:
        raise _not_started(words[0], error) from None
    with program:
        assert program.stdout is not None  # it was asked for
        while octets := program.stdout.read(_BLOCK):
            yield octets
    if program.returncode:
        how = f"status {program.returncode}"
        if program.returncode < 0:
            how = f"signal {-program.returncode}"
        raise Failure(Word.USAGE, f"{safe(words[0])} ended with {how}")


def _not_started(name: str, error: Exception) -> Failure:
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
    return Failure(Word.USAGE, f"{safe(name)} does not start: {safe(str(reason))}")
