"""One lesson with one learner: the practice server, the judge, and what is said about both.

Whoever has a screen gives `show`, and asks for `speak` when the dialogue has come to rest.  The
tutor types nothing by itself: `automatic` says what is to be done for the learner.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from mailprobe.explain.model import Text
from mailprobe.lessons import telling
from mailprobe.lessons.course import Course, Lesson
from mailprobe.lessons.hearing import Ear
from mailprobe.lessons.listing import called, upcoming
from mailprobe.lessons.plan import Item, Kind, together
from mailprobe.lessons.progress import Progress, Record, now
from mailprobe.lessons.returning import is_answer, way_back
from mailprobe.lessons.saying import octets_of, typed_lines
from mailprobe.lessons.servers import Servers
from mailprobe.lessons.staging import judge_of, prepared_of, ways_of
from mailprobe.lessons.telling import Row, Voice
from mailprobe.lessons.told import Begun, Done, Finished, Mistaken, Told
from mailprobe.lessons.wording import Wording, local_command, typed
from mailprobe.transport.target import Kind as TargetKind
from mailprobe.transport.target import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.session import Session


class Tutor:
    """`begin` starts the server, `finish` ends it and keeps what was done."""

    def __init__(
        self,
        lesson: Lesson,
        course: Course,
        progress: Progress,
        voice: Voice,
        show: Callable[[Iterable[Row]], None],
    ) -> None:
        self.lesson = lesson
        self.voice = voice
        self.show = show
        self._course = course
        self._ids = {each.id for each in course.lessons}
        self._progress = progress
        self._ways = ways_of(lesson)
        self._prepared = prepared_of(lesson)
        self._judge = judge_of(lesson, self._ways)
        self.servers = Servers(lesson.transcript.head.peers)
        self._given = 0  # hints for the item that is awaited
        self._given_for: Item | None = None
        self._hints = 0
        self._solutions = 0
        self._mistakes = 0
        self._began = time.monotonic()
        self._record = Record()
        self._told_closed: Item | None = None  # for whom the end of a connection was told
        self._told_unheard: list[Session] = []

    # ----------------------------------------------------------------------- beginning, ending

    def begin(self) -> None:
        """Start the server, and say what the lesson is.  Raises Failure."""
        self._record = self._progress.record(self.lesson.id)
        self._record.steps = self._judge.plan.steps
        self._record.began = self._record.began or now()
        self._save()
        self.show(self._heading())

    def finish(self) -> None:
        """Keep what was done, and end the server.  May be called again."""
        self.servers.stop()
        self._save()
        if not self.finished:
            done = len(self._judge.done)
            name = called(self._course, self.lesson)
            plan = self._judge.plan
            self.show(self.voice.say(telling.LEFT, self.lesson.id, done, plan.steps, name))
        if (failure := self._progress.failure) is not None:
            self.show([Row("warning", f"warning: {failure.sentence}")])

    def reset(self) -> None:
        """A fresh server, and the first step again."""
        self.servers.stop()
        self._judge = judge_of(self.lesson, self._ways)
        self._given_for = None
        self._told_closed = None
        self.show(self.voice.say(telling.RESET))

    # ---------------------------------------------------------------------------- what it knows

    @property
    def finished(self) -> bool:
        """Whether the lesson is over."""
        return self._judge.finished

    @property
    def passed(self) -> bool:
        """Whether the learner has done every step in this run."""
        return self.finished and not any(self._judge.done.values())

    @property
    def place(self) -> str:
        """Where the learner stands, in a word: smtp-07 2/5."""
        part, steps = self._judge.part, self._judge.plan.steps
        number = steps if part is None else max(1, part.number)
        return f"{self.lesson.id} {number}/{steps}"

    @property
    def item(self) -> Item | None:
        """What is awaited next."""
        return self._judge.item

    @property
    def automatic(self) -> Item | None:
        """What is to be done for the learner now: what stands before the first step, for one."""
        part, item = self._judge.part, self._judge.item
        if part is None or item is None:
            return None
        opened = self._judge.ear_of(item.connection) is not None
        ours = item.kind is Kind.OPEN and item.connection == 1 and not opened
        return item if part.number == 0 or (ours and not item.hints) else None

    @property
    def step(self) -> int | None:
        """The number of the step, None behind the last one."""
        return None if self._judge.part is None else self._judge.part.number

    @property
    def group(self) -> tuple[Item, ...]:
        """What is awaited next, and what the file has in the same write."""
        left = self._judge.left
        return together(left) if left else ()

    @property
    def way_back(self) -> tuple[Item, ...]:
        """What has to be said once more before what is awaited makes sense."""
        item = self._judge.item
        ear = self._judge.ear_of(item.connection) if item is not None else None
        return way_back(item, self._judge.walked, ear)

    def session_of(self, item: Item) -> "Session | None":
        """The session in which an item happens, where there is one."""
        ear = self._judge.ear_of(item.connection)
        return None if ear is None or ear.closed else ear.session

    def unheard(self, session: "Session") -> bool:
        """Whether that session is none of the lesson's; True is answered once for each."""
        if self._judge.hears(session) or session in self._told_unheard:
            return False
        self._told_unheard.append(session)
        return True

    def octets(self, item: Item) -> bytes:
        """What is to be sent there.  Raises Failure."""
        ear = self._judge.ear_of(item.connection)
        return octets_of(item, self._judge.values, ear, self._prepared.resolve)

    # ------------------------------------------------------------------------------ connections

    def ear(self, target: Target) -> Ear:
        """Who hears a connection that is about to be opened."""
        server = target.host if target.kind is TargetKind.SANDBOX else ""
        return self._judge.ear(target.protocol, server=server)

    def next_target(self) -> Target:
        """Where the lesson goes on: the connection that it awaits, or the one that has ended."""
        item = self._judge.item
        return self.servers.target(item.connection if item is not None else 1)

    def way(self, target: Target) -> Target:
        """Where a target leads in a lesson.  Raises Failure `security` for what is outside."""
        return self.servers.way(target, self.next_target())

    # -------------------------------------------------------------------------------- speaking

    def speak(self) -> None:
        """Say what there is to be said of what came meanwhile."""
        told = self._judge.take()
        for each in told:
            self._note(each)
        rows: list[Row] = []
        for each in told:
            found = list(self._rows(each))
            if isinstance(each, Begun) and not each.first and rows and found:
                rows.append(Row("", ""))  # what was explained ends here
            rows += found
        rows += self._closed_rows()
        if rows:
            self.show(rows)

    def _closed_rows(self) -> Iterator[Row]:
        """Where something is to be said and nobody hears it: said once for each of them."""
        item = self._judge.item
        ear = self._judge.ear_of(item.connection) if item is not None else None
        if item is None or ear is None or item.kind is not Kind.SAY:
            return
        if ear.deaf and self._told_closed is not item:
            self._told_closed = item
            yield from self.voice.say(telling.CLOSED, style="hint")

    def task(self) -> None:
        """Say once more what is to be done."""
        part, item = self._judge.part, self._judge.item
        if part is None:
            self.show(self.voice.say(telling.NO_HINT))
            return
        done = part.items.index(item) if item in part.items else 0
        before = [each for each in part.items[:done] if each.text]
        if item is not None and not item.text and before:
            item = before[-1]  # one task may be several lines
        task = self._wording.task(Begun(part, item, first=True))
        self.show([*task, *self._back_rows()])

    def hint(self) -> None:
        """The next hint; the last one is the line itself."""
        item = self._judge.item
        if item is None:
            self.show(self.voice.say(telling.NO_HINT))
            return
        if self._given_for is not item:
            self._given_for, self._given = item, 0
        total = len(item.hints) + 1
        if self._given < total:
            self._given += 1
            self._hints += 1
            self._save()
        lines: list[str] = []
        if self._given == total:
            lines += (line for each in self.group for line in self.lines(each))
        rows = self._wording.hint(item, self._given, lines)
        self.show([*self._back_rows(), *rows])

    def solution(self) -> None:
        """All that the step still awaits."""
        items = self._judge.left
        if not items:
            self.show(self.voice.say(telling.NO_HINT))
            return
        rows = [*self._back_rows(), *self.voice.say(telling.SOLUTION)]
        for item in items:
            rows += map(typed, self.lines(item))
        self.show(rows)
        self._solutions += 1
        self._save()

    def lines(self, item: Item) -> list[str]:
        """What a person types there."""
        if item.kind is not Kind.SAY:
            return local_command(item.kind)
        ear = self._judge.ear_of(item.connection)
        return typed_lines(item, self._judge.values, ear, self._prepared.resolve)

    def helping(self, *, on: bool) -> None:
        """What is done from now on is done for the learner, or by him."""
        self._judge.helped = on

    def skip(self) -> None:
        """Go on to the next step, as it is."""
        self._judge.skip()

    def say(self, text: Text, *values: object) -> None:
        """One sentence of ours."""
        self.show(self.voice.say(text, *values))

    # ------------------------------------------------------------------------------------ rows

    def _heading(self) -> Iterator[Row]:
        yield from self.voice.say(telling.LESSON, self.lesson.id, self.lesson.title, style="title")
        yield from self.voice.say(telling.HELP, style="hint")
        records = self._progress.records()
        needs = self.lesson.transcript.head.needs
        if missing := [each for each in needs if each in self._ids and not _over(records, each)]:
            yield from self.voice.say(
                telling.NEEDS, Text(", ".join(missing), "、".join(missing)), style="hint"
            )

    @property
    def _wording(self) -> Wording:
        return Wording(self.voice, self.lesson.id, self._judge.plan.steps)

    def _back_rows(self) -> Iterator[Row]:
        """What comes before the task and its hints, where the session is not there any more."""
        self._told_closed = None
        yield from self._closed_rows()
        # of a login the command alone: the server asks for the rest
        if again := [item for item in self.way_back if not is_answer(item)]:
            yield from self.voice.say(telling.ONCE_MORE, style="hint")
            yield from (typed(line) for item in again for line in self.lines(item))

    def _rows(self, told: Told) -> Iterator[Row]:
        yield from self._wording.of(told)
        if isinstance(told, Finished):
            skipped = sum(self._judge.done.values())
            mistakes, spent = len(self._judge.mistakes), time.monotonic() - self._began
            yield from self._wording.end(skipped, self._hints, mistakes, spent)
            records = self._progress.records()
            yield from upcoming(self._course, records, self.voice, self.lesson)
            yield from self.voice.say(telling.LEAVE, style="hint")

    # -------------------------------------------------------------------------------- keeping

    def _note(self, told: Told) -> None:
        match told:
            case Done(part=part, skipped=skipped):
                record = self._record
                if not skipped:
                    record.done = sorted({*record.done, part.number})
                    record.skipped = [number for number in record.skipped if number != part.number]
                elif part.number not in record.done:
                    record.skipped = sorted({*record.skipped, part.number})
                self._save()
            case Mistaken():
                self._mistakes += 1
                self._save()
            case Finished():
                self._record.ended = self._record.ended or now()
                self._save()
            case _:
                pass

    def _save(self) -> None:
        record = self._record
        whole = Record(
            record.steps,
            record.done,
            record.skipped,
            record.hints + self._hints,
            record.mistakes + self._mistakes,
            record.seconds + time.monotonic() - self._began,
            record.began,
            record.ended,
            record.solutions + self._solutions,
        )
        self._progress.save(self.lesson.id, whole)


def _over(records: Mapping[str, Record], lesson: str) -> bool:
    return lesson in records and records[lesson].over
