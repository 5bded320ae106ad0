"""Patterns that are compiled late: what `re` says, said when somebody asks."""

import re

import pytest

from mailprobe.patterns import pattern


def test_they_match_as_compiled_ones_do() -> None:
    """Text and octets, with flags; also what is asked again."""
    word, octets = pattern(r"([a-z]+)=(.*)", re.IGNORECASE), pattern(rb"\r\n|\n")
    for _ in range(2):
        found = word.fullmatch("Name=x")
        assert found is not None
        assert found.groups() == ("Name", "x")
        assert word.match("=x") is None
        assert octets.split(b"a\r\nb\nc") == [b"a", b"b", b"c"]
    assert word.pattern == r"([a-z]+)=(.*)"
    assert octets.sub(b"", b"a\n") == b"a"


def test_nothing_is_compiled_before() -> None:
    """A mistake in one that nobody asks costs nobody anything."""
    wrong = pattern("(")
    with pytest.raises(re.error):
        wrong.match("x")


def test_a_name_that_patterns_have_not() -> None:
    """It is an AttributeError, as with every object."""
    with pytest.raises(AttributeError):
        _ = pattern("x").nothing  # type: ignore[attr-defined]
    assert not hasattr(pattern("x"), "_nothing")
