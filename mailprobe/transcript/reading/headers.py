"""The header of a transcript: its keys are a table, and what they say becomes a `Head`.

It knows no other line of the file.  What is unknown, given twice or not as it must be is
Unreadable.
"""

import re
from collections.abc import Callable

from mailprobe.enums import Enum, auto
from mailprobe.patterns import pattern
from mailprobe.transcript.model import (
    Head,
    Header,
    Level,
    Matrix,
    Peer,
    Place,
    Placeholder,
    Setting,
    Unreadable,
)
from mailprobe.transcript.reading.cooked import NAME, nearest, read, read_escaped, shown
from mailprobe.value import field, frozen, mutable, replace

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from typing import NoReturn

FIRST = "mailprobe: 1"
LANGUAGE = r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*"
PROTOCOLS = ("smtp", "lmtp", "pop3", "raw")
LONGEST_TIME = 24 * 60 * 60.0  # seconds
_MOST_VALUES = 10_000  # of one matrix

_HEADER = pattern(r"([a-z0-9-]{2,})(?: +([^ :]+))?:(?: (.*))?")
_DURATION = pattern(r"([0-9]{1,9})(ms|s|m)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_WORD = pattern(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ITEM = pattern(r"[^ ,]+")
_REQUIRED = pattern(r"[!-+\--~]+(?: +[!-+\--~]+)*")
# Host and port, with the scheme of a URL or without; an IPv6 address has brackets.
_PRACTICE = pattern(r"sandbox[/+]")
_HOST_PORT = pattern(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:[^:\[\]/]*|\[[^\]]*\]):([^:/]*)/?", re.IGNORECASE
)
_PORT = pattern(r"[0-9]{1,5}")


@frozen
class Value:
    """The value of a header, with what a complaint about it needs."""

    text: str
    place: Place
    header: Header

    def fail(self, sentence: str, at: int = 0, width: int | None = None) -> "NoReturn":
        """What stands at `at` of the value is not as it must be."""
        place = self.place._replace(column=self.place.column + at)
        width = len(self.text) - at if width is None else width
        raise Unreadable(place, sentence, self.header.text, max(width, 1))


class Argument(Enum):
    """What may stand between key and colon."""

    NONE = auto()
    CONNECTION = auto()  # nothing, or 2 to 9
    LANGUAGE = auto()  # nothing, or a language
    NAME = auto()


@mutable
class Draft:
    """A `Head` that grows."""

    titles: dict[str, str] = field(default_factory=dict)
    peers: dict[int, Peer] = field(default_factory=dict)
    level: Level = Level.CODE
    timeout: float | None = None
    requires: tuple[tuple[str, ...], ...] = ()
    settings: list[Setting] = field(default_factory=list)
    matrices: list[Matrix] = field(default_factory=list)
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by key: lists of words
    texts: dict[str, str] = field(default_factory=dict)  # by key: what is kept as it stands

    def change_peer(self, value: Value, **changes: str | bool) -> None:
        """Say something of the connection that the header is about."""
        number = int(value.header.argument or 1)
        peer = self.peers.get(number, Peer())
        if peer.place is None or "connect" in changes:
            peer = replace(peer, place=value.place)
        self.peers[number] = replace(peer, **changes)


class Headers:
    """Takes header lines one by one, then says what all of them say."""

    def __init__(self) -> None:
        self._draft = Draft()
        self._seen: dict[tuple[str, str], Header] = {}

    def add(self, header: Header, place: Place) -> None:
        """Take one; its value begins at `place`.  Raises Unreadable."""
        start = Value(header.text, header.place, header)
        row = KEYS.get(header.key)
        if row is None:
            start.fail(
                f'unknown header "{shown(header.key)}": {nearest(header.key, KEYS)}',
                0,
                len(header.key),
            )
        _check_argument(start, row.argument)
        before = self._seen.setdefault((header.key, header.argument), header)
        if before is not header:
            start.fail(f"this header stands in line {before.place.line} already")
        if not header.value and not row.empty:
            start.fail(f'"{header.key}" says nothing: a value is expected')
        row.put(self._draft, Value(header.value, place, header))

    def head(self) -> Head:
        """All of them together.  Raises Unreadable where one speaks of what another lacks."""
        draft = self._draft
        languages = draft.words.get("lang", ())
        for (key, argument), header in self._seen.items():
            value = Value(header.text, header.place, header)
            if key == "title" and argument and argument not in languages:
                value.fail(unknown_language(argument, languages))
            if key == "matrix" and ("set", argument) in self._seen:
                value.fail(
                    f'"{shown(argument)}" is set in line {self._seen["set", argument].place.line}'
                )
        return Head(
            titles=draft.titles,
            peers=draft.peers,
            level=draft.level,
            timeout=draft.timeout,
            requires=draft.requires,
            settings=tuple(draft.settings),
            matrices=tuple(draft.matrices),
            lock=draft.texts.get("lock", ""),
            tags=frozenset(draft.words.get("tags", ())),
            languages=languages,
            lesson=draft.texts.get("lesson", ""),
            needs=draft.words.get("needs", ()),
            recorded=draft.texts.get("recorded", ""),
            source=draft.texts.get("source", ""),
        )


