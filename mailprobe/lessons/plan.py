"""A lesson as a plan: its steps, what each awaits, and the known mistakes beside it.

Made from the lines of a transcript and from the steps that its players walk along.  A pure
function of values.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile

from mailprobe.enums import Enum, auto
from mailprobe.lessons.words import Words, counted, titled, words_of
from mailprobe.transcript.dialogue import compile_steps
from mailprobe.transcript.model import (
    Alt,
    Blank,
    Happening,
    Head,
    Include,
    Lesson,
    Line,
    Title,
    Transcript,
    Wrong,
    walk,
)
from mailprobe.transcript.steps import (
    Check,
    Choice,
    Handshake,
    Happens,
    Repeat,
    Reply,
    Sort,
    Step,
    Unit,
    Write,
)
from mailprobe.value import field, frozen, mutable

MOST = 64  # ways through the alternatives of one lesson
_ENDS = (Happening.CLOSE, Happening.RESET)


class Kind(Enum):
    """What an item awaits."""

    OPEN = auto()  # a connection, and its greeting
    SAY = auto()  # a command, an answer, mail data; and the replies to it
    HEAR = auto()  # a reply that nothing is owed
    TLS = auto()  # a handshake
    END = auto()  # the end of a connection, by the client


@frozen
class Said:
    """A unit of the client, and the replies that belong to it."""

    connection: int
    unit: Unit
    replies: tuple[Reply, ...]
    write: int = 0  # the line at which the write begins of which it is a part


@frozen
class Mistake:
    """A known one: `said` is what recognises it; `number` counts them along this way."""

    number: int
    line: Line
    said: tuple[Said, ...]
    checks: tuple[Check, ...]
    text: Words


@frozen
class Item:
    """One thing that a step awaits.  `text` stands before it, `after` is told behind it."""

    kind: Kind
    connection: int
    line: Line
    unit: Unit | None
    replies: tuple[Reply, ...]
    checks: tuple[Check, ...]
    text: Words
    hints: tuple[Words, ...]
    after: Words
    mistakes: tuple[Mistake, ...]
    write: int = 0  # see `Said`


@frozen
class Part:
    """A step of the lesson; `number` is 0 for what is done before the first of them."""

    number: int
    title: Words
    items: tuple[Item, ...]
    checks: tuple[Check, ...]
    text: Words  # what stands behind all items and belongs to none


@frozen
class Plan:
    """One way through a lesson."""

    choices: tuple[int, ...]
    title: Words
    parts: tuple[Part, ...]

    @property
    def steps(self) -> int:
        """How many the learner has to do."""
        return sum(part.number > 0 for part in self.parts)

    def items(self) -> Iterator[Item]:
        for part in self.parts:
            yield from part.items

    def mistakes(self) -> Iterator[Mistake]:
        for item in self.items():
            yield from item.mistakes


def plans(transcript: Transcript, values: Mapping[str, bytes]) -> tuple[Plan, ...]:
    """Every way through a lesson, the first branches first.  Raises Unreadable."""
    found: list[Plan] = []
    left: list[tuple[int, ...]] = [()]
    while left and len(found) < MOST:
        choices = left.pop()
        steps = compile_steps(transcript, values, choices)
        branches = _open(steps)
        left += [(*choices, branch) for branch in reversed(range(branches))]
        if not branches:
            found.append(_Maker(transcript, values, choices).make(steps))
    return tuple(found)


def _open(steps: Sequence[Step]) -> int:
    last = steps[-1] if steps else None
    return len(last.line.branches) if isinstance(last, Choice) else 0


def _path(lines: Iterable[Line], choices: Iterator[int]) -> Iterator[Line]:
    """The lines that are played, texts and known mistakes among them."""
    for line in lines:
        match line:
            case Include(lines=inner):
                yield from _path(inner, choices)
            case Alt(branches=branches):
                yield from _path(branches[next(choices)].lines, choices)
            case _:
                yield line


@mutable
class _Item:
    """An item that grows."""

    kind: Kind
    connection: int
    line: Line
    unit: Unit | None
    text: list[Lesson]
    hints: list[Lesson]
    mistakes: list[Mistake]
    replies: list[Reply] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    after: list[Lesson] = field(default_factory=list)
    write: int = 0

    def finish(self, languages: tuple[str, ...]) -> Item:
        return Item(
            self.kind,
            self.connection,
            self.line,
            self.unit,
            tuple(self.replies),
            tuple(self.checks),
            words_of(self.text, languages),
            counted(self.hints, languages),
            words_of(self.after, languages),
            tuple(self.mistakes),
            self.write,
        )


@mutable
class _Part:
    titles: list[Title] = field(default_factory=list)
    items: list[_Item] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    text: list[Lesson] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        return not (self.items or self.checks or self.text)


class _Maker:
    """Walks along one way, and puts texts and steps together by where they stand."""

    def __init__(
        self, transcript: Transcript, values: Mapping[str, bytes], choices: tuple[int, ...]
    ) -> None:
        self._transcript = transcript
        self._values = values
        self._choices = choices
        self._head: Head = transcript.head
        self._parts = [_Part()]
        self._text: list[Lesson] = []
        self._hints: list[Lesson] = []
        self._mistakes: list[Mistake] = []
        self._explains: _Item | None = None  # whose reply stands directly above
        self._wrongs = 0

    def make(self, steps: Sequence[Step]) -> Plan:
        there: dict[int, list[Step | Said]] = {}
        for step in steps:
            for line, part in _placed(step):
                there.setdefault(id(line), []).append(part)
        for line in _path(self._transcript.lines, iter(self._choices)):
            match line:
                case Lesson(tag="|"):
                    target = self._explains.after if self._explains else self._text
                    target.append(line)
                case Lesson():
                    self._explains = None
                    self._hints.append(line)
                case Wrong():
                    self._explains = None
                    self._take_mistake(line)
                case Title():
                    self._begin(line)
                case Blank():
                    self._explains = None
                case _:
                    for one in there.get(id(line), ()):
                        self._take(line, one)
        self._close()
        return self._finish()

    def _begin(self, line: Title) -> None:
        part = self._parts[-1]
        again = line.language in [title.language for title in part.titles]
        if self._text or not part.titles or not part.empty or again:
            self._close()
            part = _Part()
            self._parts.append(part)
        part.titles.append(line)
        self._explains = None

    def _close(self) -> None:
        """What is said behind the last item of a part."""
        self._parts[-1].text += self._text
        self._text, self._hints, self._mistakes = [], [], []
        self._explains = None

    def _add(self, kind: Kind, connection: int, line: Line, unit: Unit | None = None) -> _Item:
        item = _Item(kind, connection, line, unit, self._text, self._hints, self._mistakes)
        self._text, self._hints, self._mistakes = [], [], []
        self._explains = None
        self._parts[-1].items.append(item)
        return item

    def _take(self, line: Line, one: "Step | Said") -> None:
        match one:
            case Said(connection=number, unit=unit):
                self._add(Kind.SAY, number, line, unit).write = one.write
            case Reply():
                self._explains = self._reply(line, one)
            case Handshake():
                self._explains = self._add(Kind.TLS, one.line.connection, line)
            case Happens(line=event) if event.side == "C" and event.word in _ENDS:
                self._explains = self._add(Kind.END, event.connection, line)
            case Check():
                part = self._parts[-1]
                part.checks.append(one)
                if part.items:
                    part.items[-1].checks.append(one)
                    self._explains = part.items[-1]
            case _:
                pass

    def _reply(self, line: Line, reply: Reply) -> _Item:
        unit, context = reply.context.unit, reply.context
        for part in reversed(self._parts):
            for item in reversed(part.items):
                mine = item.unit is not None and item.unit.number == unit
                if mine and item.connection == reply.connection:
                    item.replies.append(reply)
                    return item
        kind = Kind.OPEN if context.greeting else Kind.HEAR
        item = self._add(kind, reply.connection, line)
        item.replies.append(reply)
        return item

    def _take_mistake(self, block: Wrong) -> None:
        number, self._wrongs = self._wrongs, self._wrongs + 1
        steps = compile_steps(self._transcript, self._values, self._choices, number)
        inside = {id(line) for line in walk(block.lines)}
        said: dict[tuple[int, int], tuple[Unit, list[Reply]]] = {}
        checks: list[Check] = []
        for step in steps:
            for line, part in _placed(step):
                if id(line) not in inside:
                    continue
                match part:
                    case Said(connection=connection, unit=unit):
                        said[connection, unit.number] = unit, []
                    case Reply(connection=connection, context=context):
                        known = said.get((connection, -1 if context.unit is None else context.unit))
                        if known is not None:
                            known[1].append(part)
                    case Check():
                        checks.append(part)
                    case _:
                        pass
        texts = [line for line in walk(block.lines) if isinstance(line, Lesson) and line.tag == "|"]
        self._mistakes.append(
            Mistake(
                number,
                block,
                tuple(Said(at, unit, tuple(replies)) for (at, _), (unit, replies) in said.items()),
                tuple(checks),
                words_of(texts, self._head.languages),
            )
        )

    def _finish(self) -> Plan:
        languages = self._head.languages
        whole = len(self._parts) == 1  # no step is named: all of it is one
        made, number = [], 0
        for part in self._parts:
            if part.titles or whole:
                number += 1
            elif part.empty:
                continue
            made.append(
                Part(
                    number if part.titles or whole else 0,
                    words_of(part.titles, languages) or titled(self._head.titles, languages),
                    tuple(item.finish(languages) for item in part.items),
                    tuple(part.checks),
                    words_of(part.text, languages),
                )
            )
        return Plan(self._choices, titled(self._head.titles, languages), tuple(made))


def together(items: Sequence[Item]) -> tuple[Item, ...]:
    """The first of them, and those that the file has in the same write."""
    first = items[0]
    if first.kind is not Kind.SAY:
        return (first,)
    return tuple(takewhile(lambda each: each.write == first.write and each.write > 0, items))


def _placed(step: Step) -> Iterator[tuple[Line, "Step | Said"]]:
    """The line at which a step, or each unit that it writes, begins."""
    match step:
        case Write(connection=number, lines=(first, *_), units=units):
            for unit in units:
                if unit.sort is not Sort.RAW:
                    yield unit.lines[0], Said(number, unit, (), first.place.line)
        case Reply(expected=expected):
            yield expected.lines[0], step
        case Handshake(line=line) | Happens(line=line) | Check(line=line):
            yield line, step
        case Repeat() | Choice():
            pass
        case _:
            pass
