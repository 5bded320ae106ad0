"""`@alt`: which branch is played, seen by its first line alone; nothing is taken or captured."""

import time
from collections.abc import Callable, Iterator

from mailprobe.errors import Word
from mailprobe.player.playing.accounts import of_line
from mailprobe.player.playing.blocks import Block
from mailprobe.player.playing.links import Arrival, MailLink
from mailprobe.player.playing.problems import Stopped
from mailprobe.player.playing.raw import RawLink
from mailprobe.player.playing.rawlines import fits
from mailprobe.player.playing.replying import arrival_of, judge
from mailprobe.player.playing.stage import AnyLink, Stage
from mailprobe.protocol import events
from mailprobe.transcript.model import Alt, Happening
from mailprobe.transcript.steps import Choice, Happens, RawLine, Reply, Section, Step
from mailprobe.value import frozen

Choices = tuple[int, ...]
_ENDS = (Happening.CLOSE, Happening.RESET)
_CUT = (Word.EOF, Word.RESET)


@frozen
class _Way:
    """One branch, down to the first thing that it demands."""

    choices: Choices
    step: Step
    index: int  # of that step in its block

    @property
    def connection(self) -> int:
        step = self.step
        if isinstance(step, Happens):
            return step.line.connection
        assert isinstance(step, Reply | RawLine)  # a branch begins with an S line
        return step.connection

    @property
    def silence(self) -> float | None:
        """For how long nothing may come, where that is what it demands."""
        step = self.step
        if isinstance(step, Happens) and step.line.word is Happening.SILENT:
            return step.line.seconds
        return None


def choose(
    stage: Stage, line: Alt, index: int, choices: Choices, block: Callable[[Choices], Block]
) -> tuple[Choices, int]:
    """The decisions with this one, and the index of the step to go on with.

    `index` is that of the choice.  A silence that was waited for is behind us.
    Raises Stopped when no branch fits; Failure, Interrupted.
    """
    ways = list(_ways(len(line.branches), index, choices, block))
    began = time.monotonic()
    silences = [way.silence for way in ways if way.silence is not None]
    patience = stage.deadline(min(silences)) if silences else None
    for way in ways:
        link = stage.link(way.connection)
        if way.silence is not None:
            if link.stays_silent(began + way.silence):
                return way.choices, way.index + 1
        elif _fits(stage, link, way.step, patience):
            return way.choices, way.index
    raise _none(stage, line, stage.link(ways[0].connection))


def _ways(
    count: int, index: int, choices: Choices, block: Callable[[Choices], Block]
) -> Iterator[_Way]:
    for branch in range(count):
        chosen = (*choices, branch)
        steps = block(chosen).steps
        at = index
        while at < len(steps) and isinstance(steps[at], Section):
            at += 1
        if at == len(steps):
            continue
        step = steps[at]
        if isinstance(step, Choice):
            yield from _ways(len(step.line.branches), at, chosen, block)
        else:
            yield _Way(chosen, step, at)


def _fits(stage: Stage, link: AnyLink, step: Step, patience: float | None) -> bool:
    match step:
        case Reply():
            assert isinstance(link, MailLink)  # as the steps are made
            return _reply_fits(stage, link, step, patience)
        case RawLine():
            assert isinstance(link, RawLink)
            deadline = patience or stage.reply_deadline(step.within, step.after)
            while not fits(stage, link, step.expected):
                if b"\n" in link.heard or not link.listen(deadline):
                    return False
            return True
        case Happens(line=line) if line.word in _ENDS:
            return _ended(stage, link, patience or stage.deadline(stage.prepared.timeout))
        case _:
            return False


def _reply_fits(stage: Stage, link: MailLink, step: Reply, patience: float | None) -> bool:
    entry = link.look(patience or stage.reply_deadline(step.within, step.after))
    if entry is None:
        return False
    mark = stage.values.mark()
    try:
        return judge(stage, step, arrival_of(stage, link, step, entry)) is None
    except Stopped:  # it is no reply, or not all of one
        return False
    finally:
        stage.values.undo(mark)


def _ended(stage: Stage, link: AnyLink, deadline: float) -> bool:
    if isinstance(link, RawLink):
        while link.nothing_came and link.listen(deadline):
            pass
        return link.closed and not link.heard
    entry = link.look(deadline)
    if isinstance(entry, events.Failed):
        return entry.word in _CUT and not entry.octets
    return isinstance(entry, events.Closed)


def _none(stage: Stage, line: Alt, link: AnyLink) -> Stopped:
    names = ", ".join(branch.name for branch in line.branches)
    came = bytes(link.heard) if isinstance(link, RawLink) else link.unfinished
    entry = link.entries[0] if isinstance(link, MailLink) and link.entries else None
    arrival = entry if isinstance(entry, Arrival) else None
    if link.nothing_came:
        sentence = f"nothing came that begins one of the branches {names}"
        return of_line(stage, link, Word.TIMEOUT, sentence, line)
    sentence = f"what came begins none of the branches {names}"
    return of_line(stage, link, Word.MISMATCH, sentence, line, came=came, arrival=arrival)
