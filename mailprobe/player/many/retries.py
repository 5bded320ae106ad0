"""Playing one transcript again, where somebody asked for it and time may cure what went wrong."""

from collections.abc import Callable

from mailprobe.errors import ExitStatus, Failure, Word
from mailprobe.patterns import pattern
from mailprobe.player.results import Result, Verdict
from mailprobe.safe import safe
from mailprobe.value import replace

LATER = "4xx"  # the server said: later
USUAL = ("connect", "timeout")
# What a word of the command line stands for; a mismatch that goes away is one all the same.
WORDS = (
    *(word.value for word in Word if word.status is ExitStatus.UNREACHED and word != "security"),
    LATER,
)
_LATER = pattern(r"S[2-9]?[:\\=] ?4[0-9][0-9]\b")
_FIRST_PAUSE = 1.0  # seconds; each further one is twice as long
_LONGEST_PAUSE = 30.0


def parse_words(text: str) -> frozenset[str]:
    """Read `connect,timeout,4xx`.  Raises Failure `usage`."""
    words = text.split(",")
    for word in words:
        if word not in WORDS:
            known = " ".join(WORDS)
            raise Failure(Word.USAGE, f"--retry-on knows {known}, not {safe(word) or 'nothing'}")
    return frozenset(words)


def with_retries(
    play: Callable[[], Result], times: int, words: frozenset[str], pause: Callable[[float], bool]
) -> Result:
    """Play up to `times` more, while the result is one of `words`; counts the attempts.

    `pause` waits for some seconds, and returns False when there is no time for that.
    """
    result = play()
    seconds, wait = result.seconds, _FIRST_PAUSE
    for attempt in range(2, times + 2):
        if not _may_pass_later(result, words) or not pause(wait):
            break
        result = play()
        seconds += result.seconds
        result = replace(result, attempts=attempt, seconds=seconds)
        wait = min(2 * wait, _LONGEST_PAUSE)
    return result


def _may_pass_later(result: Result, words: frozenset[str]) -> bool:
    problem = result.problem
    if problem is None or result.verdict in (Verdict.PASSED, Verdict.SKIPPED):
        return False
    if problem.word in words:
        return True
    return LATER in words and bool(problem.reply and _LATER.match(problem.reply[0]))
