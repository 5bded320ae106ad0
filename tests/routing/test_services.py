"""Services that SRV names, and the names of autoconfig."""

import pytest

from mailprobe.answers import Said, Service
from mailprobe.routing import services
from tests.routing.zone import dns, texts

MX = {"A mx.example.org": "192.0.2.1"}


@pytest.mark.parametrize(
    "rows, said",
    [
        ({}, "Services: no SRV record names any"),
        ({"_submissions": Service(0, 1, 465, "mx.example.org"), **MX}, "fact: mx.example.org:465"),
        ({"_imap": Service(0, 0, 0, ".")}, "_imap: not offered"),
        ({"_pop3s": Service(0, 1, 1995, "mx.example.org"), **MX}, ":1995 (not 995), priority 0"),
        ({"_pop3": Service(0, 1, 110, "gone.example.org")}, "fault: gone.example.org:110"),
        ({"_imaps": [Service(0, 0, 0, "."), Service(0, 1, 993, "mx.example.org")], **MX}, "beside"),
        ({"_pop3s": Service(0, 1, 995, "b.test"), "TXT b.test": b"x"}, "it has no address"),
        ({"_pop3s": Service(0, 1, 995, "b.test"), "A b.test": Said.TIMEOUT}, "doubt: b.test:995"),
        ({"_submission": Said.SERVFAIL}, "cannot be looked up"),
    ],
)
def test_services(rows: dict[str, object], said: str) -> None:
    """RFC 6186, RFC 8314."""
    zone = {
        (f"SRV {key}._tcp.example.org" if key.startswith("_") else key): value
        for key, value in rows.items()
    }
    assert said in texts(services.check("example.org", dns(zone)))  # type: ignore[arg-type]


def test_targets_in_order() -> None:
    """By priority, and of equal ones the heavier one first."""
    rows = [
        Service(5, 1, 465, "c.test"),
        Service(0, 1, 465, "b.test"),
        Service(0, 9, 465, "a.test"),
    ]
    part = services.check("example.org", dns({"SRV _submissions._tcp.example.org": rows}))
    assert [one.text[:6] for one in part.below[0].below] == ["a.test", "b.test", "c.test"]


def test_autoconfig() -> None:
    """Only the names are looked up."""
    zone = {
        "A autoconfig.example.org": "192.0.2.1",
        "SRV _autodiscover._tcp.example.org": Service(0, 0, 443, "ad.example.org"),
    }
    said = texts(services.check_automatic("example.org", dns(zone)))
    assert "https://autoconfig.example.org/mail/config-v1.1.xml" in said
    assert "_autodiscover: ad.example.org:443" in said
    assert "neither" in texts(services.check_automatic("example.org", dns({})))
    lost = {
        "A autoconfig.example.org": Said.SERVFAIL,
        "SRV _autodiscover._tcp.example.org": Said.TIMEOUT,
    }
    assert texts(services.check_automatic("example.org", dns(lost))).count("looked up") == 2
