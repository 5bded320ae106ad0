"""What DNS says about who takes the mail of a domain, understood (RFC 5321, section 5.1).

It asks through a function, and so knows neither DNS libraries nor SMTP.
"""

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any, Literal

from mailprobe.addresses import LABEL, version_of
from mailprobe.answers import Answer, Exchange, Said
from mailprobe.enums import StrEnum
from mailprobe.safe import safe
from mailprobe.value import frozen

MAXIMUM_HOSTS = 100  # a DNS message holds thousands of MX records; nobody honest has that many
MAXIMUM_RESOLVED = 20  # of these hosts, so many have their addresses looked up
MAXIMUM_ADDRESSES = 20  # of each family, for each host
_SHOWN = 3  # hosts that a sentence names

Family = Literal["any", "4", "6"]
Shuffle = Callable[[list[Any]], object]
Ask = Callable[[str, str, float], Answer]  # name, type, at most this share of the time left

# IPv6 first: an IPv6-only host exists (RFC 5321, section 5.2), and its faults should be seen.
_TYPES: dict[Family, tuple[str, ...]] = {"any": ("AAAA", "A"), "4": ("A",), "6": ("AAAA",)}
_KIND: dict[Family, str] = {"any": "address", "4": "IPv4 address", "6": "IPv6 address"}


class Outcome(StrEnum):
    """What DNS says about the mail of a domain."""

    MX = "mx"  # it has MX records; when none leads to an address for good, still this
    IMPLICIT = "implicit"  # no MX, but addresses: RFC 5321, section 5.1
    NULL_MX = "null-mx"  # it takes no mail: RFC 7505
    NXDOMAIN = "nxdomain"  # the name does not exist: permanent
    NO_ADDRESS = "no-address"  # the name exists, with neither MX nor address: permanent
    SERVFAIL = "servfail"  # the name server failed, refused, or made no sense: try later
    TIMEOUT = "timeout"  # no answer in time: try later
    NO_RESOLVER = "no-resolver"  # nobody to ask


@frozen
class MailHost:
    """One host that takes the mail of a domain; `name` is escaped by `safe()`.

    `addresses` holds IPv6 first, then IPv4; `trouble` is empty, or reads well after `NAME: `.
    """

    preference: int
    name: str
    addresses: tuple[str, ...]
    trouble: str


@frozen
class NextHop:
    """The answer: `hosts` in the order to try them, and one `sentence` for people."""

    domain: str
    outcome: Outcome
    hosts: tuple[MailHost, ...]
    sentence: str
    seconds: float

    @property
    def usable(self) -> tuple[MailHost, ...]:
        """The hosts that have an address, in the order to try them."""
        return tuple(host for host in self.hosts if host.addresses)


@frozen
class Addresses:
    """Of one host; `trouble` is what is wrong with it, in a sentence, "" for nothing."""

    addresses: tuple[str, ...]
    trouble: str
    failure: Outcome | None = None


Told = tuple[Outcome, tuple[MailHost, ...], str]
_FAILURES = {
    Said.NXDOMAIN: Outcome.NXDOMAIN,
    Said.SERVFAIL: Outcome.SERVFAIL,
    Said.BOGUS: Outcome.SERVFAIL,
    Said.TIMEOUT: Outcome.TIMEOUT,
    Said.UNASKED: Outcome.TIMEOUT,
}

_FAILED = {
    Outcome.NXDOMAIN: "{domain} does not exist ({text}): check its spelling",
    Outcome.SERVFAIL: "DNS failed on {domain} ({text}): try later, or name another --dns SERVER",
    Outcome.TIMEOUT: "DNS is silent on {domain} ({text}): try later, or name another --dns SERVER",
}


def find(domain: str, ask: Ask, *, family: Family, shuffle: Shuffle) -> Told:
    """Whom the mail of a domain goes to, by as many questions as it takes."""
    answer = ask(domain, "MX", 1.0)
    if failure := _FAILURES.get(answer.said):
        # No fall-back to A and AAAA: nobody said that no MX exists (RFC 5321, section 5.1).
        return failure, (), _FAILED[failure].format(domain=domain, text=answer.text)
    rows = [record for record in answer.records if isinstance(record, Exchange)]
    if rows:
        return _by_mx(domain, rows, ask, family, shuffle)
    # A domain may be a CNAME, unlike a mail host: its target counts as the initial name.
    return _implicit(domain, find_addresses(answer.alias or domain, ask, family), family)


