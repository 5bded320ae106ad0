"""From files to what can be played: each file is read when its turn comes, and then let go."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from mailprobe.errors import Failure, Word
from mailprobe.player.many.selection import Found, Selection
from mailprobe.player.many.summary import Summary
from mailprobe.player.options import Options
from mailprobe.player.playing.prepared import Prepared
from mailprobe.player.results import Problem, Result, Verdict
from mailprobe.safe import safe
from mailprobe.transcript.load import variants
from mailprobe.transcript.model import Head, Transcript, Unreadable, Wrong
from mailprobe.value import frozen


@frozen
class Script:
    """A transcript with one value of its matrix."""

    path: str
    name: str  # "file.mpt[eod=lf]"
    transcript: Transcript
    values: Mapping[str, bytes]  # of the matrix
    wrong: int | None = None  # play the known mistake of this number, the first is 0

    @property
    def title(self) -> str:
        return title_of(self.transcript.head)

    def prepared(self, options: Options) -> Prepared:
        """Ready to be played."""
        return Prepared(
            self.transcript, self.path, options, self.values, name=self.name, wrong=self.wrong
        )


def scripts(
    files: Iterable[Found],
    selection: Selection,
    summary: Summary,
    load: Callable[[str, str], Transcript],
) -> Iterator[Script | Result]:
    """What is to be played, and results of what cannot be; `summary` counts what nobody wants."""
    for file in files:
        try:
            transcript = load(file.name, file.name)
            runs = variants(transcript.head)
        except Failure as failure:
            yield unreadable(file.name, file.name, failure)
            continue
        head = transcript.head
        for variant in runs:
            for wrong in mistakes_of(transcript):
                label = ",".join(filter(None, (variant.label, _name_of(wrong))))
                name = f"{file.name}[{label}]" if label else file.name
                if not selection.wants(name, head.tags):
                    summary.deselected += 1
                else:
                    yield Script(file.name, name, transcript, variant.values, wrong)


def mistakes_of(transcript: Transcript) -> tuple[int | None, ...]:
    """What `wrong` is in turn: the file as it should be, then with each of its known mistakes."""
    return None, *range(sum(isinstance(line, Wrong) for line in transcript.walk()))


def _name_of(wrong: int | None) -> str:
    return "" if wrong is None else f"wrong={wrong + 1}"


def unreadable(path: str, name: str, failure: Failure) -> Result:
    """The result of a file that cannot be played."""
    problem = Problem(failure.word, failure.sentence)
    if isinstance(failure, Unreadable):
        place = failure.place
        text = ((place.line, failure.text),) if failure.text else ()
        problem = Problem(failure.word, failure.reason, place, failure.width, text)
    return Result(safe(name), path, "", Verdict.ERROR, 0.0, problem=problem)


def interrupted(script: Script, seconds: float) -> Result:
    """The result of one that somebody stopped while it was played."""
    return Result(
        safe(script.name),
        script.path,
        script.title,
        Verdict.ERROR,
        seconds,
        problem=Problem(Word.INTERRUPTED, "somebody ended the run while this was played"),
        tags=script.transcript.head.tags,
    )


def title_of(head: Head) -> str:
    """The title in the file's own language, or in the first one that has one."""
    return safe(head.titles.get("") or next(iter(head.titles.values()), ""))
