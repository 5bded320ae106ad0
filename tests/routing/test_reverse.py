"""Names of addresses, and whether they lead back."""

import pytest

from mailprobe.answers import Said
from mailprobe.routing import reverse
from tests.routing.zone import dns

PTR = "PTR 1.2.0.192.in-addr.arpa"
PTR6 = "PTR 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"


@pytest.mark.parametrize(
    "address, rows, level, said",
    [
        ("192.0.2.1", {PTR: "mx.test", "A mx.test": "192.0.2.1"}, "good", "leads back to it"),
        (
            "192.0.2.1",
            {PTR: ["a.test", "mx.test"], "A mx.test": ["192.0.2.9", "192.0.2.1"]},
            "good",
            "named mx.test",
        ),
        ("2001:db8::1", {PTR6: "mx.test", "AAAA mx.test": "2001:db8:0::1"}, "good", "leads back"),
        ("192.0.2.1", {PTR: "mx.test", "A mx.test": "192.0.2.9"}, "doubt", "does not lead back"),
        ("192.0.2.1", {PTR: "mx.test"}, "doubt", "does not lead back"),
        ("192.0.2.1", {PTR: "\\027[31m.test"}, "doubt", "named \\\\027[31m.test, which"),
        ("192.0.2.1", {}, "doubt", "has no name (PTR)"),
        ("192.0.2.1", {PTR: Said.TIMEOUT}, "doubt", "cannot be looked up"),
        ("192.0.2.1", {PTR: "mx.test", "A mx.test": Said.SERVFAIL}, "doubt", "cannot be looked up"),
    ],
)
def test_names(address: str, rows: dict[str, object], level: str, said: str) -> None:
    """RFC 8601, section 2.7.3."""
    part = reverse.check(address, dns(rows))  # type: ignore[arg-type]
    assert (part.level, said in part.text) == (level, True), part.text
