"""What is another one in every run: a table of where it stands, how it looks, and its type."""

import re
from collections.abc import Callable, Iterator

from mailprobe.enums import Enum, auto
from mailprobe.patterns import pattern
from mailprobe.transcript.changing.spots import Spot, spots
from mailprobe.transcript.model import Transcript, Wire
from mailprobe.transcript.reading.kinds import kind_of
from mailprobe.transcript.reading.nodes import Line as Places
from mailprobe.value import frozen

__all__ = ["TABLE", "Again", "Field", "Row", "fields_of", "fits", "volatile"]


class Again(Enum):
    """What the same value means where it comes again."""

    NOTHING = auto()
    REPLIES = auto()  # the same thing, in what a server says
    COMMANDS = auto()  # there, and in what a client says


@frozen
class Field:
    """A part of a line that is another one in every run."""

    start: int
    end: int
    kind: str
    name: str  # "" where it is not captured
    again: Again
    what: str


Where = Callable[[Spot], bool]


@frozen
class Row:
    """One row: each group of `pattern` that takes part is a field, of the first kind that fits.

    `name` is what captures it; without one each field stands for itself.
    """

    what: str
    where: Where
    pattern: re.Pattern[bytes]
    kinds: tuple[str, ...]
    name: str = ""
    again: Again = Again.NOTHING


def fits(kind: str, octets: bytes, *, named: bool) -> bool:
    """Whether `octets` are of a type."""
    line = Places(octets, lambda work: None)
    return bool(kind_of(kind, named=named).ends(line, 1) >> len(octets) & 1)


def fields_of(spot: Spot) -> list[Field]:
    """What is volatile in a line, from left to right; of two that overlap the earlier row's."""
    found: list[Field] = []
    if len(spot.octets) > _LONGEST or (spot.body and spot.octets.startswith(b".")):
        return found  # no line of a server; stuffed: what it says begins behind the dot
    start = _code(spot)
    for row in TABLE:
        if not row.where(spot):
            continue
        for match in row.pattern.finditer(spot.octets):
            for group in range(1, row.pattern.groups + 1):
                field = _field(row, match, group)
                if field is not None and field.start >= start and _is_free(field, found):
                    found.append(field)
    return sorted(found, key=lambda field: field.start)


def _code(spot: Spot) -> int:
    """Where the text begins: the code and what parts it from the text stay as they are."""
    match = _CODE.match(spot.octets) if spot.context is not None and not spot.body else None
    return match.end() if match else 0


def _field(row: Row, match: re.Match[bytes], group: int) -> Field | None:
    value = match[group]
    if not value:
        return None
    kind = next((kind for kind in row.kinds if fits(kind, value, named=bool(row.name))), None)
    if kind is None:
        return None
    return Field(*match.span(group), kind, row.name, row.again, row.what)


def _is_free(field: Field, found: list[Field]) -> bool:
    """Nothing else stands there, nor beside it: two wildcards side by side say nothing."""
    return all(field.end < other.start or other.end < field.start for other in found)


def volatile(transcript: Transcript) -> Iterator[tuple[Wire, list[Field]]]:
    """The recorded lines that hold something volatile, with what it is.  Raises Unreadable."""
    for spot in spots(transcript).values():
        if spot.line.place.file == transcript.name and (found := fields_of(spot)):
            yield spot.line, found


# ------------------------------------------------------------------------------------ where


def _anywhere(spot: Spot) -> bool:
    return True


def _in_status(spot: Spot) -> bool:
    """In a reply, but not where it tells what is offered."""
    if spot.body or spot.context is None:
        return False
    return spot.first or not spot.context.hello


def _in_mail(spot: Spot) -> bool:
    return spot.body and spot.verb in ("RETR", "TOP")


def _in_greeting(spot: Spot) -> bool:
    return spot.context is not None and spot.context.greeting and spot.protocol != "pop3"


def _in_pop3_greeting(spot: Spot) -> bool:
    return spot.context is not None and spot.context.greeting and spot.protocol == "pop3"


def _in_hello(spot: Spot) -> bool:
    """The first line of the reply to hello tells the server's name, and whom it sees."""
    return spot.first and spot.verb in ("EHLO", "HELO", "LHLO")


def _behind_data(spot: Spot) -> bool:
    return not spot.body and spot.context is not None and spot.context.data


def _in_pop3_status(spot: Spot) -> bool:
    return _in_status(spot) and spot.protocol == "pop3"


