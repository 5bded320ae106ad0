"""What a TLS handshake agreed on, and each certificate that was presented, as lines for people.

It is handed facts that were read already; knows neither links nor OpenSSL.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from mailprobe.render.theme import paint
from mailprobe.safe import safe
from mailprobe.transport.certificate import Certificate
from mailprobe.transport.link import RETIRED, TlsFacts
from mailprobe.value import frozen

_UNKNOWN = "not available: Python's ssl module does not tell"
_MOST = 10  # certificates that are shown
_NAMES = 20  # names of a certificate that are shown
_LONGEST = 300  # characters of one name that are shown
_OWN, _ANCHOR = 3, 2  # certificate usages of TLSA: DANE-EE and DANE-TA (RFC 7218)
_DAY = 24 * 3600  # seconds


@frozen
class Line:
    """`label` and what is to be said; `style` is one of `render.theme`.

    `tight`: right behind its label, so that 80 columns hold it in one piece.
    """

    label: str
    text: str
    style: str = "body"
    indent: int = 0
    tight: bool = False


def facts_lines(facts: TlsFacts, *, authority: str, ticket: str) -> Iterator[Line]:
    """What the handshake agreed on.

    `authority` is whom the verification relied on, `ticket` what the server gave to resume by.
    """
    version = facts.version or "no version agreed on"
    if facts.version in RETIRED:
        version += " (retired by RFC 8996)"
    cipher = f", {facts.cipher}, {facts.bits} bits" if facts.cipher else ""
    how = "from the first octet" if facts.implicit else "by STARTTLS or STLS"
    yield Line("TLS", f"{version}{cipher}, {how}")
    yield _verdict(facts, authority)
    yield Line("name sent", facts.sni or "none: SNI takes no address (RFC 6066, section 3)")
    yield Line("ALPN", _alpn(facts))
    yield Line("group", facts.group or f"{_UNKNOWN} before 3.15")
    yield Line("OCSP staple", _UNKNOWN)
    if not facts.trouble:
        begun = "resumed" if facts.resumed else "new, by a full handshake"
        yield Line("session", f"{begun}; {ticket}")
    shown = f"{safe(facts.identity)}, where a server asks for one"
    yield Line("own cert", shown if facts.identity else "none")


def _verdict(facts: TlsFacts, authority: str) -> Line:
    if facts.trouble:
        return Line("failed", facts.trouble, "failure")
    if facts.verified:
        return Line("verified", f"yes, for {facts.server_name}, by {authority}", "tls")
    return Line("verified", "NO: anybody may be at the other end", "warning")


def _alpn(facts: TlsFacts) -> str:
    if not facts.offered_alpn:
        return "not offered"
    offered = safe(", ".join(facts.offered_alpn))
    return f"{safe(facts.alpn) or 'nothing agreed on'} (offered: {offered})"


def chain_lines(chain: Sequence[Certificate], now: datetime) -> Iterator[Line]:
    """Each certificate, the peer's own first."""
    for number, one in enumerate(chain[:_MOST], start=1):
        what = "the peer's own" if number == 1 else "sent with it"
        signed = ", names itself as issuer" if one.self_issued else ""
        yield Line("certificate", f"{number}, {what}{signed}")
        yield from _certificate_lines(one, now, usage=_OWN if number == 1 else _ANCHOR)
    if (more := len(chain) - _MOST) and more > 0:
        yield Line("certificate", f"{more} more were presented")
    if not chain:
        yield Line("certificate", "none was presented")


def _certificate_lines(one: Certificate, now: datetime, *, usage: int) -> Iterator[Line]:
    if one.trouble:
        yield Line("unreadable", one.trouble, "failure", 2)
    else:
        yield Line("subject", _cut(one.subject) or "none", indent=2)
        if usage == _OWN or one.hosts or one.mailboxes:  # a CA has none
            yield Line("names", _listed((*one.hosts, *one.mailboxes)), indent=2)
        yield Line("issuer", _cut(one.issuer) or "none", indent=2)
        yield _validity(one, now)
        bits = f", {one.bits} bits" if one.bits else ""
        yield Line("key", f"{one.key}{bits}", indent=2)
        yield Line("signature", one.signature, indent=2)
    yield Line("SHA-256", one.fingerprint, indent=2)
    if one.key_fingerprint:
        yield Line("of its key", one.key_fingerprint, indent=2)
        yield Line("TLSA", one.association(usage), indent=2, tight=True)


def _validity(one: Certificate, now: datetime) -> Line:
    if one.since is None or one.until is None:
        return Line("valid", "nobody knows when", "failure", 2)
    dates = f"{one.since:%Y-%m-%d %H:%M} to {one.until:%Y-%m-%d %H:%M} UTC"
    if now < one.since:
        return Line("valid", f"{dates}: NOT YET, {_days(one.since, now)} to go", "failure", 2)
    if now > one.until:
        return Line("valid", f"{dates}: EXPIRED {_days(now, one.until)} ago", "failure", 2)
    return Line("valid", f"{dates}, {_days(one.until, now)} left", indent=2)


def _days(later: datetime, sooner: datetime) -> str:
    seconds = int((later - sooner).total_seconds())
    count, unit = (seconds // _DAY, "day") if seconds >= _DAY else (seconds // 60, "minute")
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _cut(text: str) -> str:
    """A peer may write a book where its name belongs."""
    more = len(text) - _LONGEST
    return f"{text[:_LONGEST]}... ({more} characters more)" if more > 0 else text


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    shown = ", ".join(map(_cut, names[:_NAMES]))
    return f"{shown}{more}" if shown else "none: the common name does not count (RFC 9525)"


_LABEL = 13  # columns


def text_of(line: Line, *, color: bool = False) -> str:
    """One line, in colour where that is wanted; without its end."""
    label = f"{' ' * line.indent}{line.label}".ljust(0 if line.tight else _LABEL)
    return f"{label} {paint(line.style, line.text, color=color)}"
