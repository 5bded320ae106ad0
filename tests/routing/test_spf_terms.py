"""The grammar of SPF (RFC 7208, section 12)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.routing.spf_terms import Term, parse_terms
from mailprobe.safe import visible

GOOD = (
    "all",
    "-all",
    "~ALL",
    "a",
    "?a:mail.example.org",
    "a/24",
    "a//64",
    "a/24//64",
    "a:mail.example.org/24//64",
    "mx",
    "mx:example.org/32",
    "+mx//128",
    "ptr",
    "ptr:example.org",
    "ip4:192.0.2.1",
    "ip4:192.0.2.0/24",
    "ip4:192.0.2.0/0",
    "ip6:2001:db8::1",
    "ip6:2001:db8::/32",
    "include:_spf.example.org",
    "include:%{ir}.%{v}._spf.%{d2}",
    "exists:%{l1r-}.%{i}._spf.example.org",
    "exists:%{d}",
    "redirect=_spf.example.org",
    "exp=explain.%{d}",
    "x-other=anything%_here",
    "include:example.org.",
)

BAD = {
    "all:example.org": "it takes no argument",
    "-all/24": "it takes no argument",
    "include": "it needs a domain",
    "include:": "it needs a domain",
    "include:localhost": "no domain",
    "include:example.org/24": "no domain",
    "exists": "it needs a domain",
    "a:": "it needs a domain",
    "a:example.123": "no domain",
    "a/33": "no prefix length",
    "a//129": "no prefix length",
    "mx/024": "no prefix length",
    "ip4:192.0.2": "no address of this kind",
    "ip4:192.0.2.300": "no address of this kind",
    "ip4:2001:db8::1": "no address of this kind",
    "ip4": "no address of this kind",
    "ip4/24": "no address of this kind",
    "ip4:192.0.2.0/33": "no prefix length",
    "ip4:192.0.2.0/": "no prefix length",
    "ip6:fe80::1%eth0": "no address of this kind",
    "ip6:2001:db8::/129": "no prefix length",
    "foo": "no mechanism of this name",
    "foo:bar.example": "no mechanism of this name",
    "!all": "neither a mechanism nor a modifier",
    "redirect=": "it needs a domain",
    "redirect=%{x}.example.org": "no domain",
    "x=%": "a macro that is none",
    "a:" + "a" * 1000 + ".example": "longer than any term",
}


@pytest.mark.parametrize("term", GOOD)
def test_terms_that_are_well_formed(term: str) -> None:
    """Each gives one term, and nothing is wrong."""
    terms, wrong = parse_terms(f"v=spf1 {term}".encode())
    assert (len(terms), wrong) == (1, [])


@pytest.mark.parametrize("term", BAD)
def test_terms_that_are_not(term: str) -> None:
    """Each is told, with what is wrong, and the others are read."""
    terms, (wrong,) = parse_terms(f"v=spf1 {term} -all".encode())
    assert wrong.level == "fault"
    assert wrong.text.endswith(f": {BAD[term]}")
    assert terms == [Term("all", "-all", "-")]


def test_what_a_term_says() -> None:
    """Qualifier, name in lower case, and domain without its final dot."""
    terms, _ = parse_terms(b"v=spf1  ?INCLUDE:Example.ORG.  redirect=b.example ")
    assert terms == [
        Term("include", "?INCLUDE:Example.ORG.", "?", "Example.ORG"),
        Term("redirect", "redirect=b.example", "+", "b.example"),
    ]


def test_a_modifier_twice() -> None:
    """redirect and exp may stand there once (section 6)."""
    _, (wrong,) = parse_terms(b"v=spf1 exp=a.example exp=b.example")
    assert wrong.text == "exp= may stand there only once"


def test_octets_beyond_ascii() -> None:
    """They make the whole record ill-formed."""
    terms, (wrong,) = parse_terms("v=spf1 a:bücher.example -all".encode())
    assert (terms, wrong.level) == ([], "fault")


@given(st.binary(max_size=200), st.text("ia4:/=%{}.-+~? nclude12", max_size=60))
def test_any_record(octets: bytes, text: str) -> None:
    """Nothing raises, and each sentence can be shown."""
    for record in (octets, text.encode(), b"v=spf1 " + text.encode()):
        terms, wrong = parse_terms(record)
        assert all(visible(part.text) for part in wrong)
        assert all(visible(term.text) for term in terms)
