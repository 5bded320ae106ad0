"""Words and exit statuses: the contract with scripts."""

import pytest

from mailprobe.errors import ExitStatus, Failure, Word

STATUS = {
    "refused": 1,
    "mismatch": 1,
    "usage": 2,
    "syntax": 3,
    "dns": 4,
    "connect": 4,
    "timeout": 4,
    "eof": 4,
    "reset": 4,
    "protocol": 4,
    "limit": 4,
    "tls": 4,
    "security": 4,
    "internal": 70,
    "interrupted": 130,
}


@pytest.mark.parametrize("word", Word)
def test_each_word_has_its_status(word: Word) -> None:
    """A script that tests for a number goes on working."""
    assert word.status == STATUS[word]
    assert word.status in ExitStatus


def test_no_word_is_missing() -> None:
    """The list that people read is the list that is used."""
    assert {word.value for word in Word} == set(STATUS)


def test_the_statuses_themselves() -> None:
    """Those that no word stands for, too."""
    assert int(ExitStatus.OK) == 0
    assert int(ExitStatus.NOTHING_RAN) == 5
    assert int(ExitStatus.INTERRUPTED) == 130


def test_a_failure_is_one_line() -> None:
    """Word, colon, sentence."""
    failure = Failure(Word.EOF, "the connection was closed")
    assert str(failure) == "eof: the connection was closed"
    assert (failure.word, failure.sentence) == (Word.EOF, "the connection was closed")
