"""The command line: which subcommand it is for, and how the process ends.

The only module that ends the process and has the last word on the standard streams.
"""

import contextlib
import gc
import os
import sys
from collections.abc import Mapping, Sequence

from mailprobe.commands.streams import Streams
from mailprobe.commands.table import SUBCOMMANDS
from mailprobe.errors import ExitStatus, Failure, Word
from mailprobe.transport.link import Interrupted

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from mailprobe.keyboard import Keyboard


def _nowhere() -> "TextIO":
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - lives as long as we


def main(
    argv: Sequence[str], env: Mapping[str, str], keyboard: "Keyboard | None" = None
) -> ExitStatus:
    """Run one command line.  Every failure is one line on standard error, and a status."""
    streams = Streams(sys.stdout, sys.stderr, keyboard)
    name, rest = (argv[0], argv[1:]) if argv and argv[0] in SUBCOMMANDS else ("talk", argv)
    try:
        run = _command(name)
        if not gc.isenabled():
            gc.freeze()  # what is loaded stays, and is not looked through again and again
            gc.enable()
        return run(rest, env, streams)
    except Failure as failure:
        streams.tell(f"mailprobe: {failure}")
        return failure.word.status
    except (Interrupted, KeyboardInterrupt):
        return ExitStatus.INTERRUPTED


def _command(name: str) -> "Callable[[Sequence[str], Mapping[str, str], Streams], ExitStatus]":
    """What a word of `SUBCOMMANDS` runs; no word of them loads what another needs."""
    module = __import__(f"mailprobe.commands.{name}", fromlist=["run"])
    run: Callable[[Sequence[str], Mapping[str, str], Streams], ExitStatus] = module.run
    return run


def run(keyboard: "Keyboard | None" = None) -> int:
    """`main` for this process: its arguments, its environment, its last words.

    `keyboard` is that of a person who may be typing already.
    """
    # a stream that was closed before we began is None
    sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        # what a peer said is printable, but not in every locale
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        return main(sys.argv[1:], os.environ, keyboard)
    except BrokenPipeError:  # the reader of our output has seen enough
        return ExitStatus.OK
    except SystemExit as leave:  # --help, --version, or a signal that ended the shell
        return leave.code if isinstance(leave.code, int) else ExitStatus.OK
    except Exception as error:  # noqa: BLE001 - the last line of defence: never a traceback
        return _confess(error)
    finally:
        _let_go()


def _let_go() -> None:
    """What is left in a buffer that nobody takes must not fail when Python ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _confess(error: Exception) -> ExitStatus:
    """Name our own fault by its place alone: values might be secrets."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = "?"
    if place is not None:
        file = place.tb_frame.f_code.co_filename.rpartition("/")[2]
        where = f"{file}:{place.tb_lineno}"
    with contextlib.suppress(OSError):
        sys.stderr.write(
            f"mailprobe: {Word.INTERNAL}: {type(error).__name__} at {where}; "
            "this is a fault of mailprobe, please report it\n"
        )
    return ExitStatus.INTERNAL
