"""Lists of tags: read whatever they hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.routing.tags import begins, parse_tags, shown
from mailprobe.safe import visible


def test_tags_in_order() -> None:
    """Names in lower case, values without the blanks around them; a last semicolon is optional."""
    tags = parse_tags(b"v=DMARC1 ; P = reject;rua=mailto:a@b ;", "RFC 0")
    assert tags.pairs == (("v", b"DMARC1"), ("p", b"reject"), ("rua", b"mailto:a@b"))
    assert tags.wrong == ()
    assert (tags.get("p"), tags.word("p"), tags.get("sp"), tags.word("sp")) == (
        b"reject",
        "reject",
        None,
        None,
    )


def test_what_is_no_tag() -> None:
    """It is told, and the rest is read all the same."""
    tags = parse_tags(b"v=1; nothing; p=a=b; 1x=2; p=c;; q=", "RFC 0")
    assert tags.pairs == (("v", b"1"), ("p", b"a=b"), ("q", b""))
    assert [part.text for part in tags.wrong] == [
        "'nothing' is no tag=value",
        "'1x=2' is no tag=value",
        "p= stands there twice, the first one counts",
        "'' is no tag=value",
    ]


@pytest.mark.parametrize(
    "record, whether",
    [
        (b"v=DMARC1", True),
        (b"v=DMARC1; p=none", True),
        (b" v = DMARC1 ;p=none", True),
        (b"v=DMARC12; p=none", False),
        (b"v=dmarc1; p=none", False),
        (b"p=none; v=DMARC1", False),
        (b"v", False),
        (b"", False),
    ],
)
def test_the_version_is_a_whole_tag(record: bytes, whether: bool) -> None:
    """And the first one."""
    assert begins(record, b"DMARC1") is whether


@given(st.binary(max_size=300))
def test_any_octets(record: bytes) -> None:
    """Nothing raises, and what is said of them can be shown."""
    tags = parse_tags(record, "RFC 0")
    assert all(visible(part.text) for part in tags.wrong)
    assert visible(shown(record, 50))
    begins(record, b"STSv1")
