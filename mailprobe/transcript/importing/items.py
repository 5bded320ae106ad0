"""What a source shows of a session, in its order: plain values that every reader makes.

Octets are lines without their end.  Who says a line is for `scribe` to find out, where the source
does not tell.
"""

from mailprobe.protocol.framing import CRLF
from mailprobe.value import field, frozen, mutable


@frozen
class Said:
    """A line of one side, "C" or "S"."""

    side: str
    octets: bytes
    end: bytes = CRLF


@frozen
class Printed:
    """A line without a tag among tagged ones: of a body, where one is open; else nothing."""

    octets: bytes


@frozen
class Presumed:
    """A reply that must have come, and is not shown: its code."""

    code: str


@frozen
class Upgraded:
    """TLS is up."""

    verified: bool
    implicit: bool = False


@frozen
class Ended:
    """The link is gone; `how` is one of `events.Ending`."""

    how: str


@frozen
class Told:
    """What somebody wrote about the lines."""

    octets: bytes


@frozen
class Remark:
    """What we have to say about the source."""

    text: str


Item = Said | Printed | Presumed | Upgraded | Ended | Told | Remark


@mutable
class Shown:
    """One session.  `connect` is "" where the source does not name the server."""

    connect: str = ""
    items: list[Item] = field(default_factory=list)
    untagged: bool = False  # the sides of `Printed` lines are told by their shape
    stage_directions: bool = False  # "<open connection>" is no line of the wire
    annotated: bool = False  # notes stand behind the lines: "STAT ------ how many there are"

    @property
    def implicit_tls(self) -> bool:
        return any(isinstance(item, Upgraded) and item.implicit for item in self.items)
