"""MTA-STS: record, policy file, and the exchangers that a policy allows."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.answers import Said
from mailprobe.routing import sts
from mailprobe.routing.model import Fetched
from mailprobe.safe import visible
from tests.routing.zone import dns, faults, texts

DOMAIN = "example.org"
POLICY = (
    b"version: STSv1\r\nmode: enforce\r\nmx: mx1.example.org\r\nmx: *.example.net\r\n"
    b"max_age: 1209600\r\n"
)
RECORD = {f"TXT _mta-sts.{DOMAIN}": b"v=STSv1; id=20260101;"}
ROWS = {**RECORD, f"A mta-sts.{DOMAIN}": "192.0.2.1"}


def page(body: bytes = POLICY, **how: object) -> sts.Fetch:
    """Fetch what is given, from the address that DNS has."""

    def fetch(host: str, path: str, addresses: Sequence[str]) -> Fetched:
        assert (host, path, list(addresses)) == (f"mta-sts.{DOMAIN}", sts.PATH, ["192.0.2.1"])
        what = {"status": 200, "kind": "text/plain", "body": body, **how}
        return Fetched(0, 0, f"https://{host}{path}", "page", **what)  # type: ignore[arg-type]

    return fetch


def never(host: str, path: str, addresses: Sequence[str]) -> Fetched:
    raise AssertionError("nobody may fetch this")


def check(rows: object = None, fetch: sts.Fetch = never, hosts: Sequence[str] = ()) -> sts.Sts:
    return sts.check(DOMAIN, hosts, dns(ROWS if rows is None else rows), fetch)  # type: ignore[arg-type]


def test_a_policy_that_is_enforced() -> None:
    """Its exchangers are those of the domain."""
    found = check(None, page(), ["mx1.example.org", "a.example.net"])
    assert found.enforced
    assert found.part.level == "good"
    assert list(faults(found.part)) == []


def test_an_exchanger_that_is_not_named() -> None:
    """Is a fault: mail does not get there."""
    found = check(None, page(), ["mx1.example.org", "mx2.example.org"])
    assert list(faults(found.part))[-1].startswith("mx2.example.org is not among its mx: mx1")


@pytest.mark.parametrize(
    "host, pattern, fits",
    [
        ("mx.example.org", "mx.example.org", True),
        ("MX.example.ORG.", "mx.EXAMPLE.org", True),
        ("mx.example.org", "*.example.org", True),
        ("a.mx.example.org", "*.example.org", False),
        ("example.org", "*.example.org", False),
        ("mxexample.org", "*.example.org", False),
        ("mx.example.org", "*.org", False),
        ("mx.example.org", "mx.example.net", False),
    ],
)
def test_a_star_is_one_label(host: str, pattern: str, fits: bool) -> None:
    """RFC 8461, section 4.1."""
    assert sts.matches(host, pattern) is fits


@pytest.mark.parametrize(
    "body, mode",
    [
        (POLICY, "enforce"),
        (POLICY.replace(b"\r\n", b"\n"), "enforce"),
        (POLICY + b"other: thing\r\n\r\nmode: none\r\n", "enforce"),
        (POLICY.replace(b"enforce", b"testing"), "testing"),
        (b"version: STSv1\nmode: none\nmax_age: 0", "none"),
        (POLICY.replace(b"version: STSv1", b"version: STSv2"), ""),
        (POLICY.replace(b"enforce", b"Enforce"), ""),
        (POLICY.replace(b"1209600", b"soon"), ""),
        (POLICY.replace(b"1209600", b"31557601"), ""),
        (b"version: STSv1\nmode: enforce\nmax_age: 5", ""),
        (POLICY.replace(b"*.example.net", b"*.*.example.net"), ""),
        (POLICY + b"no colon\r\n", ""),
        (b"", ""),
    ],
)
def test_policy_files(body: bytes, mode: str) -> None:
    """CRLF or LF, the first of several keys, unknown keys ignored; faults make it count not."""
    policy = sts.parse_policy(body)
    assert policy.mode == mode
    assert bool(policy.wrong) is not bool(mode)


@pytest.mark.parametrize(
    "fetch, said",
    [
        (page(status=301), "leads elsewhere (301), which nobody may follow"),
        (page(status=404), "was answered with 404"),
        (page(kind="text/html"), "text/plain is wanted"),
        (page(b"<html>"), "not well formed"),
        (page(text="no connection to it"), "no policy: no connection to it"),
    ],
)
def test_pages_that_are_no_policy(fetch: sts.Fetch, said: str) -> None:
    """Then there is none, and the reason is told."""
    found = check(None, fetch)
    assert found.policy is None
    assert said in texts(found.part)


@pytest.mark.parametrize(
    "rows, said",
    [
        ({}, "MTA-STS: none"),
        ({f"TXT _mta-sts.{DOMAIN}": b"v=STSv2; id=1"}, "no text at"),
        ({f"TXT _mta-sts.{DOMAIN}": [b"v=STSv1; id=1", b"v=STSv1; id=2"]}, "2 records, so none"),
        ({f"TXT _mta-sts.{DOMAIN}": b"v=STSv1; id=not-one"}, "1 to 32 letters and digits"),
        ({f"TXT _mta-sts.{DOMAIN}": b"v=STSv1; none"}, "1 to 32 letters and digits"),
        ({f"TXT _mta-sts.{DOMAIN}": Said.TIMEOUT}, "MTA-STS: not known"),
        (RECORD, "no policy: mta-sts.example.org does not exist"),
        ({**RECORD, f"TXT mta-sts.{DOMAIN}": b"x"}, "mta-sts.example.org has no address"),
        (
            {
                **RECORD,
                f"A mta-sts.{DOMAIN}": Said.SERVFAIL,
                f"AAAA mta-sts.{DOMAIN}": Said.NO_DATA,
            },
            "cannot be looked up",
        ),
    ],
)
def test_records_that_lead_to_no_policy(rows: dict[str, object], said: str) -> None:
    """Nobody is connected to for them."""
    found = check(rows)
    assert found.policy is None
    assert said in texts(found.part)


def test_a_short_life() -> None:
    """A policy that is enforced should live a week."""
    found = check(None, page(POLICY.replace(b"1209600", b"3600")), ["mx1.example.org"])
    assert "doubt: max_age is 3600 s" in texts(found.part)


@given(st.binary(max_size=300))
def test_any_policy(body: bytes) -> None:
    """Nothing raises, and each sentence can be shown."""
    for octets in (body, b"version: STSv1\nmode: " + body):
        found = check(None, page(octets), ["mx1.example.org"])
        assert all(visible(part.text) for part in found.part.all())
    check({f"TXT _mta-sts.{DOMAIN}": b"v=STSv1;" + body})
