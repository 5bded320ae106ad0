"""Regular expressions of placeholders: few constructs, no way to make one cost much."""

import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.transcript.reading.regex import LONGEST, Refused, check_regex

ALLOWED = (
    "a",
    "EXPIRE (NEVER|[0-9]{1,4})",
    r"(?i:count|messages)\b.*",
    r"(?:[0-9]{3}\.){3}[0-9]{1,3}",
    r"(?:a{1,9}b)?",
    r"(?:ab?){2}",
    r"(?:a|b){1,3}",
    r"(?-i:a)(?im-s:b)",
    "[^]a-z]+",
    "[]a]*?",
    r"[\]\\a]",
    r"\d+\.\d+",
    r"\x41\u0041\.\/",
    "a{,3}b{2}c{3,}d{}e{x}",
    "(|a)(?:)",
    "(?:ab)*",
    "(?:a|b)?",
    "^a$",
    "a+?b??",
)
REFUSED = (
    ("", 0, 1, "a regular expression is expected between the slashes"),
    ("a" * (LONGEST + 1), 0, LONGEST + 1, "a regular expression has at most 1000 characters"),
    ("(?=a)", 0, 3, "look-around is not allowed"),
    ("x(?!a)", 1, 3, "look-around is not allowed"),
    ("(?<=a)", 0, 4, "look-around is not allowed"),
    ("(?<!a)", 0, 4, "look-around is not allowed"),
    (r"(a)\1", 3, 2, "a back-reference is not allowed"),
    ("(?P=n)", 0, 4, "a back-reference is not allowed"),
    ("(a)(?(1)b)", 3, 3, "a conditional is not allowed"),
    ("(?P<n>a)", 0, 4, "a group has no name here: write (?:...)"),
    ("(?i)a", 0, 2, "this kind of group is not allowed: there is (?:...) and (?i:...)"),
    ("(?>a)", 0, 2, "this kind of group is not allowed: there is (?:...) and (?i:...)"),
    ("(?#a)", 0, 2, "this kind of group is not allowed: there is (?:...) and (?i:...)"),
    ("(?x:a)", 0, 2, "this kind of group is not allowed: there is (?:...) and (?i:...)"),
    ("(a+)+$", 0, 5, "nested repetition is not allowed"),
    ("x(?:a|b)*", 1, 8, "nested repetition is not allowed"),
    ("(?:a?){3,}", 0, 10, "nested repetition is not allowed"),
    ("(?:a{1,9}){2}", 0, 13, "nested repetition is not allowed"),
    ("x(?:a{1,9}b){1,2}y", 1, 16, "nested repetition is not allowed"),
    ("(?:(?:a{1,9})?b){2}", 0, 19, "nested repetition is not allowed"),
    ("(?:(?:a+|b)c){2}", 0, 16, "nested repetition is not allowed"),
    (r"(?:[0-9]{1,3}\.){3}", 0, 19, "nested repetition is not allowed"),
    ("((a?){9}){9}", 0, 12, "with this it can be tried in too many ways"),
    ("((a|b){9}){9}", 0, 13, "with this it can be tried in too many ways"),
    (".*.*x.*", 5, 2, "with this it can be tried in too many ways"),
    ("a?" * 30, 40, 2, "with this it can be tried in too many ways"),
    ("(?:a|a)" * 30, 140, 7, "with this it can be tried in too many ways"),
    ("a++", 2, 1, "a repetition cannot be repeated or be possessive"),
    ("a**", 2, 1, "a repetition cannot be repeated or be possessive"),
    ("a{2,3}+", 6, 1, "a repetition cannot be repeated or be possessive"),
    ("a{1001}", 1, 6, "a count is at most 1000"),
    ("a{2,1001}", 1, 8, "a count is at most 1000"),
    ("a{3,2}", 1, 5, "a count is at most 1000, and the second no less than the first"),
    ("a)", 1, 1, "this parenthesis closes nothing"),
    ("x(a", 1, 2, "this group is never closed"),
    ("x[a", 1, 2, "this set is never closed"),
    ("[a[b]", 2, 1, "write \\[ in a set"),
    ("[[a]", 1, 1, "write \\[ in a set"),
    ("[a--b]", 2, 1, "write \\- in a set"),
    ("[a&&b]", 2, 1, "write \\& in a set"),
    (r"a\q", 1, 2, r"\q means nothing in a regular expression"),
    ("(" * 21 + ")" * 21, 20, 1, "more than 20 groups inside of each other"),
    ("*a", 0, 1, "this is no regular expression: nothing to repeat"),
    ("[z-a]", 1, 1, "this is no regular expression: bad character range z-a"),
)


@pytest.mark.parametrize("source", ALLOWED)
def test_what_a_placeholder_may_hold(source: str) -> None:
    """What is allowed is a regular expression to `re`, too, which does not even warn."""
    check_regex(source)
    re.compile(source)


@pytest.mark.parametrize("source, at, width, sentence", REFUSED)
def test_what_is_refused(source: str, at: int, width: int, sentence: str) -> None:
    """A sentence says why, and where it begins and ends."""
    with pytest.raises(Refused) as caught:
        check_regex(source)
    assert (caught.value.at, caught.value.width) == (at, width)
    assert caught.value.sentence.startswith(sentence)


def test_ways_are_counted() -> None:
    """Alternatives add up, what stands side by side multiplies."""
    assert check_regex("abc") == 1
    assert check_regex("(?:a|b)c{1,3}(?:d|e|f)?") == 2 * 3 * 6
    assert check_regex("a*b+", unbounded=10) == 100


@given(st.text(alphabet="ab|()[]{}?*+.,-^$\\/12:i=!<P>dx&~", max_size=14))
def test_any_text_is_refused_or_a_regular_expression(source: str) -> None:
    """Nothing else ever comes out: no other exception, no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            check_regex(source)
        except Refused as refused:
            assert 0 <= refused.at <= len(source)
            assert refused.width >= 1
