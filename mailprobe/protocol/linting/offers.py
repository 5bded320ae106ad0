"""Rules about what a server offers: the lines behind EHLO and LHLO, and those of CAPA."""

from collections.abc import Iterator

from mailprobe.patterns import pattern
from mailprobe.protocol.linting.terms import LMTP, MAIL, POP3, Break, Known, Offered, Rule
from mailprobe.safe import safe

# RFC 5321, section 4.1.1.1: ehlo-line = ehlo-keyword *( SP ehlo-param ); %d33-126
_KEYWORD = pattern(rb"[A-Za-z0-9][A-Za-z0-9-]*(?: [!-~]+)*")
# RFC 2449, section 3: capability = capa-tag *(SP param); no "." in a tag
_CAPABILITY = pattern(rb"[!-\-/-\x7f]+(?: [!-\x7f]+)*")
_NUMBER = pattern(r"[0-9]{0,20}")
# What gives a password or a token to whoever listens.
_READABLE = ("PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER")
_COMPANIONS = (
    ("BINARYMIME", "CHUNKING", "RFC 3030, section 3"),
    ("SMTPUTF8", "8BITMIME", "RFC 6531, section 3.1"),
)
_MOST = 8  # lines of a difference that are told
_LMTP_NEEDS = ("PIPELINING", "ENHANCEDSTATUSCODES")


def _keywords(known: Known, seen: Offered) -> Iterator[Break]:
    for number, line in enumerate(seen.lines, 2):  # the first line is the server's name
        if not _KEYWORD.fullmatch(line):
            yield Break(safe(line[:80]), number)


def _capabilities(known: Known, seen: Offered) -> Iterator[Break]:
    for number, line in enumerate(seen.lines, 2):
        if not _CAPABILITY.fullmatch(line):
            yield Break(safe(line[:80]), number)


def _size(known: Known, seen: Offered) -> Iterator[Break]:
    size = seen.offers.get("SIZE", "")
    if not _NUMBER.fullmatch(size):
        yield Break(safe(size[:80]))


def _in_clear(known: Known, seen: Offered) -> Iterator[Break]:
    yield from _readable(known, seen.offers.get("AUTH", "").upper().split())


def _in_clear_pop3(known: Known, seen: Offered) -> Iterator[Break]:
    user = ["USER"] if "USER" in seen.offers else []
    yield from _readable(known, user + seen.offers.get("SASL", "").upper().split())


def _readable(known: Known, offered: list[str]) -> Iterator[Break]:
    found = [name for name in offered if name in (*_READABLE, "USER")]
    if known.tls or not found:
        return
    where = "; this link does not leave the machine" if known.local else ""
    yield Break(" ".join(dict.fromkeys(found)) + where, quiet=known.local)


def _tls_again(known: Known, seen: Offered) -> Iterator[Break]:
    for keyword in ("STARTTLS", "STLS"):
        if known.tls and keyword in seen.offers:
            yield Break(keyword)


def _changed(known: Known, seen: Offered) -> Iterator[Break]:
    if known.asked is None or known.asked[0] != seen.command.line:
        return
    before, now = set(known.asked[1]), set(seen.lines)
    gone = [f"-{safe(line[:80])}" for line in known.asked[1] if line not in now]
    new = [f"+{safe(line[:80])}" for line in seen.lines if line not in before]
    if different := gone + new:
        more = [f"{len(different) - _MOST} more"] if len(different) > _MOST else []
        yield Break(", ".join([*different[:_MOST], *more]))


def _companions(known: Known, seen: Offered) -> Iterator[Break]:
    for keyword, needed, reference in _COMPANIONS:
        if keyword in seen.offers and needed not in seen.offers:
            yield Break(f"{keyword} without {needed}", reference=reference)


def _lmtp_needs(known: Known, seen: Offered) -> Iterator[Break]:
    for keyword in _LMTP_NEEDS:
        if keyword not in seen.offers:
            yield Break(keyword)


_CLEAR = "a login is offered that whoever listens can read"
_AGAIN = "TLS is on, and offered once more"
_CHANGED = "the same question was answered otherwise before"

RULES = (
    Rule(
        "keyword",
        MAIL,
        Offered,
        "a line is no keyword with parameters",
        "RFC 5321, section 4.1.1.1",
        _keywords,
    ),
    Rule(
        "keyword",
        POP3,
        Offered,
        "a line is no capability with parameters",
        "RFC 2449, section 3",
        _capabilities,
    ),
    Rule("size", MAIL, Offered, "SIZE is no number", "RFC 1870, section 3", _size),
    Rule("clear", MAIL, Offered, _CLEAR, "RFC 4954, section 4", _in_clear),
    Rule("clear", POP3, Offered, _CLEAR, "RFC 8314, section 4.1", _in_clear_pop3),
    Rule("tls-again", MAIL, Offered, _AGAIN, "RFC 3207, section 4.2", _tls_again),
    Rule("tls-again", POP3, Offered, _AGAIN, "RFC 2595, section 4", _tls_again),
    Rule("changed", MAIL, Offered, _CHANGED, "RFC 5321, section 4.1.1.1", _changed),
    Rule("changed", POP3, Offered, _CHANGED, "RFC 2449, section 5", _changed),
    Rule(
        "companion",
        MAIL,
        Offered,
        "an extension is offered without the one that it needs",
        "RFC 5321, section 2.2",
        _companions,
    ),
    Rule(
        "lmtp-needs",
        LMTP,
        Offered,
        "a server of LMTP has to offer this",
        "RFC 2033, section 5",
        _lmtp_needs,
    ),
)
