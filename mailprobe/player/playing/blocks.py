"""Steps that follow each other, with what a player has to know of them beforehand."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import takewhile

from mailprobe.transcript.model import Happening
from mailprobe.transcript.steps import (
    Check,
    Choice,
    Happens,
    RawLine,
    Repeat,
    Reply,
    Step,
    Write,
    connection_of,
)
from mailprobe.value import frozen

_ENDS = (Happening.CLOSE, Happening.RESET)
_GREETING = -1  # stands for a unit in front of all that the client says


@frozen
class Block:
    """The steps of a file, or of one round of a `@poll`.

    `owed` says for a `Write` how many replies to what was written before it stand behind it, and
    for an end by the client how many replies of that connection do.  `rounds` are the blocks inside
    of the steps of that index, `last` is the last step of each connection.
    """

    steps: tuple[Step, ...]
    owed: dict[int, int]
    rounds: dict[int, "Block"]
    last: dict[int, Step]

    @classmethod
    def of(cls, steps: tuple[Step, ...]) -> "Block":
        rounds = {
            index: cls.of(step.steps)
            for index, step in enumerate(steps)
            if isinstance(step, Repeat)
        }
        undecided = bool(_ways_on(steps, rounds))
        last = {number: step for step in steps if (number := connection_of(step)) is not None}
        owed = _owed(steps, undecided=undecided) | _behind_ends(steps, undecided=undecided)
        return cls(steps, owed, rounds, last)

    @property
    def open(self) -> int:
        """How many ways there are on behind the last step: 0 where all is decided."""
        return _ways_on(self.steps, self.rounds)

    def each(self) -> Iterator[Step]:
        """Every step, those of rounds, too."""
        for index, step in enumerate(self.steps):
            yield step
            if index in self.rounds:
                yield from self.rounds[index].each()


def _ways_on(steps: tuple[Step, ...], rounds: dict[int, Block]) -> int:
    last = steps[-1] if steps else None
    if isinstance(last, Choice):
        return len(last.line.branches)
    inner = rounds.get(len(steps) - 1)
    return inner.open if inner is not None else 0


def _owed(steps: tuple[Step, ...], *, undecided: bool) -> dict[int, int]:
    ahead: dict[int, deque[int]] = {}  # by connection: the units that are answered from here on
    for step in steps:
        if isinstance(step, Reply) and (unit := _unit(step)) is not None:
            ahead.setdefault(step.connection, deque()).append(unit)
    found: dict[int, int] = {}
    said: dict[int, int] = {}  # by connection: how many units have ended
    answered: dict[int, int] = {}
    for index, step in enumerate(steps):
        if isinstance(step, Reply) and _unit(step) is not None:
            ahead[step.connection].popleft()
            answered[step.connection] = answered.get(step.connection, 0) + 1
        elif isinstance(step, Write):
            connection, before = step.connection, said.get(step.connection, 0)
            owed = _count_below(before, ahead.get(connection, ()))
            if undecided:  # an answer may stand in the alternative
                owed = max(owed, before - answered.get(connection, 0) + 1)
            if owed:
                found[index] = owed
            if step.units:
                said[connection] = step.units[-1].number + 1
    return found


def _behind_ends(steps: tuple[Step, ...], *, undecided: bool) -> dict[int, int]:
    found: dict[int, int] = {}
    for index, step in enumerate(steps):
        if isinstance(step, Happens) and step.line.side == "C" and step.line.word in _ENDS:
            number = step.line.connection
            found[index] = undecided + sum(
                isinstance(each, Reply | RawLine) and each.connection == number
                for each in steps[index + 1 :]
            )
    return found


def _count_below(bound: int, units: Iterable[int]) -> int:
    """How many of the first ones, which grow."""
    return sum(1 for _ in takewhile(lambda unit: unit < bound, units))


def _unit(step: Reply) -> int | None:
    return _GREETING if step.context.greeting else step.context.unit


def connections(block: Block) -> set[int]:
    """The connections that are used."""
    return {number for step in block.each() if (number := connection_of(step)) is not None}


_MESSAGE = ("lines", "octets", "body")  # facts of the last message, beside message.*


def asks_for_mail(block: Block) -> bool:
    """Whether an assertion may be about the mail data that was sent."""
    facts = [step.line.fact for step in block.each() if isinstance(step, Check)]
    return any(fact in _MESSAGE or fact.startswith("message.") for fact in facts)
