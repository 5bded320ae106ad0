"""The zones that the practice name server knows, for the lessons about MX and SPF.

Plain data.  Hosts lie in 127.0.0.0/8: everybody who asks for them stays on this machine.
"""

from mailprobe.sandbox.manners import Host, Record, Zone

HOSTS = (
    Host("mx1.example.test", "127.0.0.11", frozenset({"example.test", "broken.test"})),
    Host("mx2.example.test", "127.0.0.12", frozenset({"example.test"})),
    Host("a.tie.test", "127.0.0.21", frozenset({"tie.test"})),
    Host("b.tie.test", "127.0.0.22", frozenset({"tie.test"})),
    Host("none.test", "127.0.0.31", frozenset({"none.test"})),
    Host("mx.bank.test", "127.0.0.41", frozenset({"bank.test"})),
)
DOMAINS = frozenset().union(*(host.domains for host in HOSTS))


def _records(text: str) -> tuple[Record, ...]:
    return tuple(Record(*line.split(None, 2)) for line in text.strip().split("\n"))


def _addresses(hosts: tuple[Host, ...]) -> tuple[Record, ...]:
    """Where the hosts are, and how their addresses are called."""
    forward = (Record(host.name, "A", host.address) for host in hosts)
    backward = (
        Record(f"{'.'.join(reversed(host.address.split('.')))}.in-addr.arpa", "PTR", host.name)
        for host in hosts
    )
    return (*forward, *backward)


_EXAMPLE = _records("""
example.test         MX   10 mx1.example.test.
example.test         MX   20 mx2.example.test.
example.test         TXT  v=spf1 mx -all
""")
# RFC 7505 for null.test; RFC 5321, section 5.1 for the others.  The key is that of RFC 8463.
_OTHERS = _records("""
tie.test             MX   10 a.tie.test.
tie.test             MX   10 b.tie.test.
null.test            MX   0 .
broken.test          MX   10 alias.broken.test.
alias.broken.test    CNAME mx1.example.test.
bank.test            MX   10 mx.bank.test.
bank.test            TXT  v=spf1 ip4:192.0.2.25 -all
_dmarc.bank.test     TXT  v=DMARC1; p=reject; rua=mailto:postmaster@bank.test
mail._domainkey.bank.test TXT v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
""")

PRACTICE = Zone((*_EXAMPLE, *_OTHERS, *_addresses(HOSTS)), failing=("fail.test",))
# The first exchanger was renamed, and nobody told the zone.
MISTAKEN = Zone(
    (*_records("example.test MX 10 mx0.example.test."), *_addresses(HOSTS[:1])),
    failing=("fail.test",),
)
RIGHT = Zone((*_EXAMPLE, *_addresses(HOSTS[:2])), failing=("fail.test",))
