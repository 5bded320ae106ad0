"""What an SPF record costs, and what it says of those whom it does not name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.answers import Exchange, Said
from mailprobe.routing import spf
from mailprobe.safe import visible
from tests.routing.zone import dns, faults, texts

DOMAIN = "example.org"


def check(record: str | bytes, **more: object) -> spf.Spf:
    """Look at a record of example.org; `more` are records of `NAME.example.org`."""
    octets = record.encode() if isinstance(record, str) else record
    rows: dict[str, object] = {f"TXT {DOMAIN}": octets, f"A {DOMAIN}": "192.0.2.1"}
    for name, value in more.items():
        rows[f"TXT {name}.{DOMAIN}"] = value
    return spf.check(DOMAIN, dns(rows))  # type: ignore[arg-type]  # values of one kind


@pytest.mark.parametrize(
    "record, others, said",
    [
        ("v=spf1 a -all", "-", "all others fail"),
        ("v=spf1 a ~all", "~", "all others fail softly"),
        ("v=spf1 a ?all", "?", "nothing is said of all others"),
        ("v=spf1 +all", "+", "anybody may send"),
        ("v=spf1 all", "+", "anybody may send"),
        ("v=spf1", "", "neither all nor redirect"),
    ],
)
def test_what_all_says(record: str, others: str, said: str) -> None:
    """Of everybody whom no term before it names."""
    found = check(record)
    assert (found.result, found.others) == ("valid", others)
    assert said in texts(found.part)


def test_terms_that_ask_are_counted() -> None:
    """a, mx, ptr, exists, include and redirect; those of an included record, too."""
    found = check(
        "v=spf1 a ip4:192.0.2.1 exists:%{i}.example.org ptr include:b.example.org "
        "redirect=c.example.org",
        b=b"v=spf1 a:example.org -all",
        c=b"v=spf1 ip6:2001:db8::1 ~all",
    )
    assert (found.result, found.lookups, found.voids, found.others) == ("valid", 6, 0, "~")
    assert "6 of 10 terms that ask DNS" in texts(found.part)
    assert "ptr: not to be used any more" in texts(found.part)
    assert "depends on the sender" in texts(found.part)


def test_too_many_look_ups() -> None:
    """More than ten are a permanent error (section 4.6.4), ten are not."""
    assert check("v=spf1" + " a" * 10 + " -all").result == "valid"
    found = check("v=spf1" + " a" * 11 + " -all")
    assert found.result == "permerror"
    assert found.part.text.startswith("SPF: permerror, too many look-ups: v=spf1")
    assert list(faults(found.part))[-1] == "11 terms ask DNS, 10 may"


def test_too_many_voids() -> None:
    """Two look-ups may find nothing, a third one is too many."""
    terms = [f"a:no{number}.example.org" for number in range(3)]
    assert check(f"v=spf1 {' '.join(terms[:2])} -all").result == "valid"
    found = check(f"v=spf1 {' '.join(terms)} -all")
    assert (found.result, found.voids) == ("permerror", 3)


def test_a_circle_ends() -> None:
    """An include that leads back is a permanent error, and is not followed for ever."""
    found = check("v=spf1 include:b.example.org -all", b=b"v=spf1 include:example.org -all")
    assert found.result == "permerror"
    assert "include:example.org: leads back to itself" in texts(found.part)


@pytest.mark.parametrize(
    "term, target, said",
    [
        ("include:b.example.org", None, "has no SPF record"),
        ("include:b.example.org", b"v=spf2 -all", "has no SPF record"),
        ("redirect=b.example.org", None, "has no SPF record"),
        ("include:b.example.org", [b"v=spf1 -all", b"v=spf1"], "has 2 SPF records"),
    ],
)
def test_what_leads_nowhere(term: str, target: object, said: str) -> None:
    """It is a permanent error (sections 5.2 and 6.1)."""
    found = check(f"v=spf1 {term}", **({} if target is None else {"b": target}))
    assert found.result == "permerror"
    assert said in texts(found.part)


@pytest.mark.parametrize("term", ["a:b.example.org", "include:b.example.org"])
def test_a_name_that_cannot_be_looked_up(term: str) -> None:
    """Makes the result a temporary error: neither void nor fault of the record."""
    ask = dns(
        {
            f"TXT {DOMAIN}": f"v=spf1 {term} -all".encode(),
            "A b.example.org": Said.SERVFAIL,
            "TXT b.example.org": Said.TIMEOUT,
        }
    )
    found = spf.check(DOMAIN, ask)
    assert (found.result, found.voids) == ("temperror", 0)
    assert "cannot be looked up" in texts(found.part)


def test_no_record() -> None:
    """None at all, one of another version, several, and one that cannot be had, told apart."""
    assert spf.check(DOMAIN, dns({})).result == "none"
    assert check("v=spf10 -all").result == "none"
    two = spf.check(DOMAIN, dns({f"TXT {DOMAIN}": [b"v=spf1 -all", b"V=SPF1"]}))
    assert two.result == "permerror"
    assert "2 records where one may be" in texts(two.part)
    assert spf.check(DOMAIN, dns({f"TXT {DOMAIN}": Said.SERVFAIL})).result == "temperror"


def test_what_nobody_looks_at() -> None:
    """Terms behind all, and redirect beside it; they are not counted."""
    found = check("v=spf1 -all a redirect=b.example.org")
    assert (found.result, found.lookups) == ("valid", 0)
    assert "a stands behind all" in texts(found.part)
    assert "redirect=b.example.org counts for nothing" in texts(found.part)


def test_exchangers_of_mx() -> None:
    """More than ten are a permanent error."""
    rows = [Exchange(10, f"mx{number}.example.org") for number in range(11)]
    ask = dns({f"TXT {DOMAIN}": b"v=spf1 mx -all", f"MX {DOMAIN}": rows})
    found = spf.check(DOMAIN, ask)
    assert found.result == "permerror"
    assert "mx: 11 exchangers, 10 may be" in texts(found.part)


def test_an_ill_formed_record() -> None:
    """Is a permanent error, with each fault."""
    found = check("v=spf1 ip4:1.2.3 include: -all")
    assert found.result == "permerror"
    assert len(list(faults(found.part))) == 3  # with the one at the top


def test_a_tree_of_includes_ends() -> None:
    """However many records a zone has made up, and they are told to be too many."""

    asked: list[str] = []

    def ask(name: str, record_type: str) -> object:
        asked.append(name)
        more = b" ".join(b"include:%d.%s" % (number, name.encode()) for number in range(9))
        return dns({f"TXT {name}": b"v=spf1 " + more})(name, record_type)

    found = spf.check(DOMAIN, ask)  # type: ignore[arg-type]  # an answer, as all of them
    assert found.result == "permerror"
    assert len(asked) < 40


@given(st.binary(max_size=200))
def test_any_record(octets: bytes) -> None:
    """Nothing raises, and each sentence can be shown."""
    for record in (octets, b"v=spf1 " + octets):
        found = check(record)
        assert all(visible(part.text) for part in found.part.all())
