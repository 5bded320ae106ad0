"""Local commands that record, and say what a recording is about."""

from pathlib import Path

from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import Argument, LocalCommand, Malformed, session_of, tell, usage
from mailprobe.shell.typing.quoting import unquoted


def _save(shell: Shell, argument: str) -> None:
    words, opened = unquoted(argument)
    if opened or len(words) != 1:
        raise Malformed
    session_of(shell)
    shell.save(Path(words[0]).expanduser())


def _note(shell: Shell, argument: str) -> None:
    if not argument:
        raise Malformed
    session_of(shell)
    shell.note(argument)
    _tell_where(shell)


def _step(shell: Shell, argument: str) -> None:
    if not argument:
        raise Malformed
    session_of(shell)
    shell.step(argument)
    _tell_where(shell)


def _expect(shell: Shell, argument: str) -> None:
    if not argument:
        raise Malformed
    if session_of(shell).connection.reading_body:
        raise usage("the last reply has not ended: demand something when it has")
    shell.expect(argument)
    _tell_where(shell)


def _tell_where(shell: Shell) -> None:
    if not shell.recorded:
        tell(shell, "not recorded yet: /save FILE writes it, with all that was said before")


ROWS = (
    LocalCommand(
        "save", "/save FILE", "record this connection from its beginning", _save, Argument.FILE
    ),
    LocalCommand("note", "/note TEXT", "write a note into the recording", _note, Argument.TEXT),
    LocalCommand("step", "/step TITLE", "begin a step of the recording", _step, Argument.TEXT),
    LocalCommand(
        "expect",
        "/expect CLASS|+ TEXT|- TEXT",
        "demand a class of the next reply, or a line (no line) of the last one",
        _expect,
        Argument.TEXT,
    ),
)
