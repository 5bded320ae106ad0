"""One line behind the header, alone: what it says by its tag.

Blocks are not known here, nor what other lines say; a table of tags stands at the end.
"""

import re
from collections.abc import Callable

from mailprobe.patterns import pattern
from mailprobe.transcript.model import (
    Assert,
    Comment,
    EventLine,
    FileLine,
    Form,
    Happening,
    Header,
    Include,
    Lesson,
    Line,
    Pattern,
    Pieces,
    Place,
    Placeholder,
    Question,
    ReplyClass,
    Title,
    TlsLine,
    Unreadable,
    Wire,
)
from mailprobe.transcript.reading.cooked import ANY, NAME, extent, nearest, read, shown
from mailprobe.transcript.reading.headers import LANGUAGE, Value, duration, unknown_language

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from typing import NoReturn

FACTS = (
    *("state", "tls", "authenticated", "recipients", "stored", "deleted", "lines", "octets"),
    *("body", "message.text"),
)
OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "contains", "is")

_SIDE = pattern(r"([CS])([2-9]?)(.)(?:( )(.*))?(.*)")
_LANGUAGE_TAG = pattern(rf"(\||\?|==)({LANGUAGE})?(?: (.*))?")
_CLASS = pattern(
    r"(?P<code>[0-9x]{3})(?: (?P<enhanced>[0-9x]\.(?:[0-9]{1,3}|x)\.(?:[0-9]{1,3}|x)))?"
    r"|(?P<status>\+OK|-ERR)(?: \[(?P<response>[!-Z\\^-{}~]+)\])?|(?P<go>\+)"
)
_DIRECTIVE = pattern(r"@([a-z]*)(?:( +)(.*))?")
_ASSERT = pattern(r"(\S+)( +)(\S+)(?: (.*))?")
_FACT = pattern(rf"{NAME}|message\.[A-Za-z0-9-]+")
_EVENTS = {  # which side says it, and whether a time follows
    Happening.CLOSE: ("CS", False),
    Happening.RESET: ("CS", False),
    Happening.FLUSH: ("CS", False),
    Happening.PAUSE: ("C", True),
    Happening.SILENT: ("S", True),
    Happening.WITHIN: ("S", True),
    Happening.AFTER: ("S", True),
}
ANYTHING: Pieces = (Placeholder("", ANY, None, None),)
EXPECTED = "a line begins with C: S: | ? == @ or #, or with another tag of C and S"


def read_line(text: str, place: Place, languages: tuple[str, ...] = ()) -> Line:
    """What `text` says, which stands at `place` and is not empty.

    `languages` are those of the header.  What opens, parts or ends a block is a plain Line.
    Raises Unreadable.
    """
    return _READERS.get(text[0], _read_unknown)(text, place, languages)


def fail(text: str, place: Place, sentence: str, at: int = 0, width: int = 1) -> "NoReturn":
    """`text` is no line of the grammar, because of what stands at `at`."""
    place = place._replace(column=place.column + at)
    raise Unreadable(place, sentence, text, max(width, 1))


def _begin(text: str) -> str:
    """As much of a line as a sentence needs."""
    return text[:16].split(" ")[0] or " "


# --------------------------------------------------------------------------- lines of a side


def _read_side(text: str, place: Place, languages: tuple[str, ...]) -> Line:
    match = _SIDE.fullmatch(text)
    if not match:
        fail(text, place, f"{EXPECTED}, and not with {text[0]} alone")
    side, connection, tag, blank, content, rest = match.groups(default="")
    sides, reader = _TAGS.get(tag, ("", _read_wire))
    head = len(match[1] + match[2] + match[3])
    if tag == "1":
        fail(text, place, "the first connection has no number", 1)
    if side not in sides:
        tags = " ".join(tag for tag, (sides, _) in _TAGS.items() if side in sides)
        fail(text, place, f'"{side}{connection}" is followed by one of {tags}', head - 1)
    if rest:
        fail(text, place, f'one blank is expected after "{text[:head]}"', head)
    if blank and text.endswith(" "):
        at = len(text) - 1
        fail(text, place, "a blank at the end cannot be seen: write \\s where escapes count", at)
    if tag in _FILLED and not content:
        fail(text, place, f'"{text}" wants something behind it: {_FILLED[tag]}', width=len(text))
    return reader(text, place, side, int(connection or 1), content)


def _read_wire(text: str, place: Place, side: str, connection: int, content: str) -> Wire:
    form = Form(text[1] if text[1] not in "23456789" else text[2])
    start = place._replace(column=len(text) - len(content) + 1)
    pieces: Pieces = ()
    if form is Form.VERBATIM:
        pieces = (content.encode(),) if content else ()
    else:
        cooked = form is Form.COOKED or (form is Form.EXACT and side == "C")
        pieces = read(content, start, cooked=cooked, line=text)
    return Wire(place, text, side, connection, form, pieces)


def _read_file(text: str, place: Place, side: str, connection: int, content: str) -> FileLine:
    raw = content.startswith("raw ")
    return FileLine(place, text, side, connection, raw, content.removeprefix("raw "))


