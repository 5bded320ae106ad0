"""The words of the rules: what a rule sees, what it remembers, and what it finds."""

from collections.abc import Callable, Iterator

from mailprobe.protocol.catalogue import Catalogue, CommandSpec
from mailprobe.protocol.model import Command, Protocol, Reply
from mailprobe.value import field, frozen, mutable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAIL = frozenset({Protocol.SMTP, Protocol.LMTP})
SMTP = frozenset({Protocol.SMTP})
LMTP = frozenset({Protocol.LMTP})
POP3 = frozenset({Protocol.POP3})
ALL = MAIL | POP3


# ----------------------------------------------------------------------------- what a rule sees


@frozen
class Said:
    """A reply.  `command` is None in a greeting, and where nothing was owed."""

    reply: Reply
    command: Command | None
    row: CommandSpec | None
    greeting: bool = False


@frozen
class Offered:
    """The lines of a positive reply to EHLO, LHLO or CAPA that say what the server can do."""

    command: Command
    lines: tuple[bytes, ...]
    offers: dict[str, str]  # keyword, upper case: its arguments


@frozen
class Fetched:
    """A multi-line response that has ended; `lines` of a listing, `whole` or its first MiB."""

    command: Command
    row: CommandSpec
    reply: Reply
    octets: int  # dots undone, the end not counted
    lines: tuple[bytes, ...]
    whole: bool = True


@frozen
class Noise:
    """Lines that are no reply."""

    octets: bytes


@frozen
class Ended:
    """The link is gone; `how` is one of `events.Ending`."""

    how: str


# ----------------------------------------------------------------------- what a rule remembers


@mutable
class Known:
    """One session so far.  A rule sees it as it was before what the rule is shown."""

    catalogue: Catalogue
    local: bool = False  # the link does not leave this machine
    greeted: bool = False
    tls: bool = False
    broken: bool = False  # a handshake has failed
    authenticated: bool = False
    utf8: bool = False  # replies of POP3 may be in UTF-8
    leaving: bool = False  # the server has said that it closes, or was asked to
    closing: bool = False  # it has said 421
    offers: dict[str, str] | None = None
    asked: tuple[bytes, tuple[bytes, ...]] | None = None  # the last such question, and its answer
    drop: tuple[int, int] | None = None  # messages and octets, as STAT counted them
    sizes: dict[int, int] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)


# ------------------------------------------------------------------------------ what is found


@frozen
class Break:
    """One breach: what exactly, in which line of the reply (from 1 on; 0: no certain one)."""

    detail: str = ""
    line: int = 0
    reference: str = ""  # where that of the rule is too general
    quiet: bool = False  # for the report alone: nothing to tell somebody of at once


@frozen
class Rule:
    """A row of the table; `see` is the type that it wants to be shown."""

    name: str
    protocols: frozenset[Protocol]
    see: type
    what: str
    reference: str
    breaks: "Callable[[Known, Any], Iterator[Break]]"


@mutable
class Finding:
    """One thing that was found, however often; `place` is where it was first."""

    name: str
    place: str  # "reply to EHLO, line 3"
    what: str
    reference: str
    count: int = 1

    @property
    def sentence(self) -> str:
        return f"{self.place}: {self.what} ({self.reference})"
