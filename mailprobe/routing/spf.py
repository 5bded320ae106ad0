"""Sender Policy Framework, without a sender: the record, its form, what it costs to evaluate and
what becomes of everybody whom it does not name (RFC 7208)."""

from mailprobe.answers import Answer, Said
from mailprobe.patterns import pattern
from mailprobe.routing.model import Ask, Level, Part, doubt, fault, good, unknown, why_nothing
from mailprobe.routing.spf_terms import MODIFIERS, Term, parse_terms
from mailprobe.routing.tags import shown
from mailprobe.safe import safe
from mailprobe.value import field, frozen, mutable

MAXIMUM_LOOKUPS = 10  # RFC 7208, section 4.6.4
MAXIMUM_VOIDS = 2
_BOUNDS = "RFC 7208, section 4.6.4"
_DEPTH = 12  # includes in includes; more than ten are an error anyhow

# RFC 7208, section 4.5: the version ends in a blank or in the record.
_VERSION = pattern(rb"v=spf1(?: |\Z)", 2)  # re.IGNORECASE
_ASK = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})

_OTHERS = {
    "-": good("all others fail: a receiver may refuse with 550 5.7.23 (-all)"),
    "~": Part("all others fail softly: taken, and marked (~all)"),
    "?": doubt("nothing is said of all others (?all)", "RFC 7208, section 5.1"),
    "+": fault("all others pass: anybody may send in this name (+all)", "RFC 7208, section 5.1"),
    "": doubt(
        "nothing is said of all others: there is neither all nor redirect", "RFC 7208, section 4.7"
    ),
}


@mutable
class _Walk:
    """What was met on the way through a record and those that it includes."""

    ask: Ask
    lookups: int = 0
    voids: int = 0
    errors: list[str] = field(default_factory=list)
    unsure: bool = False
    open: list[str] = field(default_factory=list)  # the records that include this one


@frozen
class Spf:
    """`result` is `none`, `permerror`, `temperror` or `valid`; `others` the qualifier of all."""

    result: str
    record: bytes
    lookups: int
    voids: int
    others: str
    part: Part


def check(domain: str, ask: Ask) -> Spf:
    """Look at the record of a domain, and at those that it leads to."""
    walk = _Walk(ask)
    answer = ask(domain, "TXT")
    if answer.failed:
        return Spf("temperror", b"", 0, 0, "", _top("SPF: not known", [unknown(answer)]))
    records = records_of(answer)
    if not records:
        text = "SPF: none, so receivers cannot tell who may send in this name"
        return Spf("none", b"", 0, 0, "", Part(text, Level.DOUBT, "RFC 7208, section 4.5"))
    if len(records) > 1:
        several = fault(f"{len(records)} records where one may be", "RFC 7208, section 4.5")
        below = [*(Part(shown(record)) for record in records[:5]), several]
        return Spf("permerror", b"", 0, 0, "", _top("SPF: permerror", below))
    parts, others = _follow(domain, records[0], walk)
    parts += _costs(walk)
    if others in _OTHERS:
        parts.append(_OTHERS[others])
    result = "permerror" if walk.errors else "temperror" if walk.unsure else "valid"
    text = f"SPF: {shown(records[0], 500)}"
    if walk.errors:
        text = f"SPF: permerror, {walk.errors[0]}: {shown(records[0], 500)}"
    top = Part(text, Level.FAULT if walk.errors else Level.FACT, below=tuple(parts))
    return Spf(result, records[0], walk.lookups, walk.voids, others, top)


def records_of(answer: Answer) -> list[bytes]:
    """The text records that are SPF's."""
    return [record for record in answer.octets() if _VERSION.match(record)]


def _top(text: str, below: list[Part]) -> Part:
    level = Level.FAULT if any(part.level is Level.FAULT for part in below) else Level.DOUBT
    return Part(text, level, below=tuple(below))


def _costs(walk: _Walk) -> list[Part]:
    text = f"{walk.lookups} of {MAXIMUM_LOOKUPS} terms that ask DNS"
    parts = [good(text, _BOUNDS)]
    if walk.lookups > MAXIMUM_LOOKUPS:
        parts = [fault(f"{walk.lookups} terms ask DNS, {MAXIMUM_LOOKUPS} may", _BOUNDS)]
        walk.errors.append("too many look-ups")
    if walk.voids > MAXIMUM_VOIDS:
        text = f"{walk.voids} look-ups find nothing, {MAXIMUM_VOIDS} may"
        parts.append(fault(text, _BOUNDS))
        walk.errors.append("too many look-ups that find nothing")
    elif walk.voids:
        parts.append(doubt(f"{walk.voids} of {MAXIMUM_VOIDS} look-ups that find nothing", _BOUNDS))
    return parts


