"""A transcript as a part of a page: what travels as lists of lines, what is told between them.

What hides behind a fold (the header, hints, known mistakes, explanations) opens without script.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

from mailprobe.render.highlight import Highlighter, Look, Pieces
from mailprobe.render.html import text
from mailprobe.render.html_words import known, said, spoken
from mailprobe.render.wording import by_language, languages_of, notation, place_of, title_of
from mailprobe.transcript.model import (
    Alt,
    Blank,
    Comment,
    FileLine,
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


def transcript_section(
    transcript: Transcript,
    marks: Mapping[int, str] | None = None,
    *,
    anchor: str = "transcript",
    level: int = 1,
    languages: Sequence[str] = (),
    beside: Mapping[int, str] | None = None,
    below: Mapping[int, str] | None = None,
) -> str:
    """A transcript as a part of a page: `marks` says what went wrong at which line.

    Line 27 is found by `#ANCHOR-27`; `level` is that of the title among the headings.
    `languages` are those of the page; `beside` and `below` are HTML for a line, by its `id()`.
    """
    section = _Section(transcript, marks or {}, text(anchor), level, known(languages))
    return section.html(beside or {}, below or {})


class _Section:
    """One transcript on its way to a page."""

    def __init__(
        self,
        transcript: Transcript,
        marks: Mapping[int, str],
        anchor: str,
        level: int,
        languages: Sequence[str],
    ) -> None:
        self._transcript = transcript
        self._marks = marks
        self._anchor = anchor
        self._level = level
        self._languages = languages
        self._beside: Mapping[int, str] = {}
        self._below: Mapping[int, str] = {}
        self._highlighter = Highlighter()
        self._hints: dict[str, int] = {}  # language: hints for what comes next

    def html(self, beside: Mapping[int, str], below: Mapping[int, str]) -> str:
        self._beside, self._below = beside, below
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
            f"<span{spoken(language)}>{escape(title)}</span>" for language, title in rows.items()
        )
        return f'<h{self._level} id="{self._anchor}">{spans}</h{self._level}>\n'

    def _header(self) -> str:
        lines = [line for line in self._transcript.headers if not isinstance(line, Blank)]
        marked = any(line.place.line in self._marks for line in lines)
        items = "".join(self._item(line, self._highlighter.header(line.text)) for line in lines)
        return (
            f'<details class="header"{" open" if marked else ""}>'
            f"<summary>{self._said('header')}</summary>\n"
            f'<ol class="lines">\n{items}</ol></details>\n'
        )

    def _lines(self, lines: Iterable[Line]) -> str:
        """What travels as lists of lines; what is told, between them."""
        parts: list[str] = []
        around = speaker = ""
        for line, language in by_language(self._transcript, lines):
            element = _around(line)
            if element != around:
                parts.append(f"{_CLOSED[around]}{_OPENED[element]}")
                around, speaker = element, ""
            if element == "lines":
                side = _side(line)
                self._hints = self._hints if isinstance(line, Wrong | Comment) else {}
                parts.append(self._wire(line, side if side != speaker else ""))
                speaker = side
            else:
                parts += self._told(line, language)
        return "".join([*parts, _CLOSED[around]])

    # ------------------------------------------------------------------------- what is told

    def _told(self, line: Line, language: str) -> Iterator[str]:
        match line:
            case Title(content=content):
                level = min(self._level + 1, 6)
                yield f"<h{level}{self._id(line, language)}>{text(content)}</h{level}>\n"
                yield self._mark(line)
            case Lesson(tag="?", content=content):
                number = self._hints[language] = self._hints.get(language, 0) + 1
                hint = said("hint", (language,) if language else (), number)
                marked = " open" if self._mark(line) else ""
                yield f'<details class="hint"{marked}{self._id(line, language)}>'
                yield f"<summary>{hint}</summary><p>{text(content)}</p>{self._mark(line)}"
                yield "</details>\n"
            case Lesson(content=content):
                yield f"<p{self._id(line, language)}>{text(content)}</p>\n{self._mark(line)}"
            case _:
                pass

    # -------------------------------------------------------------------------- what travels

    def _wire(self, line: Line, speaker: str) -> str:
        """`speaker` is said in words where it is another one than before."""
        who = f'<span class="who">{self._said(speaker)}</span>' if speaker in _SPEAKERS else ""
        who += self._beside.get(id(line), "")
        pieces = self._highlighter.line(line.text)
        if isinstance(line, Wrong):
            return self._item(line, pieces, self._mistake(line))
        return self._item(line, pieces, self._inside(line), who)

    def _inside(self, line: Line) -> str:
        """The lines of a block, and of a file that is included."""
        match line:
            case Include(lines=lines):
                return self._block(lines)
            case Poll(lines=lines, end=end):
                return self._block(lines) + self._bare(end)
            case Alt(branches=(first, *others), end=end):
                ways = (self._bare(other.line) + self._block(other.lines) for other in others)
                return f"{self._block(first.lines)}{''.join(ways)}{self._bare(end)}"
            case _:
                return ""

    def _mistake(self, line: Wrong) -> str:
        """Folded: who learns is not told before he asks."""
        typed = next((one for one in line.lines if _side(one) == "client"), None)
        sample = f" <code>{_sample(typed)}</code>" if typed else ""
        inner = self._block(line.lines) + self._bare(line.end)
        marked = ' class="mark"' in inner
        return (
            f'<details class="wrong"{" open" if marked else ""}>'
            f"<summary>{self._said('wrong')}{sample}</summary>\n{inner}</details>\n"
        )

    def _block(self, lines: tuple[Line, ...]) -> str:
        return f'<div class="block">\n{self._lines(lines)}</div>\n' if lines else ""

    def _bare(self, line: Line) -> str:
        """A line between or behind blocks, which belongs to the item of the first."""
        code = _code(self._highlighter.line(line.text))
        return f'<div{self._id(line, "")} class="line">{code}</div>{self._mark(line)}\n'

    def _item(self, line: Line, pieces: Pieces, inside: str = "", who: str = "") -> str:
        kinds = [_side(line), "marked" if self._mark(line) else ""]
        classes = " ".join(filter(None, kinds))
        kind = f' class="{classes}"' if classes else ""
        return (
            f'<li{self._id(line, "")} value="{line.place.line}"{kind}>'
            f"{who}{_code(pieces)}{self._mark(line)}{self._below.get(id(line), '')}{inside}</li>\n"
        )

    def _said(self, name: str, *values: object) -> str:
        return said(name, self._languages, *values)

    def _id(self, line: Line, language: str) -> str:
        number = place_of(self._transcript, line.place)
        where = f' id="{self._anchor}-{number}"' if number else ""
        return where + spoken(language)

    def _mark(self, line: Line) -> str:
        number = place_of(self._transcript, line.place)
        if number is None or number not in self._marks:
            return ""
        words = "<br>".join(text(row) for row in self._marks[number].split("\n"))
        return f'<p class="mark"><strong>{self._said("failed")}</strong> {words}</p>'


_SPEAKERS = ("client", "server")
# What stands around lines of one kind.
_OPENED = {"": "", "lines": '<ol class="lines">\n', "text": '<div class="text">\n'}
_CLOSED = {"": "", "lines": "</ol>\n", "text": "</div>\n"}


def _around(line: Line) -> str:
    match line:
        case Lesson(tag="|"):
            return "text"
        case Blank() | Title() | Lesson():
            return ""
        case _:
            return "lines"


def _side(line: Line) -> str:
    match line:
        case Wire(side="C") | FileLine(side="C"):
            return "client"
        case Wire() | FileLine() | Question() | Pattern():
            return "server"
        case Comment():
            return "comment"
        case _:
            return ""


def _sample(line: Line) -> str:
    """What is typed, in few words: the samples in the places of the placeholders."""
    if not isinstance(line, Wire):
        return text(line.text)
    return "".join(
        escape(
            notation(piece)
            if isinstance(piece, bytes) or not (sample := getattr(piece, "sample", None))
            else notation(sample)
        )
        for piece in line.pieces
    )


def _code(pieces: Pieces) -> str:
    """A line, its pieces coloured; the look of most needs no element of its own."""
    parts = [
        escape(piece) if look is Look.PLAIN else f'<span class="{look}">{escape(piece)}</span>'
        for look, piece in pieces
    ]
    return f"<code>{''.join(parts)}</code>"
