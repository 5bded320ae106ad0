"""What a row of the command table says, and the questions that a table answers.

One typed row per command drives framing, advice, completion, hints, help, redaction and the
sandbox.  This module imports no rows: they stand in `smtp` and `pop3`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from re import DOTALL

from mailprobe.enums import Enum, StrEnum, auto
from mailprobe.protocol import codes
from mailprobe.protocol.facts import Effect, Facts
from mailprobe.protocol.grammar import ANYTHING, Rule
from mailprobe.protocol.model import Advice, Command, Protocol, State
from mailprobe.value import field, frozen


class Kind(StrEnum):
    """What may stand in the place of an argument or a parameter's value."""

    HELLO_NAME = "domain"
    REVERSE_PATH = "reverse-path"
    FORWARD_PATH = "forward-path"
    STRING = "string"
    VERB = "verb"
    MECHANISM = "mechanism"
    INITIAL_RESPONSE = "initial-response"
    CHUNK_SIZE = "chunk-size"
    KEYWORD = "keyword"  # one of `values`
    KEYWORDS = "keywords"  # a comma list of `values`
    FLAG = "flag"  # a parameter without a value
    NUMBER = "number"
    XTEXT = "xtext"
    DATE_TIME = "date-time"
    URL = "url"
    NODE = "node-name"
    DOMAINS = "domains"
    ATTRIBUTES = "attributes"
    NAME = "name"  # a POP3 mailbox
    PASSWORD = "password"
    DIGEST = "digest"
    MESSAGE_NUMBER = "msg"
    LINES = "n"
    LANGUAGE = "language"


@frozen
class Parameter:
    """An argument by position, or (`name` in upper case) an ESMTP parameter `NAME[=value]`."""

    name: str
    kind: Kind
    optional: bool = False
    values: tuple[str, ...] = ()
    needs: str = ""  # EHLO keyword that offers it
    value_needs: Mapping[str, str] = field(default_factory=dict)  # the same of single values
    adds: int = 0  # octets by which the command line may grow (RFC 5321, section 4.5.3.1.4)
    replies: tuple[str, ...] = ()  # codes that it can bring about
    reference: str = ""
    summary: str = ""


class Lines(Enum):
    """How long the reply is."""

    BY_CODE = auto()  # SMTP: "-" after the code says that another line follows
    ONE = auto()  # POP3: one line
    MULTI = auto()  # POP3: one line when -ERR; when +OK, lines up to the lone dot
    DATA = auto()  # POP3: one line; +OK opens the client's data, up to the lone dot


@frozen
class Shape:
    """Lines of the reply by argument: with one, without, or by its first word."""

    argued: Lines
    bare: Lines
    words: Mapping[str, Lines] = field(default_factory=dict)

    def of(self, argument: bytes) -> Lines:
        words = argument.split(None, 1) if argument else ()
        if not words:
            return self.bare
        return self.words.get(words[0].upper().decode("latin-1"), self.argued)


BY_CODE = Shape(Lines.BY_CODE, Lines.BY_CODE)
ONE = Shape(Lines.ONE, Lines.ONE)
MULTI = Shape(Lines.MULTI, Lines.MULTI)
MULTI_IF_BARE = Shape(argued=Lines.ONE, bare=Lines.MULTI)


class Then(Enum):
    """What follows a command beyond its reply."""

    NOTHING = auto()
    DATA = auto()  # a 3yz opens mail data, which one more reply answers (LMTP: one a recipient)
    CHUNK = auto()  # counted octets follow the command line itself (RFC 3030)
    TLS = auto()  # a positive reply is the go-ahead for the handshake
    SASL = auto()  # a 3yz or "+" is a challenge, and the next line its answer
    CLOSE = auto()  # a positive reply ends the session
    REVERSE = auto()  # a positive reply swaps the roles
    RESTART = auto()  # a positive reply is a greeting: say hello again


class Standing(StrEnum):
    """Whether a command is alive."""

    CORE = "core"
    OPTIONAL = "optional"
    EXTENSION = "extension"
    VENDOR = "vendor"
    OBSOLETE = "obsolete"
    DEAD = "dead"


