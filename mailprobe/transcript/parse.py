"""The reader of transcripts: octets of a file become a tree that keeps every line.

Strict: what is not of the grammar is Unreadable, with its place and a sentence, so that nothing
that was mistyped turns into no expectation.  It reads no file, and plays nothing.
"""

import gc
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat

from mailprobe.transcript.model import (
    Alt,
    Blank,
    Branch,
    Comment,
    EventLine,
    FileLine,
    Form,
    Head,
    Include,
    Lesson,
    Line,
    Pattern,
    Place,
    Poll,
    Question,
    Title,
    Transcript,
    Unreadable,
    Wire,
    Wrong,
)
from mailprobe.transcript.reading.cooked import NAME, shown
from mailprobe.transcript.reading.headers import FIRST, Headers, read_header
from mailprobe.transcript.reading.lines import fail, read_duration, read_line, read_word
from mailprobe.transcript.reading.source import LARGEST as LARGEST  # here they are looked for
from mailprobe.transcript.reading.source import LONGEST as LONGEST
from mailprobe.transcript.reading.source import split
from mailprobe.value import field, mutable

MOST_LINES = 100_000  # behind the header
_DEEPEST = 10  # blocks inside of each other
_OTHERS = frozenset("23456789")  # the digit of a connection
_TAGS = frozenset(":\\=~<>?+*@-")
_POLL = "@poll within=60s every=3s is expected"
_TRIVIA = (Blank, Comment, Lesson, Title)

_PLACE: Callable[[type[Place], tuple[str, int, int]], Place] = tuple.__new__
# Nearly every line of nearly every file: what it begins with, side and form.
_PLAIN = {"C: ": "C", "S: ": "S"}


def parse(octets: bytes, name: str) -> Transcript:
    """The transcript in `octets`, of a file that a person calls `name`.

    Raises Unreadable for the first thing that is wrong.
    """
    with _without_collector():
        return _Parser(octets, name, _raise).transcript()


def faults(octets: bytes, name: str) -> list[Unreadable]:
    """All that is wrong with a transcript, at most once a line, in the order of the lines."""
    found: list[Unreadable] = []
    try:
        _Parser(octets, name, found.append).transcript()
    except Unreadable as fault:  # what leaves nothing to be read
        found.append(fault)
    return sorted(found, key=lambda fault: fault.place)


def _raise(fault: Unreadable) -> None:
    raise fault


def _begins_body(text: str) -> bool:
    """Whether a line begins as those of the body do, and as no header."""
    if text.startswith(("C", "S")):
        return text[2 if text[1:2] in _OTHERS else 1 :][:1] in _TAGS
    return text.startswith(("|", "?", "@", "=="))


