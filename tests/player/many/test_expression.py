"""`-k`: words, and, or, not, parentheses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.errors import Failure, Word
from mailprobe.player.many import expression


@pytest.mark.parametrize(
    "text, name, wanted",
    [
        ("smtp", "a/SMTP-plain.mpt", True),
        ("pop", "a/smtp.mpt", False),
        ("not pop", "smtp", True),
        ("not not pop", "smtp", False),
        ("a and b", "xaxb", True),
        ("a and b", "xa", False),
        ("a or b", "xb", True),
        ("a or b and c", "a", True),  # and binds closer
        ("(a or b) and c", "a", False),
        ("not (a or b)", "c", True),
        ("not a or b", "b", True),
        ('"and"', "sand", True),
        ('"a b"', "a b", True),
        ("eod=lf.lf", "x.mpt[eod=lf.lf]", True),
        ("[eod", "x.mpt[eod=lf.lf]", True),
        ("  a  ", "a", True),
        ('a and("b")', "ab", True),
        ("android", "an android", True),
    ],
)
def test_what_is_asked_for(text: str, name: str, wanted: bool) -> None:
    """A word is a part of the name in either case."""
    assert expression.read(text)(name) is wanted


@pytest.mark.parametrize(
    "text", ["", " ", "and", "a and", "or b", "a b", "(a", "a)", "()", "not", '"a', "a not b"]
)
def test_what_is_no_expression(text: str) -> None:
    """Word `usage`, and nothing is guessed."""
    with pytest.raises(Failure) as caught:
        expression.read(text)
    assert caught.value.word is Word.USAGE


def test_nesting_has_a_bound() -> None:
    """Thousands of parentheses are a mistake, thousands of `not` are not; no stack overflows."""
    with pytest.raises(Failure):
        expression.read("(" * 10_000 + "a" + ")" * 10_000)
    assert expression.read("not " * 10_000 + "a")("a")


@given(st.text(alphabet='()" andornt\x1b', max_size=40), st.text(max_size=10))
def test_anything_is_an_answer_or_a_usage(text: str, name: str) -> None:
    """No other exception, and nothing raw in the sentence."""
    try:
        assert expression.read(text)(name) in (True, False)
    except Failure as failure:
        assert failure.sentence.isprintable()
