"""What ended a run, on its way from where it was seen to the report."""

from mailprobe.errors import Failure, Word
from mailprobe.transcript.model import Line, Place, Unreadable
from mailprobe.value import frozen


@frozen
class Account:
    """What else there is to tell; every text went through `safe()`."""

    width: int = 1  # what the caret covers
    command: str = ""
    peer: str = ""
    after: float | None = None
    reply: tuple[str, ...] = ()
    difference: tuple[str, ...] = ()
    hint: str = ""


class Stopped(Failure):
    """A run that went wrong, and where the file says what should have been."""

    def __init__(
        self, word: Word, sentence: str, place: Place | None, account: Account | None = None
    ) -> None:
        super().__init__(word, sentence)
        self.place = place
        self.account = account or Account()


def placed(failure: Failure, line: Line | None, peer: str = "") -> Stopped:
    """A failure, and the line of the file at which it happened."""
    if isinstance(failure, Stopped):
        return failure
    if isinstance(failure, Unreadable):
        return Stopped(
            failure.word, failure.reason, failure.place, Account(width=failure.width, peer=peer)
        )
    width = len(line.text) if line is not None else 1
    place = line.place if line is not None else None
    return Stopped(failure.word, failure.sentence, place, Account(width=width, peer=peer))


class Skipped(Exception):
    """A run that is not for this server; `reason` is a sentence for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