def _read_question(text: str, place: Place, side: str, connection: int, content: str) -> Question:
    classes = []
    at = len(text) - len(content)
    for item in content.split("|"):
        if len(item) == 3 and item.isascii() and item.isdigit():  # most are as plain as that
            classes.append(ReplyClass(item))
            at += len(item) + 1
            continue
        match = _CLASS.fullmatch(item)
        if not match:
            expected = "expected a class like 250, 2xx 2.1.x, +OK, -ERR [IN-USE] or +"
            fail(text, place, f'{expected}, and "{shown(item)}" came', at, len(item))
        code = match["code"] or match["status"] or match["go"]
        response = match["response"]
        classes.append(ReplyClass(code, match["enhanced"], response and response.upper()))
        at += len(item) + 1
    return Question(place, text, connection, tuple(classes))


def _read_pattern(text: str, place: Place, side: str, connection: int, content: str) -> Pattern:
    start = place._replace(column=len(text) - len(content) + 1)
    pieces = read(content, start, line=text) if content else ANYTHING
    return Pattern(place, text, connection, text[len(text.split(" ")[0]) - 1], pieces)


def _read_event(text: str, place: Place, side: str, connection: int, content: str) -> EventLine:
    at = len(text) - len(content)
    word, *rest = content.split(" ", 1)
    known = tuple(event.value for event, (sides, _) in _EVENTS.items() if side in sides)
    if word not in known:
        sentence = f'"{side}@" is followed by one of {", ".join(known)}'
        fail(text, place, f'{sentence}, and "{shown(word)}" came', at, len(word))
    happening = Happening(word)
    time = rest[0].strip(" ") if rest else ""
    if not _EVENTS[happening][1]:
        if time:
            fail(text, place, f'nothing follows "{word}"', at + len(word), len(rest[0]) + 1)
        return EventLine(place, text, side, connection, happening)
    if not time:
        fail(text, place, f'"{word}" is followed by a time: 500ms, 2s or 5m', at, len(word))
    column = len(text) - len(time) + 1
    seconds = read_duration(time, text, place, column)
    return EventLine(place, text, side, connection, happening, seconds)


def read_duration(time: str, text: str, place: Place, column: int) -> float:
    """Seconds of a time that stands at `column` of a line.  Raises Unreadable."""
    return duration(Value(time, place._replace(column=column), Header(place, text, "", "", time)))


# ------------------------------------------------------------------------------- lesson text


def _read_text(text: str, place: Place, languages: tuple[str, ...]) -> Line:
    """`|`, `?` and `==`."""
    match = _LANGUAGE_TAG.fullmatch(text)
    if not match:
        if text.startswith("======="):
            fail(text, place, _CONFLICT, width=len(text))
        if text[0] == "=" and text[1:2] != "=":
            _read_unknown(text, place, languages)
        tag = "==" if text[0] == "=" else text[0]
        width = len(_begin(text))
        fail(text, place, f'"{tag}" is followed by a language, or by one blank', 0, width)
    tag, language, content = match.groups(default="")
    if language and language not in languages:
        fail(text, place, unknown_language(language, languages), len(tag), len(language))
    content = content.rstrip(" ")
    if tag != "==":
        return Lesson(place, text, tag, language, content)
    if not content:
        fail(text, place, "a step has a title", width=len(text))
    return Title(place, text, language, content.strip(" "))


def _read_comment(text: str, place: Place, languages: tuple[str, ...]) -> Comment:
    return Comment(place, text)


_CONFLICT = "a merge was not finished here: choose one of the two versions"


def _read_unknown(text: str, place: Place, languages: tuple[str, ...]) -> "NoReturn":
    begin = _begin(text)
    if text.startswith(("<<<<<<<", ">>>>>>>")):
        fail(text, place, _CONFLICT, width=len(begin))
    fail(text, place, f'{EXPECTED}, and "{begin}" came', width=len(begin))


def _read_blank(text: str, place: Place, languages: tuple[str, ...]) -> Line:
    if text.strip(" "):
        fail(text, place, "a line begins with its tag, not with a blank")
    fail(text, place, "this line looks empty, but holds blanks", width=len(text))


# -------------------------------------------------------------------------------- directives


def read_word(text: str, place: Place) -> tuple[str, str, int]:
    """The word of a directive, its arguments, and where they begin.  Raises Unreadable."""
    match = _DIRECTIVE.fullmatch(text)
    if not match or match[1] not in DIRECTIVES:
        word = _begin(text)
        sentence = f'unknown directive "{word}": {nearest(word[1:], DIRECTIVES)}'
        fail(text, place, sentence, width=len(word))
    arguments = match[3] or ""
    return match[1], arguments, len(text) - len(arguments)


