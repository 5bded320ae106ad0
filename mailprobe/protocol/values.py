"""The values of the parameters of MAIL and RCPT, and which rules of their RFCs one breaks.

A table from the name of a parameter to its rule.  It knows no rows, and sends nothing.
"""

from collections.abc import Callable, Iterator, Mapping

from mailprobe.patterns import pattern
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.model import Advice

_BY = pattern(rb"([+-]?[0-9]{1,9});([NR])T?")
_SECONDS = pattern(rb"[0-9]{1,9}")
_XTEXT = pattern(rb"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")
# A date-time of RFC 3339 in UTC: moments in this form are in the order of their octets.
_MOMENT = pattern(
    rb"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    rb"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?Z"
)
_RETURN = b"R"

_BY_RFC, _HOLD_RFC = "RFC 2852, section 4", "RFC 4865, section 4"

Words = Mapping[bytes, bytes]  # parameters, upper case, to their values as they were written
Rule = Callable[[Words, Facts], Iterator[Advice]]


def _by(words: Words, facts: Facts) -> Iterator[Advice]:
    match = _BY.fullmatch(words[b"BY"].upper())
    if match is None:
        yield Advice("BY is seconds and ;R or ;N, perhaps with T: BY=3600;R", _BY_RFC)
        return
    seconds, least = int(match[1]), _number(_offered(facts, "DELIVERBY", 0))
    if match[2] != _RETURN:
        return
    if seconds <= 0:
        yield Advice("BY with ;R wants more than 0 seconds", _BY_RFC)
    elif seconds < least:
        yield Advice(f"BY with ;R: the server takes no less than {least} seconds", _BY_RFC)


def _hold_for(words: Words, facts: Facts) -> Iterator[Advice]:
    value, most = words[b"HOLDFOR"], _number(_offered(facts, "FUTURERELEASE", 0))
    if not _SECONDS.fullmatch(value) or int(value) == 0:
        yield Advice("HOLDFOR is a number of seconds", _HOLD_RFC)
    elif 0 < most < int(value):
        yield Advice(f"HOLDFOR: the server holds no longer than {most} seconds", _HOLD_RFC)
    if b"HOLDUNTIL" in words:
        yield Advice("HOLDFOR and HOLDUNTIL exclude each other", _HOLD_RFC)


def _hold_until(words: Words, facts: Facts) -> Iterator[Advice]:
    value, last = words[b"HOLDUNTIL"].upper(), _offered(facts, "FUTURERELEASE", 1)
    if not is_moment(value):
        yield Advice("HOLDUNTIL is a time in UTC: 2030-01-31T12:00:00Z", _HOLD_RFC)
    elif is_moment(last) and value > last:
        yield Advice(f"HOLDUNTIL: the server holds no longer than {last.decode()}", _HOLD_RFC)


def _require_tls(words: Words, facts: Facts) -> Iterator[Advice]:
    if not facts.tls:
        yield Advice("REQUIRETLS is said over TLS alone", "RFC 8689, section 2")


def _is_one_of(name: bytes, known: frozenset[bytes], said: str, reference: str) -> Rule:
    def judge(words: Words, facts: Facts) -> Iterator[Advice]:
        if words[name].upper() not in known:
            yield Advice(f"{name.decode()} is {said}", reference)

    return judge


def _notify(words: Words, facts: Facts) -> Iterator[Advice]:
    reports = words[b"NOTIFY"].upper().split(b",")
    if reports != [b"NEVER"] and not set(reports) <= _REPORTS:
        yield Advice("NOTIFY is NEVER, or some of SUCCESS,FAILURE,DELAY", "RFC 3461, section 4.1")


def _submitter(words: Words, facts: Facts) -> Iterator[Advice]:
    value = words[b"AUTH"]
    if value != b"<>" and not (value and _XTEXT.fullmatch(value)):
        yield Advice("AUTH is <>, or an address in xtext (+2B is a plus)", "RFC 4954, section 5")


def _envelope_id(words: Words, facts: Facts) -> Iterator[Advice]:
    value = words[b"ENVID"]
    if not value or len(value) > _ENVELOPE_ID or not _XTEXT.fullmatch(value):
        yield Advice(
            f"ENVID is xtext (+2B is a plus), {_ENVELOPE_ID} characters at most",
            "RFC 3461, section 4.4",
        )


def _original(words: Words, facts: Facts) -> Iterator[Advice]:
    kind, semicolon, address = words[b"ORCPT"].partition(b";")
    unicode = kind.lower() == b"utf-8"  # RFC 6533, section 3: it has a notation of its own
    if not kind or not semicolon or not (unicode or _XTEXT.fullmatch(address)):
        yield Advice(
            "ORCPT is a type and an address in xtext: rfc822;a+2Bb@example.org",
            "RFC 3461, section 4.2",
        )


_ENVELOPE_ID = 100  # characters (RFC 3461, section 4.4)
_PRIORITIES = frozenset(b"%d" % level for level in range(-9, 10))
_BODIES = frozenset({b"7BIT", b"8BITMIME", b"BINARYMIME"})
_RETURNED = frozenset({b"FULL", b"HDRS"})
_REPORTS = frozenset({b"SUCCESS", b"FAILURE", b"DELAY"})
_RULES: Mapping[bytes, Rule] = {
    b"BODY": _is_one_of(
        b"BODY", _BODIES, "7BIT, 8BITMIME or BINARYMIME", "RFC 6152, section 2; RFC 3030, section 3"
    ),
    b"RET": _is_one_of(b"RET", _RETURNED, "FULL or HDRS", "RFC 3461, section 4.3"),
    b"MT-PRIORITY": _is_one_of(
        b"MT-PRIORITY", _PRIORITIES, "a number from -9 to 9", "RFC 6710, section 3"
    ),
    b"ENVID": _envelope_id,
    b"AUTH": _submitter,
    b"REQUIRETLS": _require_tls,
    b"BY": _by,
    b"HOLDFOR": _hold_for,
    b"HOLDUNTIL": _hold_until,
    b"NOTIFY": _notify,
    b"ORCPT": _original,
}


def advise(parameters: bytes, facts: Facts) -> Iterator[Advice]:
    """What the values of `parameters`, as they stand behind a path, break."""
    pieces = [word.partition(b"=") for word in parameters.split()]
    words = {name.upper(): value for name, _, value in pieces}
    for name in words:
        if (rule := _RULES.get(name)) is not None:
            yield from rule(words, facts)


def is_moment(text: bytes) -> bool:
    """Whether it is a time in UTC, as HOLDUNTIL and FUTURERELEASE write it (RFC 4865)."""
    return _MOMENT.fullmatch(text) is not None


def _offered(facts: Facts, keyword: str, place: int) -> bytes:
    """A word of what is said behind an EHLO keyword; b"" where it is not there."""
    words = (facts.offers or {}).get(keyword, "").split()
    return words[place].encode("latin-1") if place < len(words) else b""


def _number(octets: bytes) -> int:
    return int(octets) if _SECONDS.fullmatch(octets) else 0
