"""What can be said besides a command and a reply, and where in the dialogue it belongs.

Plain values: this module must not know what they bring about, nor how they travel.
"""

from mailprobe.enums import Enum, auto
from mailprobe.value import frozen


class NeedData(Enum):
    """The type of `NEED_DATA`: what `next_event()` gives when it has nothing to tell yet."""

    NEED_DATA = auto()


NEED_DATA = NeedData.NEED_DATA


class Misuse(Exception):
    """The caller asked for something that makes no sense in this role or place."""


@frozen
class Answer:
    """The answer to a SASL challenge: one line in base64, `*`, or nothing."""

    line: bytes


@frozen
class Data:
    """Mail data as it is to travel: in DATA already dot-stuffed, with its end or without."""

    octets: bytes


@frozen
class Raw:
    """Octets that go out as they are; complete lines in them count as commands."""

    octets: bytes


@frozen
class Body:
    """Server role: a piece of the multi-line response, not yet stuffed."""

    octets: bytes
    last: bool


class Phase(Enum):
    """What the next octets of the client are."""

    COMMAND = auto()
    ANSWER = auto()
    DATA = auto()
    CHUNK = auto()
