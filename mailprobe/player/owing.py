"""A reply that a file should have and has not: the same words, and place, for client and server."""

from collections.abc import Mapping

from mailprobe.transcript.linting.dialogue import Listener
from mailprobe.transcript.linting.notes import Note
from mailprobe.transcript.model import Transcript
from mailprobe.transcript.steps import Step


def owed_in(
    transcript: Transcript, values: Mapping[str, bytes], steps: tuple[Step, ...]
) -> Note | None:
    """The first reply of one way through a file that is owed at its end; None: there is none."""
    found: list[Note] = []
    Listener(transcript, values, None, found.append).listen(steps)
    return next((note for note in found if note.owed), None)
