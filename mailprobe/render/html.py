"""Pages that work without network: one file, no script, nothing from elsewhere.

The policy in the page lets a browser apply the one style sheet that is part of it, and nothing
else: text of a transcript or server that got past the escaping could still do nothing.  Language
and look are chosen by radio buttons, which the style sheet reads.
"""

import base64
import hashlib
from collections.abc import Sequence
from html import escape

from mailprobe.render.html_words import known, said
from mailprobe.render.stylesheet import STYLE
from mailprobe.render.wording import LANGUAGES, shown

_LOOKS = ("auto", "light", "dark")


def text(words: str) -> str:
    """`words` as text of a page, and of an attribute in double quotes."""
    return escape(shown(words))


def document(title: str, body: str, *, languages: Sequence[str] = (), language: str = "") -> str:
    """A whole page.  `title` is text, `body` is HTML.

    Of several `languages` the reader sees one, `language` or the first, and chooses another by
    a switch: elements with `data-language` belong to that one alone.
    """
    names = known(languages)
    style = STYLE + "".join(map(_only, names if len(names) > 1 else ()))
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    first = language if language in names else (*names, "en")[0]
    return f"""\
<!DOCTYPE html>
<html lang="{first}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="mailprobe">
<title>{text(title)}</title>
<style>{style}</style>
</head>
<body>
<header class="controls">
<a class="skip" href="#content">{said("skip", names)}</a>
{_languages(names, first) if len(names) > 1 else ""}{_looks(names)}</header>
<main id="content" tabindex="-1">
{body}</main>
</body>
</html>
"""


def _only(language: str) -> str:
    """The rule that hides what is in other languages; who does not know :has() sees all."""
    return (
        f"body:has(#language-{language}:checked) "
        f'[data-language]:not([data-language="{language}"]){{display:none}}\n'
    )


def _languages(names: Sequence[str], chosen: str) -> str:
    options = "".join(
        _option(
            "language", name, f' lang="{name}"', LANGUAGES.get(name, name), chosen=name == chosen
        )
        for name in names
    )
    return f"<fieldset><legend>{said('language', names)}</legend>\n{options}</fieldset>\n"


def _looks(names: Sequence[str]) -> str:
    options = "".join(
        _option("look", look, "", said(look, names), chosen=look == _LOOKS[0]) for look in _LOOKS
    )
    return f"<fieldset><legend>{said('look', names)}</legend>\n{options}</fieldset>\n"


def _option(group: str, value: str, attributes: str, label: str, *, chosen: bool) -> str:
    return (
        f'<label{attributes}><input type="radio" name="{group}" id="{group}-{value}"'
        f"{' checked' if chosen else ''}> {label}</label>\n"
    )
