"""All local commands in the order in which they are shown, and the way to run one."""

from mailprobe.safe import safe
from mailprobe.shell.interface import Shell
from mailprobe.shell.local import (
    connection,
    explaining,
    learning,
    looking,
    measuring,
    practising,
    reading,
    recording,
    remembering,
    routing,
    sending,
    settings,
    tls,
    writing,
)
from mailprobe.shell.local.table import Argument, LocalCommand, Malformed, usage

# By title; in this order they are shown.
ROOMS = {
    "Connections": connection,
    "Routes": routing,
    "Practice": practising,
    "Lessons": learning,
    "Looking": looking,
    "TLS": tls,
    "Measuring": measuring,
    "Reading mail": reading,
    "Explanations": explaining,
    "Octets and logins": sending,
    "Writing mail": writing,
    "Recording": recording,
    "What is remembered": remembering,
    "Settings": settings,
}

COMMANDS: dict[str, LocalCommand] = {row.name: row for room in ROOMS.values() for row in room.ROWS}
NAMES: tuple[tuple[str, str], ...] = tuple(
    (f"/{row.name}", row.summary) for row in COMMANDS.values()
)


def find(line: str) -> LocalCommand | None:
    """The row of a local command; `line` with or without its slash."""
    return COMMANDS.get(_parted(line)[0].lower())


def _parted(line: str) -> tuple[str, str]:
    name, _, argument = line.strip().removeprefix("/").partition(" ")
    return name, argument.strip()


def run(shell: Shell, line: str) -> None:
    """Carry out a local command; `line` with or without its slash.

    Raises Failure `usage` for what is none, or not well formed; nothing is sent then.
    """
    name, argument = _parted(line)
    if not name:
        raise usage("a local command has a name: /help shows them")
    row = find(line)
    if row is None:
        raise usage(
            f"there is no local command /{safe(name)}, nothing was sent: "
            f"/help shows them, and a line that begins with // is sent with one /"
        )
    if argument and row.argument is Argument.NOTHING:
        raise usage(f"/{row.name} takes nothing behind it: nothing was done, write {row.syntax}")
    try:
        row.run(shell, argument)
    except Malformed:
        raise usage(f"write {row.syntax}") from None
