"""Faults as people write them."""

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.sandbox.faults.asking import read_fault, read_faults


@pytest.mark.parametrize(
    "word, name, probability, position, seconds",
    [
        ("slow", "slow", 1.0, 0, None),
        ("SLOW", "slow", 1.0, 0, None),
        ("slow:2s", "slow", 1.0, 0, 2.0),
        ("slow:500ms=0.25", "slow", 0.25, 0, 0.5),
        ("slow=0.5@3", "slow", 0.5, 3, None),
        ("code-000@1", "code-000", 1.0, 1, None),
        ("slow=1", "slow", 1.0, 0, None),
        ("slow=.5", "slow", 0.5, 0, None),
        ("slow=0", "slow", 0.0, 0, None),
        ("slow:1.5s@2", "slow", 1.0, 2, 1.5),
    ],
)
def test_one_fault(
    word: str, name: str, probability: float, position: int, seconds: float | None
) -> None:
    """NAME, and behind it time, probability and position, each of which may be left out."""
    fault = read_fault(word)
    assert fault.spec.name == name
    assert (fault.probability, fault.position, fault.seconds) == (probability, position, seconds)


def test_several() -> None:
    """In their order, between commas or what else is asked for."""
    assert [fault.spec.name for fault in read_faults("slow, drip@2")] == ["slow", "drip"]
    assert [fault.spec.name for fault in read_faults("slow+drip@2", "+")] == ["slow", "drip"]


@pytest.mark.parametrize(
    "text, says",
    [
        ("tarpt", "there is no fault tarpt, perhaps tarpit"),
        ("greylisting", "perhaps greylist"),
        ("421", "perhaps greeting-421 or early-421 or late-421"),
        ("xyzzy", "there is no fault xyzzy: --fault help lists them"),
        ("", "a fault is written NAME"),
        ("slow,,drip", "got nothing"),
        ("slow:soon", "a fault is written NAME"),
        ("slow:1.2.3s", "the time of slow is 500ms, 2s or 5m, got 1.2.3s"),
        ("slow=2", "a fault is written NAME"),
        ("slow=1.5", "the probability of slow is a number from 0 to 1"),
        ("slow@0", "positions from 1, got slow@0"),
        ("slow=nan", "a probability from 0 to 1"),
        ("mixed-codes:3s", "mixed-codes takes no time; --fault help lists those that do"),
        ("sl\x1bow", r"sl\u{1b}ow"),
    ],
)
def test_what_is_none(text: str, says: str) -> None:
    """Usage, with names that may have been meant."""
    with pytest.raises(Failure) as caught:
        read_faults(text)
    assert caught.value.word is Word.USAGE
    assert says in caught.value.sentence