def _read_directive(text: str, place: Place, languages: tuple[str, ...]) -> Line:
    word, arguments, at = read_word(text, place)
    match word:
        case "tls":
            return _read_tls(text, place, arguments.rstrip(" "), at)
        case "include":
            path = arguments.strip(" ")
            if not path:
                fail(text, place, "@include is followed by a path", width=len(text))
            return Include(place, text, path)
        case "assert":
            return _read_assert(text, place, arguments, at)
        case _:
            return Line(place, text)


def _read_tls(text: str, place: Place, arguments: str, at: int) -> TlsLine:
    connection, end = 1, at + len(arguments)
    said: dict[str, Pieces | bool] = {}
    first = True
    while at < end:
        stop = extent(text[:end], at)
        item = text[at:stop]
        key, equals, value = item.partition("=")
        if first and re.fullmatch("[2-9]", item):
            connection = int(item)
        elif not equals or key not in ("version", "verify"):
            expected = "@tls [2] [version=TLSv1.3] [verify=on|off] is expected"
            fail(text, place, f'{expected}, and "{shown(item)}" came', at, len(item))
        elif key in said:
            fail(text, place, f'"{key}" stands here twice', at, len(item))
        elif key == "version":
            start = place._replace(column=at + len("version=") + 1)
            if not value:
                fail(text, place, '"version=" says nothing', at, len(item))
            said[key] = read(value, start, line=text)
        elif value not in ("on", "off"):
            fail(text, place, "verify= is on or off", at, len(item))
        else:
            said[key] = value == "on"
        first = False
        at = stop
        while at < end and text[at] == " ":
            at += 1
    version, verify = said.get("version"), said.get("verify")
    assert not isinstance(version, bool)  # as read above
    assert not isinstance(verify, tuple)
    return TlsLine(place, text, connection, version, verify)


def _read_assert(text: str, place: Place, arguments: str, at: int) -> Assert:
    match = _ASSERT.fullmatch(arguments)
    if not match:
        fail(text, place, "@assert FACT OP VALUE is expected: @assert lines >= 1", width=len(text))
    fact, blanks, operator, value = match.groups(default="")
    if not _FACT.fullmatch(fact):
        known = "expected a name or one of " + ", ".join((*FACTS, "message.FIELD"))
        fail(text, place, f'{known}, and "{shown(fact)}" came', at, len(fact))
    if operator not in OPERATORS:
        known = f"expected one of {' '.join(OPERATORS)}"
        before = at + len(fact) + len(blanks)
        fail(text, place, f'{known}, and "{shown(operator)}" came', before, len(operator))
    if text.endswith(" "):
        fail(text, place, "a blank at the end cannot be seen: write \\s", len(text) - 1)
    if operator == "is" and fact != "body":
        sentence = '"is" compares the body with a file: @assert body is hello.eml'
        fail(text, place, sentence, at, len(arguments))
    stripped = value.lstrip(" ")
    if not stripped and operator not in ("==", "!="):
        fail(text, place, f'"{operator}" wants a value behind it', width=len(text))
    start = place._replace(column=len(text) - len(stripped) + 1)
    pieces = read(stripped, start, line=text)
    _check_value(fact, operator, pieces, text, start)
    return Assert(place, text, fact, operator, pieces)


def _check_value(fact: str, operator: str, pieces: Pieces, text: str, start: Place) -> None:
    """A value that stands to the letter is one that the fact can have."""
    literal = [piece for piece in pieces if isinstance(piece, bytes)]
    if len(literal) < len(pieces):
        return  # it is known when it is played, and looked at then
    from mailprobe.transcript.reading.assertions import objection  # few files assert anything

    value = b"".join(literal).decode("utf-8", "surrogateescape")
    if sentence := objection(fact, operator, value):
        width = max(1, len(text) - start.column + 1)
        raise Unreadable(start, sentence, text, width)


DIRECTIVES = ("tls", "include", "assert", "alt", "or", "poll", "wrong", "end")

_Reader = Callable[[str, Place, tuple[str, ...]], Line]
_READERS: dict[str, _Reader] = {
    "C": _read_side,
    "S": _read_side,
    "#": _read_comment,
    "@": _read_directive,
    "|": _read_text,
    "?": _read_text,
    "=": _read_text,
    " ": _read_blank,
}

_SideReader = Callable[[str, Place, str, int, str], Line]
# Which side has a tag, and who reads what follows it.
_TAGS: dict[str, tuple[str, _SideReader]] = {
    ":": ("CS", _read_wire),
    "\\": ("CS", _read_wire),
    "=": ("CS", _read_wire),
    "~": ("CS", _read_wire),
    "<": ("C", _read_file),
    ">": ("S", _read_file),
    "?": ("S", _read_question),
    "+": ("S", _read_pattern),
    "-": ("S", _read_pattern),
    "*": ("S", _read_pattern),
    "@": ("CS", _read_event),
}
# What must stand behind a tag that cannot be alone.
_FILLED = {
    "=": "exactly these octets travel",
    "<": "the path of a file",
    ">": "the path of a file",
    "?": "a class of replies",
    "+": "what some line must be",
    "-": "what no line may be",
    "@": "what happens",
}
