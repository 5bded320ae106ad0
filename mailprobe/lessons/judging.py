"""The judge of a lesson: what the step awaits, and what is to be told of what came.

It hears events of sessions by `Ear`s and looks at events and state, never at a terminal or a
wire.  What there is to say lies in `take`, for whoever shows it.
"""

from collections.abc import Callable, Sequence

from mailprobe.lessons.hearing import Ear, Heard, Spoken
from mailprobe.lessons.matching import Matcher
from mailprobe.lessons.mistakes import Mistakes
from mailprobe.lessons.plan import Item, Kind, Mistake, Part, Plan
from mailprobe.lessons.returning import beginning_of, begins_anew, is_goodbye, leads_on
from mailprobe.lessons.told import (
    Begun,
    Done,
    Explained,
    Finished,
    Mistaken,
    Strayed,
    Told,
    Unmet,
)
from mailprobe.protocol.model import Protocol, Verdict
from mailprobe.transcript.model import Head, Level, Place
from mailprobe.transcript.steps import Reply as Expected
from mailprobe.transcript.values import Values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from mailprobe.session import Session

_ONWARD = (Verdict.DONE, Verdict.GO_ON)


class Judge:
    """One run of one lesson.

    `ways` are its plans, the likeliest first; `resolve` finds a file beside it.
    """

    def __init__(
        self,
        ways: Sequence[Plan],
        head: Head,
        values: Values,
        resolve: "Callable[[str], Path]",
        level: Level | None = None,
    ) -> None:
        self.values = values
        self.helped = False  # what is done now is done for the learner
        self.done: dict[int, bool] = {}  # number of a step: whether it was skipped
        self.walked: list[Item] = []  # what was said as awaited, and taken by the server
        self._ways = list(ways)
        self._head = head
        self._ears: dict[int, Ear] = {}
        self._matcher = Matcher(level or head.level, values, resolve, self._ears)
        self._mistakes = Mistakes(self._matcher, values)
        self._part = 0
        self._item = 0  # that is awaited; behind the last one: some assertion does not hold
        self._sent = 0  # the first that was not said yet: several may go out at once
        self._turn = 0  # counts the tries at a step
        self._telling = False  # whether the assertions of the step say that it is done
        self._told: list[Told] = []
        self._marks: list[int] = []

    # ------------------------------------------------------------------------- for its owner

    def begin(self) -> None:
        """Stand before the first step."""
        self._enter(0)

    def take(self) -> list[Told]:
        """What there is to tell, once."""
        told, self._told = self._told, []
        return told

    @property
    def plan(self) -> Plan:
        """The way that the learner is on, as far as it is decided."""
        return self._ways[0]

    @property
    def mistakes(self) -> Sequence[Mistake]:
        """Known ones that were made, in their order."""
        return self._mistakes.made

    @property
    def part(self) -> Part | None:
        """The step that the learner stands in; None: the lesson is over."""
        parts = self.plan.parts
        return parts[self._part] if self._part < len(parts) else None

    @property
    def item(self) -> Item | None:
        """What is awaited next."""
        part = self.part
        return part.items[self._item] if part and self._item < len(part.items) else None

    @property
    def left(self) -> tuple[Item, ...]:
        """What the step still awaits."""
        part = self.part
        return part.items[self._item :] if part is not None else ()

    @property
    def finished(self) -> bool:
        """Whether the lesson is over."""
        return self.part is None

    def ear(self, protocol: Protocol, number: int | None = None, server: str = "") -> Ear:
        """Who hears a connection that is about to be opened; `server` is what the file calls it."""
        ear = Ear(self, protocol, number, server)
        if number is not None:
            self._ears[number] = ear
        return ear

    def ear_of(self, number: int) -> Ear | None:
        """Who hears that connection of the lesson."""
        return self._ears.get(number)

    def hears(self, session: "Session") -> bool:
        """Whether that session is a connection of the lesson."""
        return any(ear.session is session for ear in self._ears.values())

    def skip(self) -> None:
        """Go on to the next step, as if this one were done."""
        if self.part is not None:
            self._leave(skipped=True, left=True)

    # ------------------------------------------------------------------------ what ears tell

    def opened(self, ear: Ear) -> None:
        """A server has greeted."""
        self._place(ear)
        self._settle()

    def said(self, ear: Ear, spoken: Spoken) -> None:
        """Something went out."""
        self._place(ear)
        part = self.part
        spoken.turn = self._turn
        if part is None or self._sent >= len(part.items):
            return
        item = part.items[self._sent]
        if item.kind is Kind.SAY and item.connection == ear.number:
            assert item.unit is not None  # what is said has one
            mark = self.values.mark()
            if self._matcher.says(item.unit, spoken, ear):
                spoken.item = self._sent
                self._marks.append(mark)
                self._sent += 1
                if not item.replies and self._item == spoken.item:
                    self._pass(item)

    def heard(self, ear: Ear, spoken: Spoken | None, heard: Heard) -> None:
        """A whole reply."""
        part, item = self.part, self.item
        if part is None or ear.number is None:
            return
        if spoken is None:
            awaited = item is not None and item.kind is Kind.HEAR
            if item is not None and awaited and item.connection == ear.number:
                self._hear(item, heard)
            return
        number = spoken.replies
        spoken.replies += 1
        current = spoken.turn == self._turn and spoken.item == self._item and item is not None
        if current and item is not None and self._take_reply(item, number, heard):
            if spoken.replies >= len(item.replies):
                self._pass(item, spoken, heard, ear)
        elif current or spoken.item is None:
            if current:
                self._retry(self._item)
            told = len(self._told)
            self._stray(spoken, number, heard, ear)
            if self._look(part):  # it was done in another way, which nothing is to be said against
                self._told[told:] = [each for each in self._told[told:] if not _strays(each)]
            elif current and self.item is item:
                self._step_back(part)
        self._settle()

    def _step_back(self, part: Part) -> None:
        """What was refused begins where it has to begin anew."""
        first = beginning_of(part.items, self._item)
        if first < self._item:
            self._item = first
            self._retry(first)

    def _hear(self, item: Item, heard: Heard) -> None:
        if self._take_reply(item, 0, heard):
            self._pass(item)
            self._settle()

    def secured(self, ear: Ear) -> None:
        """TLS is up."""
        self._settle()

    def ended(self, ear: Ear) -> None:
        """A connection has ended."""
        item = self.item
        cut = item is not None and item.kind is Kind.END and not ear.left
        if item is not None and cut and item.connection == ear.number:
            self._pass(item)
        self._settle()

    # --------------------------------------------------------------------------- connections

    def _place(self, ear: Ear) -> None:
        """Which connection of the lesson this is: the next to be opened, or one that had ended."""
        if ear.number is not None:
            return
        unopened, item = self._unopened(ear), self.item
        dead = [
            number
            for number, each in self._ears.items()
            if each.deaf and each.protocol is ear.protocol and each.server == ear.server
        ]
        wanted = item is not None and item.kind is Kind.OPEN and item.connection == unopened
        ear.number = unopened if wanted or not dead else dead[-1]
        if ear.number is not None:
            self._ears.pop(ear.number, None)
            self._ears[ear.number] = ear

    def _unopened(self, ear: Ear) -> int | None:
        for number, peer in sorted(self._head.peers.items()):
            same = peer.protocol == ear.protocol and ear.server in ("", peer.connect)
            if number not in self._ears and same:
                return number
        return None

    # ------------------------------------------------------------------------------ matching

    def _take_reply(self, item: Item, number: int, heard: Heard) -> bool:
        """Whether a reply is the one of that number; among alternatives it decides."""
        if number >= len(item.replies):
            return False
        at = self._part, self._item
        for way in self._ways:
            expected = _reply_at(way, at, number)
            if expected is not None and self._matcher.fits(expected, heard):
                place = expected.expected.place
                self._ways = [each for each in self._ways if _place_at(each, at, number) == place]
                return True
        return False

    def _retry(self, item: int) -> None:
        """What was said from `item` on has to be said again."""
        if self._sent > item:
            keep = len(self._marks) - (self._sent - item)
            self.values.undo(self._marks[max(0, keep)])
            del self._marks[max(0, keep) :]
        self._sent, self._turn = item, self._turn + 1

    # ------------------------------------------------------------------------------- walking

    def _pass(
        self,
        item: Item,
        spoken: Spoken | None = None,
        heard: Heard | None = None,
        ear: Ear | None = None,
    ) -> None:
        """An item is done, if its assertions hold; else the step begins anew."""
        item = self.item or item  # the way may have been decided
        failed = next((check for check in item.checks if not self._matcher.holds(check)), None)
        if failed is not None:
            mistake = None
            if spoken is not None and heard is not None and ear is not None:
                mistake = self._mistakes.made_by(item, spoken, len(item.replies) - 1, heard, ear)
            self._told.append(Unmet(failed) if mistake is None else Mistaken(mistake))
            self._item, self._marks = 0, []
            self._sent, self._turn = 0, self._turn + 1
            return
        self._mistakes.forget()
        if heard is not None and heard.reply.verdict in _ONWARD:
            self.walked.append(item)
        self._told.append(Explained(item.after))
        self._item += 1
        self._sent = max(self._sent, self._item)
        part = self.part
        assert part is not None  # the item is of it
        while self._item < self._sent and not part.items[self._item].replies:
            self._item += 1  # it went out with the one before, and nothing answers it
        if self._item >= len(part.items):
            self._leave(skipped=False)
        elif self._sent == self._item:
            self._told.append(Begun(part, self.item, first=False))

    def _leave(self, *, skipped: bool, left: bool = False) -> None:
        part, skipped = self.part, skipped or self.helped
        assert part is not None  # who has left the last one hears no more
        if part.number:
            self.done[part.number] = skipped
            self._told.append(Done(part, skipped, left))
        self._enter(self._part + 1)

    def _enter(self, number: int) -> None:
        self._part, self._item, self._sent = number, 0, 0
        self._turn, self._marks = self._turn + 1, []
        self._mistakes.forget()
        part = self.part
        if part is None:
            self._told.append(Finished())
            return
        last = part.items[-1].checks if part.items else ()
        self._telling = bool(last) and not all(map(self._matcher.holds, part.checks))
        self._told.append(Begun(part, self.item, first=True))
        if not part.items and not part.checks:
            self._leave(skipped=False)

    def _settle(self) -> None:
        """Pass over what is awaited and is there already."""
        while (item := self.item) is not None:
            ear = self._ears.get(item.connection)
            if ear is not None and ear.left and is_goodbye(item):
                self._pass(item)
                continue
            if ear is None or ear.deaf:
                return
            if item.kind is Kind.TLS and ear.tls_version:
                self._pass(item)
            elif item.kind is Kind.OPEN and ear.greeting is not None:
                if not self._take_reply(item, 0, Heard(ear.greeting)):
                    return
                self._pass(item)
            else:
                return

    def _look(self, part: Part) -> bool:
        """A step that ends in assertions is done when all of them hold, whatever was typed."""
        holds = self._matcher.holds
        done = self._telling and self.part is part and all(map(holds, part.checks))
        if done:
            self._told.append(Explained(part.items[-1].after))
            self._leave(skipped=False)
        return done

    # ------------------------------------------------------------------------------ mistakes

    def _stray(self, spoken: Spoken, number: int, heard: Heard, ear: Ear) -> None:
        """What the step does not wait for: a known mistake, or another one."""
        item = self.item
        mistake = None
        if item is not None:
            mistake = self._mistakes.made_by(item, spoken, number, heard, ear)
        if mistake is not None:
            self._told.append(Mistaken(mistake))
        elif self.helped or self._mistakes.under_way:
            pass  # what is done for the learner is not his mistake
        elif not self._early(spoken, ear) and not self._again(spoken, number, heard, ear):
            self._told.append(Strayed(spoken.command, heard.reply, ear))

    def _early(self, spoken: Spoken, ear: Ear) -> bool:
        """Whether that is a goodbye which the step awaits a little later, on that connection."""
        later = (each for each in self.left if each.connection == ear.number and is_goodbye(each))
        return any(self._matcher.says(each.unit, spoken, ear) for each in later)

    def _again(self, spoken: Spoken, number: int, heard: Heard, ear: Ear) -> bool:
        """Whether that repeats what is done, answered as it was: the way back to where one stood.

        PASS that was refused wants USER again, and a letter that went wrong its envelope.  A
        refusal leads nowhere.
        """
        if heard.reply.verdict not in _ONWARD or not leads_on(spoken.command, spoken.sort):
            return False
        if begins_anew(spoken.command, spoken.sort):
            return True  # the hints of many a mistake ask for it
        parts = self.plan.parts
        done = [item for part in parts[: self._part] for item in part.items]
        done += parts[self._part].items[: self._item] if self.part is not None else ()
        mark = self.values.mark()
        try:
            return any(
                self._head.peers[item.connection].protocol == ear.protocol
                and number < len(item.replies)
                and self._matcher.says(item.unit, spoken, ear)
                and self._matcher.fits(item.replies[number], heard)
                for item in done
            )
        finally:
            self.values.undo(mark)


def _strays(told: Told) -> bool:
    return isinstance(told, Strayed)


def _reply_at(way: Plan, at: tuple[int, int], number: int) -> Expected | None:
    part, item = at
    if part >= len(way.parts) or item >= len(way.parts[part].items):
        return None
    replies = way.parts[part].items[item].replies
    return replies[number] if number < len(replies) else None


def _place_at(way: Plan, at: tuple[int, int], number: int) -> Place | None:
    expected = _reply_at(way, at, number)
    return None if expected is None else expected.expected.place
