"""Whatever DNS says, each part of a route is made, and can be shown."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailprobe.answers import Answer, Association, Exchange, Record, Said, Service
from mailprobe.hops import MailHost, NextHop, Outcome
from mailprobe.routing import dkim, dmarc, exchangers, services, spf, sts, tlsrpt, would
from mailprobe.routing.model import Fetched, Part
from mailprobe.safe import safe, visible

NAMES = st.text(st.sampled_from("a.\\027-_\x1b\u202e[/]ü"), max_size=20)
VERSIONS = st.sampled_from(
    [b"", b"v=spf1 ", b"v=DMARC1;", b"v=STSv1;", b"v=TLSRPTv1;", b"v=DKIM1;"]
)
TEXTS = st.builds(bytes.__add__, VERSIONS, st.binary(max_size=60))
NUMBERS = st.integers(0, 65535)
OCTET = st.integers(0, 255)
RECORDS: dict[str, st.SearchStrategy[Record]] = {
    "A": st.ip_addresses(v=4).map(str),
    "AAAA": st.ip_addresses(v=6).map(str),
    "MX": st.builds(Exchange, NUMBERS, NAMES),
    "PTR": NAMES,
    "SRV": st.builds(Service, NUMBERS, NUMBERS, NUMBERS, NAMES),
    "TLSA": st.builds(Association, OCTET, OCTET, OCTET, st.binary(max_size=70)),
    "TXT": TEXTS,
}
HOSTS = st.builds(
    MailHost,
    NUMBERS,
    NAMES.map(safe),
    st.lists(st.ip_addresses().map(str), max_size=3).map(tuple),
    NAMES.map(safe),
)


@pytest.mark.slow
@settings(max_examples=40)  # each draws a hundred answers
@given(st.data())
def test_any_dns(data: st.DataObject) -> None:
    """No part raises; every sentence and reference is printable, and of one line."""

    def ask(name: str, record_type: str) -> Answer:
        said = data.draw(st.sampled_from([*Said, *[Said.RECORDS] * 6]))
        records: tuple[Record, ...] = ()
        if said is Said.RECORDS:
            records = tuple(data.draw(st.lists(RECORDS[record_type], min_size=1, max_size=3)))
        alias = data.draw(st.one_of(st.just(""), NAMES))
        validated = data.draw(st.booleans())
        return Answer(0, 0, name, record_type, said, records, alias, validated, "192.0.2.53", "why")

    def fetch(host: str, path: str, addresses: object) -> Fetched:
        body = data.draw(st.binary(max_size=60))
        return Fetched(0, 0, f"https://{host}{path}", "page", 200, "text/plain", body)

    outcome = data.draw(st.sampled_from([Outcome.MX, Outcome.IMPLICIT, Outcome.NULL_MX]))
    hosts = tuple(data.draw(st.lists(HOSTS, max_size=2)))
    hop = NextHop("example.org", Outcome.MX if hosts else outcome, hosts, "a sentence", 0.0)
    found = exchangers.check(hop, ask)
    policy = sts.check("example.org", [host.name for host in hosts], ask, fetch)
    parts: list[Part] = [exchangers.describe(hop, found, ask), policy.part]
    if hosts or outcome is not Outcome.IMPLICIT:
        parts.append(would.describe(hop, found, policy))
    parts += [
        tlsrpt.check("example.org", ask),
        spf.check("example.org", ask).part,
        dmarc.check("example.org", ask, exists=data.draw(st.booleans())).part,
        dkim.check("example.org", "s1", ask).part,
        services.check("example.org", ask),
        services.check_automatic("example.org", ask),
    ]
    for part in parts:
        assert all(visible(one.text + one.reference) for one in part.all())
