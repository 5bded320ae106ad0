"""The words of a page itself, in every language that it is made for.

A text that several languages share stands in the page once; others are parted by `data-language`,
of which the switch of the page shows one.
"""

from collections.abc import Callable, Mapping, Sequence
from html import escape

from mailprobe.patterns import pattern
from mailprobe.render.wording import shown

ENGLISH = "en"
OURS = (ENGLISH, "zh")  # what our own words, and the explanations, are written in
_LANGUAGE = pattern(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")  # RFC 5646, section 2.1, roughly

WORDS: Mapping[str, tuple[str, str]] = {
    "language": ("Language", "语言"),
    "look": ("Look", "外观"),
    "auto": ("as the system", "跟随系统"),
    "light": ("light", "浅色"),
    "dark": ("dark", "深色"),
    "skip": ("Skip to the content", "跳到正文"),
    "header": ("Header", "文件头"),
    "client": ("client", "客户端"),
    "server": ("server", "服务器"),
    "hint": ("Hint {}", "提示 {}"),
    "wrong": ("A known mistake:", "常见错误："),
    "explained": ("Explained: {}", "解释：{}"),
    "explained as": ("Explained: {}, {}", "解释：{}，{}"),
    "says": ("It says", "含义"),
    "now": ("Why now", "为什么"),
    "next": ("What next", "下一步"),
    "source": ("Source", "出处"),
    "failed": ("Failed here:", "此处失败："),
    "took": ("took {}", "用时 {}"),
    "many": ("Replies behind this one are not explained.", "此后的回答不再解释。"),
    "timing": ("Timing", "用时"),
    "connection": ("Connection {}", "连接 {}"),
    "part": ("Part", "步骤"),
    "began": ("Began", "开始"),
    "lasted": ("Took", "用时"),
    "outcome": ("Outcome", "结果"),
    "bar": ("Bar", "时间条"),
    "more": ("... and {} more", "……另有 {} 行"),
    "whole": ("whole {}, waited {}", "共 {}，等待 {}"),
    "slowest": ("slowest: {}", "最慢：{}"),
}


def known(languages: Sequence[str]) -> tuple[str, ...]:
    """Those of `languages` that are names of one, each once."""
    return tuple(name for name in dict.fromkeys(languages) if _LANGUAGE.fullmatch(name))


def ours(language: str) -> str:
    """What we say to a reader of `language`: Chinese to one of Chinese, English to others."""
    return "zh" if language.partition("-")[0].lower() == "zh" else ENGLISH


def word(name: str, language: str, *values: object) -> str:
    """One of our words as text."""
    return WORDS[name][OURS.index(ours(language))].format(*values)


def spoken(language: str, shown_in: str | None = None) -> str:
    """The attributes of what is said in `language`, and shown to readers of `shown_in`."""
    if not _LANGUAGE.fullmatch(language):
        return ""
    return f' lang="{language}" data-language="{shown_in or language}"'


def each(languages: Sequence[str], write: Callable[[str, str], str]) -> str:
    """What `write` makes of a language that is ours and of its attributes, for every reader.

    To readers of several languages the same is said once.
    """
    if len({*map(ours, languages)}) < 2:
        language = ours((*languages, ENGLISH)[0])
        return write(language, "" if {*languages} <= {language} else f' lang="{language}"')
    return "".join(write(ours(one), spoken(ours(one), one)) for one in languages)


def said(name: str, languages: Sequence[str], *values: object) -> str:
    """One of our words as HTML; `values` are text."""
    words = [shown(str(value)) for value in values]

    def write(language: str, attributes: str) -> str:
        one = escape(word(name, language, *words))
        return f"<span{attributes}>{one}</span>" if attributes else one

    return each(languages, write)
