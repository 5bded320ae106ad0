"""DMARC: the walk up the tree, the policy that applies, the form of a record."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.answers import Said
from mailprobe.routing import dmarc
from mailprobe.safe import visible
from tests.routing.zone import dns, faults, texts

DOMAIN = "mail.example.org"


def check(rows: dict[str, object], *, exists: bool = True) -> dmarc.Dmarc:
    """`rows` is records by the domain that they are of."""
    zone = {f"TXT _dmarc.{name}": value for name, value in rows.items()}
    return dmarc.check(DOMAIN, dns(zone), exists=exists)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "domain, names",
    [
        ("org", ["org"]),
        ("example.org", ["example.org", "org"]),
        ("a.example.org", ["a.example.org", "example.org", "org"]),
        (
            "a.b.c.d.e.f.example.org",  # eight labels: seven stay
            [
                "a.b.c.d.e.f.example.org",
                "b.c.d.e.f.example.org",
                "c.d.e.f.example.org",
                "d.e.f.example.org",
                "e.f.example.org",
                "f.example.org",
                "example.org",
                "org",
            ],
        ),
    ],
)
def test_the_names_of_the_walk(domain: str, names: list[str]) -> None:
    """From the domain up to the top."""
    assert dmarc.names_of_walk(domain) == names


def test_a_long_name_costs_eight_questions() -> None:
    """The walk goes on with the last seven labels (RFC 9989, section 4.10)."""
    names = dmarc.names_of_walk("1.2.3.4.5.6.7.8.9.a.example.org")
    assert len(names) == 8
    assert names[1] == "6.7.8.9.a.example.org".partition(".")[0] + ".7.8.9.a.example.org"


def test_the_record_of_the_domain_itself() -> None:
    """It applies by its p=, whatever stands above it."""
    found = check({DOMAIN: b"v=DMARC1; p=reject", "example.org": b"v=DMARC1; p=none"})
    assert (found.policy, found.found_at, found.organisation) == ("reject", DOMAIN, "example.org")
    assert "is refused" in texts(found.part)


@pytest.mark.parametrize(
    "record, exists, policy",
    [
        (b"v=DMARC1; p=reject", True, "reject"),
        (b"v=DMARC1; p=reject; sp=quarantine", True, "quarantine"),
        (b"v=DMARC1; p=none; sp=quarantine; np=reject", True, "quarantine"),
        (b"v=DMARC1; p=none; sp=quarantine; np=reject", False, "reject"),
        (b"v=DMARC1; p=none; sp=quarantine", False, "quarantine"),
        (b"v=DMARC1; p=quarantine", False, "quarantine"),
        (b"v=DMARC1; p=REJECT", True, "reject"),
    ],
)
def test_the_record_of_the_organisation(record: bytes, exists: bool, policy: str) -> None:
    """It applies by sp=, for names that do not exist by np=, else by p=."""
    found = check({"example.org": record}, exists=exists)
    assert (found.policy, found.found_at) == (policy, "example.org")
    assert "found at example.org" in texts(found.part)


@pytest.mark.parametrize(
    "rows, organisation",
    [
        ({DOMAIN: b"v=DMARC1; p=none"}, DOMAIN),
        ({"example.org": b"v=DMARC1; p=none"}, "example.org"),
        ({"example.org": b"v=DMARC1; p=none", "org": b"v=DMARC1; p=none"}, "org"),
        ({"org": b"v=DMARC1; p=none; psd=y"}, "example.org"),
        ({DOMAIN: b"v=DMARC1; p=none; psd=n", "org": b"v=DMARC1; p=none"}, DOMAIN),
        ({DOMAIN: b"v=DMARC1; p=none; psd=y", "org": b"v=DMARC1; p=none"}, DOMAIN),
        ({"example.org": b"v=DMARC1; p=none; psd=y"}, DOMAIN),
        ({"example.org": b"v=DMARC1; p=none; psd=u", "org": b"v=DMARC1; p=none"}, "org"),
    ],
)
def test_the_organisational_domain(rows: dict[str, object], organisation: str) -> None:
    """psd=n says that it is; psd=y, that it is one below; else it is the highest record."""
    assert check(rows).organisation == organisation


def test_the_walk_stops_at_psd() -> None:
    """What stands above it is not asked for."""
    found = check({"example.org": b"v=DMARC1; p=none; psd=n"})
    assert found.asked == (DOMAIN, "example.org")


def test_nothing_up_to_the_top() -> None:
    """None at all, and none that counts: several at one name."""
    assert check({}).policy == ""
    assert check({}).asked == (DOMAIN, "example.org", "org")
    two = check({DOMAIN: [b"v=DMARC1; p=none", b"v=DMARC1; p=reject"], "example.org": b"other"})
    assert two.policy == ""
    assert list(faults(two.part)) == [f"_dmarc.{DOMAIN} has 2 records, so none counts"]


def test_a_question_that_fails() -> None:
    """Is told, and the walk goes on."""
    found = check({DOMAIN: Said.SERVFAIL, "example.org": b"v=DMARC1; p=reject"})
    assert found.policy == "reject"
    assert "cannot be looked up" in texts(found.part)


@pytest.mark.parametrize(
    "record, policy",
    [
        (b"v=DMARC1", ""),
        (b"v=DMARC1; p=perhaps", ""),
        (b"v=DMARC1; p=perhaps; rua=mailto:a@example.org", "none"),
        (b"v=DMARC1; rua=mailto:a@example.org", "none"),
        (b"v=DMARC1; rua=no uri", ""),
        (b"v=DMARC1; p=reject; sp=perhaps", ""),
        (b"v=DMARC1; p=reject; t=y", "quarantine"),
        (b"v=DMARC1; p=quarantine; t=y", "none"),
        (b"v=DMARC1; p=none; t=y", "none"),
        (b"v=DMARC1; p=reject; t=n", "reject"),
    ],
)
def test_policies_that_do_not_count(record: bytes, policy: str) -> None:
    """Without a good p= a record asks for nothing, or only for reports; t=y makes it milder."""
    assert check({DOMAIN: record}).policy == policy


@pytest.mark.parametrize(
    "record, said",
    [
        (b"v=DMARC1; p=none; adkim=x", "adkim=x is none of r, s"),
        (b"v=DMARC1; p=none; pct=50", "pct= is gone with RFC 9989"),
        (b"v=DMARC1; p=none; rua=nobody", "rua=nobody is no URI"),
        (b"v=DMARC1; p=none; ruf=a b", "ruf=a b is no URI"),
        (b"v=DMARC1; sp=none", "p= is missing"),
        (b"v=DMARC1; p=none; nonsense", "'nonsense' is no tag=value"),
        (b"v=DMARC1; p=none", "nobody gets reports"),
    ],
)
def test_what_is_said_of_a_record(record: bytes, said: str) -> None:
    """Each fault of its form."""
    assert said in texts(check({DOMAIN: record}).part)


def test_reports_to_other_domains() -> None:
    """They have to agree; those of the organisation need not (RFC 9990, section 4)."""
    record = (
        b"v=DMARC1; p=none; rua=mailto:a@example.org,mailto:b@sub.example.org!10m,"
        b"mailto:c@agrees.test,mailto:d@silent.test,https://x.test/,mailto:e@lost.test"
    )
    zone = {
        "TXT _dmarc.example.org": record,
        "TXT example.org._report._dmarc.agrees.test": b"v=DMARC1; rua=mailto:x@agrees.test",
        "TXT example.org._report._dmarc.lost.test": Said.TIMEOUT,
    }
    said = texts(dmarc.check(DOMAIN, dns(zone), exists=True).part)
    assert "good: agrees.test agrees" in said
    assert "fault: silent.test has not agreed" in said
    assert "doubt: example.org._report._dmarc.lost.test cannot be looked up" in said
    assert "sub.example.org" not in said.replace(record.decode(), "")


@given(st.binary(max_size=200))
def test_any_record(octets: bytes) -> None:
    """Nothing raises, and each sentence can be shown."""
    found = check({DOMAIN: b"v=DMARC1;" + octets, "org": octets})
    assert all(visible(part.text) for part in found.part.all())
