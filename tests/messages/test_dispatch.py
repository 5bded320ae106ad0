"""How octets are cut and mended on their way; what travels, tests/messages/test_delivery.py has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.errors import Failure
from mailprobe.messages.dispatch import Chunk, even_chunks, mended, plan
from mailprobe.messages.maildata import measure

TEXT = st.lists(st.sampled_from([b"\r", b"\n", b".", b"a", b"\xff"]).map(bytes), max_size=20)


def test_how_chunks_are_cut() -> None:
    """The last one takes the rest, and is never too many."""
    assert list(even_chunks(5, 2)) == [Chunk(2), Chunk(2), Chunk(1, last=True)]
    assert list(even_chunks(4, 2)) == [Chunk(2), Chunk(2, last=True)]
    assert list(even_chunks(4, 0)) == [Chunk(4, last=True)]
    assert list(even_chunks(0, 3)) == [Chunk(0, last=True)]
    assert b"".join(mended([b"a\r", b"\nb"])) == b"a\r\nb\r\n"
    assert b"".join(mended([b"a\n"])) == b"a\r\n"


@given(TEXT)
def test_as_many_octets_as_were_measured(blocks: list[bytes]) -> None:
    """However they are cut: BDAT and SIZE count the same."""
    assert len(b"".join(mended(blocks))) == measure(blocks).size


@given(st.integers(0, 50), st.integers(0, 9))
def test_chunks_are_all_of_it(size: int, each: int) -> None:
    """One of them says LAST, and it is the last one."""
    chunks = list(even_chunks(size, each))
    assert sum(chunk.size for chunk in chunks) == size
    assert [chunk.last for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert not each or max(chunk.size for chunk in chunks) <= each


def test_a_plan() -> None:
    """As somebody writes it."""
    assert plan("2,LAST", 5) == [Chunk(2), Chunk(3, last=True)]
    with pytest.raises(Failure, match="want 6 octets"):
        plan("6", 5)
