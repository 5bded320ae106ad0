"""The words of a page: each reader gets those of one language, and the same is said once."""

from string import Formatter

import pytest

from mailprobe.render.html_words import OURS, WORDS, known, ours, said, spoken, word

parse = Formatter().parse


@pytest.mark.parametrize("name", WORDS)
def test_every_word_is_said_in_all_our_languages(name: str) -> None:
    """With the same values in it."""
    assert len(WORDS[name]) == len(OURS)
    assert all(WORDS[name])
    values = [sum(part[1] is not None for part in parse(one)) for one in WORDS[name]]
    assert len(set(values)) == 1


@pytest.mark.parametrize(
    "language, found",
    [("en", "en"), ("zh", "zh"), ("zh-TW", "zh"), ("ZH-Hant", "zh"), ("de", "en"), ("", "en")],
)
def test_what_we_say_to_whom(language: str, found: str) -> None:
    """Chinese to those who read Chinese, English to everybody else."""
    assert ours(language) == found


def test_one_language_needs_no_mark_but_its_name() -> None:
    """Nothing where the page is in it, else what language it is."""
    assert said("server", ()) == said("server", ("en",)) == "server"
    assert said("server", ("zh",)) == "服务器"
    assert said("server", ("de", "fr")) == '<span lang="en">server</span>'
    assert said("server", ("zh-TW",)) == '<span lang="zh">服务器</span>'


def test_several_languages() -> None:
    """One piece for each reader; the language of the text is said, too."""
    assert said("hint", ("de", "zh"), 2) == (
        '<span lang="en" data-language="de">Hint 2</span>'
        '<span lang="zh" data-language="zh">提示 2</span>'
    )


def test_values_are_text() -> None:
    """Whoever said them."""
    assert said("explained", (), '<b>"\x1b') == "Explained: &lt;b&gt;&quot;\\u{1b}"
    assert word("explained", "zh", "250") == "解释：250"


def test_names_of_languages() -> None:
    """What is none goes into no attribute."""
    assert known(["en", '"><script>', "zh-Hant", "en", ""]) == ("en", "zh-Hant")
    assert spoken("zh") == ' lang="zh" data-language="zh"'
    assert spoken('x"y') == ""
