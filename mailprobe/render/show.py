"""A transcript for a person at a terminal: its lines as they stand there, its lesson as text.

Nothing reaches the terminal but through `safe()`, be it a transcript or not.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from mailprobe.render import theme
from mailprobe.render.folding import columns, fold
from mailprobe.render.highlight import Highlighter, Look, Pieces
from mailprobe.render.wording import by_language, chosen, shown, title_of
from mailprobe.transcript.model import Header, Lesson, Line, Title, Transcript

_WIDTH = 80  # columns
_STYLES = {
    Look.PLAIN: "body",
    Look.CLIENT: "sent",
    Look.SAYS: "sent",
    Look.SERVER: "body",
    Look.ANSWERS: "body",
    Look.CODE: "reply.ok",
    Look.REFUSED: "reply.refused",
    Look.ESCAPE: "unfinished",
    Look.OPEN: "unfinished",
    Look.SAMPLE: "reply.go-on",
    Look.WORD: "verb.legal",
    Look.VALUE: "body",
    Look.HEADING: "title",
    Look.LESSON: "body",
    Look.COMMENT: "note",
    Look.ERROR: "failure",
}
_HIDDEN = ("mailprobe", "title")  # keys of which the title above says enough


def show(
    transcript: Transcript, *, color: bool, language: str = "", width: int = _WIDTH
) -> Iterator[str]:
    """Lines, each with its LF.  Of several languages only one: `language`, or the file's own."""
    return _Page(transcript, color=color, language=language, width=width).lines()


def source(octets: bytes, *, color: bool) -> Iterator[str]:
    """Lines of a file that may be anything, each with its number and LF."""
    highlighter = Highlighter()
    text = octets.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    width = len(str(len(lines)))
    cut = highlighter.header
    for number, line in enumerate(lines, 1):
        line = line.removesuffix("\r")
        if not line:
            cut = highlighter.line
        left = theme.paint("note", f"{number:{width}} | ", color=color)
        yield f"{left}{_painted(cut(line), color=color)}\n"


def _painted(pieces: Pieces, *, color: bool) -> str:
    return "".join(theme.paint(_STYLES[look], text, color=color) for look, text in pieces)


class _Page:
    """One transcript on its way to the screen."""

    def __init__(self, transcript: Transcript, *, color: bool, language: str, width: int) -> None:
        self._transcript = transcript
        self._color = color
        self._language = chosen(transcript, language)
        self._width = width
        self._highlighter = Highlighter()

    def lines(self) -> Iterator[str]:
        return _single_spaced(chain(self._title(), self._header(), [""], self._dialogue()))

    def _title(self) -> list[str]:
        rows = fold(title_of(self._transcript, self._language), self._width)
        rows.append("=" * max(map(columns, rows)))
        return [theme.paint("title", row, color=self._color) for row in rows]

    def _header(self) -> Iterator[str]:
        for line in self._transcript.headers:
            if isinstance(line, Header) and line.key not in _HIDDEN:
                yield _painted(self._highlighter.header(line.text), color=self._color)

    def _dialogue(self) -> Iterator[str]:
        """Lesson text stands apart from what travels."""
        lines = by_language(self._transcript, self._transcript.walk())
        apart = False
        for line, language in lines:
            if language not in ("", self._language):
                continue
            told = isinstance(line, Lesson | Title)
            if told is not apart or isinstance(line, Title):
                yield ""
            apart = told
            yield from self._line(line)

    def _line(self, line: Line) -> Iterable[str]:
        match line:
            case Title(content=content):
                return self._paragraph("title", "== ", content)
            case Lesson(tag="?", content=content):
                return self._paragraph("hint", "? ", content)
            case Lesson(content=content):
                return self._paragraph("body", "| ", content)
            case _:
                return [_painted(self._highlighter.line(line.text), color=self._color)]

    def _paragraph(self, style: str, mark: str, text: str) -> list[str]:
        """Text in rows; the mark stands before each, so that it is told from what travels."""
        rows = fold(shown(text), max(self._width - len(mark), 20))
        return [theme.paint(style, f"{mark}{row}".rstrip(), color=self._color) for row in rows]


def _single_spaced(lines: Iterable[str]) -> Iterator[str]:
    """Never two blank lines in a row, and none at the end."""
    waiting = False
    for line in lines:
        if not line:
            waiting = True
            continue
        if waiting:
            yield "\n"
            waiting = False
        yield f"{line}\n"