def _answers(*verbs: str, bare: bool | None = None, body: bool = False) -> Where:
    """It answers one of these commands, which has no argument (`bare`), or has one."""

    def where(spot: Spot) -> bool:
        if spot.verb not in verbs or spot.body is not body:
            return False
        return bare is None or bare is not bool(spot.words)

    return where


def _challenges(spot: Spot) -> bool:
    """A challenge that a server makes anew each time; the prompts of LOGIN it does not."""
    if spot.verb != "AUTH" or spot.body or not spot.words:
        return False
    mechanism = spot.words[0]
    return mechanism.startswith(b"SCRAM-") or mechanism in _LIVE


_LIVE = (b"CRAM-MD5", b"DIGEST-MD5", b"NTLM", b"GSSAPI", b"GSS-SPNEGO")


# -------------------------------------------------------------------------------- how it looks

_LONGEST = 4096  # octets: RFC 5321, section 4.5.3.1.6 allows 1000
_CODE = pattern(rb"(?:[0-9]{3}|\+OK|-ERR|\+)(?:[ -]|\Z)", re.IGNORECASE)
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_TIME = rb"[0-9]{2}:[0-9]{2}(?::[0-9]{2})?"
_IPV4 = rb"(?:[0-9]{1,3}\.){3}[0-9]{1,3}"
_IPV6 = rb"(?:IPv6:)?[0-9A-F]{0,4}(?::[0-9A-F]{0,4}){2,8}"
_NAME = rb"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = rb"(?:" + _NAME + rb"(?:\." + _NAME + rb")+|localhost)"


def _p(source: bytes) -> re.Pattern[bytes]:
    return re.compile(source, re.IGNORECASE)


