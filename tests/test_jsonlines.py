"""A line of JSON: nothing in it that a terminal would obey or hide, and the value is the same."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.jsonlines import document, line
from mailprobe.safe import visible


@pytest.mark.parametrize(
    "text, shown",
    [
        ("plain é 你", '{"text": "plain é 你"}'),
        ("\x1b]52;c;\x07", '{"text": "\\u001b]52;c;\\u0007"}'),
        ("\x7f\x9b31m", '{"text": "\\u007f\\u009b31m"}'),
        ("a\u202eb\u200b\u2028", '{"text": "a\\u202eb\\u200b\\u2028"}'),
        ("\U000e0041", '{"text": "\\udb40\\udc41"}'),
        ("##vso[x]", '{"text": "#\\u0023vso[x]"}'),
    ],
)
def test_what_must_not_be_seen_is_escaped(text: str, shown: str) -> None:
    """Controls, C1, bidirectional overrides, tags, and what would command a CI service."""
    assert line({"text": text}) == f"{shown}\n"
    assert json.loads(line({"text": text})) == {"text": text}


@given(st.dictionaries(st.text(), st.recursive(st.text(), st.lists, max_leaves=5)))
def test_any_value_is_one_line_that_shows_itself(one: dict[str, object]) -> None:
    """Printable, one LF at the end, and read back as it was."""
    text = line(one)
    assert visible(text.removesuffix("\n"))
    assert text.count("\n") == 1
    assert "##" not in text
    assert json.loads(text) == one


@given(st.dictionaries(st.text(), st.recursive(st.text(), st.lists, max_leaves=5)))
def test_a_document_is_the_same_in_many_lines(one: dict[str, object]) -> None:
    """Nothing that JSON has not put there ends a line, and each of them shows itself."""
    text = document(one)
    assert visible(text.replace("\n", ""))
    assert json.loads(text) == one
