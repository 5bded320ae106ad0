"""What the dialogue has made known so far: the state that completion, advice and assertions read.

`Facts` belongs to one `Connection`.  How a positive reply changes it is a table from `Effect` to
a function of facts, command and reply; nothing here knows a verb.
"""

import re
from collections.abc import Callable

from mailprobe.enums import Enum, auto
from mailprobe.protocol import grammar
from mailprobe.protocol.model import Command, Protocol, Reply, State
from mailprobe.value import field, mutable

_MESSAGES = 100_000  # of a maildrop, some 30 MB; a server may name ever new ones


class Effect(Enum):
    """What a positive reply to a command changes, or makes known."""

    NOTHING = auto()
    EXTENSIONS = auto()  # hello: the reply lists service extensions; no transaction is open
    PLAIN_HELLO = auto()  # hello without extensions
    REVERSE_PATH = auto()
    FORWARD_PATH = auto()
    RESET = auto()  # the mail transaction is gone
    LOGIN = auto()
    CAPABILITIES = auto()
    MECHANISMS = auto()
    DROP_LISTING = auto()
    SCAN_LISTING = auto()
    UNIQUE_ID_LISTING = auto()
    MARK = auto()  # a message is marked as deleted
    UNMARK = auto()


@mutable
class Message:
    """What is known of one message of a maildrop; None is not known."""

    size: int | None = None  # octets, as the server says
    unique_id: str | None = None


@mutable
class Facts:
    """A session in one look."""

    protocol: Protocol
    state: State = State.CONNECT
    tls: bool = False
    authenticated: bool = False
    login_refused: bool = False  # by the last AUTH: an answer to it may come as a command
    greeting: bytes | None = None
    # EHLO keyword or capability, upper case, to its arguments; None: nobody has asked yet
    offers: dict[str, str] | None = None
    reverse_path: bytes | None = None
    binary: bool = False  # the mail transaction was opened with BODY=BINARYMIME
    recipients: list[bytes] = field(default_factory=list)  # accepted forward-paths, in order
    count: int | None = None  # messages in the maildrop (STAT)
    messages: dict[int, Message] = field(default_factory=dict)
    marks: set[int] = field(default_factory=set)  # message-numbers that QUIT would remove
    # DELE was sent since the login, or the last RSET, whatever the server said to it
    asked_to_delete: bool = False

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """SASL mechanisms on offer, upper case."""
        offers = self.offers or {}
        words = offers.get("AUTH" if self.protocol is not Protocol.POP3 else "SASL", "")
        return tuple(words.upper().split())

    @property
    def timestamp(self) -> bytes | None:
        """The APOP timestamp of the greeting, brackets included (RFC 1939, section 7)."""
        match = grammar.TIMESTAMP.search(self.greeting or b"")
        return match[0] if match else None

    @property
    def marked(self) -> int:
        """How many messages QUIT would remove (RFC 1939, section 6)."""
        return len(self.marks)

    def forget_transaction(self) -> None:
        self.reverse_path = None
        self.binary = False
        self.recipients = []

    def forget_session(self) -> None:
        """After TLS starts nothing that was said in the clear counts (RFC 3207, section 4.2)."""
        self.forget_transaction()
        self.offers = None
        self.authenticated = False
        self.login_refused = False
        self.count = None
        self.messages = {}
        self.marks = set()
        self.asked_to_delete = False

    def learn(self, effect: Effect, command: Command, reply: Reply, body: list[bytes]) -> None:
        """Take in a positive reply and the lines of its multi-line body, if it has one."""
        if (function := _EFFECTS.get(effect)) is not None:
            function(self, command, reply, body)

    def message(self, number: int) -> Message:
        """What is known of a message; of more than anybody looks at, nothing is kept."""
        known = self.messages.get(number)
        if known is None:
            known = Message()
            if len(self.messages) < _MESSAGES:
                self.messages[number] = known
        return known


def _learn_extensions(facts: Facts, command: Command, reply: Reply, body: list[bytes]) -> None:
    facts.forget_transaction()
    facts.offers = _offers(reply.texts[1:])  # the first line is the server's name


