"""Where the mail of a domain goes: its MX records, or its own addresses (RFC 5321, section 5.1).

An edge: it asks DNS, and what DNS says or fails to say becomes an `Outcome`, never an exception.
It knows nothing of SMTP.  dnspython costs 84 ms to load: the first question loads it, not the
import of this module.
"""

import random
import time
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal, cast

from mailprobe.addresses import LABEL, parse_domain, parse_server, version_of
from mailprobe.enums import StrEnum
from mailprobe.safe import safe
from mailprobe.value import field, frozen, mutable

if TYPE_CHECKING:
    from dns.message import Message
    from dns.name import Name
    from dns.rdata import Rdata
    from dns.rdtypes.ANY.MX import MX
    from dns.resolver import NoNameservers, Resolver

LIMIT = 20.0  # seconds for all questions of one look-up together
MAXIMUM_HOSTS = 100  # a DNS message holds thousands of MX records; nobody honest has that many
MAXIMUM_RESOLVED = 20  # of these hosts, so many have their addresses looked up
MAXIMUM_ADDRESSES = 20  # of each family, for each host
_SHOWN = 3  # hosts that a sentence names

Family = Literal["any", "4", "6"]
Shuffle = Callable[[list[Any]], object]

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


def next_hop(
    domain: str,
    *,
    server: str | None = None,
    limit: float = LIMIT,
    family: Family = "any",
    shuffle: Shuffle = random.shuffle,
) -> NextHop:
    """Ask DNS (`server`, else the system's resolver) who takes the mail of `domain`.

    All questions together take at most `limit` seconds.  `shuffle` puts MX records of equal
    preference into order, in place.  Raises `Failure` (usage) for a `domain` or `server` that
    cannot be asked, and for nothing that DNS says.
    """
    started = time.monotonic()
    domain = parse_domain(domain)
    resolver = _resolver(server)
    if isinstance(resolver, str):
        return NextHop(domain, Outcome.NO_RESOLVER, (), resolver, time.monotonic() - started)
    questions = _Questions(resolver, started + limit, limit, family)
    outcome, hosts, sentence = _find(domain, questions, shuffle)
    return NextHop(domain, outcome, hosts, sentence, time.monotonic() - started)


# ---- asking ----


@frozen
class _Answer:
    """One question's answer: `failure` is None when the name exists, with or without records."""

    failure: Outcome | None = None
    text: str = ""
    records: "tuple[Rdata, ...]" = ()
    alias: "Name | None" = None  # where a CNAME led


@frozen
class _Addresses:
    addresses: tuple[str, ...]
    trouble: str
    failure: Outcome | None = None


@mutable
class _Questions:
    """All questions of one look-up: they share a deadline, and no host is asked for twice."""

    resolver: "Resolver"
    deadline: float
    limit: float
    family: Family
    known: "dict[Name, _Addresses]" = field(default_factory=dict)

    def ask(self, name: "Name", record_type: str, *, share: float = 1.0) -> _Answer:
        """Ask one question, in at most this share of the time that is left."""
        from dns.exception import DNSException, Timeout
        from dns.resolver import NXDOMAIN, NoNameservers

        timeout = _Answer(Outcome.TIMEOUT, f"no answer within the limit of {self.limit:g} s")
        lifetime = (self.deadline - time.monotonic()) * share
        if lifetime <= 0:
            return timeout
        try:
            answer = self.resolver.resolve(
                name, record_type, search=False, raise_on_no_answer=False, lifetime=lifetime
            )
        except NXDOMAIN:
            return _Answer(Outcome.NXDOMAIN, "NXDOMAIN")
        except Timeout:
            return timeout
        except NoNameservers as error:
            return _Answer(Outcome.SERVFAIL, _reason(error))
        except (DNSException, OSError) as error:
            return _Answer(Outcome.SERVFAIL, safe(str(error)))
        if answer.rrset is None and _is_referral(answer.response):
            return _Answer(Outcome.SERVFAIL, "the server only refers to others: it is no resolver")
        alias = None if answer.canonical_name == name else answer.canonical_name
        return _Answer(records=tuple(answer.rrset or ()), alias=alias)

    def addresses(self, name: "Name") -> _Addresses:
        """The addresses of a host, IPv6 first."""
        if name not in self.known:
            self.known[name] = self._find_addresses(name)
        return self.known[name]

    def _find_addresses(self, name: "Name") -> _Addresses:
        found: list[str] = []
        failure: Outcome | None = None
        troubles: dict[str, bool] = {}  # a set that keeps its order
        for record_type in _TYPES[self.family]:
            # Half of the time that is left: a dead zone must not eat the time of the next host.
            answer = self.ask(name, record_type, share=0.5)
            if answer.failure is Outcome.NXDOMAIN:
                return _Addresses(tuple(found), "its name does not exist", answer.failure)
            if answer.failure:
                failure = answer.failure
                troubles[f"its {record_type} look-up failed ({answer.text})"] = True
            if answer.alias:
                rule = "RFC 5321, section 5.1 forbids it"
                troubles[f"it is a CNAME of {_show(answer.alias)} ({rule})"] = True
            if len(answer.records) > MAXIMUM_ADDRESSES:
                troubles[f"only {MAXIMUM_ADDRESSES} of its {record_type} records were kept"] = True
            found += [record.to_text() for record in answer.records[:MAXIMUM_ADDRESSES]]
        if not found and failure is None:
            troubles[f"it has no {_KIND[self.family]}"] = True
        return _Addresses(tuple(found), "; ".join(troubles), failure)


