"""The exchangers of a domain, each with its addresses, their names, and DANE."""

from mailprobe.addresses import dangerous
from mailprobe.answers import Answer, Exchange
from mailprobe.hops import MailHost, NextHop, Outcome
from mailprobe.routing import dane, reverse
from mailprobe.routing.dane import Dane, Verdict
from mailprobe.routing.model import Ask, Level, Part, doubt, fault, good, unknown
from mailprobe.value import frozen

_LOOKED_AT = 10  # exchangers whose TLSA and names are asked for
_NAMED = 4  # addresses of one exchanger whose names are asked for
_MX = "RFC 5321, section 5.1"
_BOTH = "RFC 5321, section 5.2"


@frozen
class Exchanger:
    """One of them; `number` is its place in the order in which they are tried."""

    number: int
    host: MailHost
    dane: Dane
    part: Part

    def facts(self) -> dict[str, object]:
        return {
            "number": self.number,
            "preference": self.host.preference,
            "host": self.host.name,
            "addresses": list(self.host.addresses),
            "trouble": self.host.trouble,
            "dane": str(self.dane.verdict),
        }


def check(hop: NextHop, ask: Ask) -> tuple[Exchanger, ...]:
    """Look at each exchanger that has an address."""
    route = ask(hop.domain, "MX")
    return tuple(
        _exchanger(number, host, ask, route) for number, host in enumerate(hop.hosts, start=1)
    )


def _exchanger(number: int, host: MailHost, ask: Ask, route: Answer) -> Exchanger:
    title = f"{number}. {host.name}, preference {host.preference}"
    nothing = Dane(Verdict.NONE, Part("DANE: not looked at"))
    if not host.addresses:
        part = Part(f"{title}: {host.trouble}", Level.FAULT, _MX)
        return Exchanger(number, host, nothing, part)
    below: list[Part] = [doubt(host.trouble, _MX)] if host.trouble else []
    if number > _LOOKED_AT or "\\" in host.name:  # a name that no host can have
        below.append(Part(", ".join(host.addresses)))
        return Exchanger(number, host, nothing, Part(title, below=tuple(below)))
    for address in host.addresses[:_NAMED]:
        if danger := dangerous(address):
            below.append(fault(f"{address}, {danger}: nobody else can reach it"))
        below.append(reverse.check(address, ask))
    if all(":" in address for address in host.addresses):
        below.append(doubt("it has no IPv4 address: many servers cannot reach it", _BOTH))
    if more := host.addresses[_NAMED:]:
        below.append(Part(f"and {', '.join(more)}"))
    answers = tuple(
        answer for answer in (ask(host.name, kind) for kind in ("AAAA", "A")) if answer.records
    )
    found = dane.check(host.name, ask, route=route, addresses=answers)
    below.append(found.part)
    return Exchanger(number, host, found, Part(title, below=tuple(below)))


_TITLES = {
    Outcome.MX: "Exchangers, in the order in which they are tried",
    Outcome.IMPLICIT: "No MX: the domain's own address takes its mail (implicit MX)",
    Outcome.NULL_MX: "Null MX: the domain takes no mail",
    Outcome.NXDOMAIN: "The domain does not exist (NXDOMAIN)",
    Outcome.NO_ADDRESS: "Neither MX nor address",
    Outcome.SERVFAIL: "Exchangers: not known, DNS failed",
    Outcome.TIMEOUT: "Exchangers: not known, DNS is silent",
    Outcome.NO_RESOLVER: "Exchangers: not known, there is no DNS server to ask",
}
_BAD = (Outcome.NXDOMAIN, Outcome.NO_ADDRESS, Outcome.SERVFAIL, Outcome.TIMEOUT)
_REFERENCES = {Outcome.NULL_MX: "RFC 7505", Outcome.IMPLICIT: _MX}


def describe(hop: NextHop, exchangers: tuple[Exchanger, ...], ask: Ask) -> Part:
    """The part of the tree that shows them."""
    route = ask(hop.domain, "MX")
    below: list[Part] = []
    if route.alias:
        below.append(Part(f"{hop.domain} is a CNAME, whose target counts"))
    if route.failed:
        below.append(unknown(route))
    if hop.outcome is Outcome.NULL_MX:
        text = "mail in its name may be refused, too: 550 5.7.27"
        below.append(Part(text, reference="RFC 7505, section 4.2"))
    below += _equal(exchangers)
    below += [exchanger.part for exchanger in exchangers]
    below += _ill_formed(route)
    unusable = bool(exchangers) and not hop.usable
    if unusable or hop.outcome is Outcome.NO_ADDRESS:
        below.append(fault(hop.sentence, _MX))
    if route.records:
        below.append(_signed(route))
    title = _TITLES[hop.outcome]
    if hop.outcome is Outcome.MX and unusable:
        title = "Exchangers, of which none can be reached"
    level = Level.FAULT if hop.outcome in _BAD or unusable else Level.FACT
    return Part(title, level, _REFERENCES.get(hop.outcome, ""), tuple(below), name="mx")


def _equal(exchangers: tuple[Exchanger, ...]) -> list[Part]:
    by_preference: dict[int, list[str]] = {}
    for exchanger in exchangers:
        by_preference.setdefault(exchanger.host.preference, []).append(exchanger.host.name)
    return [
        Part(f"equal preference {preference}, in an order drawn by lot: {', '.join(names)}")
        for preference, names in by_preference.items()
        if len(names) > 1
    ][:3]


def _ill_formed(route: Answer) -> list[Part]:
    hosts = [record.host for record in route.records if isinstance(record, Exchange)]
    if "." in hosts and set(hosts) != {"."}:
        text = "a null MX beside others, which is ignored"
        return [fault(text, "RFC 7505, section 3")]
    return []


def _signed(route: Answer) -> Part:
    if route.validated:
        return good(f"the MX records are validated (AD), as {route.server} says")
    return Part("the MX records are not validated (no AD bit)")
