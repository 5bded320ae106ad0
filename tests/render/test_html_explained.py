"""Explanations behind a fold: every layer, every language of the page, and text stays text."""

from mailprobe.explain.model import Explanation, Text
from mailprobe.render.html_explained import fold
from tests.render.test_html import Page

WHOLE = Explanation(
    "250 <x>",
    Text("It is done.", "已完成。"),
    Text("Because.", "因为。"),
    Text("Go on.", "继续。"),
    "RFC 5321, section 4.2.3",
    Text("reply to MAIL", "对 MAIL 的回答"),
)


def test_all_layers_in_one_language() -> None:
    """What, why, what next, and who says so; the fold names the reply."""
    page = Page(fold(WHOLE, ("en",)))
    assert [word for word in page.words.split("\n") if word] == [
        "Explained: 250 <x>, reply to MAIL",
        "It saysIt is done.",
        "Why nowBecause.",
        "What nextGo on.",
        "SourceRFC 5321, section 4.2.3",
    ]
    assert [tag for tag, _ in page.elements if tag == "details"] == ["details"]
    assert all("open" not in attributes for _, attributes in page.elements)


def test_several_languages() -> None:
    """Each in a piece of its own, marked with its language."""
    page = Page(fold(WHOLE, ("zh-TW", "en")))
    lists = page.all("dl")
    assert lists == [
        {"lang": "zh", "data-language": "zh-TW"},
        {"lang": "en", "data-language": "en"},
    ]
    assert "解释：250 <x>，对 MAIL 的回答" in page.words
    assert "继续。" in page.words
    assert "Go on." in page.words


def test_what_is_not_known_is_left_out() -> None:
    """No empty row."""
    little = Explanation("+OK", Text("Fine.", "好。"), None, None, "", Text("", ""))
    assert [word for word in Page(fold(little, ())).words.split("\n") if word] == [
        "Explained: +OK",
        "It saysFine.",
    ]
