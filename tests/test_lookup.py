"""The next hop of a domain, asked of a nano nameserver on loopback."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import dns.rcode
import dns.resolver
import pytest

from mailprobe.errors import Failure, Word
from mailprobe.hops import (
    MAXIMUM_ADDRESSES,
    MAXIMUM_HOSTS,
    MAXIMUM_RESOLVED,
    Family,
    MailHost,
    NextHop,
    Outcome,
)
from mailprobe.lookup import next_hop
from tests.nameserver import REFERRAL, SILENT, Fault, Nameserver

ZONE = r"""
@ A 127.0.0.1
@ MX 20 mx2
@ MX 10 mx1
mx1 A 127.0.0.1
mx1 AAAA ::1
mx2 A 127.0.0.2
cnamemx MX 10 mxalias
mxalias CNAME mx1
alias CNAME @
implicitalias CNAME implicit
gonealias CNAME gone
nomail MX 0 .
badnull MX 0 .
badnull MX 10 mx1
twonull MX 0 .
twonull MX 5 .
implicit A 127.0.0.1
implicit AAAA ::1
nothing TXT "here only so that the name exists"
dangling MX 10 nowhere
half MX 10 nowhere
half MX 20 mx2
equal MX 10 mx1
equal MX 10 mx2
equal MX 5 v4
equal MX 20 v6
v4 A 192.0.2.4
v6 AAAA 2001:db8::6
bare MX 10 nothing
literal MX 10 192.0.2.1.
hostile MX 10 [/nope]
hostile MX 20 \027[31m\010mailprobe\058
[/nope] A 192.0.2.66
loop1 CNAME loop2
loop2 CNAME loop1
xn--bcher-kva MX 10 mx1
_smtp.xn--bcher-kva MX 10 mx2
"""


@pytest.fixture(scope="module")
def nameserver() -> Iterator[Nameserver]:
    with Nameserver(ZONE) as running:
        yield running


def keep(rows: list[Any]) -> None:
    """A shuffle that does not."""


def ask(nameserver: Nameserver, name: str = "", **options: Any) -> NextHop:
    """Ask for a name of the zone, equal preferences in the order of the answer."""
    asked: dict[str, Any] = {"shuffle": keep, "limit": 5.0, **options}
    domain = f"{name}.example.test" if name else "example.test"
    return next_hop(domain, server=nameserver.address, **asked)


def faulty(name: str, faults: dict[str, Fault], **options: Any) -> NextHop:
    """Ask a nameserver that fails as told."""
    with Nameserver(ZONE, faults=faults) as nameserver:
        return ask(nameserver, name, **options)


def test_mx_by_preference(nameserver: Nameserver) -> None:
    """The lower preference comes first, whatever the order in the answer; IPv6 before IPv4."""
    found = ask(nameserver)

    assert found.outcome is Outcome.MX
    assert found.hosts == (
        MailHost(10, "mx1.example.test", ("::1", "127.0.0.1"), ""),
        MailHost(20, "mx2.example.test", ("127.0.0.2",), ""),
    )
    assert found.usable == found.hosts
    assert found.sentence == (
        "the mail of example.test goes to mx1.example.test (10), mx2.example.test (20)"
    )
    assert 0 <= found.seconds < 5


def test_only_equal_preferences_are_shuffled(nameserver: Nameserver) -> None:
    """Equal ones are in the order that `shuffle` gives, never moved across another preference."""
    straight = [host.name for host in ask(nameserver, "equal").hosts]
    turned = [host.name for host in ask(nameserver, "equal", shuffle=list.reverse).hosts]

    v4, mx1, mx2, v6 = (f"{name}.example.test" for name in ("v4", "mx1", "mx2", "v6"))
    assert straight == [v4, mx1, mx2, v6]
    assert turned == [v4, mx2, mx1, v6]


def test_implicit_mx(nameserver: Nameserver) -> None:
    """No MX but addresses: the domain is its own mail host with preference 0."""
    found = ask(nameserver, "implicit")

    assert found.outcome is Outcome.IMPLICIT
    assert found.hosts == (MailHost(0, "implicit.example.test", ("::1", "127.0.0.1"), ""),)
    assert "has no MX" in found.sentence


@pytest.mark.parametrize("name", ["nomail", "twonull"])
def test_null_mx(nameserver: Nameserver, name: str) -> None:
    """A null MX alone says that nobody takes mail, even where there is an address."""
    found = ask(nameserver, name)

    assert (found.outcome, found.hosts) == (Outcome.NULL_MX, ())
    assert "takes no mail" in found.sentence


def test_null_mx_beside_others(nameserver: Nameserver) -> None:
    """A null MX beside a real one is malformed: said, and ignored."""
    found = ask(nameserver, "badnull")

    assert found.outcome is Outcome.MX
    assert [host.name for host in found.hosts] == ["mx1.example.test"]
    assert "malformed and was ignored (RFC 7505, section 3)" in found.sentence


@pytest.mark.parametrize(
    "name, outcome, sentence",
    [
        ("absent", Outcome.NXDOMAIN, "absent.example.test does not exist (NXDOMAIN)"),
        ("gonealias", Outcome.NXDOMAIN, "gonealias.example.test does not exist"),
        ("nothing", Outcome.NO_ADDRESS, "nothing.example.test has neither MX nor address"),
        ("loop1", Outcome.SERVFAIL, "DNS failed on loop1.example.test"),
    ],
)
def test_no_next_hop(nameserver: Nameserver, name: str, outcome: Outcome, sentence: str) -> None:
    """What leads nowhere has no host, and the sentence says why."""
    found = ask(nameserver, name)

    assert (found.outcome, found.hosts) == (outcome, ())
    assert sentence in found.sentence


@pytest.mark.parametrize(
    "fault, text",
    [
        (dns.rcode.SERVFAIL, "SERVFAIL from 127.0.0.1@"),
        (dns.rcode.REFUSED, "REFUSED from 127.0.0.1@"),
        (dns.rcode.NOTIMP, "NOTIMP from 127.0.0.1@"),
        (dns.rcode.YXDOMAIN, "too long after DNAME substitution"),
        (REFERRAL, "only refers to others"),
    ],
)
def test_no_fall_back_when_the_mx_is_unknown(fault: Fault, text: str) -> None:
    """A server that fails has not said that no MX exists: A and AAAA are not even asked for."""
    with Nameserver(ZONE, faults={"implicit/MX": fault}) as nameserver:
        found = ask(nameserver, "implicit")
        asked = {kind for _, _, kind in nameserver.asked}

    assert (found.outcome, found.hosts) == (Outcome.SERVFAIL, ())
    assert text in found.sentence
    assert asked == {"MX"}


def test_another_zone_is_refused(nameserver: Nameserver) -> None:
    """REFUSED is no NXDOMAIN: it says nothing about the domain."""
    found = next_hop("example.org", server=nameserver.address, limit=5)

    assert found.outcome is Outcome.SERVFAIL
    assert "REFUSED" in found.sentence


def test_a_server_that_never_answers() -> None:
    """Silence is a timeout, names the limit, and leads to no fall-back."""
    with Nameserver(ZONE, faults={"*": SILENT}) as nameserver:
        found = ask(nameserver, "implicit", limit=0.2)
        asked = {kind for _, _, kind in nameserver.asked}

    assert (found.outcome, found.hosts) == (Outcome.TIMEOUT, ())
    assert "no answer within the limit of 0.2 s" in found.sentence
    assert asked == {"MX"}


def test_a_limit_that_somebody_set_has_its_name(nameserver: Nameserver) -> None:
    """What is left of it says nothing to anybody."""
    found = next_hop("example.test", server=nameserver.address, limit=0, limit_name="--max-time")
    assert "no answer within --max-time" in found.sentence


def test_no_time_at_all(nameserver: Nameserver) -> None:
    """A limit that is over before the first question asks nothing."""
    before = len(nameserver.asked)

    assert ask(nameserver, limit=0).outcome is Outcome.TIMEOUT
    assert len(nameserver.asked) == before


def test_a_silent_mail_host_leaves_time_for_the_next() -> None:
    """The addresses of one host never take all the time that is left."""
    found = faulty("", {"mx1": SILENT}, limit=2.0)

    assert found.outcome is Outcome.MX
    assert [host.name for host in found.usable] == ["mx2.example.test"]
    assert found.hosts[0].trouble == (
        "its AAAA look-up failed (no answer within the limit of 2 s); "
        "its A look-up failed (no answer within the limit of 2 s)"
    )


def test_half_of_the_addresses() -> None:
    """A failed AAAA look-up is told, and the IPv4 address is used all the same."""
    found = faulty("", {"mx1/AAAA": dns.rcode.SERVFAIL})

    assert found.hosts[0].addresses == ("127.0.0.1",)
    assert found.hosts[0].trouble.startswith("its AAAA look-up failed (SERVFAIL from ")


@pytest.mark.parametrize(
    "faults, outcome",
    [
        ({"mx2": dns.rcode.SERVFAIL}, Outcome.SERVFAIL),
        ({"mx2/A": SILENT}, Outcome.TIMEOUT),
        ({"mx2": dns.rcode.NXDOMAIN}, Outcome.MX),
    ],
)
def test_no_host_has_an_address(faults: dict[str, Fault], outcome: Outcome) -> None:
    """Every host dead: "try later" only when an answer is still owed; the hosts are kept."""
    found = faulty("half", faults, limit=1.0)

    assert (found.outcome, found.usable) == (outcome, ())
    assert found.hosts[0].trouble == "its name does not exist"
    assert len(found.hosts) == 2
    assert found.sentence.startswith("no mail host of half.example.test has a known address")


@pytest.mark.parametrize(
    "fault, outcome",
    [
        (dns.rcode.SERVFAIL, Outcome.SERVFAIL),
        (SILENT, Outcome.TIMEOUT),
        (dns.rcode.NXDOMAIN, Outcome.NO_ADDRESS),
    ],
)
def test_implicit_with_failing_addresses(fault: Fault, outcome: Outcome) -> None:
    """No MX, and the addresses cannot be had: whether to try later is told."""
    found = faulty("implicit", {"implicit/A": fault, "implicit/AAAA": fault}, limit=0.5)

    assert (found.outcome, found.hosts) == (outcome, ())
    assert "MX" in found.sentence


@pytest.mark.parametrize(
    "name, trouble",
    [
        ("dangling", "its name does not exist"),
        ("bare", "it has no address"),
        ("literal", "it is an address where RFC 5321, section 5.1 wants a name"),
    ],
)
def test_unusable_host(nameserver: Nameserver, name: str, trouble: str) -> None:
    """An MX that leads nowhere is a fault to report; the domain's own address is not tried."""
    found = ask(nameserver, name)

    assert found.outcome is Outcome.MX
    assert [(host.addresses, host.trouble) for host in found.hosts] == [((), trouble)]
    assert trouble in found.sentence


def test_mail_host_that_is_a_cname(nameserver: Nameserver) -> None:
    """It is used as it is met in the wild, and reported."""
    (host,) = ask(nameserver, "cnamemx").hosts

    assert host.name == "mxalias.example.test"
    assert host.addresses == ("::1", "127.0.0.1")
    assert host.trouble == ("it is a CNAME of mx1.example.test (RFC 2181, section 10.3 forbids it)")


def test_domain_that_is_a_cname(nameserver: Nameserver) -> None:
    """A domain may be a CNAME: its target counts as the initial name, without a reproach."""
    by_mx = ask(nameserver, "alias")
    implicit = ask(nameserver, "implicitalias")

    assert [host.name for host in by_mx.hosts] == ["mx1.example.test", "mx2.example.test"]
    assert implicit.outcome is Outcome.IMPLICIT
    assert implicit.hosts == (MailHost(0, "implicitalias.example.test", ("::1", "127.0.0.1"), ""),)


@pytest.mark.parametrize(
    "family, addresses, other",
    [("4", ("127.0.0.1",), "AAAA"), ("6", ("::1",), "A")],
)
def test_one_family(family: Family, addresses: tuple[str, ...], other: str) -> None:
    """With one family the other is not asked for, and a host without it says which it lacks."""
    with Nameserver(ZONE) as nameserver:
        found = ask(nameserver, family=family)
        lacking = ask(nameserver, "equal", family=family)
        asked = {kind for _, _, kind in nameserver.asked}

    assert found.hosts[0].addresses == addresses
    assert f"it has no IPv{family} address" in {host.trouble for host in lacking.hosts}
    assert other not in asked


def test_hostile_names(nameserver: Nameserver) -> None:
    """What a name holds reaches nobody raw: no control character in any field."""
    found = ask(nameserver, "hostile")
    nope, escape = found.hosts

    assert nope.name == "[/nope].example.test"
    assert nope.addresses == ("192.0.2.66",)
    assert nope.trouble == "it is no host name (RFC 1123, section 2.1)"
    assert escape.name == r"\\027[31m\\010mailprobe:.example.test"
    assert found.sentence.isprintable()


def test_a_truncated_answer_is_asked_again_over_tcp() -> None:
    """More MX records than a datagram holds: TCP brings them, and the bounds are told."""
    rows = [f"@ MX {number} host{number}" for number in range(400)]
    with Nameserver("\n".join(rows)) as nameserver:
        found = ask(nameserver)
        asked = nameserver.asked

    assert asked[:2] == [("udp", "example.test", "MX"), ("tcp", "example.test", "MX")]
    assert len(found.hosts) == MAXIMUM_HOSTS
    assert {name for _, name, kind in asked if kind != "MX"} == {
        f"host{number}.example.test" for number in range(MAXIMUM_RESOLVED)
    }
    assert found.hosts[MAXIMUM_RESOLVED].trouble == "it was not looked up, as only the first 20 are"
    assert "of 400 MX records 100 were kept, the first 20 looked up" in found.sentence


def test_a_host_with_too_many_addresses() -> None:
    """A bound on the addresses of one host, which is told."""
    rows = [f"@ A 192.0.2.{number}" for number in range(100)]
    with Nameserver("\n".join(rows)) as nameserver:
        (host,) = ask(nameserver).hosts

    assert len(host.addresses) == MAXIMUM_ADDRESSES
    assert host.trouble == "only 20 of its A records were kept"


def test_one_host_twice_is_looked_up_once() -> None:
    """The same name with two preferences costs one question of each type."""
    with Nameserver("@ MX 10 mx\n@ MX 20 mx\nmx A 127.0.0.1") as nameserver:
        found = ask(nameserver)
        asked = [kind for _, _, kind in nameserver.asked]

    assert [host.preference for host in found.hosts] == [10, 20]
    assert asked == ["MX", "AAAA", "A"]


def test_idn(nameserver: Nameserver) -> None:
    """An internationalised domain is asked for by its A-labels, capitals folded."""
    found = ask(nameserver, "BÜCHER")

    assert found.domain == "xn--bcher-kva.example.test"
    assert found.outcome is Outcome.MX
    assert [host.name for host in ask(nameserver, "_smtp.bücher").hosts] == ["mx2.example.test"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        ".test",
        "a..test",
        "example.test..",
        "192.0.2.1",
        "[192.0.2.1]",
        "[IPv6:2001:db8::1]",
        "2001:db8::1",
        "\uff11\uff12\uff17.0.0.1",  # full-width digits
        "alice@example.test",
        "example.test\r\n",
        "example.test\n",
        "exam\0ple.test",
        "exam ple.test",
        " example.test",
        "exam\u00a0ple.test",
        "example\\.test",
        "bücher\\046test",
        "smtp://example.test",
        "example.test:25",
        f"{'a' * 64}.test",
        f"{'ü' * 64}.test",
        ".".join(["abcdefg"] * 32),
        "ü." * 200,
        "\udc80.test",
        "\u202ebücher.test",
    ],
)
def test_what_is_no_domain(text: str) -> None:
    """Refused before any question, in one printable line."""
    with pytest.raises(Failure) as caught:
        next_hop(text, server="127.0.0.1:1")

    assert caught.value.word is Word.USAGE
    assert caught.value.sentence.isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost",
        "ns.example.test:53",
        "192.0.2.1:",
        "192.0.2.1:0",
        "192.0.2.1:65536",
        "192.0.2.1:123456",
        "192.0.2.1:٥٣",
        "192.0.2",
        "[192.0.2.1]:53",
        "[2001:db8::1",
        "[2001:db8::1]53",
        "[]:53",
        "192.0.2.1\n",
        "fe80::1%\x1b[31m",
    ],
)
def test_what_is_no_server(text: str) -> None:
    """Refused with the forms that are taken, in one printable line."""
    with pytest.raises(Failure) as caught:
        next_hop("example.test", server=text)

    assert caught.value.word is Word.USAGE
    assert "ADDRESS:PORT" in caught.value.sentence
    assert caught.value.sentence.isprintable()


@pytest.mark.parametrize(
    "error, sentence",
    [
        (dns.resolver.NoResolverConfiguration, "this machine knows no DNS server"),
        (ValueError("nameserver x is not an address"), "nameserver x is not an address"),
    ],
)
def test_no_resolver(
    monkeypatch: pytest.MonkeyPatch, error: Exception | type[Exception], sentence: str
) -> None:
    """A machine without a usable resolv.conf is an outcome, and the way out is named."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", fail)
    found = next_hop("example.test")

    assert (found.outcome, found.hosts) == (Outcome.NO_RESOLVER, ())
    assert sentence in found.sentence
    assert "--dns SERVER" in found.sentence


def test_a_server_that_cannot_be_reached() -> None:
    """An error of the network stack is what DNS failing looks like, not a traceback."""
    found = next_hop("example.test", server="fe80::1%nosuchlink", limit=1)

    assert found.outcome is Outcome.SERVFAIL


def test_the_import_does_not_load_dnspython() -> None:
    """Loading dnspython takes longer than starting mailprobe: only a question may."""
    code = "import sys, mailprobe.lookup; sys.exit('dns' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
