"""What a judge has to tell: plain values, for whoever shows them."""

from mailprobe.lessons.hearing import Ear
from mailprobe.lessons.plan import Item, Mistake, Part
from mailprobe.lessons.words import Words
from mailprobe.protocol.model import Command, Reply
from mailprobe.transcript.steps import Check
from mailprobe.value import frozen


@frozen
class Explained:
    """What came is what was awaited; the lesson says this of it."""

    text: Words


@frozen
class Mistaken:
    """A known mistake was made."""

    mistake: Mistake


@frozen
class Strayed:
    """Nothing that the step awaits; `reply` is what came to it."""

    command: Command | None
    reply: Reply
    ear: Ear


@frozen
class Unmet:
    """All commands came, and this does not hold."""

    check: Check


@frozen
class Done:
    """A step is over; `skipped`: not done by the learner; `left`: by nobody."""

    part: Part
    skipped: bool
    left: bool = False


@frozen
class Begun:
    """The learner stands before this: the first item of a step, or the next one in it."""

    part: Part
    item: Item | None
    first: bool


@frozen
class Finished:
    """The lesson is over."""


Told = Explained | Mistaken | Strayed | Unmet | Done | Begun | Finished
