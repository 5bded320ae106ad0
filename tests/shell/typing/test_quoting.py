"""Words of a local command: what is quoted comes back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.shell.typing.quoting import quoted, unquoted


@pytest.mark.parametrize(
    "text, words, opened",
    [
        ("", [], ""),
        ("a b", ["a", "b"], ""),
        ("  a  ", ["a"], ""),
        (r"my\ file", ["my file"], ""),
        ('"my file"', ["my file"], ""),
        ('"my fi', ["my fi"], '"'),
        ("'a\\b'c", ["a\\bc"], ""),
        (r'"a\"b\n"', ['a"b\\n'], ""),
        ("a\\", ["a"], "\\"),
        ('""', [""], ""),
    ],
)
def test_words(text: str, words: list[str], opened: str) -> None:
    """As a POSIX shell reads them; nothing is expanded."""
    assert unquoted(text) == (words, opened)


@given(st.text(min_size=1).filter(lambda text: "\n" not in text), st.sampled_from(["", "'", '"']))
def test_what_is_quoted_comes_back(word: str, mark: str) -> None:
    """Whatever mark stood before it."""
    assert unquoted(quoted(word, mark)) == ([word], "")
