"""Everything that an observer of a session can see.

Each event is final: do not subclass.  `at` is monotonic seconds since the session opened.
`octets` are what travelled, byte for byte; whoever shows them goes through `safe()`.
"""

from mailprobe.errors import Word
from mailprobe.protocol.model import Advice, Command, Deviation, Reply, State
from mailprobe.value import frozen

# --------------------------------------------------------------------- reaching the server


@frozen
class Resolved:
    at: float
    host: str
    addresses: tuple[str, ...]


@frozen
class Connecting:
    at: float
    address: str


@frozen
class Connected:
    at: float
    address: str  # of the peer, as a person would write it: 192.0.2.1:25, [2001:db8::1]:25
    local: str


@frozen
class Tunnelled:
    """A proxy, to which we are connected, has connected us on."""

    at: float
    address: str  # of the server, as we named it to the proxy
    proxy: str  # its address
    looked_up: bool  # by the proxy: it was given a name


@frozen
class Remarked:
    """What there is to tell about the link itself: one sentence, fit to be shown."""

    at: float
    sentence: str


@frozen
class TlsStarted:
    at: float
    version: str  # "TLSv1.3"
    cipher: str
    server_name: str  # what was verified, A-label or address; "" where nothing was
    verified: bool
    implicit: bool = False  # from the first octet, not by STARTTLS or STLS


@frozen
class TlsFailed:
    """A handshake was begun and came to nothing; `Failed` says why, unless a person gave it up."""

    at: float
    verify: bool  # whether the certificate had to be good
    implicit: bool = False


# ------------------------------------------------------------------------- the client talks


@frozen
class CommandSent:
    """A command whose line is complete.

    `octets` are those that this very write put on the wire (less than the whole line when an
    earlier `RawSent` began it).  `secret` is the span of `command.line` that must not be shown.
    """

    at: float
    command: Command
    octets: bytes
    secret: tuple[int, int] | None = None


@frozen
class AnswerSent:
    """The answer to a SASL challenge: secret as a whole, but for `*`, `=` and the empty line."""

    at: float
    line: bytes
    octets: bytes
    command: Command  # the AUTH that it belongs to


@frozen
class DataSent:
    """Mail data as it travelled: dot-stuffed in DATA, as counted in BDAT."""

    at: float
    octets: bytes
    last: bool  # the end of mail data, or of this BDAT chunk


@frozen
class RawSent:
    """Octets that do not end a line yet; `secret` says that a part of them is."""

    at: float
    octets: bytes
    secret: bool = False


# ------------------------------------------------------------------------ the server answers


@frozen
class Greeting:
    at: float
    reply: Reply


@frozen
class ReplyReceived:
    """A reply, and the command that was owed it.

    `recipient` is the forward-path that a reply to the end of mail data speaks of (LMTP).
    """

    at: float
    reply: Reply
    command: Command
    recipient: bytes | None = None
    body: bool = False  # a multi-line response: BodyChunk events follow


@frozen
class BodyChunk:
    """A piece of a multi-line response, in order; the last one may be empty.

    `octets` is the content, without the doubled dots; `wire` is the same as it travelled, and
    with the end (`.` CRLF) in the last one.
    """

    at: float
    octets: bytes
    wire: bytes
    last: bool = False


@frozen
class Unsolicited:
    """A reply when nothing was owed one."""

    at: float
    reply: Reply


@frozen
class Deviated:
    at: float
    deviation: Deviation


# ------------------------------------------------------------------ what a server role can see


@frozen
class CommandReceived:
    at: float
    command: Command


@frozen
class AnswerReceived:
    """The client's answer to our SASL challenge, still in base64."""

    at: float
    line: bytes
    command: Command


@frozen
class DataReceived:
    """Mail data, dots undone; `last` is the end of mail data or of the BDAT chunk."""

    at: float
    octets: bytes
    last: bool


@frozen
class ReplySent:
    at: float
    reply: Reply


# --------------------------------------------------------------------------------- both roles


@frozen
class Advised:
    at: float
    advice: Advice


@frozen
class StateChanged:
    at: float
    before: State
    after: State


@frozen
class Failed:
    """The session, or the reply in progress, went wrong.

    `octets` is what had come of an unfinished reply, line or body: its tail that no other event
    has shown.
    """

    at: float
    word: Word
    sentence: str
    octets: bytes = b""


class Ending:
    """How a link ended, as `Closed.how`."""

    EOF = "eof"  # the peer closed
    RESET = "reset"
    TRUNCATED = "truncated"  # TLS without close_notify
    LOCAL = "local"  # we closed


@frozen
class Closed:
    at: float
    how: str


Event = (
    Resolved
    | Connecting
    | Connected
    | Tunnelled
    | Remarked
    | TlsStarted
    | TlsFailed
    | CommandSent
    | AnswerSent
    | DataSent
    | RawSent
    | Greeting
    | ReplyReceived
    | BodyChunk
    | Unsolicited
    | Deviated
    | CommandReceived
    | AnswerReceived
    | DataReceived
    | ReplySent
    | Advised
    | StateChanged
    | Failed
    | Closed
)
