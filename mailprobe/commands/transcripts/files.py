"""What the words share: the files they are given, and how faults in them are told."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mailprobe import outputs
from mailprobe.commands import streams as standard
from mailprobe.commands.arguments import Row
from mailprobe.commands.streams import Streams
from mailprobe.errors import ExitStatus, Failure, Word
from mailprobe.player.many import selection
from mailprobe.player.reports.lines import excerpt
from mailprobe.render.differences import difference
from mailprobe.render.wording import languages_of
from mailprobe.safe import safe
from mailprobe.transcript.model import Place, Transcript, Unreadable

# Arguments that several words have.
REWRITTEN: Row = (
    ("files",),
    {
        "nargs": "+",
        "metavar": "FILE",
        "help": "a folder stands for its *.mpt; - is standard input, which goes to standard output",
    },
)
DIFF: Row = (
    ("--diff",),
    {"action": "store_true", "help": "write nothing; show what would change"},
)
LANGUAGE: Row = (
    ("--lang",),
    {"metavar": "CODE", "default": "", "help": "of several languages this one"},
)

LIMIT = 10 * 1024**2  # octets of a transcript
STANDARD_INPUT = "-"


def named(paths: Sequence[str]) -> Iterator[str]:
    """The files; a folder stands for its transcripts, "-" for standard input."""
    for path in paths:
        if path == STANDARD_INPUT:
            yield path
        else:
            yield from (found.name for found in selection.find([path]))


def each(
    paths: Sequence[str], streams: Streams, work: Callable[[str, bytes], Failure | None]
) -> ExitStatus:
    """Do `work` with the name and the octets of each file.

    What it finds is the Failure that it returns; one that it raises is told at once.  The others
    are worked on all the same, and the hardest failure is the last line.
    """
    failures: list[Failure] = []
    for path in list(named(paths)):
        try:
            failure = work(path, standard.read_whole(path, LIMIT))
        except Unreadable as error:
            streams.draw(fault(error))
            failure = Failure(error.word, f"{safe(str(error.place))}: {error.reason}")
        except Failure as error:
            failure = error
            streams.tell(f"warning: {error.sentence}")
        failures += [failure] if failure is not None else []
    if not failures:
        return ExitStatus.OK
    hardest = max(failures, key=lambda failure: failure.word.status)
    more = f"; {len(failures)} files in all" if len(failures) > 1 else ""
    streams.tell(f"mailprobe: {hardest}{more}")
    return hardest.word.status


def put(name: str, old: bytes, new: bytes, streams: Streams, *, diff: bool, color: bool) -> None:
    """Write a file anew where it changes, and name it; or show what would change.

    What came from standard input goes to standard output.
    """
    if diff:
        streams.write("".join(difference(name, old, new, color=color)))
    elif name == STANDARD_INPUT:
        streams.write(new.decode())
    elif new != old:
        outputs.rewrite(Path(name), new)
        streams.write(f"{safe(name)}\n")


def check_language(transcript: Transcript, wanted: str) -> None:
    """Raises Failure `usage` where a transcript has no text in the language that is asked for."""
    languages = languages_of(transcript)
    if wanted and wanted not in languages:
        known = f"its languages are {', '.join(languages)}" if languages else "it names no language"
        name, wanted = safe(transcript.name), safe(wanted)
        raise Failure(Word.USAGE, f'{name} has no text in "{wanted}": {known}')


def fault(failure: Unreadable) -> str:
    """A fault with the line it is in."""
    return remark(failure.place, failure.reason, failure.text, failure.width)


def remark(place: Place, sentence: str, text: str, width: int) -> str:
    """A sentence about a line, and a caret below what it speaks of; ends in LF."""
    lines = [f"{safe(str(place))}  {sentence}"]
    if text:
        lines += excerpt([(place.line, text)], place, width)
    return "".join(f"{line}\n" for line in lines)
