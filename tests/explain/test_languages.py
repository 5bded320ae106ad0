"""Which language explanations are given in."""

import pytest

from mailprobe.errors import Failure
from mailprobe.explain.languages import LANGUAGES, language_of
from mailprobe.explain.model import Text


@pytest.mark.parametrize(
    "env, language",
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "de_DE"}, "en"),
        ({"LANG": "en_GB", "LC_MESSAGES": "zh_TW"}, "zh"),
        ({"LC_ALL": "", "LANG": "ZH"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "CI": "true"}, "en"),
    ],
)
def test_by_the_locale(env: dict[str, str], language: str) -> None:
    """The first that is set counts; where CI is set it is always English."""
    assert language_of(None, env) == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_asked_for(language: str) -> None:
    """What somebody asks for counts, in CI, too."""
    assert language_of(language, {"CI": "1", "LANG": "de"}) == language


def test_unknown() -> None:
    """Named, with those that there are; nothing of it reaches a terminal as it is."""
    with pytest.raises(Failure, match=r"language \\u\{1b\} is not known: write en, zh, zh\+en"):
        language_of("\x1b", {})


def test_lines_of_a_text() -> None:
    """Chinese first where both are wanted."""
    text = Text("wait", "\u7b49")
    assert [text.said(one) for one in LANGUAGES] == [("wait",), ("\u7b49",), ("\u7b49", "wait")]
