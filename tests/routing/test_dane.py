"""TLSA: which records are of use, and when they may be believed."""

import pytest

from mailprobe.answers import Answer, Association, Said
from mailprobe.routing import dane
from mailprobe.routing.dane import Verdict
from mailprobe.value import replace
from tests.routing.zone import dns, texts

HOST = "mx.example.org"
GOOD = Association(3, 1, 1, bytes(32))
ROUTE = Answer(0, 0, "example.org", "MX", Said.RECORDS, validated=True)
ADDRESS = Answer(0, 0, HOST, "A", Said.RECORDS, ("192.0.2.1",), validated=True)


def check(rows: object, *, validated: bool = True, **how: object) -> dane.Dane:
    asked = dns({f"TLSA _25._tcp.{HOST}": rows} if rows else {}, validated=validated)  # type: ignore[dict-item]
    given: dict[str, object] = {"route": ROUTE, "addresses": (ADDRESS,), **how}
    return dane.check(HOST, asked, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "record, level, said",
    [
        (GOOD, "good", "DANE-EE, public key, SHA-256"),
        (Association(2, 0, 2, bytes(64)), "good", "DANE-TA, whole certificate, SHA-512"),
        (Association(3, 0, 0, b"\x30\x82"), "doubt", "a digest is better"),
        (Association(0, 0, 1, bytes(32)), "fault", "usage 0 is not for SMTP"),
        (Association(1, 1, 1, bytes(32)), "fault", "usage 1 is not for SMTP"),
        (Association(9, 1, 1, bytes(32)), "fault", "nobody knows usage 9"),
        (Association(3, 2, 1, bytes(32)), "fault", "nobody knows this selector"),
        (Association(3, 1, 7, bytes(32)), "fault", "nobody knows this selector or matching"),
        (Association(3, 1, 1, bytes(31)), "fault", "32 octets wanted, 31 found"),
        (Association(3, 1, 0, b""), "fault", "some octets wanted, 0 found"),
    ],
)
def test_records(record: Association, level: str, said: str) -> None:
    """RFC 7672, section 3.1."""
    part = dane.judge(record)
    assert (part.level, said in part.text) == (level, True)


def test_usable() -> None:
    """Validated from the MX to the TLSA; one record of several is enough."""
    found = check([Association(1, 1, 1, bytes(32)), GOOD])
    assert found.verdict is Verdict.USABLE
    implicit = replace(ROUTE, said=Said.NO_DATA)
    assert check([GOOD], route=implicit).verdict is Verdict.USABLE
    digestless = check([Association(3, 1, 0, b"\x30")])
    assert digestless.verdict is Verdict.USABLE


def test_not_usable() -> None:
    """Validated, and none of SMTP: STARTTLS is still demanded."""
    assert check([Association(1, 1, 1, bytes(32))]).verdict is Verdict.UNUSABLE


@pytest.mark.parametrize(
    "how, missing",
    [
        ({"validated": False}, "TLSA"),
        ({"route": replace(ROUTE, validated=False)}, "MX"),
        ({"addresses": (replace(ADDRESS, validated=False),)}, "A"),
    ],
)
def test_without_the_ad_bit(how: dict[str, object], missing: str) -> None:
    """Never more than 'not validated', and it is said what is missing."""
    found = check([GOOD], **how)  # type: ignore[arg-type]
    assert found.verdict is Verdict.NOT_VALIDATED
    assert found.part.text.endswith(f"no AD bit on the answer for {missing}")


def test_none() -> None:
    """No TLSA is no fault."""
    assert check(None).verdict is Verdict.NONE


@pytest.mark.parametrize("said", [Said.SERVFAIL, Said.BOGUS, Said.TIMEOUT])
def test_a_question_that_fails(said: Said) -> None:
    """Mail waits, but only where DNSSEC vouches for the addresses (RFC 7672, section 2.2.2)."""
    assert check(said).verdict is Verdict.FAILED
    unsigned = (replace(ADDRESS, validated=False),)
    found = check(said, addresses=unsigned)
    assert found.verdict is Verdict.NONE
    assert "nobody asks" in found.part.text


def test_an_exchanger_that_is_an_alias() -> None:
    """The name that it leads to is asked first, then its own (RFC 7672, section 2.2.3)."""
    addresses = (replace(ADDRESS, alias="real.example.org"),)
    asked = dns({"TLSA _25._tcp.real.example.org": [GOOD]}, validated=True)
    found = dane.check(HOST, asked, route=ROUTE, addresses=addresses)
    assert found.verdict is Verdict.USABLE
    assert check([GOOD], addresses=addresses).verdict is Verdict.USABLE


def test_what_counts_for_nothing() -> None:
    """A sender goes on as if there were no DANE."""
    assert [verdict for verdict in Verdict if dane.harmless(verdict)] == [
        Verdict.NONE,
        Verdict.NOT_VALIDATED,
    ]
    assert "senders go on as if" in texts(check([GOOD], validated=False).part)
