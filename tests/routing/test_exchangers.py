"""The exchangers of a domain, and what a sending server would do with them."""

import pytest

from mailprobe.answers import Association, Exchange, Said
from mailprobe.hops import MailHost, NextHop, Outcome
from mailprobe.routing import exchangers, would
from mailprobe.routing.model import Part
from mailprobe.routing.sts import Policy, Sts
from tests.routing.zone import Rows, dns, texts

DOMAIN = "example.org"
NO_POLICY = Sts(None, Part("none"))
MX = {f"MX {DOMAIN}": [Exchange(10, "a.test"), Exchange(20, "b.test")]}
ADDRESSES = {"A a.test": "192.0.2.1", "A b.test": "192.0.2.2"}
GOOD = Association(3, 1, 1, bytes(32))


def hop(*hosts: MailHost, outcome: Outcome = Outcome.MX) -> NextHop:
    return NextHop(DOMAIN, outcome, hosts, "a sentence", 0.0)


def host(name: str, *addresses: str, preference: int = 10, trouble: str = "") -> MailHost:
    return MailHost(preference, name, addresses, trouble)


A, B = host("a.test", "192.0.2.1"), host("b.test", "192.0.2.2", preference=20)


def said(
    where: NextHop, rows: Rows, *, validated: bool = False, policy: Sts = NO_POLICY
) -> tuple[str, str]:
    """The sentences about the exchangers, and about what a server would do."""
    ask = dns(rows, validated=validated)
    found = exchangers.check(where, ask)
    shown = exchangers.describe(where, found, ask)
    return texts(shown), texts(would.describe(where, found, policy))


def policy(mode: str, *patterns: str) -> Sts:
    return Sts(Policy(mode, patterns, 1209600, ()), Part("a policy"))


def test_nothing_special() -> None:
    """Opportunistic TLS, one after the other."""
    shown, done = said(hop(A, B), {**MX, **ADDRESSES})
    assert "fact: 2. b.test, preference 20" in shown
    assert "2. connects to b.test, port 25: 192.0.2.2" in done
    assert done.count("STARTTLS where it is offered, with any certificate") == 2
    assert "by lot" not in done


def test_tlsa_of_each_kind() -> None:
    """Usable, not usable, and one that cannot be looked up."""
    rows = {
        **MX,
        **ADDRESSES,
        "A c.test": "192.0.2.3",
        "TLSA _25._tcp.a.test": [GOOD],
        "TLSA _25._tcp.b.test": [Association(1, 1, 1, bytes(32))],
        "TLSA _25._tcp.c.test": Said.BOGUS,
    }
    c = host("c.test", "192.0.2.3", preference=30)
    shown, done = said(hop(A, B, c), rows, validated=True)
    assert "good: the MX records are validated (AD)" in shown
    assert "STARTTLS and a certificate that fits its TLSA, or no mail to it" in done
    assert "STARTTLS with any certificate, or no mail to it" in done
    assert "passes it over, for its TLSA cannot be looked up" in done


def test_a_policy() -> None:
    """Whom it names needs a certificate; whom it does not name gets no mail."""
    _, done = said(hop(A, B), {**MX, **ADDRESSES}, policy=policy("enforce", "a.test"))
    assert "with MTA-STS: STARTTLS and a valid certificate of a.test" in done
    assert "fault: with MTA-STS: passes it over" in done
    assert "no exchanger is left" not in done
    _, none = said(hop(A, B), {**MX, **ADDRESSES}, policy=policy("enforce", "c.test"))
    assert "fault: with MTA-STS: no exchanger is left" in none
    _, testing = said(hop(A, B), {**MX, **ADDRESSES}, policy=policy("testing", "c.test"))
    assert "MTA-STS" not in testing


def test_a_host_that_nobody_can_reach() -> None:
    """Passed over, with the reason; only IPv6, loopback: told."""
    lost = host("lost.test", trouble="its name does not exist")
    six = host("six.test", "2001:db8::1")
    here = host("here.test", "127.0.0.1", trouble="it is odd")
    shown, done = said(hop(lost, six, here), MX)
    assert "fault: 1. lost.test, preference 10: its name does not exist" in shown
    assert "equal preference 10, in an order drawn by lot: lost.test, six.test, here.test" in shown
    assert "doubt: it has no IPv4 address" in shown
    assert "fault: 127.0.0.1, a loopback address: this machine" in shown
    assert "doubt: it is odd" in shown
    assert "1. passes over lost.test: its name does not exist" in done
    assert "2. connects to six.test, port 25, by lot" in done


def test_none_of_them_can_be_reached() -> None:
    """The domain's own address is not tried instead."""
    shown, done = said(hop(host("lost.test", trouble="gone")), MX)
    assert "fault: Exchangers, of which none can be reached" in shown
    assert "the domain's own address is not tried" in done


def test_many_addresses_and_many_hosts() -> None:
    """Bounds on what is looked at further; all of them are shown."""
    wide = host("wide.test", *[f"192.0.2.{number}" for number in range(9)])
    hosts = [host(f"h{number}.test", "192.0.2.1", preference=number) for number in range(12)]
    asked: list[str] = []
    answers = dns(MX)

    def ask(name: str, record_type: str) -> object:
        asked.append(name)
        return answers(name, record_type)

    found = exchangers.check(hop(wide, *hosts), ask)  # type: ignore[arg-type]
    assert "and 192.0.2.4, 192.0.2.5" in texts(found[0].part)
    assert len([name for name in asked if name.endswith("in-addr.arpa")]) == 4 + 9
    assert "fact: 192.0.2.1" in texts(found[12].part)


@pytest.mark.parametrize(
    "outcome, shown, done",
    [
        (Outcome.NULL_MX, "550 5.7.27", "556 5.1.10"),
        (Outcome.NXDOMAIN, "does not exist", "5.1.2"),
        (Outcome.NO_ADDRESS, "fault: a sentence", "5.4.4"),
        (Outcome.SERVFAIL, "DNS failed", "tries again later"),
        (Outcome.TIMEOUT, "DNS is silent", "tries again later"),
        (Outcome.NO_RESOLVER, "no DNS server", "tries again later"),
    ],
)
def test_outcomes_without_a_host(outcome: Outcome, shown: str, done: str) -> None:
    """Each has its words."""
    first, second = said(hop(outcome=outcome), {})
    assert shown in first
    assert done in second


def test_records_that_are_odd() -> None:
    """A null MX beside others, an alias, a question that failed."""
    odd = {f"MX {DOMAIN}": [Exchange(0, "."), Exchange(10, "a.test")], **ADDRESSES}
    assert "fault: a null MX beside others" in said(hop(A), odd)[0]
    failed = said(hop(outcome=Outcome.SERVFAIL), {f"MX {DOMAIN}": Said.SERVFAIL})[0]
    assert "doubt: example.org cannot be looked up" in failed
    bogus = said(hop(outcome=Outcome.SERVFAIL), {f"MX {DOMAIN}": Said.BOGUS})[0]
    assert "fault: example.org: its DNSSEC does not hold" in bogus


def test_a_name_that_no_host_can_have() -> None:
    """Is shown, and not asked about."""
    odd = host(r"\\027[31m.test", "192.0.2.1", trouble="it is no host name")
    assert "DANE" not in said(hop(odd), MX)[0]
