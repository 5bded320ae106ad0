"""What an export may be told beside the transcript."""

from collections.abc import Callable, Mapping, Sequence

from mailprobe.render.export.measured import Measured
from mailprobe.value import field, frozen


@frozen
class Options:
    """All of it may be left out."""

    language: str = ""  # of lesson text; "": the file's own
    number: int = 1  # of the mail that becomes a message, in the order of the file
    read: Callable[[str], bytes] | None = None  # the octets of a body file that the file names
    took: Mapping[int, float] = field(default_factory=dict)  # line of a reply: seconds it took
    timing: Sequence[Measured] = ()  # the connections of a run, as bars
    explain: bool = False  # cast: what the replies mean, below them
    marks: Mapping[int, str] = field(default_factory=dict)  # line: what went wrong there
