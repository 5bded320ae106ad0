"""Questions to DNS, and their answers as plain values; who takes the mail of a domain.

An edge: what DNS says or fails to say becomes an `Answer`, never an exception.  It knows nothing
of SMTP.  dnspython costs 84 ms to load: the first question loads it, not the import of this
module.
"""

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mailprobe.addresses import parse_domain, parse_server
from mailprobe.answers import Answer, Association, Exchange, Record, Said, Service
from mailprobe.errors import Failure, Word
from mailprobe.hops import Family, MailHost, NextHop, Outcome, Shuffle, find, find_addresses
from mailprobe.safe import safe
from mailprobe.value import field, mutable, replace

if TYPE_CHECKING:
    from dns.message import Message
    from dns.name import Name
    from dns.resolver import Answer as Found
    from dns.resolver import NoNameservers, Resolver

# Those of `hops` are here for whoever asks.
__all__ = ["Family", "MailHost", "NextHop", "Outcome", "Questions", "Shuffle", "next_hop"]

LIMIT = 20.0  # seconds for all questions of one look-up together
MAXIMUM_QUESTIONS = 300  # of one run: a zone may name ever new names to ask for

Observe = Callable[[Answer], object]


def next_hop(
    domain: str,
    *,
    server: str | None = None,
    limit: float = LIMIT,
    limit_name: str = "",
    family: Family = "any",
    shuffle: Shuffle = random.shuffle,
) -> NextHop:
    """Ask DNS (`server`, else the system's resolver) who takes the mail of `domain`.

    All questions together take at most `limit` seconds; `limit_name` is what somebody set that
    by.  `shuffle` puts MX records of equal
    preference into order, in place.  Raises `Failure` (usage) for a `domain` or `server` that
    cannot be asked, and for nothing that DNS says.
    """
    started = time.monotonic()
    domain = parse_domain(domain)
    resolver = _resolver(server)
    if isinstance(resolver, str):
        return NextHop(domain, Outcome.NO_RESOLVER, (), resolver, time.monotonic() - started)
    questions = Questions(resolver, started, limit, family, limit_name=limit_name)
    return find_next_hop(domain, questions, shuffle=shuffle)


def find_next_hop(
    domain: str, questions: "Questions", *, shuffle: Shuffle = random.shuffle
) -> NextHop:
    """The same among other questions; `domain` is as `parse_domain` gives it."""
    started = time.monotonic()

    ask, family = questions.ask_part, questions.family
    outcome, hosts, sentence = find(domain, ask, family=family, shuffle=shuffle)
    return NextHop(domain, outcome, hosts, sentence, time.monotonic() - started)


def addresses_of(
    host: str,
    *,
    server: str | None,
    limit: float,
    limit_name: str = "",
    family: Family = "any",
) -> tuple[str, ...]:
    """Ask DNS (`server`, else the system's resolver) for the addresses of a host, IPv6 first.

    Raises `Failure`: dns where it gives none.
    """
    questions = open_questions(server, limit=limit, family=family)
    questions.limit_name = limit_name
    found = find_addresses(host, questions.ask_part, family)
    if not found.addresses:
        raise Failure(Word.DNS, f"{safe(host)}: {found.trouble}")
    return found.addresses


# ---- asking ----


