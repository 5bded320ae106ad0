"""What a row of the table of local commands says, and how a line is carried out.

Local commands see the shell through `Shell` alone: no terminal, no prompt, no event loop.
"""

from collections.abc import Callable

from mailprobe.enums import Enum, auto
from mailprobe.errors import Failure, Word
from mailprobe.render.rows import wrapped
from mailprobe.session import Session
from mailprobe.shell.interface import Shell
from mailprobe.value import frozen

ESCAPE = "\x1d"  # Ctrl-], as a key that no line of a protocol begins with


class Argument(Enum):
    """What stands behind the name, for whoever completes it."""

    NOTHING = auto()
    TEXT = auto()  # anything
    FILE = auto()
    WORD = auto()  # one of those that the syntax names: [go|show]
    TARGET = auto()  # with the protocol before it, perhaps
    EXPLAINED = auto()  # on, off, or words of a protocol
    CHARACTER = auto()  # a profile of the sandbox, with faults behind it perhaps
    TOPIC = auto()  # a verb, a code, or another local command
    MECHANISM = auto()
    SETTING = auto()
    MESSAGE = auto()  # a message-number
    SESSION = auto()  # the number of one of several connections


@frozen
class LocalCommand:
    """A row of the table; `name` without the slash."""

    name: str
    syntax: str
    summary: str
    run: Callable[[Shell, str], None]
    argument: Argument = Argument.NOTHING
    listens: bool = False  # it takes in by itself what servers have said meanwhile


class Malformed(Exception):
    """The line is not of the form that its row gives; nothing was done."""


def usage(sentence: str) -> Failure:
    return Failure(Word.USAGE, sentence)


def tell(shell: Shell, sentence: str, *, indent: int = 2) -> None:
    """Write a sentence of ours, broken at blanks where the terminal is narrow."""
    shell.write(f"{wrapped(sentence, shell.columns, indent=indent)}\n")


def session_of(shell: Shell) -> Session:
    """The connection, alive or ended.  Raises Failure `usage` when there was none."""
    if shell.session is None:
        raise usage("there is no connection: /connect pop3 sandbox makes one")
    return shell.session
