"""Times as people write them."""

import pytest

from mailprobe.durations import seconds


@pytest.mark.parametrize(
    "text, wanted",
    [("5", 5.0), ("0.5", 0.5), ("500ms", 0.5), ("2s", 2.0), ("3m", 180.0), ("0s", 0.0)],
)
def test_times(text: str, wanted: float) -> None:
    """A number, with its unit or without."""
    assert seconds(text) == wanted


@pytest.mark.parametrize("text", ["", "s", "1 s", "1h", "-1", "1e3", "inf", "nan", "٣", "1s\n"])
def test_what_is_no_time(text: str) -> None:
    """Nothing is guessed."""
    assert seconds(text) is None