@frozen
class CommandSpec:
    """One command of one protocol."""

    verb: str
    syntax: str  # as a person would write it on a card: "RETR msg"
    summary: str
    reference: str  # "RFC 1939, section 5"
    states: frozenset[State]  # where the RFC allows it
    shape: Shape
    after: State | None = None  # the state after a positive reply; None: the same
    then: Then = Then.NOTHING
    effect: Effect = Effect.NOTHING
    arguments: tuple[Parameter, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    prefix: str = ""  # fixed text between verb and first argument: "FROM:<"
    pattern: Rule = ANYTHING  # the whole argument, where it is right
    needs: str = ""  # EHLO keyword or capability that must be offered
    pipelined: bool = False  # may be followed by another before its reply (RFC 2920, section 3.1)
    secret: Rule | None = None  # its group 1, in the argument, must not be shown
    meanings: Mapping[str, str] = field(default_factory=dict)  # reply code: what it says here
    standing: Standing = Standing.CORE
    # Whether mail data comes by this command, until one that says LAST (RFC 3030).
    takes_last: bool = field(init=False, compare=False)
    # Whether a positive reply makes anything known, or changes where the session stands.
    consequential: bool = field(init=False, compare=False)
    # Whether its being sent means something, whatever the reply: octets follow, or marks may stand.
    heeded: bool = field(init=False, compare=False)

    def __post_init__(self) -> None:
        takes_last = any(argument.name == "LAST" for argument in self.arguments)
        object.__setattr__(self, "takes_last", takes_last)
        nothing = (self.after, self.then, self.effect) == (None, Then.NOTHING, Effect.NOTHING)
        object.__setattr__(self, "consequential", not nothing)
        object.__setattr__(self, "heeded", takes_last or self.effect is Effect.MARK)

    def says_last(self, command: Command) -> bool:
        """Whether `command` is a well written one of this row, and no mail data follows it."""
        if not self.takes_last or not self.pattern.fullmatch(command.argument):
            return False
        return command.argument.upper().split()[-1] == b"LAST"

    @property
    def bare(self) -> bool:
        """Whether the command may stand without an argument."""
        return all(argument.optional for argument in self.arguments)


@frozen
class Offer:
    """What a server says it can do: a service extension (EHLO), or a capability (CAPA)."""

    keyword: str  # upper case; the tag in RFC 2449
    summary: str
    reference: str
    arguments: str = ""  # what may follow the keyword; "" is nothing
    verbs: tuple[str, ...] = ()  # commands that it brings
    parameters: tuple[str, ...] = ()  # parameters of MAIL or RCPT that it brings: "MAIL SIZE"
    affects: tuple[str, ...] = ()  # commands that work otherwise, where it is offered


# Credentials keep their place whatever protocol somebody believes to be speaking.
SECRETS: dict[str, Rule] = {
    "PASS": Rule(rb"(.*)", DOTALL),
    "APOP": Rule(rb"[ \t]*[^ \t]+[ \t]+(.*)", DOTALL),
    "AUTH": Rule(rb"[ \t]*[^ \t]+[ \t]+(.*)", DOTALL),
}

AT_ONCE = frozenset({"BDAT"})  # what is followed by its octets without a go-ahead (RFC 3030)

NAMING = frozenset({"USER"})  # whose argument is the name that the secret behind it belongs to

# The one answer that opens what follows a command; any other, however friendly, does not.
# RFC 5321, section 4.1.1.4; RFC 4954, section 4; RFC 5034, section 4; RFC 3207, section 4.
GO_AHEADS: dict[Then, frozenset[str]] = {
    Then.DATA: frozenset({"354"}),
    Then.SASL: frozenset({"334", "+"}),
    Then.TLS: frozenset({"220", "+OK"}),
}

# What may go out in the clear when TLS is required: that by which TLS is reached, and the end.
BEFORE_TLS = frozenset({"EHLO", "LHLO", "CAPA", "STARTTLS", "STLS", "QUIT"})

# Octets of a command line without its CRLF, and of one that logs in; who says so.
_COMMAND_LINE: dict[Protocol, tuple[int, str]] = {
    Protocol.SMTP: (510, "RFC 5321, section 4.5.3.1.4"),
    Protocol.LMTP: (510, "RFC 5321, section 4.5.3.1.4"),
    Protocol.POP3: (253, "RFC 2449, section 4"),
}
_LOGIN_LINE: dict[Protocol, tuple[int, str]] = {
    Protocol.SMTP: (12_286, "RFC 4954, section 4"),
    Protocol.LMTP: (12_286, "RFC 4954, section 4"),
    Protocol.POP3: (253, "RFC 5034, section 4"),
}
# Where a protocol lists its commands.
_COMMANDS: dict[Protocol, str] = {
    Protocol.SMTP: "RFC 5321, section 4.1.1",
    Protocol.LMTP: "RFC 2033, section 4",
    Protocol.POP3: "RFC 1939, section 9",
}


class Catalogue:
    """The rows of one protocol.  To whoever asks it never changes."""

    def __init__(
        self,
        protocol: Protocol,
        rows: Iterable[CommandSpec],
        more: Callable[[], Iterable[CommandSpec]] = tuple,
    ) -> None:
        """`more` gives rows of which most sessions need none, and is not asked before one does.

        Raises ValueError when two rows have one verb.
        """
        self.protocol = protocol
        self._common = self._rows = _by_verb(rows)
        self._more: Callable[[], Iterable[CommandSpec]] | None = more
        lines = ONE if protocol is Protocol.POP3 else BY_CODE
        # A verb that nobody knows gets one reply (a POP3 -ERR is always one line).
        self._unknown = CommandSpec("", "", "", "", frozenset(State), lines)

    def __iter__(self) -> Iterator[CommandSpec]:
        return iter(self._all().values())

    def __contains__(self, verb: str) -> bool:
        return self.find(verb) is not None

    def find(self, verb: str) -> CommandSpec | None:
        """The row of `verb` (upper case), or None."""
        row = self._rows.get(verb)
        return self._all().get(verb) if row is None else row

    def row(self, command: Command) -> CommandSpec:
        """The row that frames `command`; a neutral one for an unknown verb."""
        row = self._rows.get(command.verb)
        if row is None and command.verb:  # an empty line has none
            row = self._all().get(command.verb)
        return row or self._unknown

    def _all(self) -> dict[str, CommandSpec]:
        """The rows with those that most sessions do not need."""
        if (more := self._more) is not None:  # two threads that come here make the same
            self._rows = _by_verb([*self._common.values(), *more()])
            self._more = None
        return self._rows

    def secret_in(self, command: Command) -> tuple[int, int] | None:
        """The span of `command.line` that must not be shown, or None.

        An empty secret is none; nor is `=`, the empty initial response (RFC 4954, section 4).
        """
        if not command.argument:
            return None
        row = self.find(command.verb)
        pattern = row.secret if row else SECRETS.get(command.verb)
        if pattern is None:
            return None
        match = pattern.match(command.argument)
        if match is None or match[1] in (b"", b"="):
            return None
        offset = len(command.line) - len(command.argument)
        return offset + match.start(1), offset + match.end(1)

    def meaning(self, verb: str, code: str) -> str:
        """What reply `code` says in answer to `verb`, in a few words; "" where nobody knows."""
        row = self.find(verb)
        special = row.meanings.get(code) if row else None
        return special or codes.REPLY_CODES.get(code, "")

    def advise(self, command: Command, facts: Facts) -> tuple[Advice, ...]:
        """Which rules `command` breaks where the session stands.  It is sent all the same."""
        row = self.find(command.verb)
        if row is None:
            reference = _COMMANDS[self.protocol]
            return (Advice(f"{self.protocol.upper()} has no such command", reference),)
        return tuple(_advice(row, command, facts))

    def advise_parameters(self, command: Command, facts: Facts) -> tuple[Advice, ...]:
        """Of these rules, those that speak of parameters (RFC 5321, section 4.1.1.11)."""
        return tuple(_parameter_advice(self.row(command), command, facts))


def _by_verb(rows: Iterable[CommandSpec]) -> dict[str, CommandSpec]:
    found: dict[str, CommandSpec] = {}
    for row in rows:
        if row.verb in found:
            raise ValueError(f"two rows for {row.verb}")
        found[row.verb] = row
    return found


def _advice(row: CommandSpec, command: Command, facts: Facts) -> Iterator[Advice]:
    if facts.state not in row.states:
        where = ", ".join(sorted(row.states))
        yield Advice(f"{row.verb} belongs to state {where}", row.reference)
    if row.needs and facts.offers is not None and row.needs not in facts.offers:
        yield Advice(f"{row.needs} was not offered", row.reference)
    if not row.pattern.fullmatch(command.argument):
        yield Advice(f"the form is {row.syntax}", row.reference)
    yield from _parameter_advice(row, command, facts)
    if row.standing in (Standing.OBSOLETE, Standing.DEAD):
        yield Advice(f"{row.verb} is {row.standing}", row.reference)
    if row.then is Then.DATA and facts.binary:
        yield Advice(
            "after BODY=BINARYMIME the message goes by BDAT, not by DATA", "RFC 3030, section 3"
        )
    limit, reference = longest_line(row, facts.protocol)
    if len(command.line) > limit:
        yield Advice(f"the line is longer than {limit} octets", reference)


def longest_line(row: CommandSpec, protocol: Protocol) -> tuple[int, str]:
    """Octets that a line of this command may have without its CRLF, and who says so."""
    lines = _LOGIN_LINE if row.then is Then.SASL else _COMMAND_LINE
    limit, reference = lines[protocol]
    return limit + sum(parameter.adds for parameter in row.parameters), reference


def _parameter_advice(row: CommandSpec, command: Command, facts: Facts) -> Iterator[Advice]:
    match = row.pattern.fullmatch(command.argument)
    if not row.parameters or match is None or facts.offers is None:
        return
    known = {parameter.name: parameter for parameter in row.parameters}
    for word in match["parameters"].split():
        keyword, _, value = word.upper().partition(b"=")
        name = keyword.decode("ascii")
        parameter = known.get(name)
        if parameter is None:
            yield Advice(f"{row.verb} has no parameter {name}", row.reference)
            continue
        needed = parameter.value_needs.get(value.decode("latin-1"), "")
        for offer in filter(None, (parameter.needs, needed)):
            if offer not in facts.offers:
                yield Advice(f"{offer} was not offered", parameter.reference)
    if match["parameters"]:
        from mailprobe.protocol import values  # few commands have any

        yield from values.advise(match["parameters"], facts)
