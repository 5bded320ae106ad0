"""A dialogue as a picture: SVG with text in it, light or dark as the reader's screen is.

Nothing is loaded from elsewhere, and nothing in it can act.
"""

from collections.abc import Iterator
from html import escape

from mailprobe.render.export.options import Options
from mailprobe.render.export.spoken import Kind, Turn, turns
from mailprobe.render.folding import chunks, columns, fold
from mailprobe.render.wording import chosen, title_of
from mailprobe.transcript.model import Transcript

_COLUMNS = 88
_CHARACTER, _ROW, _BORDER = 8.4, 20, 20  # user units
_STYLE = """
.page{fill:#f6f8fa;stroke:#d1d9e0}text{fill:#1b1f24;font:14px ui-monospace,'Cascadia Mono',
Menlo,Consolas,monospace;white-space:pre}.title{font-weight:700}.client{fill:#0550ae}
.quiet{fill:#59636e}.good{fill:#116329}.bad{fill:#a40e26;font-weight:700}
@media(prefers-color-scheme:dark){.page{fill:#0d1117;stroke:#3d444d}text{fill:#e6edf3}
.client{fill:#79c0ff}.quiet{fill:#9198a1}.good{fill:#7ee787}.bad{fill:#ff9492}}
"""
_BAD = ("4", "5", "-ERR")
_CLASSES = {
    Kind.BODY: "server",
    Kind.LINE: "server",
    Kind.REMARK: "quiet",
    Kind.TITLE: "title",
    Kind.LESSON: "quiet",
}

Row = tuple[str, str]  # class, text


def picture(transcript: Transcript, options: Options) -> str:
    """A whole file; its title and the dialogue are text for those who do not see it."""
    title = title_of(transcript, chosen(transcript, options.language))
    rows = list(_rows(transcript, title, options))
    width = max(_COLUMNS, *(columns(text) for _, text in rows)) * _CHARACTER + 2 * _BORDER
    height = len(rows) * _ROW + 2 * _BORDER
    texts = "".join(_text(number, row) for number, row in enumerate(rows))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
        f'width="{width:.0f}" height="{height}" role="img" aria-labelledby="title">\n'
        f'<title id="title">{escape(title)}</title>\n<style>{_STYLE}</style>\n'
        f'<rect class="page" x="0.5" y="0.5" width="{width - 1:.0f}" height="{height - 1}" '
        f'rx="8"/>\n{texts}</svg>\n'
    )


def _text(number: int, row: Row) -> str:
    name, text = row
    if not text:
        return ""
    y = _BORDER + number * _ROW + _ROW * 0.75
    where = f'x="{_BORDER}" y="{y:.0f}" xml:space="preserve"'
    return f'<text class="{name}" {where}>{escape(text)}</text>\n'


def _rows(transcript: Transcript, title: str, options: Options) -> Iterator[Row]:
    for text in fold(title, _COLUMNS):
        yield "title", text
    yield "", ""
    for turn in turns(transcript, language=options.language, read=options.read):
        if turn.kind is Kind.PAUSE:
            continue
        if turn.kind is Kind.TITLE:
            yield "", ""
        if turn.kind in (Kind.TITLE, Kind.LESSON):
            for text in fold(turn.text, _COLUMNS):
                yield _CLASSES[turn.kind], text
        else:
            yield from _spoken(turn)


def _spoken(turn: Turn) -> Iterator[Row]:
    """A line, cut where it is too long; what follows stands below its beginning."""
    number = "" if turn.connection == 1 else str(turn.connection)
    mark = f"{turn.side}{number}: " if turn.side and turn.kind is not Kind.REMARK else "   "
    for row in chunks(turn.text, _COLUMNS - len(mark)):
        yield _class(turn), mark + row
        mark = " " * len(mark)


def _class(turn: Turn) -> str:
    if turn.side == "C" and turn.kind is not Kind.REMARK:
        return "client"
    if turn.kind is Kind.REPLY:
        return "bad" if turn.text.startswith(_BAD) else "good"
    return _CLASSES[turn.kind]
