"""The words of the protocols as types: what is said on the wire, before anybody judges it.

Octets stay octets; text appears only where an RFC makes it ASCII (verbs, codes).
"""

from mailprobe.enums import Enum, StrEnum
from mailprobe.patterns import pattern
from mailprobe.value import field, frozen


class Protocol(StrEnum):
    SMTP = "smtp"  # RFC 5321
    LMTP = "lmtp"  # RFC 2033
    POP3 = "pop3"  # RFC 1939


class Role(Enum):
    CLIENT = "client"
    SERVER = "server"


class State(StrEnum):
    """Where a session stands.  SMTP and LMTP first, then POP3 (RFC 1939, section 3)."""

    CONNECT = "connect"  # the link is up, no greeting yet
    GREETED = "greeted"  # greeting seen, nobody has said hello
    READY = "ready"  # hello accepted, no mail transaction
    MAIL = "mail"  # reverse-path accepted
    RCPT = "rcpt"  # at least one forward-path accepted
    BDAT = "bdat"  # at least one chunk without LAST accepted (RFC 3030)
    AUTHORIZATION = "authorization"
    TRANSACTION = "transaction"
    UPDATE = "update"
    DATA = "data"  # mail data until the lone dot (XTND XMIT in POP3, too)
    AUTH = "auth"  # a SASL challenge is open: the next line is its answer
    TLS = "tls"  # go-ahead seen: the next octets belong to the handshake
    REVERSED = "reversed"  # roles swapped by TURN or ATRN
    CLOSED = "closed"


_TAB = ord("\t")  # Python looks for a number in half the time


@frozen
class Command:
    """One command line.  `line` is the exact octets without CRLF; any octets will do."""

    line: bytes
    verb: str = field(init=False, compare=False)  # upper case, for look-up only
    argument: bytes = field(init=False, compare=False)  # what follows the verb and one blank

    def __post_init__(self) -> None:
        line = self.line.lstrip(b" \t")
        verb, _, argument = line.partition(b" ")
        if _TAB in verb:
            verb, _, argument = line.partition(b"\t")
        # the one place that sets them
        self.verb = verb.upper().decode("latin-1")  # type: ignore[misc]
        self.argument = argument  # type: ignore[misc]


@frozen
class Deviation:
    """Something odd that the peer did, and how far from the start of the reply."""

    what: str  # "bare LF"
    reference: str  # "RFC 5321, section 2.3.8"
    at: int  # octet offset


@frozen
class Advice:
    """What a rule says about a command that was sent all the same."""

    what: str  # "RCPT before MAIL"
    reference: str


class Verdict(StrEnum):
    """What the first digit or the status indicator of a reply says (RFC 5321, section 4.2.1)."""

    DONE = "ok"  # 2yz, +OK
    GO_ON = "go on"  # 3yz, +
    LATER = "later"  # 4yz
    REFUSED = "refused"  # 5yz, -ERR


_VERDICTS = {
    "2": Verdict.DONE,
    "3": Verdict.GO_ON,
    "4": Verdict.LATER,
    "5": Verdict.REFUSED,
    "+OK": Verdict.DONE,
    "+": Verdict.GO_ON,
    "-ERR": Verdict.REFUSED,
}
_ENHANCED = pattern(rb"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |$)")  # RFC 2034, section 4
_RESPONSE_CODE = pattern(rb"\[([^\]\[ ]{1,200})\]")  # RFC 2449, section 8


@frozen
class Reply:
    """One whole reply; of a POP3 multi-line response, its first line.

    `lines` are whole lines, code included, without their ends; `wire` is the exact octets.
    """

    lines: tuple[bytes, ...]
    code: str  # "250", "+OK", "-ERR", "+"
    wire: bytes
    deviations: tuple[Deviation, ...] = ()

    @classmethod
    def of(cls, code: str, *texts: str | bytes) -> "Reply":
        """Write a reply of `code` with one line for each text (SMTP joins them by `-`).

        Raises ValueError when a text holds CR, LF or NUL: a reply composed by us is one reply.
        """
        raw = [text.encode() if isinstance(text, str) else text for text in texts] or [b""]
        if any(octet in text for text in raw for octet in (b"\r", b"\n", b"\0")):
            raise ValueError("CR, LF or NUL in the text of a reply")
        head = code.encode("ascii")
        lines = [head + b"-" + text for text in raw[:-1]]
        # "334" and "+" keep their blank: an empty challenge is "334 " (RFC 4954, section 4)
        blank = b" " if raw[-1] or code in ("334", "+") else b""
        lines.append(head + blank + raw[-1])
        return cls(tuple(lines), code, b"".join(line + b"\r\n" for line in lines))

    @property
    def verdict(self) -> Verdict:
        return _VERDICTS.get(self.code) or _VERDICTS[self.code[0]]

    @property
    def positive(self) -> bool:
        """2yz or +OK: the command was carried out."""
        return self.verdict is Verdict.DONE

    @property
    def refused(self) -> bool:
        """4yz, 5yz or -ERR."""
        return self.verdict in (Verdict.LATER, Verdict.REFUSED)

    @property
    def texts(self) -> tuple[bytes, ...]:
        """The lines without code and separator."""
        skip = len(self.code) + 1
        return tuple(line[skip:] for line in self.lines)

    @property
    def enhanced(self) -> str | None:
        """The enhanced status code `class.subject.detail` (RFC 3463), where the text has one."""
        match = _ENHANCED.match(self.texts[0])
        return match[1].decode("ascii") if match else None

    @property
    def response_code(self) -> str | None:
        """The POP3 response code without brackets, upper case (RFC 2449, section 8)."""
        match = _RESPONSE_CODE.match(self.texts[0])
        return match[1].decode("latin-1").upper() if match else None
