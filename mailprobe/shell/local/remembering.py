"""Local commands about what is remembered of what a person types."""

from mailprobe.safe import safe
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import Argument, LocalCommand

_SHOWN = 50  # lines


def _history(shell: Shell, argument: str) -> None:
    lines = [line for line in shell.history if argument.lower() in line.lower()]
    if not lines:
        shell.write("nothing of that was typed before\n" if argument else "nothing was typed yet\n")
        return
    if len(lines) > _SHOWN:
        shell.write(f"... {len(lines) - _SHOWN} older ones; /history TEXT finds among them\n")
    shell.write("".join(f"{safe(line)}\n" for line in lines[-_SHOWN:]))


def _private(shell: Shell, argument: str) -> None:
    shell.preferences.private = not shell.preferences.private
    if shell.preferences.private:
        shell.write("private: no line and no address is remembered; /private ends that\n")
    else:
        shell.write("lines and addresses are remembered again\n")


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
