"""What a server that has mail for a domain would do, in words (RFC 5321, section 5.1)."""

from mailprobe.hops import NextHop, Outcome
from mailprobe.routing.dane import Verdict, harmless
from mailprobe.routing.exchangers import Exchanger
from mailprobe.routing.model import Level, Part, fault
from mailprobe.routing.sts import Sts

_TITLE = "What a sending server would do"
_LATER = "keeps the mail in its queue and tries again later (4.4.3), for days"

_NO_ROUTE = {
    Outcome.NULL_MX: Part(
        "gives the mail back at once and connects to nobody: 556 5.1.10",
        reference="RFC 7505, section 4",
    ),
    Outcome.NXDOMAIN: fault(
        "gives the mail back at once: 5.1.2, there is no such domain", "RFC 3463, section 3.2"
    ),
    Outcome.NO_ADDRESS: fault(
        "gives the mail back: 5.4.4, there is nowhere to send it", "RFC 3463, section 3.5"
    ),
    Outcome.SERVFAIL: fault(_LATER, "RFC 5321, section 4.5.4.1"),
    Outcome.TIMEOUT: fault(_LATER, "RFC 5321, section 4.5.4.1"),
    Outcome.NO_RESOLVER: fault(_LATER, "RFC 5321, section 4.5.4.1"),
    Outcome.MX: fault(
        "gives the mail back: no exchanger can be reached, and the domain's own address is not "
        "tried where there are MX records",
        "RFC 5321, section 5.1",
    ),
}

_BY_DANE = {
    Verdict.USABLE: "with DANE: STARTTLS and a certificate that fits its TLSA, or no mail to it",
    Verdict.UNUSABLE: "with DANE: STARTTLS with any certificate, or no mail to it",
    Verdict.FAILED: "with DANE: passes it over, for its TLSA cannot be looked up",
}


def describe(hop: NextHop, exchangers: tuple[Exchanger, ...], sts: Sts) -> Part:
    """The last part of the tree."""
    usable = [exchanger for exchanger in exchangers if exchanger.host.addresses]
    if not usable:
        below: tuple[Part, ...] = (_NO_ROUTE[hop.outcome],)
    else:
        below = (*_attempts(exchangers, sts), Part(f"when nobody answers: {_LATER}"))
    if usable and sts.enforced and not any(_allowed(one, sts) for one in usable):
        text = "with MTA-STS: no exchanger is left, the mail stays in the queue"
        below = (*below, fault(text, "RFC 8461, section 5"))
    level = Level.FAULT if any(part.level is Level.FAULT for part in below) else Level.FACT
    return Part(_TITLE, level, below=below, name="would")


def _attempts(exchangers: tuple[Exchanger, ...], sts: Sts) -> list[Part]:
    parts = []
    preferences = [exchanger.host.preference for exchanger in exchangers]
    for exchanger in exchangers:
        host, number = exchanger.host, exchanger.number
        if not host.addresses:
            parts.append(Part(f"{number}. passes over {host.name}: {host.trouble}"))
            continue
        drawn = ", by lot" if preferences.count(host.preference) > 1 else ""
        addresses = ", then ".join(host.addresses[:4])
        text = f"{number}. connects to {host.name}, port 25{drawn}: {addresses}"
        parts.append(Part(text, below=tuple(_security(exchanger, sts))))
    return parts


def _security(exchanger: Exchanger, sts: Sts) -> list[Part]:
    """What it demands of TLS; DANE goes before MTA-STS (RFC 8461, section 2)."""
    verdict = exchanger.dane.verdict
    parts = [] if harmless(verdict) else [Part(_BY_DANE[verdict])]
    if sts.enforced:
        parts.append(_by_policy(exchanger, sts))
    if not parts:
        parts.append(Part("STARTTLS where it is offered, with any certificate; else in the clear"))
    return parts


def _by_policy(exchanger: Exchanger, sts: Sts) -> Part:
    name = exchanger.host.name
    if _allowed(exchanger, sts):
        return Part(f"with MTA-STS: STARTTLS and a valid certificate of {name}, or no mail to it")
    return fault("with MTA-STS: passes it over, its policy does not name it", "RFC 8461, section 5")


def _allowed(exchanger: Exchanger, sts: Sts) -> bool:
    return sts.policy is not None and sts.policy.allows(exchanger.host.name)
