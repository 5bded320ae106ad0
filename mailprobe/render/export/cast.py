"""A session that plays itself: asciicast v2, for asciinema and its players.

The times are made up, and always the same: a person types, a server answers soon, unless a run was
measured.
"""

import json
from collections.abc import Iterator

from mailprobe.protocol import events
from mailprobe.render import theme
from mailprobe.render.export.options import Options
from mailprobe.render.export.spoken import Kind, Turn, turns
from mailprobe.render.folding import fold
from mailprobe.render.html_words import ours
from mailprobe.render.wording import chosen, shown, title_of
from mailprobe.transcript.model import Transcript

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.explain.model import Explanation

_WIDTH, _HEIGHT = 80, 24
_KEY = 0.045  # seconds between two keys
_TYPED = 1.5  # seconds that a line takes at most
_THINKS = 0.6  # before a command
_ANSWERS = 0.25  # before the first line of a reply
_FLOWS = 0.02  # between the lines of a reply, of mail data, of a body
_READS = 1.2  # behind a title or a text
_LONGEST = 3.0  # that nothing happens, whatever the file says

_STYLES = {
    Kind.BODY: "body",
    Kind.LINE: "body",
    Kind.REMARK: "note",
    Kind.TITLE: "title",
    Kind.LESSON: "hint",
}
_TYPES = (Kind.COMMAND, Kind.ANSWER, Kind.LINE)


def cast(transcript: Transcript, options: Options) -> str:
    """A header line, and one line for each piece of output."""
    language = chosen(transcript, options.language)
    title = title_of(transcript, language)
    header = {"version": 2, "width": _WIDTH, "height": _HEIGHT, "title": title}
    rows: list[object] = [header]
    at = 0.0
    for wait, text in _output(transcript, title, options):
        at += wait
        rows.append([round(at, 3), "o", text])
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _output(transcript: Transcript, title: str, options: Options) -> Iterator[tuple[float, str]]:
    """Seconds to wait, and what then appears."""
    yield 0.0, _told("title", title)
    waited = 0.0
    before: Turn | None = None
    explaining = _Explaining(ours(chosen(transcript, options.language) or options.language))
    for turn, explanation in _explained(transcript, options):
        if turn.kind is Kind.PAUSE:
            waited += turn.seconds
            continue
        pieces = list(_pieces(turn, before, options))
        wait = min(pieces[0][0] + waited, _LONGEST)
        yield wait, pieces[0][1]
        yield from pieces[1:]
        before, waited = turn, 0.0
        if text := explaining.behind(turn, explanation):
            yield _READS, text
            waited = _READS  # to read it
    yield _READS, ""


def _explained(
    transcript: Transcript, options: Options
) -> Iterator[tuple[Turn, "Explanation | None"]]:
    said = turns(transcript, language=options.language, read=options.read)
    if not options.explain:
        return ((turn, None) for turn in said)
    from mailprobe.render.export.explained import explained  # what nobody asks for is not loaded

    return explained(said)


class _Explaining:
    """What replies mean, dim, below them: below the body, where one has a body."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._held: dict[int, str] = {}  # connection: for the end of the body

    def behind(self, turn: Turn, explanation: "Explanation | None") -> str:
        """What stands below a turn."""
        text = self._text(explanation) if explanation is not None else ""
        for event in turn.events:
            match event:
                case events.ReplyReceived(body=True):
                    self._held[turn.connection], text = text, ""
                case events.BodyChunk(last=True):
                    text += self._held.pop(turn.connection, "")
                case _:
                    pass
        return text

    def _text(self, explanation: "Explanation") -> str:
        layers = (explanation.says, explanation.now, explanation.next)
        rows = [row for layer in layers if layer for row in layer.said(self._language)]
        return "".join(_told("note", shown(row), "   ") for row in rows)


def _pieces(turn: Turn, before: Turn | None, options: Options) -> Iterator[tuple[float, str]]:
    same = before is not None and (before.side, before.kind) == (turn.side, turn.kind)
    if turn.kind in (Kind.TITLE, Kind.LESSON):
        gap = "\r\n" if not same else ""
        yield _READS, gap + _told(_STYLES[turn.kind], turn.text)
    elif turn.side == "C" and turn.kind in _TYPES:
        yield from _typed(turn)
    elif turn.side == "C":
        yield (_FLOWS if same else _THINKS), _line(turn, "sent")
    else:
        soon = options.took.get(turn.line.place.line, _FLOWS if same else _ANSWERS)
        style = _STYLES.get(turn.kind) or _style_of_reply(turn.text)
        yield soon, _line(turn, style)


def _typed(turn: Turn) -> Iterator[tuple[float, str]]:
    """Key by key; a long line is as fast as it has to be."""
    yield _THINKS, _mark(turn)
    key = min(_KEY, _TYPED / max(len(turn.text), 1))
    for character in turn.text:
        yield key, theme.paint("sent", character, color=True)
    yield _KEY, "\r\n"


def _line(turn: Turn, style: str) -> str:
    return f"{_mark(turn)}{theme.paint(style, turn.text, color=True)}\r\n"


def _mark(turn: Turn) -> str:
    if not turn.side or turn.kind is Kind.REMARK:
        return "   "
    number = "" if turn.connection == 1 else str(turn.connection)
    style = "sent" if turn.side == "C" else "note"
    return theme.paint(style, f"{turn.side}{number}:", color=True) + " "


def _told(style: str, text: str, indent: str = "") -> str:
    rows = fold(text, _WIDTH - 1 - len(indent))
    return "".join(f"{theme.paint(style, indent + row, color=True)}\r\n" for row in rows)


def _style_of_reply(text: str) -> str:
    """By the first digit (RFC 5321, section 4.2.1) or the status indicator."""
    for starts, style in (
        (("2", "+OK"), "reply.ok"),
        (("3", "+"), "reply.go-on"),
        (("4",), "reply.later"),
        (("5", "-"), "reply.refused"),
    ):
        if text.startswith(starts):
            return style
    return "body"