def _follow(domain: str, record: bytes, walk: _Walk) -> tuple[list[Part], str]:
    """What the terms of one record say, and the qualifier of its all, or that of its redirect."""
    terms, wrong = parse_terms(record)
    if wrong:
        walk.errors.append("a record is not well formed")
    parts = list(wrong)
    walk.open.append(domain.lower())
    known = [term for term in terms if term.name != "all" and term.name not in MODIFIERS]
    position = next((n for n, term in enumerate(terms) if term.name == "all"), None)
    others = "" if position is None else terms[position].qualifier
    if position is not None:
        before = terms[:position]
        if behind := [term for term in terms[position + 1 :] if term.name not in MODIFIERS]:
            text = f"{behind[0].text} stands behind all, where nobody looks at it"
            parts.append(doubt(text, "RFC 7208, section 5.1"))
        known = [term for term in known if term in before]
    for term in known:
        parts += _term(domain, term, walk)
    redirect = next((term for term in terms if term.name == "redirect"), None)
    if redirect is not None and position is not None:
        text = f"{redirect.text} counts for nothing beside all"
        parts.append(doubt(text, "RFC 7208, section 6.1"))
    elif redirect is not None:
        more, others = _led(redirect, walk)
        parts += more
    walk.open.pop()
    return parts, others


def _term(domain: str, term: Term, walk: _Walk) -> list[Part]:
    if term.name not in _ASK:
        return []
    if term.name == "include":
        return _led(term, walk)[0]
    walk.lookups += 1
    if term.name == "ptr":
        return [doubt(f"{term.text}: not to be used any more", "RFC 7208, section 5.5")]
    target = term.domain or domain
    if "%" in target:
        return [Part(f"{term.text}: depends on the sender, not looked up")]
    types = {"a": ("A", "AAAA"), "mx": ("MX",), "exists": ("A",)}[term.name]
    answers = [walk.ask(target, kind) for kind in types]
    if failed := next((answer for answer in answers if answer.failed), None):
        walk.unsure = True
        return [unknown(failed)]
    found = sum(len(answer.records) for answer in answers)
    if not found:
        walk.voids += 1
        return [doubt(f"{term.text}: {why_nothing(answers[0])}", _BOUNDS)]
    if term.name == "mx" and found > MAXIMUM_LOOKUPS:
        walk.errors.append("too many exchangers")
        return [fault(f"{term.text}: {found} exchangers, {MAXIMUM_LOOKUPS} may be", _BOUNDS)]
    return []


def _led(term: Term, walk: _Walk) -> tuple[list[Part], str]:
    """Follow include and redirect, whose records count as part of this one."""
    walk.lookups += 1
    target = term.domain
    if "%" in target:
        return [Part(f"{term.text}: depends on the sender, not followed")], "%"
    if target.lower() in walk.open:
        walk.errors.append(f"{safe(target)} leads back to itself")
        return [fault(f"{term.text}: leads back to itself", _BOUNDS)], "%"
    if len(walk.open) > _DEPTH or walk.lookups > 3 * MAXIMUM_LOOKUPS:
        return [fault(f"{term.text}: not followed, there are too many already", _BOUNDS)], "%"
    answer = walk.ask(target, "TXT")
    if answer.failed:
        walk.unsure = True
        return [unknown(answer)], "%"
    records = records_of(answer)
    if len(records) != 1:
        if answer.said is not Said.RECORDS:
            walk.voids += 1
        walk.errors.append(f"{term.text} leads to no record")
        what = f"{len(records)} SPF records" if records else "no SPF record"
        section = "5.2" if term.name == "include" else "6.1"
        text = f"{term.text}: {safe(target)} has {what}"
        return [fault(text, f"RFC 7208, section {section}")], "%"
    below, others = _follow(target, records[0], walk)
    text = f"{term.text}: {shown(records[0])}"
    return [Part(text, below=tuple(below))], others
