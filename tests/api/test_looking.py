"""route() of Python: the same answers as on the command line, as values."""

import pytest

import mailprobe
from mailprobe import Failure, Word
from tests.nameserver import Nameserver

ZONE = """
@ MX 20 mx2
@ MX 10 mx1
@ TXT "v=spf1 -all"
mx1 A 192.0.2.1
mx2 A 192.0.2.2
nomail MX 0 .
s2026._domainkey TXT "v=DKIM1; p="
"""


def test_a_route() -> None:
    """Exchangers in their order, parts by name, each step once with its time."""
    seen: list[object] = []
    with Nameserver(ZONE) as server:
        found = mailprobe.route(
            "alice@example.test", dns=server.address, selectors=["s2026"], observe=seen.append
        )
    assert isinstance(found, mailprobe.Route)
    assert [one.host.name for one in found.exchangers] == [
        "mx1.example.test",
        "mx2.example.test",
    ]
    assert found.failure is None
    facts = {part.name: part.facts for part in found.parts}
    assert facts["spf"]["all"] == "-"
    assert facts["dkim"] == {"selector": "s2026", "usable": False}
    assert tuple(seen) == found.steps
    assert all(step.at >= 0 and step.took >= 0 for step in found.steps)


def test_a_domain_that_takes_no_mail() -> None:
    """Is found to, and nothing is raised for it."""
    with Nameserver(ZONE) as server:
        found = mailprobe.route("nomail.example.test", dns=server.address)
    assert found.failure is not None
    assert found.failure.word is Word.DNS


@pytest.mark.parametrize(
    "domain, more",
    [
        ("alice@[192.0.2.1]", {}),
        ("a b", {}),
        ("example.test", {"dns": "nobody"}),
        ("example.test", {"selectors": ["a b"]}),
    ],
)
def test_calls_without_sense(domain: str, more: dict[str, object]) -> None:
    """Word `usage`, before anybody is asked."""
    with pytest.raises(Failure) as caught:
        mailprobe.route(domain, **{"dns": "192.0.2.53", **more})  # type: ignore[arg-type]
    assert caught.value.word is Word.USAGE