def find_addresses(name: str, ask: Ask, family: Family) -> Addresses:
    """The addresses of a host, IPv6 first."""
    found: list[str] = []
    failure: Outcome | None = None
    troubles: dict[str, bool] = {}  # a set that keeps its order
    for record_type in _TYPES[family]:
        # Half of the time that is left: a dead zone must not eat the time of the next host.
        answer = ask(name, record_type, 0.5)
        if answer.said is Said.NXDOMAIN:
            return Addresses(tuple(found), "its name does not exist", Outcome.NXDOMAIN)
        if answer.failed:
            failure = _FAILURES[answer.said]
            troubles[f"its {record_type} look-up failed ({answer.text})"] = True
        if answer.alias:
            rule = "RFC 2181, section 10.3 forbids it"
            troubles[f"it is a CNAME of {safe(answer.alias)} ({rule})"] = True
        if len(answer.records) > MAXIMUM_ADDRESSES:
            troubles[f"only {MAXIMUM_ADDRESSES} of its {record_type} records were kept"] = True
        found += answer.texts()[:MAXIMUM_ADDRESSES]
    if not found and failure is None:
        troubles[f"it has no {_KIND[family]}"] = True
    return Addresses(tuple(found), "; ".join(troubles), failure)


def _implicit(domain: str, found: Addresses, family: Family) -> Told:
    """No MX: the domain itself is the one host, with preference 0 (RFC 5321, section 5.1)."""
    if found.addresses:
        host = MailHost(0, domain, found.addresses, found.trouble)
        sentence = f"{domain} has no MX: its mail goes to its own address (RFC 5321, section 5.1)"
        return Outcome.IMPLICIT, (host,), "; ".join(filter(None, (sentence, found.trouble)))
    if found.failure in (Outcome.SERVFAIL, Outcome.TIMEOUT):
        text = f"no MX, and {found.trouble}"
        return found.failure, (), _FAILED[found.failure].format(domain=domain, text=text)
    return (
        Outcome.NO_ADDRESS,
        (),
        f"{domain} has neither MX nor {_KIND[family]}: no host takes its mail",
    )


def _by_mx(
    domain: str, records: list[Exchange], ask: Ask, family: Family, shuffle: Shuffle
) -> Told:
    rows = [record for record in records if record.host != "."]
    if not rows:
        return Outcome.NULL_MX, (), f"{domain} takes no mail: its MX is null (RFC 7505)"
    kept = _in_order(rows, shuffle)[:MAXIMUM_HOSTS]
    found = [
        _host(row, ask, family, resolved=number < MAXIMUM_RESOLVED)
        for number, row in enumerate(kept)
    ]
    hosts = tuple(host for host, _ in found)
    notes = [f"{host.name}: {host.trouble}" for host in hosts if host.trouble][:_SHOWN]
    if len(rows) < len(records):
        notes.append("a null MX beside others is malformed and was ignored (RFC 7505, section 3)")
    if len(rows) > MAXIMUM_RESOLVED:
        looked_up = f"{len(kept)} were kept, the first {MAXIMUM_RESOLVED} looked up"
        notes.append(f"of {len(rows)} MX records {looked_up}")
    if any(host.addresses for host in hosts):
        return (
            Outcome.MX,
            hosts,
            "; ".join([f"the mail of {domain} goes to {_names(hosts)}", *notes]),
        )
    # Only when some question may be answered another time is it worth while to try later.
    failures = {failure for _, failure in found}
    outcome = next((o for o in (Outcome.TIMEOUT, Outcome.SERVFAIL) if o in failures), Outcome.MX)
    return outcome, hosts, "; ".join([f"no mail host of {domain} has a known address", *notes])


def _in_order(rows: list[Exchange], shuffle: Shuffle) -> list[Exchange]:
    """By preference; equal ones as `shuffle` likes, to spread the load (RFC 5321, section 5.1)."""
    ordered: list[Exchange] = []
    # Sorted by name before the shuffle: servers rotate their answers, a seeded shuffle is fixed.
    for _, equals in groupby(sorted(rows, key=_rank), key=_preference):
        group = list(equals)
        shuffle(group)
        ordered += group
    return ordered


def _preference(row: Exchange) -> int:
    return row.preference


def _rank(row: Exchange) -> tuple[int, str]:
    return row.preference, row.host


def _host(
    row: Exchange, ask: Ask, family: Family, *, resolved: bool
) -> tuple[MailHost, Outcome | None]:
    name = safe(row.host)
    if version_of(name):
        trouble = "it is an address where RFC 5321, section 5.1 wants a name"
        return MailHost(row.preference, name, (), trouble), None
    if not resolved:
        trouble = f"it was not looked up, as only the first {MAXIMUM_RESOLVED} are"
        return MailHost(row.preference, name, (), trouble), None
    found = find_addresses(row.host, ask, family)
    trouble = found.trouble
    if not all(map(LABEL.fullmatch, name.split("."))):
        trouble = "; ".join(filter(None, ("it is no host name (RFC 1123, section 2.1)", trouble)))
    return MailHost(row.preference, name, found.addresses, trouble), found.failure


def _names(hosts: Iterable[MailHost]) -> str:
    shown = [f"{host.name} ({host.preference})" for host in hosts]
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more