def read_header(text: str, place: Place) -> tuple[Header, Place]:
    """A header line, and where its value begins.  Raises Unreadable."""
    match = _HEADER.fullmatch(text)
    if not match:
        expected = "a header line is expected here, like `title: hello`; an empty line ends them"
        raise Unreadable(place, expected, text, len(text))
    key, argument, value = match.groups(default="")
    column = match.start(3) + 1 if value else len(text) + 1
    if key not in _EXACT:
        if value.startswith(" "):
            blanks = len(value) - len(value.lstrip(" "))
            raise Unreadable(
                place._replace(column=column), "one blank is expected", text, max(blanks, 1)
            )
        value = value.rstrip(" ")
    return Header(place, text, key, argument, value), place._replace(column=column)


def duration(value: Value) -> float:
    """Seconds of `500ms`, `2s`, `5m`.  Raises Unreadable."""
    match = _DURATION.fullmatch(value.text)
    if not match:
        value.fail(f'expected a time like 500ms, 2s or 5m, and "{shown(value.text)}" came')
    seconds = int(match[1]) * _UNITS[match[2]]
    if not 0 < seconds <= LONGEST_TIME:
        value.fail("a time is more than nothing and at most a day (1440m)")
    return seconds


def unknown_language(code: str, languages: tuple[str, ...]) -> str:
    """The sentence about a language that the header does not name."""
    known = f"which names {shown(' '.join(languages))}" if languages else "which is not there"
    return f'language "{shown(code)}" is not in the header `lang:`, {known}'


def _check_argument(start: Value, kind: Argument) -> None:
    key, argument = start.header.key, start.header.argument
    at, width = len(key), len(argument) + 1
    match kind:
        case Argument.NONE if argument:
            start.fail(f'"{key}" is followed by its colon at once', at, width)
        case Argument.CONNECTION if argument and not re.fullmatch("[2-9]", argument):
            start.fail("a connection is 2 to 9; the first one has no number", at, width)
        case Argument.LANGUAGE if argument and not re.fullmatch(LANGUAGE, argument):
            start.fail(f'"{shown(argument)}" is no language: expected one like en or zh', at, width)
        case Argument.NAME if not re.fullmatch(NAME, argument):
            start.fail(f'"{key}" wants a name: a-z, then a-z 0-9 - _', at, width)
        case _:
            pass


# ------------------------------------------------------------------------------------- values


def _one_of(value: Value, words: tuple[str, ...]) -> str:
    if value.text not in words:
        value.fail(f'expected one of {", ".join(words)}, and "{shown(value.text)}" came')
    return value.text


def _put_version(draft: Draft, value: Value) -> None:
    """The first line has been looked at before all others."""


def _put_title(draft: Draft, value: Value) -> None:
    draft.titles[value.header.argument] = value.text


def _put_protocol(draft: Draft, value: Value) -> None:
    draft.change_peer(value, protocol=_one_of(value, PROTOCOLS))


def _put_connect(draft: Draft, value: Value) -> None:
    # Behind `sandbox+` stand faults, `sandbox+slow:2s`.
    match = None if _PRACTICE.match(value.text) else _HOST_PORT.fullmatch(value.text)
    if match and not (_PORT.fullmatch(match[1]) and 1 <= int(match[1]) <= 65535):
        value.fail(
            f'a port is a number from 1 to 65535, and "{shown(match[1])}" came',
            match.start(1),
            len(match[1]),
        )
    draft.change_peer(value, connect=value.text)


def _put_tls(draft: Draft, value: Value) -> None:
    draft.change_peer(value, implicit_tls=_one_of(value, ("none", "implicit")) == "implicit")


def _put_ca(draft: Draft, value: Value) -> None:
    draft.change_peer(value, ca=value.text)


def _put_level(draft: Draft, value: Value) -> None:
    draft.level = Level(_one_of(value, tuple(level.value for level in Level)))