def _learn_capabilities(facts: Facts, command: Command, reply: Reply, body: list[bytes]) -> None:
    facts.offers = _offers(body)


def _offers(lines: tuple[bytes, ...] | list[bytes]) -> dict[str, str]:
    """Keywords, upper case, with their arguments.  `AUTH=LOGIN` is an old spelling of AUTH."""
    offers: dict[str, str] = {}
    for line in lines:
        if (match := grammar.OFFER.match(line)) is None:
            continue
        keyword = match[1].decode("ascii").upper()
        arguments = (match[2] or b"").decode("latin-1").strip()
        known = offers.get(keyword)
        # an AUTH line may come twice: the mechanisms add up
        offers[keyword] = " ".join(filter(None, (known, arguments)))
    return offers


def _learn_mechanisms(facts: Facts, command: Command, reply: Reply, body: list[bytes]) -> None:
    if not command.argument:  # the bare AUTH of old POP3 servers lists them, one a line
        facts.offers = {**(facts.offers or {}), "SASL": b" ".join(body).decode("latin-1")}
        return
    _login(facts, command, reply, body)


def _hello(facts: Facts, command: Command, reply: Reply, body: list[bytes]) -> None:
    facts.forget_transaction()
    facts.offers = {}


def _learn_reverse_path(facts: Facts, command: Command, reply: Reply, body: list[bytes]) -> None:
    facts.forget_transaction()
    facts.reverse_path = grammar.path_in(command.argument)
    facts.binary = b"BODY=BINARYMIME" in command.argument.upper().split()


def _learn_forward_path(facts: Facts, command: Command, reply: Reply, body: list[bytes]) -> None:
    facts.recipients.append(grammar.path_in(command.argument))


def _reset(facts: Facts, command: Command, reply: Reply, body: list[bytes]) -> None:
    facts.forget_transaction()


def _login(facts: Facts, command: Command, reply: Reply, body: list[bytes]) -> None:
    facts.authenticated = True
    facts.offers = facts.offers if facts.protocol is not Protocol.POP3 else None


def _learn_drop(facts: Facts, command: Command, reply: Reply, body: list[bytes]) -> None:
    if match := grammar.DROP_LISTING.match(reply.texts[0]):
        facts.count = int(match[1])


def _learn_scan(facts: Facts, command: Command, reply: Reply, body: list[bytes]) -> None:
    for line in body if not command.argument else reply.texts:
        if match := grammar.SCAN_LISTING.match(line):
            facts.message(int(match[1])).size = int(match[2])


def _learn_unique_ids(facts: Facts, command: Command, reply: Reply, body: list[bytes]) -> None:
    for line in body if not command.argument else reply.texts:
        if match := grammar.UNIQUE_ID_LISTING.match(line):
            facts.message(int(match[1])).unique_id = match[2].decode("latin-1")


def _mark(facts: Facts, command: Command, reply: Reply, body: list[bytes]) -> None:
    if re.fullmatch(rb"[0-9]{1,10}", command.argument.strip()):
        facts.message(int(command.argument))
        facts.marks.add(int(command.argument))


def _unmark(facts: Facts, command: Command, reply: Reply, body: list[bytes]) -> None:
    facts.marks = set()


_EFFECTS: dict[Effect, Callable[[Facts, Command, Reply, list[bytes]], None]] = {
    Effect.EXTENSIONS: _learn_extensions,
    Effect.PLAIN_HELLO: _hello,
    Effect.REVERSE_PATH: _learn_reverse_path,
    Effect.FORWARD_PATH: _learn_forward_path,
    Effect.RESET: _reset,
    Effect.LOGIN: _login,
    Effect.CAPABILITIES: _learn_capabilities,
    Effect.MECHANISMS: _learn_mechanisms,
    Effect.DROP_LISTING: _learn_drop,
    Effect.SCAN_LISTING: _learn_scan,
    Effect.UNIQUE_ID_LISTING: _learn_unique_ids,
    Effect.MARK: _mark,
    Effect.UNMARK: _unmark,
}
