"""What a fault is: one row of the table, the moment at which it may strike, and what it then does.

Knows no link: what happens on the wire is told as deeds, which `striking` performs.
"""

from collections.abc import Callable, Iterable
from functools import partial

from mailprobe.enums import Enum, auto
from mailprobe.protocol.connection import Connection
from mailprobe.protocol.model import Command, Protocol, Reply
from mailprobe.value import frozen

SMTP = (Protocol.SMTP, Protocol.LMTP)
POP3 = (Protocol.POP3,)
ALL = (*SMTP, *POP3)


class Place(Enum):
    """What of a session it is that a fault may strike."""

    GREETING = auto()
    REPLY = auto()  # to a command, or to an answer in a login
    VERDICT = auto()  # a reply to mail data, or to a chunk of it
    BODY = auto()  # a multi-line response, behind its reply
    COMMAND = auto()  # before it is carried out; the answers in a login, too
    DATA = auto()  # mail data has come
    PORT = auto()  # who speaks TLS on it
    HANDSHAKE = auto()
    IDLE = auto()  # how long a silent client is waited for


REPLIES = frozenset({Place.GREETING, Place.REPLY, Place.VERDICT})


class Do(Enum):
    """Deeds without a number."""

    CLOSE = auto()  # FIN, under TLS with close_notify
    CUT = auto()  # FIN, under TLS without close_notify
    RESET = auto()
    HALF_CLOSE = auto()  # nothing more is said, and all is read
    HUSH = auto()  # the same without a FIN


@frozen
class Pause:
    """What was said so far goes out, and nothing more for so many seconds."""

    seconds: float


@frozen
class Watch:
    """The same; what is said then depends on whether the client has talked meanwhile."""

    seconds: float
    silent: "tuple[Deed, ...]"
    talked: "tuple[Deed, ...]"


Deed = bytes | Do | Pause | Watch


@frozen
class Moment:
    """Where a session stands when a fault may strike.

    `memory` is the session's, `common` that of all sessions; both are for faults alone.
    `number` counts the recipients of an LMTP verdict from 0.
    """

    place: Place
    command: Command  # empty where none was said
    connection: Connection
    memory: dict[str, object]
    common: dict[str, object]
    reply: Reply | None = None
    octets: bytes = b""  # what is to be said
    number: int = 0
    line: bytes | None = None  # the client's, where it is an answer in a login
    seconds: float = 0.0  # the time of the fault that is asked

    @property
    def verb(self) -> str:
        """That of the command, in upper case."""
        return self.command.verb

    @property
    def pop3(self) -> bool:
        """Whether POP3 is spoken, whose replies look otherwise."""
        return self.connection.catalogue.protocol is Protocol.POP3

    @property
    def code(self) -> str:
        """That of the reply, "" where there is none."""
        return self.reply.code if self.reply is not None else ""


Where = Callable[[Moment], bool]


@frozen
class Act:
    """One thing that a fault does.

    `says` gives the deeds in the place of the octets of a reply, a response, or behind mail data;
    `instead` the code and texts of a reply in the place of the rule, None for none after all.
    `always`: it belongs to an act that has struck before, no dice are thrown.
    """

    where: Where
    says: Callable[[Moment], Iterable[Deed]] | None = None
    instead: Callable[[Moment], tuple[str | bytes, ...] | None] | None = None
    always: bool = False


@frozen
class FaultSpec:
    """One row: what goes wrong, in a sentence of each language.

    `seconds` is its time, where it has one; `certificate` names one of `certificates`.  Of two
    that change the same reply the one of lower `rank` does so first.
    """

    name: str
    summary: str
    chinese: str
    acts: tuple[Act, ...]
    protocols: tuple[Protocol, ...] = ALL
    seconds: float = 0.0
    certificate: str = ""
    rank: int = 0


@frozen
class Fault:
    """A fault that somebody wants: how likely, at which of its places, how long.

    `position` 0 is all of them; the first is 1.  What can strike once in a session (greeting,
    handshake, silence) counts sessions.  `seconds` None is the time of the row.
    """

    spec: FaultSpec
    probability: float = 1.0
    position: int = 0
    seconds: float | None = None


# ------------------------------------------------------------------------------- for the rows


def at(*places: Place, verbs: str = "", codes: str = "") -> Where:
    """Strike in these places; only of these commands, only at codes that begin like one of these.

    Both lists are words between blanks.
    """
    return partial(_at, frozenset(places), frozenset(verbs.split()), tuple(codes.split()))


def _at(
    places: frozenset[Place], verbs: frozenset[str], codes: tuple[str, ...], moment: Moment
) -> bool:
    return (
        moment.place in places
        and (not verbs or moment.verb in verbs)
        and (not codes or moment.code.startswith(codes))
    )


def says(where: Where, deeds: Callable[[Moment], Iterable[Deed]], *, always: bool = False) -> Act:
    """What goes out in the place of what was to be said."""
    return Act(where, says=deeds, always=always)


def refusal(moment: Moment, code: str, enhanced: str, sentence: str) -> tuple[str, str]:
    """A reply that says no, in the form of the protocol that is spoken."""
    return ("-ERR", sentence) if moment.pop3 else (code, f"{enhanced} {sentence}")


def instead(where: Where, *reply: str | bytes, always: bool = False) -> Act:
    """The same reply each time."""
    return Act(where, instead=lambda moment: reply, always=always)


def answers(
    where: Where,
    reply: Callable[[Moment], tuple[str | bytes, ...] | None],
    *,
    always: bool = False,
) -> Act:
    """A reply in the place of the rule, which the moment decides; None: the rule, after all."""
    return Act(where, instead=reply, always=always)


def row(
    name: str,
    summary: str,
    chinese: str,
    *acts: Act,
    protocols: tuple[Protocol, ...] = ALL,
    seconds: float = 0.0,
    certificate: str = "",
) -> FaultSpec:
    """A row of the table."""
    return FaultSpec(name, summary, chinese, acts, protocols, seconds, certificate)