def _put_timeout(draft: Draft, value: Value) -> None:
    draft.timeout = duration(value)


def _put_requires(draft: Draft, value: Value) -> None:
    required, at = [], 0
    for part in value.text.split(","):
        item = part.strip(" ")
        if not _REQUIRED.fullmatch(item):
            value.fail("expected keywords like STARTTLS, AUTH PLAIN", at, max(len(part), 1))
        required.append(tuple(item.upper().split(" ")))
        at += len(part) + 1
    draft.requires = tuple(tuple(word for word in words if word) for words in required)


def _put_setting(draft: Draft, value: Value) -> None:
    _refuse_trailing_blank(value)
    pieces = read(value.text, value.place, line=value.header.text)
    for piece in pieces:
        if isinstance(piece, bytes):
            continue
        at = piece.column - value.place.column
        if isinstance(piece, Placeholder):
            value.fail("a setting holds no placeholder; functions it may", at, piece.width)
        if piece.word in ("sasl", "apop"):
            value.fail(f"{{={piece.word}}} answers a server: it cannot be set", at, piece.width)
    draft.settings.append(Setting(value.header.argument, pieces, value.header.place))


def _put_matrix(draft: Draft, value: Value) -> None:
    _refuse_trailing_blank(value)
    values: dict[str, bytes] = {}
    at = 0
    for item in value.text.split("|"):
        label, equals, text = item.partition("=")
        label = label.strip(" ")
        if not equals or not _WORD.fullmatch(label):
            value.fail("expected label=value, and a bar between two of them", at, len(item))
        if label in values:
            value.fail(f'two values are labelled "{shown(label)}"', at, len(item))
        before = item.index("=") + 1 + len(text) - len(text.lstrip(" "))
        place = value.place._replace(column=value.place.column + at + before)
        values[label] = read_escaped(text.strip(" "), place, line=value.header.text)
        if len(values) > _MOST_VALUES:
            value.fail(f"a matrix has at most {_MOST_VALUES} values", at)
        at += len(item) + 1
    draft.matrices.append(Matrix(value.header.argument, tuple(values.items()), value.header.place))


def _put_words(draft: Draft, value: Value) -> None:
    draft.words[value.header.key] = _words(value, _WORD)


def _put_languages(draft: Draft, value: Value) -> None:
    draft.words[value.header.key] = _words(value, re.compile(LANGUAGE))


def _put_text(draft: Draft, value: Value) -> None:
    draft.texts[value.header.key] = value.text


def _words(value: Value, pattern: re.Pattern[str]) -> tuple[str, ...]:
    words: dict[str, None] = {}
    for match in _ITEM.finditer(value.text):
        if not pattern.fullmatch(match[0]) or match[0] in words:
            seen = "stands here twice" if match[0] in words else "is no word for this header"
            value.fail(f'"{shown(match[0])}" {seen}', match.start(), len(match[0]))
        words[match[0]] = None
    return tuple(words)


def _refuse_trailing_blank(value: Value) -> None:
    if value.text.endswith(" "):
        value.fail("a blank at the end cannot be seen: write \\s", len(value.text) - 1)


@frozen
class Key:
    """What stands before the colon, and what is done with the value."""

    argument: Argument
    put: Callable[[Draft, Value], None]
    empty: bool = False  # it may say nothing


KEYS = {
    "mailprobe": Key(Argument.NONE, _put_version),
    "title": Key(Argument.LANGUAGE, _put_title),
    "protocol": Key(Argument.CONNECTION, _put_protocol),
    "connect": Key(Argument.CONNECTION, _put_connect),
    "tls": Key(Argument.CONNECTION, _put_tls),
    "ca": Key(Argument.CONNECTION, _put_ca),
    "match": Key(Argument.NONE, _put_level),
    "timeout": Key(Argument.NONE, _put_timeout),
    "requires": Key(Argument.NONE, _put_requires),
    "set": Key(Argument.NAME, _put_setting, empty=True),
    "matrix": Key(Argument.NAME, _put_matrix),
    "lock": Key(Argument.NONE, _put_text),
    "tags": Key(Argument.NONE, _put_words),
    "lang": Key(Argument.NONE, _put_languages),
    "lesson": Key(Argument.NONE, _put_text),
    "needs": Key(Argument.NONE, _put_words),
    "recorded": Key(Argument.NONE, _put_text),
    "source": Key(Argument.NONE, _put_text),
}
_EXACT = ("set", "matrix")  # blanks count in their values