@contextmanager
def _without_collector() -> Iterator[None]:
    """No search for cycles meanwhile: none are made, and it cost half the time of a long file."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@mutable
class _Block:
    """An `@alt`, `@poll` or `@wrong` whose `@end` has not come."""

    word: str
    line: Line
    lines: list[Line] = field(default_factory=list)
    within: float = 0.0
    every: float = 0.0
    begun: Line = field(init=False)  # the branch that grows
    name: str = ""
    branches: list[Branch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.begun = self.line


class _Parser:
    """One run over one file; each fault is handed to `report`, which may raise it."""

    def __init__(self, octets: bytes, name: str, report: Callable[[Unreadable], None]) -> None:
        self._octets = octets
        self._name = name
        self._report = report
        self._hidden: dict[int, Unreadable] = {}  # by line, before any is read
        self._headers: list[Line] = []
        self._lines: list[Line] = []
        self._blocks: list[_Block] = []
        self._languages: tuple[str, ...] = ()

    def transcript(self) -> Transcript:
        lines, self._hidden = split(self._octets, self._name)
        head = Headers()
        start = self._read_headers(lines, head)
        read = self._finish(head)
        self._languages = read.languages
        self._read_lines(lines, start)
        for block in self._blocks:
            place, text = block.line.place, block.line.text
            self._report(Unreadable(place, f"@{block.word} has no @end", text, len(text)))
        return Transcript(self._name, self._octets, tuple(self._headers), read, tuple(self._lines))

    def _place(self, line: int, column: int = 1) -> Place:
        return Place(self._name, line, column)

    # ---------------------------------------------------------------------------- the header

    def _read_headers(self, lines: list[str], head: Headers) -> int:
        """Take the header lines; returns how many lines stand before the first of the body."""
        self._check_first(lines[0] if lines else "")
        for number, text in enumerate(lines, 1):
            place = self._place(number)
            if not text:
                self._headers.append(Blank(place, text))
                return number
            try:
                if number in self._hidden:
                    raise self._hidden[number]
                if text.startswith("#"):
                    self._headers.append(Comment(place, text))
                    continue
                if _begins_body(text):
                    fail(text, place, "an empty line is expected between header and body")
                header, value = read_header(text, place)
                self._headers.append(header)
                head.add(header, value)
            except Unreadable as fault:
                self._report(fault)
                if _begins_body(text):
                    return number - 1
        return len(lines)

    def _check_first(self, text: str) -> None:
        """Raises Unreadable unless this is a transcript that can be read."""
        if text == FIRST:
            return
        sentence = f'a transcript begins with the line "{FIRST}"'
        if re.fullmatch("mailprobe: [1-9][0-9]*", text):
            sentence = "this transcript is from the future: only version 1 can be read here"
        raise Unreadable(self._place(1), sentence, text, max(len(text), 1))

    def _finish(self, head: Headers) -> Head:
        try:
            return head.head()
        except Unreadable as fault:
            self._report(fault)
            return Head()

    # ------------------------------------------------------------------------------ the body

    def _read_lines(self, lines: list[str], start: int) -> None:
        """Read what stands behind the header.  Lines like the most are read at once, here."""
        if len(lines) - start > MOST_LINES:
            place = self._place(start + MOST_LINES + 1)
            raise Unreadable(place, f"there are more than {MOST_LINES} lines behind the header")
        body = lines[start:]
        numbers = range(start + 1, len(lines) + 1)
        # Each step of this loop was measured; a `Place` made in it would cost a fifth of all.
        places = map(_PLACE, repeat(Place), zip(repeat(self._name), numbers, repeat(1)))
        hidden, side_of, verbatim = self._hidden, _PLAIN.get, Form.VERBATIM
        append = self._lines.append
        for text, place in zip(body, places, strict=True):
            side = side_of(text[:3])
            if side is not None and text[-1] != " " and not (hidden and place.line in hidden):
                append(Wire(place, text, side, 1, verbatim, (text[3:].encode(),)))
                continue
            if not text:
                append(Blank(place, text))
                continue
            try:
                if place.line in hidden:
                    raise hidden[place.line]
                self._read_line(text, place)
            except Unreadable as fault:
                self._report(fault)
            append = self._open().append

    def _open(self) -> list[Line]:
        """Where the next line belongs."""
        return self._blocks[-1].lines if self._blocks else self._lines

    def _read_line(self, text: str, place: Place) -> None:
        line = read_line(text, place, self._languages)
        if type(line) is Line:
            self._read_block(line)
            return
        if isinstance(line, Pattern) and line.tag == "*":
            self._refuse_second_star(line)
        if isinstance(line, Include) and self._is_in_wrong():
            fail(text, place, "@wrong holds no other block and no file", width=len(text))
        self._open().append(line)

    def _is_in_wrong(self) -> bool:
        # Whatever is deeper is wrong already, and nobody looks through thousands of it.
        return any(block.word == "wrong" for block in self._blocks[: _DEEPEST + 1])

    def _refuse_second_star(self, star: Pattern) -> None:
        for line in reversed(self._open()):
            if isinstance(line, Pattern) and (line.tag, line.connection) == ("*", star.connection):
                fail(star.text, star.place, "two S* in a row say no more than one", width=2)
            if not isinstance(line, (*_TRIVIA, EventLine)):
                return

    # -------------------------------------------------------------------------------- blocks

    def _read_block(self, line: Line) -> None:
        word, arguments, at = read_word(line.text, line.place)
        arguments = arguments.rstrip(" ")
        match word:
            case "end":
                self._close(line, arguments, at)
            case "or":
                self._branch(line, arguments, at)
            case _:
                block = _Block(word, line)
                outer = [block.word for block in self._blocks[:_DEEPEST]]
                self._blocks.append(block)  # its @end is to be found even if it is wrong
                self._check_nesting(word, line, outer)
                self._read_arguments(block, arguments, at)

    def _check_nesting(self, word: str, line: Line, outer: list[str]) -> None:
        width = len(line.text)
        if "wrong" in outer:
            fail(line.text, line.place, "@wrong holds no other block and no file", width=width)
        if "poll" in outer and word != "alt":
            fail(line.text, line.place, f"@{word} cannot stand inside @poll", width=width)
        if len(outer) >= _DEEPEST:
            sentence = f"more than {_DEEPEST} blocks inside of each other"
            fail(line.text, line.place, sentence, width=width)

    def _read_arguments(self, block: _Block, arguments: str, at: int) -> None:
        text, place = block.line.text, block.line.place
        if block.word == "alt":
            block.name = _branch_name(block, block.line, arguments, at)
        elif block.word == "poll":
            block.within, block.every = _poll_times(block.line, arguments, at)
        elif arguments:
            fail(text, place, "nothing follows @wrong", at, len(arguments))

    def _branch(self, line: Line, arguments: str, at: int) -> None:
        block = self._blocks[-1] if self._blocks else None
        if block is None or block.word != "alt":
            fail(line.text, line.place, "@or stands outside of an @alt", width=3)
        _end_branch(block, self._report)
        block.begun, block.lines = line, []
        block.name = _branch_name(block, line, arguments, at)

    def _close(self, end: Line, arguments: str, at: int) -> None:
        if not self._blocks:
            fail(end.text, end.place, "@end closes nothing: no block is open here", width=4)
        block = self._blocks.pop()
        self._open().append(self._finished(block, end))
        if arguments:
            fail(end.text, end.place, "nothing follows @end", at, len(arguments))

    def _finished(self, block: _Block, end: Line) -> Line:
        place, text, lines = block.line.place, block.line.text, tuple(block.lines)
        if block.word == "alt":
            _end_branch(block, self._report)
            return Alt(place, text, tuple(block.branches), end)
        first = _first(lines)
        if block.word == "poll":
            if first is None:
                self._report(Unreadable(place, "there is nothing in this @poll", text, len(text)))
            return Poll(place, text, block.within, block.every, lines, end)
        if not isinstance(first, Wire) or first.side != "C":
            place_of, sentence = place, "@wrong begins with the C line that is the mistake"
            self._report(Unreadable(place_of, sentence, text, len(text)))
        return Wrong(place, text, lines, end)


def _first(lines: tuple[Line, ...] | list[Line]) -> Line | None:
    """The first line that is more than text for people."""
    return next((line for line in lines if not isinstance(line, _TRIVIA)), None)


def _begins_with_reply(lines: tuple[Line, ...] | list[Line]) -> bool:
    match _first(lines):
        case Wire(side=side) | FileLine(side=side) | EventLine(side=side):
            return side == "S"
        case Pattern(tag=tag):
            return tag == "*"
        case Question() | Include() | Alt():  # what they hold is looked at by itself
            return True
        case _:
            return False


def _end_branch(block: _Block, report: Callable[[Unreadable], None]) -> None:
    line = block.begun
    if not _begins_with_reply(block.lines):
        sentence = "each way of an @alt begins with an S line"
        report(Unreadable(line.place, sentence, line.text, len(line.text)))
    block.branches.append(Branch(line, block.name, tuple(block.lines)))


def _branch_name(block: _Block, line: Line, arguments: str, at: int) -> str:
    if not re.fullmatch(NAME, arguments):
        sentence = f"{line.text.split(' ')[0]} is followed by a name: a-z, then a-z 0-9 - _"
        fail(line.text, line.place, sentence, min(at, len(line.text) - 1), len(arguments))
    if any(branch.name == arguments for branch in block.branches):
        fail(
            line.text,
            line.place,
            f'"{shown(arguments)}" stands in this @alt twice',
            at,
            len(arguments),
        )
    return arguments


def _poll_times(line: Line, arguments: str, at: int) -> tuple[float, float]:
    times: dict[str, float] = {}
    for match in re.finditer(r"[^ ]+", arguments):
        key, _, time = match[0].partition("=")
        if key not in ("within", "every") or key in times:
            fail(line.text, line.place, _POLL, at + match.start(), len(match[0]))
        column = line.place.column + at + match.start() + len(key) + 1
        times[key] = read_duration(time, line.text, line.place, column)
    if len(times) < 2:
        fail(line.text, line.place, _POLL, width=len(line.text))
    return times["within"], times["every"]