_IDS = ("qid", "token", "word")
# The order counts: what stands first takes its part of the line.
TABLE: tuple[Row, ...] = (
    # RFC 1939, section 7: the timestamp of a greeting
    Row(
        "an APOP timestamp",
        _in_pop3_greeting,
        _p(rb"(<[^<>@ \t]+@[^<>@ \t]+>)"),
        ("msgid",),
        "stamp",
    ),
    Row("a challenge", _challenges, _p(rb"^(?:334|\+) ([A-Za-z0-9+/]+={0,2})$"), ("b64",)),
    # RFC 5322, section 3.3; then as C writes it, and as ISO 8601 has it
    Row(
        "a date",
        _anywhere,
        _p(
            rb"((?:"
            + _DAY
            + rb",[ \t]*)?\b[0-9]{1,2} "
            + _MONTH
            + rb" [0-9]{4} "
            + _TIME
            + rb" (?:[+-][0-9]{4}\b|[A-Z]{1,5}\b)(?: \([^()]{1,40}\))?)"
        ),
        ("date",),
    ),
    Row(
        "a date",
        _anywhere,
        _p(rb"\b(" + _DAY + rb" " + _MONTH + rb" [ 0-9][0-9] " + _TIME + rb" [0-9]{4})\b"),
        ("any",),
    ),
    Row(
        "a date",
        _anywhere,
        _p(
            rb"\b([0-9]{4}-[0-9]{2}-[0-9]{2}(?:T" + _TIME + rb")(?:\.[0-9]+)?"
            rb"(?:Z|[+-][0-9]{2}:?[0-9]{2})?)"
        ),
        ("word",),
    ),
    # names of hosts, and the client as the server sees it
    Row(
        "the server's name",
        _in_greeting,
        _p(rb"^220[ -](" + _HOST + rb")(?= |$)"),
        ("host",),
        "host",
        Again.REPLIES,
    ),
    Row(
        "the server's name",
        _in_hello,
        _p(rb"^250[ -](" + _HOST + rb")(?= |$)"),
        ("host",),
        "host",
        Again.REPLIES,
    ),
    Row(
        "the server's name",
        _in_pop3_greeting,
        _p(rb"(?<![^ (])((?:" + _NAME + rb"\.)+[a-z]{2,})(?![^ ),])"),
        ("host",),
        "host",
        Again.REPLIES,
    ),
    Row(
        "an address",
        _in_hello,
        _p(rb"(?<![^ (\[])(" + _IPV4 + rb"|" + _IPV6 + rb")(?=[\]) :]|$)"),
        ("ip",),
    ),
    Row("a port", _in_status, _p(_IPV4 + rb"\]?:([0-9]{2,5})\b"), ("int",)),
    Row("a port", _in_status, _p(rb"\bport[ =]([0-9]{2,5})\b"), ("int",)),
    # what a server calls this session, or this mail
    Row(
        "a session's name",
        _in_status,
        _p(rb" (\S+) - gsmtp$"),
        ("qid", "token", "word"),
        "session",
        Again.REPLIES,
    ),
    Row(
        "a session's name",
        _anywhere,
        _p(rb"\bsession(?:[ _-]?id)?[=:] ?<?([^\s<>,;()\[\]]+)"),
        ("word",),
        "session",
        Again.REPLIES,
    ),
    Row(
        "a queue id",
        _behind_data,
        _p(rb"\bqueued as ([^\s<>()\[\],;]+)"),
        _IDS,
        "qid",
        Again.COMMANDS,
    ),
    Row(
        "a queue id",
        _behind_data,
        _p(rb"\b(?:queue-?)?id[=: ] ?([^\s<>()\[\],;]+)"),
        _IDS,
        "qid",
        Again.COMMANDS,
    ),
    Row(
        "a queue id",
        _behind_data,
        _p(rb" ([A-Za-z0-9]{8,}) Message accepted"),
        _IDS,
        "qid",
        Again.COMMANDS,
    ),
    Row("a queue id", _behind_data, _p(rb"> ([^\s<>]{8,}) Saved$"), _IDS, "qid", Again.COMMANDS),
    Row("a queue id", _behind_data, _p(rb"\bInternalId=([0-9]+)"), ("int",)),
    Row(
        "a number of this moment",
        _behind_data,
        _p(rb"\bok:? +([0-9]{9,11})(?: qp ([0-9]+))?"),
        ("int",),
    ),
    Row(
        "a message-id",
        _behind_data,
        _p(rb"(<[^<>@\s]+@[^<>@\s]+>)(?= \[?(?:internalid|queued))"),
        ("msgid",),
        "msgid",
        Again.COMMANDS,
    ),
    # what is in a maildrop
    Row("a count", _answers("STAT"), _p(rb"^\+OK ([0-9]+) ([0-9]+)"), ("int",)),
    Row("a size", _answers("LIST", bare=False), _p(rb"^\+OK [0-9]+ ([0-9]+)"), ("int",)),
    Row("a size", _answers("LIST", bare=True, body=True), _p(rb"^[0-9]+ ([0-9]+)"), ("int",)),
    Row(
        "a unique-id",
        _answers("UIDL", bare=False),
        _p(rb"^\+OK [0-9]+ ([!-~]+)"),
        ("token", "word"),
        "uid",
        Again.COMMANDS,
    ),
    Row(
        "a unique-id",
        _answers("UIDL", bare=True, body=True),
        _p(rb"^[0-9]+ ([!-~]+)"),
        ("token", "word"),
        "uid",
        Again.COMMANDS,
    ),
    Row(
        "a count",
        _in_pop3_status,
        _p(rb"(?<![^ (])([0-9]+)(?= (?:new |visible )?(?:messages?|octets|bytes)\b)"),
        ("int",),
    ),
    Row("a size", _behind_data, _p(rb"(?<![^ (])([0-9]+)(?= (?:octets|bytes)\b)"), ("int",)),
    # what servers write into mail
    Row(
        "a message-id",
        _in_mail,
        _p(rb"^Message-ID: (<[^<>@\s]+@[^<>@\s]+>)$"),
        ("msgid",),
        "msgid",
        Again.COMMANDS,
    ),
    Row(
        "a queue id",
        _in_mail,
        _p(rb"\bid ([A-Za-z0-9][^\s<>()\[\],;]{5,})(?=;|$| for )"),
        _IDS,
        "qid",
        Again.COMMANDS,
    ),
    Row(
        "a unique-id",
        _in_mail,
        _p(rb"^X-UIDL: ([!-~]+)$"),
        ("token", "word"),
        "uid",
        Again.COMMANDS,
    ),
    # how TLS turned out
    Row("a TLS version", _anywhere, _p(rb"\b(TLSv1(?:\.[0-3])?)(?![\w.])"), ("token",)),
    Row(
        "a TLS cipher",
        _anywhere,
        _p(rb"\b(TLS_[A-Z0-9_]+|(?:ECDHE|DHE|AES(?:128|256))-[A-Z0-9-]+)\b"),
        ("token",),
    ),
    Row("a length of keys", _anywhere, _p(rb"\(([0-9]+)/([0-9]+) bits\)"), ("int",)),
)
