"""What an export may be told beside the transcript."""

from collections.abc import Callable, Mapping

from mailprobe.value import field, frozen


@frozen
class Options:
    """All of it may be left out."""

    language: str = ""  # of lesson text; "": the file's own
    number: int = 1  # of the mail that becomes a message, in the order of the file
    read: Callable[[str], bytes] | None = None  # the octets of a body file that the file names
    took: Mapping[int, float] = field(default_factory=dict)  # line of a reply: seconds it took
    marks: Mapping[int, str] = field(default_factory=dict)  # line: what went wrong there
