"""Playing again: only after the words that were asked for."""

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.player.many.retries import parse_words, with_retries
from mailprobe.player.results import Problem, Result, Verdict
from mailprobe.value import replace
from tests.player.helpers import DRAWN, passed, skipped, wrong


def replied(code: str) -> Result:
    return replace(DRAWN, problem=Problem(Word.MISMATCH, "no", reply=(f"S: {code} x",)))


def run(results: list[Result], words: str, times: int = 2) -> tuple[Result, list[float]]:
    """Play the results in turn; what came of it, and the pauses."""
    pauses: list[float] = []

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        return True

    left = iter(results)
    return with_retries(lambda: next(left), times, parse_words(words), pause), pauses


def test_it_passes_in_the_end() -> None:
    """Each attempt is counted, and the time of all; the pauses grow."""
    result, pauses = run([wrong(Word.CONNECT), wrong(Word.TIMEOUT), passed()], "connect,timeout")
    assert (result.verdict, result.attempts, pauses) == (Verdict.PASSED, 3, [1.0, 2.0])
    assert result.seconds == pytest.approx(3.12)


@pytest.mark.parametrize(
    "first, words, again",
    [
        (wrong(Word.CONNECT), "timeout", False),
        (wrong(Word.MISMATCH), "connect,4xx", False),
        (replied("450"), "4xx", True),
        (replied("450-x"), "4xx", True),
        (replied("450"), "connect", False),
        (replied("550"), "4xx", False),
        (replied("250 450"), "4xx", False),
        (skipped(), "connect,4xx", False),
        (passed(), "connect,4xx", False),
        (replace(DRAWN, problem=None), "4xx", False),
    ],
)
def test_which_are_played_again(first: Result, words: str, again: bool) -> None:
    """4xx is a reply that says: later."""
    result, pauses = run([first, passed("second")], words, times=1)
    assert (result.name == "second") is again
    assert len(pauses) == again


def test_it_never_ends_well() -> None:
    """The last result stands."""
    result, _ = run([wrong(Word.CONNECT)] * 3, "connect")
    assert (result.verdict, result.attempts) == (Verdict.ERROR, 3)


def test_there_is_no_time_for_another() -> None:
    """Then the first one stands, as one attempt."""
    first = wrong(Word.CONNECT)
    result = with_retries(lambda: first, 5, frozenset({"connect"}), lambda seconds: False)
    assert result == first


def test_pauses_have_a_bound() -> None:
    """A hundred retries do not wait for years."""
    _, pauses = run([wrong(Word.CONNECT)] * 10, "connect", times=9)
    assert pauses[-1] == 30.0


@pytest.mark.parametrize("text", ["", "mismatch", "connect,", "4XX", "security", "usage", "\x1b"])
def test_words_that_cannot_be_asked_for(text: str) -> None:
    """A mismatch that goes away is one all the same."""
    with pytest.raises(Failure) as caught:
        parse_words(text)
    assert caught.value.word is Word.USAGE
