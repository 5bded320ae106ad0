"""What a server hears and says on one connection, and what each of its sayings waits for.

Plain values, made by `parts`; no wire, no clock.
"""

from mailprobe.enums import Enum, auto
from mailprobe.protocol.catalogue import Catalogue, Then
from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.model import Command, Protocol
from mailprobe.protocol.progress import Owed, Stage
from mailprobe.protocol.smtp import SMTP
from mailprobe.transcript.matching.mismatch import content_column
from mailprobe.transcript.model import FileLine, Line, Pieces, Place, Wire
from mailprobe.transcript.steps import Handshake, Happens, RawLine, Reply, Sort, Unit
from mailprobe.transcript.talks.shadow import PROTOCOLS, code_of
from mailprobe.value import frozen


class Kind(Enum):
    """How far something reaches that a client sends."""

    LINE = auto()  # a command, an answer to a challenge, a line of `raw`: to its LF
    MAIL = auto()  # mail data, to its lone dot
    CHUNK = auto()  # as many octets as the BDAT before it says
    REST = auto()  # octets that end no line
    END = auto()  # the client closes its side
    TLS = auto()  # the handshake


@frozen
class Hearing:
    """Something that the client must send.

    `unit` is None for END and TLS, and for what has no protocol to be cut by.
    """

    kind: Kind
    lines: tuple[Wire | FileLine, ...]
    place: Place
    text: str  # as the file has it, for people
    pieces: Pieces | None = None  # with the line end where there is no `unit`; None: see `lines`
    secret: frozenset[int] = frozenset()  # which pieces stand in a secret place
    unit: Unit | None = None
    in_mail: bool = False  # REST: mail data that has no end

    @property
    def command(self) -> Command | None:
        """The command as far as it is written to the letter, where it is one."""
        if self.unit is None or self.unit.sort is not Sort.COMMAND or not self.pieces:
            return None
        first = self.pieces[0]
        return Command(first) if isinstance(first, bytes) else None

    @property
    def answer(self) -> bool:
        """Whether it answers a SASL challenge."""
        return self.unit is not None and self.unit.sort is Sort.ANSWER


Saying = Reply | RawLine | Happens | Handshake


@frozen
class Turn:
    """Something that the server says or does.

    It waits until `needs` hearings were heard.  It would like to have `wants` of them, and
    `begun` octets of the next one: a client that keeps silent instead does not hold it up.
    """

    saying: Saying
    needs: int
    wants: int = 0
    begun: int = 0


@frozen
class Agenda:
    """All of one connection, or of one known mistake."""

    connection: int
    hearings: tuple[Hearing, ...]
    turns: tuple[Turn, ...]


@frozen
class Part:
    """One connection that a client opens.  `mistakes`: in the place of which hearing, and how."""

    agenda: Agenda
    protocol: str
    implicit_tls: bool
    last: Place  # of its last line
    mistakes: tuple[tuple[int, Agenda], ...] = ()

    @property
    def connection(self) -> int:
        return self.agenda.connection

    @property
    def speaks_tls(self) -> bool:
        """Whether there is a handshake in it."""
        return self.implicit_tls or any(
            hearing.kind is Kind.TLS for hearing in self.agenda.hearings
        )

    @property
    def catalogue(self) -> Catalogue | None:
        return catalogue_of(self.protocol) if self.protocol in PROTOCOLS else None


def content(line: Line) -> str:
    """What a line of the file says, without its tag."""
    return line.text[content_column(line) - 1 :]


def place_of(line: Line) -> Place:
    """Where what a line says begins."""
    return line.place._replace(column=content_column(line))


def chunk_of(command: Command) -> int:
    """How many octets of mail data follow a command at once (RFC 3030, section 2)."""
    row = SMTP.row(command)
    match = row.pattern.fullmatch(command.argument) if row.then is Then.CHUNK else None
    return int(match[1]) if match else 0


def code_for(step: Reply, catalogue: Catalogue) -> str:
    """The code by which a server answers where the file has a class of replies."""
    question, context = step.expected.question, step.context
    assert question is not None  # the caller has looked
    command = context.command or Command(b"")
    stage = Stage.GREETING if context.greeting else Stage.DATA if context.data else Stage.COMMAND
    row = catalogue.row(command)
    owed = Owed(stage, command, row, row.shape.of(command.argument), each=False)
    pop3 = catalogue.protocol is Protocol.POP3
    return code_of(question.classes[0], None if context.unsolicited else owed, pop3=pop3)
