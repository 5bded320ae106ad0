"""Pages that work without network: one file, no script, nothing from elsewhere.

The policy in the page lets a browser apply the one style sheet that is part of it, and nothing
else: text of a transcript or server that got past the escaping could still do nothing.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from html import escape

from mailprobe.patterns import pattern
from mailprobe.render.highlight import Highlighter, Look, Pieces
from mailprobe.render.stylesheet import STYLE
from mailprobe.render.wording import (
    LANGUAGES,
    by_language,
    languages_of,
    place_of,
    shown,
    title_of,
)
from mailprobe.transcript.model import (
    Alt,
    Blank,
    Comment,
    Include,
    Lesson,
    Line,
    Pattern,
    Poll,
    Question,
    Title,
    Transcript,
    Wire,
    Wrong,
)

_HINTS = {"en": "Hint", "zh": "提示"}
_LANGUAGE = pattern(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")  # RFC 5646, section 2.1, roughly


def text(words: str) -> str:
    """`words` as text of a page, and of an attribute in double quotes."""
    return escape(shown(words))


def document(title: str, body: str, *, languages: Iterable[str] = (), language: str = "") -> str:
    """A whole page.  `title` is text, `body` is HTML.

    Of several `languages` the reader sees one, `language` or the first, and chooses another by
    a switch: elements with `data-language` belong to that one alone.
    """
    known = [name for name in dict.fromkeys(languages) if _LANGUAGE.fullmatch(name)]
    style = STYLE + "".join(map(_only, known if len(known) > 1 else ()))
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    first = language if language in known else (*known, "en")[0]
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
{_switch(known, first) if len(known) > 1 else ""}<main>
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


def _switch(languages: list[str], chosen: str) -> str:
    options = "".join(
        f'<label lang="{name}"><input type="radio" name="language" id="language-{name}"'
        f"{' checked' if name == chosen else ''}> {LANGUAGES.get(name, name)}</label>\n"
        for name in languages
    )
    return f'<fieldset class="languages"><legend>Language</legend>\n{options}</fieldset>\n'


def transcript_section(
    transcript: Transcript,
    marks: Mapping[int, str] | None = None,
    *,
    anchor: str = "transcript",
    level: int = 1,
) -> str:
    """A transcript as a part of a page: `marks` says what went wrong at which line.

    Line 27 is found by `#ANCHOR-27`; `level` is that of the title among the headings.
    """
    return _Section(transcript, marks or {}, text(anchor), level).html()


class _Section:
    """One transcript on its way to a page."""

    def __init__(
        self, transcript: Transcript, marks: Mapping[int, str], anchor: str, level: int
    ) -> None:
        self._transcript = transcript
        self._marks = marks
        self._anchor = anchor
        self._level = level
        self._highlighter = Highlighter()

    def html(self) -> str:
        return (
            f'<section class="transcript" aria-labelledby="{self._anchor}">\n{self._titles()}'
            f"{self._header()}{self._lines(self._transcript.lines)}</section>\n"
        )

    def _titles(self) -> str:
        languages = languages_of(self._transcript) or ("",)
        rows = {language: title_of(self._transcript, language) for language in languages}
        if len(set(rows.values())) == 1:
            rows = {"": next(iter(rows.values()))}
        spans = "".join(
            f"<span{_spoken(language)}>{escape(title)}</span>" for language, title in rows.items()
        )
        return f'<h{self._level} id="{self._anchor}">{spans}</h{self._level}>\n'

    def _header(self) -> str:
        lines = [line for line in self._transcript.headers if not isinstance(line, Blank)]
        marked = any(line.place.line in self._marks for line in lines)
        items = "".join(self._item(line, self._highlighter.header(line.text)) for line in lines)
        return (
            f'<details class="header"{" open" if marked else ""}><summary>Header</summary>\n'
            f'<ol class="lines">\n{items}</ol></details>\n'
        )

    def _lines(self, lines: Iterable[Line]) -> str:
        """What travels as lists of lines; what is told, between them."""
        parts: list[str] = []
        open_list = False
        for line, language in by_language(self._transcript, lines):
            listed = not isinstance(line, Blank | Title | Lesson)
            if open_list is not listed:
                parts.append('<ol class="lines">\n' if listed else "</ol>\n")
                open_list = listed
            parts += self._line(line, language)
        return "".join([*parts, "</ol>\n" if open_list else ""])

    def _line(self, line: Line, language: str) -> Iterator[str]:
        match line:
            case Blank():
                return
            case Title(content=content):
                level = min(self._level + 1, 6)
                yield f"<h{level}{self._id(line, language)}>{text(content)}</h{level}>\n"
                yield self._mark(line)
            case Lesson(tag="?", content=content):
                hint = _HINTS.get(language, _HINTS["en"])
                yield f"<details{self._id(line, language)}><summary>{hint}</summary>"
                yield f"<p>{text(content)}</p></details>\n{self._mark(line)}"
            case Lesson(content=content):
                yield f"<p{self._id(line, language)}>{text(content)}</p>\n{self._mark(line)}"
            case _:
                yield self._item(line, self._highlighter.line(line.text), self._inside(line))

    def _inside(self, line: Line) -> str:
        """The lines of a block, and of a file that is included."""
        match line:
            case Include(lines=lines):
                return self._block(lines)
            case Poll(lines=lines, end=end) | Wrong(lines=lines, end=end):
                return self._block(lines) + self._bare(end)
            case Alt(branches=(first, *others), end=end):
                ways = (self._bare(other.line) + self._block(other.lines) for other in others)
                return f"{self._block(first.lines)}{''.join(ways)}{self._bare(end)}"
            case _:
                return ""

    def _block(self, lines: tuple[Line, ...]) -> str:
        return f'<div class="block">\n{self._lines(lines)}</div>\n' if lines else ""

    def _bare(self, line: Line) -> str:
        """A line between or behind blocks, which belongs to the item of the first."""
        code = _code(self._highlighter.line(line.text))
        return f'<div{self._id(line, "")} class="line">{code}</div>{self._mark(line)}\n'

    def _item(self, line: Line, pieces: Pieces, inside: str = "") -> str:
        kinds = [_side(line), "marked" if self._mark(line) else ""]
        classes = " ".join(filter(None, kinds))
        kind = f' class="{classes}"' if classes else ""
        return (
            f'<li{self._id(line, "")} value="{line.place.line}"{kind}>'
            f"{_code(pieces)}{self._mark(line)}{inside}</li>\n"
        )

    def _id(self, line: Line, language: str) -> str:
        number = place_of(self._transcript, line.place)
        where = f' id="{self._anchor}-{number}"' if number else ""
        return where + _spoken(language)

    def _mark(self, line: Line) -> str:
        number = place_of(self._transcript, line.place)
        if number is None or number not in self._marks:
            return ""
        words = "<br>".join(text(row) for row in self._marks[number].split("\n"))
        return f'<p class="mark"><strong>Failed here:</strong> {words}</p>'


def _side(line: Line) -> str:
    match line:
        case Wire(side="C"):
            return "client"
        case Wire() | Question() | Pattern():
            return "server"
        case Comment():
            return "comment"
        case _:
            return ""


def _spoken(language: str) -> str:
    if not _LANGUAGE.fullmatch(language):
        return ""
    return f' lang="{language}" data-language="{language}"'


def _code(pieces: Pieces) -> str:
    """A line, its pieces coloured; the look of most needs no element of its own."""
    parts = [
        escape(piece) if look is Look.PLAIN else f'<span class="{look}">{escape(piece)}</span>'
        for look, piece in pieces
    ]
    return f"<code>{''.join(parts)}</code>"
