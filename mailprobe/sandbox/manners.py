"""In what servers differ: what they offer, ask for and refuse, and how they word it.

Types, and the server that nobody has asked to be another; the others stand in `profiles`.
"""

from collections.abc import Mapping

from mailprobe.enums import Enum, auto
from mailprobe.sandbox.accounts import DOMAIN
from mailprobe.sandbox.parameters import LATEST_HOLD, LONGEST_HOLD, Refusal
from mailprobe.value import field, frozen

MAXIMUM_SIZE = 64 * 1024 * 1024  # octets of a message


class When(Enum):
    """When a recipient meets its fate."""

    AT_ONCE = auto()  # RCPT is refused
    AT_FIRST = auto()  # RCPT is refused until it is tried again in another mail transaction
    BEHIND_THE_DOT = auto()  # LMTP: its own reply says so (RFC 2033, section 4.2)
    LATER = auto()  # the message is accepted, and a report tells the sender that it failed


@frozen
class Fate:
    """What happens to mail for one recipient."""

    refusal: Refusal
    when: When = When.AT_ONCE


class LineEnds(Enum):
    """What ends a line of the client."""

    LENIENT = auto()  # LF ends a command, CRLF . CRLF alone the mail data
    CRLF = auto()  # a lone LF is refused (RFC 5321, section 2.3.8)
    LF = auto()  # LF is as good as CRLF everywhere: LF . LF ends the mail data


@frozen
class SmtpWording:
    """Texts of replies, with the enhanced status codes that they begin with."""

    greeting: str = "{host} {kind} mailprobe sandbox, nothing is sent on from here"
    hello: str = "{host} greets {name}"
    plain_hello: str = "{host}"
    start_tls: str = "2.0.0 Go ahead"
    logged_in: str = "2.7.0 You are logged in"
    sender: str = "2.1.0 Sender accepted"
    recipient: str = "2.1.5 Recipient accepted"
    go_ahead: str = "Send the message, and end it with a lone dot"
    accepted: str = "2.0.0 Message accepted, it stays here"
    reset: str = "2.0.0 No mail transaction is open now"
    verify: str = "2.0.0 Every address of {domain} takes mail: send some and see"
    noop: str = "2.0.0 Here I am"
    quit: str = "2.0.0 Goodbye"
    unknown: str = "5.5.1 There is no such command; HELP lists those that there are"
    not_carried_out: str = "5.5.1 {verb} is not carried out here"


# EHLO keywords, and what stands behind them.
KEYWORDS: Mapping[str, str] = {
    "PIPELINING": "",
    "SIZE": "{size}",
    "8BITMIME": "",
    "SMTPUTF8": "",
    "DSN": "",
    "CHUNKING": "",
    "BINARYMIME": "",
    "DELIVERBY": "",
    "MT-PRIORITY": "",
    "FUTURERELEASE": f"{LONGEST_HOLD} {LATEST_HOLD}",
    "ENHANCEDSTATUSCODES": "",
}


@frozen
class SmtpManner:
    """A server of SMTP or LMTP."""

    wording: SmtpWording = SmtpWording()
    keywords: Mapping[str, str] = field(default=KEYWORDS)
    size: int = MAXIMUM_SIZE
    mechanisms: tuple[str, ...] | None = None  # of AUTH; None: all that there are
    start_tls: bool = True
    needs_hello: bool = True
    login_needs_tls: bool = False
    mail_needs_tls: bool = False
    mail_needs_login: bool = False
    line_ends: LineEnds = LineEnds.LENIENT
    longest_command: int = 0  # octets with CRLF; 0: as long as anybody likes
    longest_line: int = 0  # of mail data, the same
    refused: Mapping[str, Refusal] = field(default_factory=dict)  # commands, by their verbs
    # "user@example.test", or "@null.test" for a whole domain
    fates: Mapping[str, Fate] = field(default_factory=dict)
    senders: Mapping[str, Refusal] = field(default_factory=dict)  # the same of reverse-paths
    relay: Refusal = Refusal("550", f"5.7.1 No relaying: only {DOMAIN} is here, or log in by AUTH")
    relays_for_users: bool = True
    odd_routes: bool = True  # whether user%host@example.test is a local name like another
    reports: bool = False  # delivery status notifications (RFC 3461)
    ticket: str = ""  # what its users complain of; HELP tells it


@frozen
class Pop3Wording:
    """Texts behind the status indicators."""

    greeting: str = f"mailprobe sandbox, POP3 for {DOMAIN} {{timestamp}}"
    user: str = "Now the password, by PASS"
    wrong: str = "[AUTH] There is no such user, or the credentials are wrong"  # RFC 3206
    in_use: str = "[IN-USE] Another session holds the maildrop"  # RFC 2449, section 8.1.2
    logged_in: str = "{user}'s maildrop has {messages} ({octets} octets)"
    listing: str = "{messages}"
    message: str = "{octets} octets"
    top: str = "The header and {lines} lines follow"
    deleted: str = "Message {number} is marked, QUIT will remove it"
    no_message: str = "There is no message {number}, the maildrop has {count}"
    is_deleted: str = "Message {number} is marked as deleted"
    reset: str = "No message is marked now, the maildrop has {count}"
    noop: str = "Here I am"
    quit: str = "Goodbye"
    updated: str = "Goodbye, {messages} removed"
    unknown: str = "There is no such command here"
    first_log_in: str = "Log in first"
    implementation: str = ""  # "": our own


CAPABILITIES = (
    *("TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "USER", "UTF8", "LANG"),
)


@frozen
class Pop3Manner:
    """A server of POP3."""

    wording: Pop3Wording = Pop3Wording()
    capabilities: tuple[str, ...] = CAPABILITIES
    mechanisms: tuple[str, ...] | None = None  # of AUTH; None: all that there are
    host: str = DOMAIN  # behind the @ of the timestamp
    login_needs_tls: bool = False
    locked: bool = False  # somebody holds every maildrop, and does not let go


@frozen
class Host:
    """A server of SMTP that has an address of its own."""

    name: str
    address: str
    domains: frozenset[str]  # whose mail it takes


@frozen
class Record:
    """One record of a zone; `data` is as a master file has it, names with their final dot."""

    name: str  # without the final dot
    kind: str  # "MX"
    data: str


@frozen
class Zone:
    """What a name server knows; another name below one of `origins` does not exist."""

    records: tuple[Record, ...]
    failing: tuple[str, ...] = ()  # names for which it says SERVFAIL
    origins: tuple[str, ...] = ("test", "127.in-addr.arpa")


@frozen
class Profile:
    """One character; `name` is what stands behind `sandbox/`, "" where nothing does.

    `secrets` are those of users besides alice and bob; `mails` is the folder of the mails that
    lie in the maildrops of `readers` when it opens; `hosts` have addresses of their own, besides
    the one that serves everything.
    """

    name: str
    summary: str
    smtp: SmtpManner = SmtpManner()
    pop3: Pop3Manner = Pop3Manner()
    secrets: Mapping[str, str] = field(default_factory=dict)
    domains: frozenset[str] = frozenset({DOMAIN})
    mails: str = "samples"
    readers: tuple[str, ...] = ("alice",)
    hosts: tuple[Host, ...] = ()
    zone: Zone | None = None
    expired: bool = False  # the certificate


DEFAULT = Profile("", "a friendly server with all that there is")
