"""The forms of a secret: wherever and however it is written, one of them is there."""

import base64
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.transcript.reading.forms import decoded, forms

ALPHABETS = [base64.b64encode, base64.urlsafe_b64encode]
VALUE = st.binary(min_size=6, max_size=24)


@pytest.mark.parametrize("encode", ALPHABETS)
@given(value=VALUE, before=st.binary(max_size=5), behind=st.binary(max_size=5))
def test_base64_wherever_the_value_begins(
    encode: Callable[[bytes], bytes], value: bytes, before: bytes, behind: bytes
) -> None:
    """Inside of a longer text, with its padding and without, in the alphabet of URLs as well."""
    found = [form for form in forms(value) if len(form) >= 4]
    text = encode(before + value + behind)
    assert any(form in text for form in found)
    assert any(form in text.rstrip(b"=") for form in found)
    whole = encode(value)
    assert {whole, whole.rstrip(b"=")} <= set(found)


def test_the_three_offsets() -> None:
    """All that is the value's alone, and none of what its neighbours have a part in."""
    value = b"\xfb\xef\xbe\xff\xfe\xfb\xef"
    found = set(forms(value))
    for before in range(3):
        text = base64.urlsafe_b64encode(b"\0" * before + value + b"\0" * 3).rstrip(b"=")
        other = base64.urlsafe_b64encode(b"\xff" * before + value + b"\xff" * 3).rstrip(b"=")
        same = [one == two for one, two in zip(text, other, strict=True)]
        first, last = same.index(True), len(same) - same[::-1].index(True)
        assert text[first:last] in found


def test_the_alphabets_are_told_apart_only_where_they_differ() -> None:
    """A value without `+` and `/` in its base64 has no form twice as many."""
    assert b"c2VjcmV0" in set(forms(b"secret"))
    assert len(list(forms(b"secret"))) < len(list(forms(b"\xff\xef\xbe\xff")))


def test_what_base64_says() -> None:
    """Well written, badly written, or not at all."""
    assert decoded(b"c2VjcmV0") == (b"secret", True)
    assert decoded(b"c2Vj cmV0") == (b"secret", False)
    assert decoded(b"c") == (b"", False)