def _resolver(server: str | None) -> "Resolver | str":
    """Somebody to ask, or the sentence why there is nobody."""
    from dns.exception import DNSException
    from dns.resolver import NoResolverConfiguration, Resolver

    if server is not None:
        address, port = parse_server(server)
        resolver = Resolver(configure=False)
        resolver.nameservers, resolver.port = [address], port
        return resolver
    advice = "name one with --dns SERVER"
    try:
        return Resolver()
    except NoResolverConfiguration:
        return f"this machine knows no DNS server (/etc/resolv.conf); {advice}"
    except (DNSException, ValueError, OSError) as error:
        return f"the DNS servers of this machine cannot be used: {safe(str(error))}; {advice}"


def _reason(error: "NoNameservers") -> str:
    """What the last server that was asked said, and which one that was."""
    server, _, _, reason, _ = error.kwargs["errors"][-1]
    text = str(reason).removesuffix(".") or type(reason).__name__
    return safe(f"{text} from {server.removeprefix('Do53:')}")  # Do53:ADDRESS@PORT


def _is_referral(response: "Message") -> bool:
    """Whether an empty answer is only "ask them": it must not be read as "no such record"."""
    from dns import flags, rdatatype

    types = {records.rdtype for records in response.authority}
    knows = response.flags & (flags.AA | flags.RA) or rdatatype.SOA in types
    return rdatatype.NS in types and not knows


def _show(name: "Name") -> str:
    return safe(name.to_text(omit_final_dot=True))


# ---- understanding ----

_Found = tuple[Outcome, tuple[MailHost, ...], str]

_FAILED = {
    Outcome.NXDOMAIN: "{domain} does not exist ({text}): check its spelling",
    Outcome.SERVFAIL: "DNS failed on {domain} ({text}): try later, or name another --dns SERVER",
    Outcome.TIMEOUT: "DNS is silent on {domain} ({text}): try later, or name another --dns SERVER",
}


def _find(domain: str, questions: _Questions, shuffle: Shuffle) -> _Found:
    from dns.name import Name

    name = Name([*(label.encode("ascii") for label in domain.split(".")), b""])
    answer = questions.ask(name, "MX")
    if answer.failure:
        # No fall-back to A and AAAA: nobody said that no MX exists (RFC 5321, section 5.1).
        return answer.failure, (), _FAILED[answer.failure].format(domain=domain, text=answer.text)
    if answer.records:
        return _by_mx(domain, cast("tuple[MX, ...]", answer.records), questions, shuffle)
    # A domain may be a CNAME, unlike a mail host: its target counts as the initial name.
    return _implicit(domain, questions.addresses(answer.alias or name), questions.family)


def _implicit(domain: str, found: _Addresses, family: Family) -> _Found:
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
    domain: str, records: "tuple[MX, ...]", questions: _Questions, shuffle: Shuffle
) -> _Found:
    from dns.name import root

    rows = [record for record in records if record.exchange != root]
    if not rows:
        return Outcome.NULL_MX, (), f"{domain} takes no mail: its MX is null (RFC 7505)"
    kept = _in_order(rows, shuffle)[:MAXIMUM_HOSTS]
    found = [
        _host(row, questions, resolved=number < MAXIMUM_RESOLVED) for number, row in enumerate(kept)
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


def _in_order(rows: "list[MX]", shuffle: Shuffle) -> "list[MX]":
    """By preference; equal ones as `shuffle` likes, to spread the load (RFC 5321, section 5.1)."""
    ordered: list[MX] = []
    # Sorted by name before the shuffle: servers rotate their answers, a seeded shuffle is fixed.
    for _, equals in groupby(sorted(rows, key=_rank), key=_preference):
        group = list(equals)
        shuffle(group)
        ordered += group
    return ordered


def _preference(row: "MX") -> int:
    return row.preference


def _rank(row: "MX") -> "tuple[int, Name]":
    return row.preference, row.exchange


def _host(row: "MX", questions: _Questions, *, resolved: bool) -> tuple[MailHost, Outcome | None]:
    name = _show(row.exchange)
    if version_of(name):
        trouble = "it is an address where RFC 5321, section 5.1 wants a name"
        return MailHost(row.preference, name, (), trouble), None
    if not resolved:
        trouble = f"it was not looked up, as only the first {MAXIMUM_RESOLVED} are"
        return MailHost(row.preference, name, (), trouble), None
    found = questions.addresses(row.exchange)
    trouble = found.trouble
    if not all(map(LABEL.fullmatch, name.split("."))):
        trouble = "; ".join(filter(None, ("it is no host name (RFC 1123, section 2.1)", trouble)))
    return MailHost(row.preference, name, found.addresses, trouble), found.failure


def _names(hosts: Iterable[MailHost]) -> str:
    shown = [f"{host.name} ({host.preference})" for host in hosts]
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more
