"""Local commands of a lesson: its task, hints, the solution, the next step, a new beginning."""

from mailprobe.errors import Failure
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import Argument, LocalCommand, Malformed

_GO = "go"


def _task(shell: Shell, argument: str) -> None:
    from mailprobe.shell.teaching import tutor_of  # and lessons: where there is one

    tutor_of(shell).task()


def _hint(shell: Shell, argument: str) -> None:
    from mailprobe.shell.teaching import tell_where, tutor_of

    tutor_of(shell).hint()
    tell_where(shell)


def _solution(shell: Shell, argument: str) -> None:
    from mailprobe.shell.teaching import do_step, tell_where, tutor_of

    tutor = tutor_of(shell)
    if argument == _GO:
        do_step(shell, tutor)
    elif argument:
        raise Malformed
    else:
        tutor.solution()
        tell_where(shell)


def _skip(shell: Shell, argument: str) -> None:
    """The next step may build upon this one, so it is done."""
    from mailprobe.shell.teaching import do_step, tutor_of

    tutor = tutor_of(shell)
    if tutor.finished:
        tutor.task()
        return
    try:
        done = do_step(shell, tutor)
    except Failure:
        tutor.skip()
        raise
    if not done:
        tutor.skip()


def _reset(shell: Shell, argument: str) -> None:
    from mailprobe.shell.teaching import tutor_of

    tutor = tutor_of(shell)
    for _, session in shell.sessions():
        session.drop()
    tutor.reset()


ROWS = (
    LocalCommand("task", "/task", "show the task of the lesson again", _task),
    LocalCommand("hint", "/hint", "show the next hint; the last one is the line itself", _hint),
    LocalCommand(
        "solution",
        "/solution [go]",
        "show what this step awaits, or have it typed",
        _solution,
        Argument.WORD,
    ),
    LocalCommand("skip", "/skip", "have this step done, and go on to the next one", _skip),
    LocalCommand("reset", "/reset", "begin the lesson anew, on a fresh server", _reset),
)