@mutable
class Questions:
    """All questions of one run: they share a deadline, and none of them is asked twice.

    `observe` hears of each answer when it has come.
    """

    resolver: "Resolver"
    started: float
    limit: float
    family: Family = "any"
    observe: Observe = lambda answer: None
    known: dict[tuple[str, str], Answer] = field(default_factory=dict)
    limit_name: str = ""  # of the option that set it, if one did

    def ask(self, name: str, record_type: str, *, share: float = 1.0) -> Answer:
        """Ask one question, in at most this share of the time that is left; never raises."""
        key = name.lower(), record_type
        if key not in self.known:
            begun = time.monotonic()
            found = self._ask(name, record_type, share)
            found = replace(found, at=begun - self.started, took=time.monotonic() - begun)
            self.known[key] = found
            self.observe(found)
        return self.known[key]

    def ask_part(self, name: str, record_type: str, share: float) -> Answer:
        """The same, as `hops` asks."""
        return self.ask(name, record_type, share=share)

    def _ask(self, name: str, record_type: str, share: float) -> Answer:
        from dns.exception import DNSException, Timeout
        from dns.name import from_text
        from dns.resolver import NXDOMAIN, NoNameservers

        def no(said: Said, text: str) -> Answer:
            return Answer(0, 0, name, record_type, said, text=text)

        lifetime = (self.started + self.limit - time.monotonic()) * share
        silence = f"no answer within {self.limit_name or f'the limit of {self.limit:g} s'}"
        if lifetime <= 0:
            return no(Said.TIMEOUT, silence)
        if len(self.known) >= MAXIMUM_QUESTIONS:
            return no(Said.UNASKED, f"not asked: one run asks {MAXIMUM_QUESTIONS} questions")
        try:
            asked = from_text(name)
        except (DNSException, ValueError):  # it came from a record: nothing of that name can be
            return no(Said.NXDOMAIN, "it is no name that DNS could hold")
        try:
            found = self.resolver.resolve(
                asked, record_type, search=False, raise_on_no_answer=False, lifetime=lifetime
            )
        except NXDOMAIN:
            return no(Said.NXDOMAIN, "NXDOMAIN")
        except Timeout:
            return no(Said.TIMEOUT, silence)
        except NoNameservers as error:
            reason = _reason(error)
            if not reason.startswith("SERVFAIL") or not self._answers_unvalidated(
                asked, record_type, lifetime
            ):
                return no(Said.SERVFAIL, reason)
            return no(Said.BOGUS, f"{reason}: DNSSEC does not hold, without validation it answers")
        except (DNSException, OSError) as error:
            return no(Said.SERVFAIL, safe(str(error)))
        if found.rrset is None and _is_referral(found.response):
            return no(Said.SERVFAIL, "the server only refers to others: it is no resolver")
        return _read(found, name, record_type)

    def _answers_unvalidated(self, name: "Name", record_type: str, lifetime: float) -> bool:
        """Whether the failure goes away with the CD bit (RFC 4035, section 3.2.2)."""
        from dns import flags
        from dns.exception import DNSException
        from dns.resolver import NXDOMAIN

        self.resolver.flags = _flags() | flags.CD
        try:
            self.resolver.resolve(
                name, record_type, search=False, raise_on_no_answer=False, lifetime=lifetime / 2
            )
        except NXDOMAIN:
            return True
        except (DNSException, OSError):
            return False
        finally:
            self.resolver.flags = _flags()
        return True


def open_questions(
    server: str | None,
    *,
    limit: float,
    family: Family = "any",
    observe: Observe = lambda answer: None,
) -> Questions:
    """Somebody to ask, for at most `limit` seconds from now.

    Raises `Failure`: usage for what is no `server`, dns when there is nobody to ask.
    """
    started = time.monotonic()
    resolver = _resolver(server)
    if isinstance(resolver, str):
        raise Failure(Word.DNS, resolver)
    return Questions(resolver, started, limit, family, observe)


def _resolver(server: str | None) -> "Resolver | str":
    """Somebody to ask, or the sentence why there is nobody."""
    from dns.exception import DNSException
    from dns.resolver import NoResolverConfiguration, Resolver

    advice = "name one with --dns SERVER"
    try:
        if server is None:
            resolver = Resolver()
        else:
            address, port = parse_server(server)
            resolver = Resolver(configure=False)
            resolver.nameservers, resolver.port = [address], port
    except NoResolverConfiguration:
        return f"this machine knows no DNS server (/etc/resolv.conf); {advice}"
    except (DNSException, ValueError, OSError) as error:
        return f"the DNS servers of this machine cannot be used: {safe(str(error))}; {advice}"
    resolver.flags = _flags()
    return resolver


def _flags() -> int:
    """Recursion, and the wish to hear whether DNSSEC holds (RFC 6840, section 5.7)."""
    from dns import flags

    return flags.RD | flags.AD


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


# ---- plain values ----


def _read(found: "Found", name: str, record_type: str) -> Answer:
    from dns import flags

    value, server = _VALUES[record_type], str(found.nameserver)
    return Answer(
        *(0, 0, name, record_type),
        Said.NO_DATA if found.rrset is None else Said.RECORDS,
        records=tuple(map(value, found.rrset or ())),
        alias="" if found.canonical_name == found.qname else _text(found.canonical_name),
        validated=bool(found.response.flags & flags.AD),
        server=server if found.port in (None, 53) else f"{server}@{found.port}",
    )


def _text(name: "Name") -> str:
    return name.to_text(omit_final_dot=True)


_VALUES: dict[str, Callable[[Any], Record]] = {
    "A": lambda row: str(row.address),
    "AAAA": lambda row: str(row.address),
    "CNAME": lambda row: _text(row.target),
    "MX": lambda row: Exchange(row.preference, _text(row.exchange)),
    "PTR": lambda row: _text(row.target),
    "SRV": lambda row: Service(row.priority, row.weight, row.port, _text(row.target)),
    "TLSA": lambda row: Association(row.usage, row.selector, row.mtype, row.cert),
    "TXT": lambda row: b"".join(row.strings),
}
