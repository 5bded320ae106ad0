"""One word and one exit status for every failure: the contract with scripts and CI.

A failure is shown as one line, `mailprobe: WORD: sentence`.  Nothing in this file knows what
the failure was about; the sentence is written where it is understood.
"""

from mailprobe.enums import IntEnum, StrEnum


class ExitStatus(IntEnum):
    """What the process returns."""

    OK = 0
    FAILED = 1  # the server refused, or an expectation did not hold
    USAGE = 2
    SYNTAX = 3
    UNREACHED = 4  # everything about reaching and understanding the server
    NOTHING_RAN = 5
    INTERNAL = 70  # EX_SOFTWARE of sysexits(3)
    INTERRUPTED = 130  # 128 + SIGINT


class Word(StrEnum):
    """The first word of a failure line: what kind of thing went wrong."""

    REFUSED = "refused"
    MISMATCH = "mismatch"
    USAGE = "usage"
    SYNTAX = "syntax"
    DNS = "dns"
    CONNECT = "connect"
    TIMEOUT = "timeout"
    EOF = "eof"
    RESET = "reset"
    PROTOCOL = "protocol"
    LIMIT = "limit"
    TLS = "tls"
    SECURITY = "security"
    INTERNAL = "internal"
    INTERRUPTED = "interrupted"

    @property
    def status(self) -> ExitStatus:
        """The exit status of a run that ended with this word."""
        return _STATUS.get(self, ExitStatus.UNREACHED)


_STATUS = {
    Word.REFUSED: ExitStatus.FAILED,
    Word.MISMATCH: ExitStatus.FAILED,
    Word.USAGE: ExitStatus.USAGE,
    Word.SYNTAX: ExitStatus.SYNTAX,
    Word.INTERNAL: ExitStatus.INTERNAL,
    Word.INTERRUPTED: ExitStatus.INTERRUPTED,
}


class Failure(Exception):
    """Something that a person must hear of: a word and one sentence, already fit to be shown.

    Whoever raises it has passed every octet of a peer through `safe()` first.
    """

    def __init__(self, word: Word, sentence: str) -> None:
        super().__init__(sentence)
        self.word = word
        self.sentence = sentence

    def __str__(self) -> str:
        return f"{self.word}: {self.sentence}"
