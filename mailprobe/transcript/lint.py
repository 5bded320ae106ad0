"""lint: what parses, and is wrong or probably not meant.

Two tables of checks: of the lines as they stand, and of the dialogue that they make, on every
way through it.
"""

from collections.abc import Callable
from pathlib import Path

from mailprobe.transcript.linting.dialogue import Listener
from mailprobe.transcript.linting.lines import CHECKS
from mailprobe.transcript.linting.names import check_names, check_unused
from mailprobe.transcript.linting.notes import Note, of_fault
from mailprobe.transcript.model import Transcript
from mailprobe.transcript.talks.walkthrough import walkthroughs

__all__ = ["Note", "lint"]


def lint(transcript: Transcript, files: Callable[[str], Path] | None = None) -> list[Note]:
    """All that there is to say, in the order of the lines, each thing once.

    `files` finds a file that the transcript names, and raises Failure where there is none.
    """
    found: dict[tuple[object, str], Note] = {}

    def tell(note: Note) -> None:
        found.setdefault((note.place[:2], note.sentence), note)

    for check in CHECKS:
        check(transcript, files, tell)
    for walkthrough in walkthroughs(transcript, lambda fault: tell(of_fault(fault))):
        check_names(transcript, walkthrough, tell)
        Listener(transcript, walkthrough.values, files, tell).listen(walkthrough.steps)
    check_unused(transcript, tell)
    return sorted(found.values(), key=lambda note: note.place)
