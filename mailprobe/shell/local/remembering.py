"""Local commands about what is remembered of what a person types."""

from mailprobe.safe import safe
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import Argument, LocalCommand, tell

_SHOWN = 50  # lines


def _history(shell: Shell, argument: str) -> None:
    lines = [line for line in shell.history if argument.lower() in line.lower()]
    if not lines:
        tell(shell, "nothing of that was typed before" if argument else "nothing was typed yet")
        return
    if len(lines) > _SHOWN:
        tell(shell, f"... {len(lines) - _SHOWN} older ones; /history TEXT finds among them")
    shell.write("".join(f"{safe(line)}\n" for line in lines[-_SHOWN:]))


def _private(shell: Shell, argument: str) -> None:
    shell.preferences.private = not shell.preferences.private
    if shell.preferences.private:
        tell(shell, "private: no line and no address is remembered; /private ends that")
    else:
        tell(shell, "lines and addresses are remembered again")


ROWS = (
    LocalCommand(
        "history",
        "/history [TEXT]",
        "show what was typed before, or what of it holds TEXT",
        _history,
        Argument.TEXT,
    ),
    LocalCommand("private", "/private", "remember nothing from now on; again: remember", _private),
)
