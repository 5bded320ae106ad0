"""What became of a transcript that was played: plain values, for reports of every kind.

Every text here is fit to be shown: it went through `safe()`, and secrets were masked.
"""

from mailprobe.enums import StrEnum
from mailprobe.errors import Word
from mailprobe.transcript.model import Place
from mailprobe.value import field, frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from mailprobe.timing import Timing


class Verdict(StrEnum):
    """How it ended."""

    PASSED = "passed"
    FAILED = "failed"  # an expectation did not hold
    ERROR = "error"  # the server was out of reach, the file does not parse, a secret is missing
    SKIPPED = "skipped"


@frozen
class Problem:
    """The first thing that went wrong.

    `column` and `width` are what the caret covers in `source`, the line of the file at `place`.
    """

    word: Word
    sentence: str
    place: Place | None = None
    width: int = 1
    source: tuple[tuple[int, str], ...] = ()  # number and text: the line, and one before it
    command: str = ""  # what the reply answers: "EHLO client.example"
    peer: str = ""  # "127.0.0.1:587, TLSv1.3"
    after: float | None = None  # seconds from the command to the reply
    reply: tuple[str, ...] = ()  # lines of the reply that came, each with its "S: "
    difference: tuple[str, ...] = ()  # two lines and a caret, for literal lines
    hint: str = ""


@frozen
class Measured:
    """How long the parts of one connection took; it was opened `since` seconds into the run."""

    connection: int
    since: float
    timing: "Timing"


@frozen
class Result:
    """One transcript, with one value of its matrix."""

    name: str  # "file.mpt", or "file.mpt[eod=lf]"
    path: "str | Path"
    title: str
    verdict: Verdict
    seconds: float
    section: str = ""  # the title of the step in which it ended
    reason: str = ""  # why it was skipped
    problem: Problem | None = None
    exchanges: int = 0  # replies that were checked
    attempts: int = 1
    saved: "Path | None" = None  # the transcript of what happened instead
    tags: frozenset[str] = field(default_factory=frozenset)
    measured: tuple[Measured, ...] = ()  # where a report shows it
    deviations: tuple[str, ...] = ()  # --lint: what the server did that no RFC allows
