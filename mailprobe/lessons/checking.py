"""Whether lessons hold: the solution does every step, no known mistake does, no text is missing.

Each way is played by the player against a sandbox of its own, and the judge hears it.
"""

import time
from collections.abc import Iterator, Sequence
from functools import partial

from mailprobe.errors import Failure
from mailprobe.lessons.course import Course, Lesson, course_of
from mailprobe.lessons.hearing import Ear
from mailprobe.lessons.judging import Judge
from mailprobe.lessons.plan import Mistake, Part, Plan
from mailprobe.lessons.staging import judge_of, prepared_of, ways_of
from mailprobe.lessons.told import Mistaken, Strayed, Unmet
from mailprobe.player.client import play
from mailprobe.player.options import Options
from mailprobe.player.results import Result, Verdict
from mailprobe.protocol.events import Event
from mailprobe.protocol.model import Protocol
from mailprobe.safe import safe
from mailprobe.sandbox.named import read
from mailprobe.sandbox.profiles import seeds_of
from mailprobe.session import Session
from mailprobe.transcript.lint import lint
from mailprobe.transcript.load import resolve
from mailprobe.transcript.model import Line, Place, Poll
from mailprobe.transport.target import is_sandbox
from mailprobe.value import frozen

_TIMEOUT = 20.0  # seconds for one reply of a sandbox
_LANGUAGES = ("en", "zh")  # of the shipped lessons
_FEWEST_MISTAKES = 2
_FEWEST_HINTS = 2  # before the line itself: a nudge, a pointer
_MISSING = " is missing in "


@frozen
class Problem:
    """What is wrong with a lesson, and where."""

    place: Place
    sentence: str

    def __str__(self) -> str:
        return f"{safe(str(self.place))}: {self.sentence}"


@frozen
class Checked:
    """What became of one lesson; `steps` and `mistakes` are how many there are."""

    lesson: Lesson
    problems: tuple[Problem, ...]
    steps: int
    mistakes: int
    seconds: float


def check(lesson: Lesson, course: Course) -> Checked:
    """Look at all of one lesson.  Raises Interrupted."""
    began = time.monotonic()
    problems = list(_texts(lesson, course))
    steps = mistakes = 0
    try:
        ways = ways_of(lesson)
    except Failure as failure:
        problems.append(_of_failure(lesson, failure))
        ways = ()
    if ways and not any(isinstance(line, Poll) for line in lesson.transcript.walk()):
        met: set[int] = set()  # lines of known mistakes: branches of an @alt share some
        for way in ways:
            problems += _shape(lesson, way)
        for seed in range(_seeds_of(lesson)):
            judge, found = _solution(lesson, ways, seed)
            problems += found
            steps = max(steps, judge.plan.steps)
            for mistake in judge.plan.mistakes():
                if mistake.line.place.line not in met:
                    met.add(mistake.line.place.line)
                    problems += _wrong(lesson, ways, judge.plan, mistake, seed)
        mistakes = len(met)
    found_once = tuple(dict.fromkeys(problems))
    return Checked(lesson, found_once, steps, mistakes, time.monotonic() - began)


def _seeds_of(lesson: Lesson) -> int:
    """How many characters its servers have: each is met once."""
    names = {peer.connect for peer in lesson.transcript.head.peers.values()}
    try:
        return max(seeds_of(read(name).profile) for name in names if is_sandbox(name))
    except (Failure, ValueError):
        return 1  # what is wrong with its servers is told by whoever plays it


# ------------------------------------------------------------------------------------- texts


def _texts(lesson: Lesson, course: Course) -> Iterator[Problem]:
    """What can be seen without playing."""
    transcript, head = lesson.transcript, lesson.transcript.head
    top = Place(transcript.name, 1)
    for note in lint(transcript, partial(resolve, lesson.path.parent)):
        if note.error or _MISSING in note.sentence:
            yield Problem(note.place, note.sentence)
    for language in _LANGUAGES if course.folder is None else ():
        if language not in head.languages:
            yield Problem(top, f"lang: has to name {language}")
    if not head.languages:
        yield Problem(top, "lang: says in which languages the texts are: lang: en zh")
    connects = {number: peer.connect for number, peer in head.peers.items()}
    for number, text in connects.items():
        if not is_sandbox(text):
            place = head.peers[number].place or top
            yield Problem(place, "a lesson connects to the sandbox: connect: sandbox/plain")
    if head.matrices:
        yield Problem(head.matrices[0].place, "a lesson has no matrix: it is done once")
    for line in transcript.walk():
        if isinstance(line, Poll):
            yield Problem(line.place, "a lesson has no @poll")
    yield from _needs(lesson, course, top)


def _needs(lesson: Lesson, course: Course, top: Place) -> Iterator[Problem]:
    known = {each.id: each.transcript.head.needs for each in course.lessons}
    if course.folder is not None:
        shipped = course_of(None).lessons
        known = {each.id: each.transcript.head.needs for each in shipped} | known
    for name in lesson.transcript.head.needs:
        if name not in known:
            unread = ", or its file cannot be read" if course.faults else ""
            yield Problem(top, f"needs: there is no lesson {safe(name)}{unread}")
    left, seen = list(lesson.transcript.head.needs), set[str]()
    while left:
        name = left.pop()
        if name == lesson.id:
            yield Problem(top, "needs: leads back to this lesson")
            return
        if name not in seen:
            seen.add(name)
            left += known.get(name, ())


def _shape(lesson: Lesson, plan: Plan) -> Iterator[Problem]:
    """What its steps must have."""
    top = Place(lesson.transcript.name, 1)
    mistakes = list(plan.mistakes())
    if len(mistakes) < _FEWEST_MISTAKES:
        yield Problem(top, f"a lesson has at least {_FEWEST_MISTAKES} @wrong")
    if not plan.steps:
        yield Problem(top, "the lesson has no step")
    for part in plan.parts:
        for item in part.items:
            if 0 < len(item.hints) < _FEWEST_HINTS:
                sentence = "two hints at least, a nudge and a pointer: the third is the line itself"
                yield Problem(item.line.place, sentence)
            if item.mistakes and not part.number:
                place = item.mistakes[0].line.place
                yield Problem(place, "before the first == everything is done for the learner")
            for mistake in item.mistakes:
                yield from _shape_of(mistake)
        if part.number and not part.items:
            at = part.checks[0].line.place if part.checks else top
            yield Problem(at, "a step awaits something: put its text into another one")
    for name, line in prepared_secrets(lesson):
        yield Problem(line.place, f"{safe(name)} has no value that the learner could know: set it")


def _shape_of(mistake: Mistake) -> Iterator[Problem]:
    if not mistake.said or not mistake.said[-1].replies:
        yield Problem(mistake.line.place, "a known mistake says something, and has the reply to it")
    if not mistake.text:
        yield Problem(mistake.line.place, "a known mistake is explained: |en, |zh")


def prepared_secrets(lesson: Lesson) -> Sequence[tuple[str, Line]]:
    """Names that nobody has set; none where the file cannot be looked at."""
    prepared = prepared_of(lesson)
    try:
        prepared.check()
    except Failure:
        return ()  # told by whoever plays it
    return tuple(prepared.secrets.items())


# ------------------------------------------------------------------------------------ playing


class _Until:
    """An ear that hears no more once a known mistake was told."""

    def __init__(self, ear: Ear, told: "_Ledger") -> None:
        self._ear = ear
        self._told = told

    def __call__(self, event: Event) -> None:
        if not self._told.over:
            self._ear(event)
            self._told.look()

    def follow(self, session: Session) -> None:
        """See `Ear.follow`."""
        self._ear.follow(session)


class _Ledger:
    """All that the judge has told, up to the first known mistake."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.mistakes: list[Mistake] = []
        self.strayed: list[Strayed | Unmet] = []
        self.part: Part | None = None  # in which the judge stood then

    @property
    def over(self) -> bool:
        return bool(self.mistakes)

    def look(self) -> None:
        for told in self._judge.take():
            match told:
                case Mistaken(mistake=mistake):
                    self.mistakes.append(mistake)
                case Strayed() | Unmet():
                    self.strayed.append(told)
                case _:
                    pass
        self.part = self._judge.part

    def hear(self, number: int, protocol: str) -> _Until:
        return _Until(self._judge.ear(Protocol(protocol), number), self)


def _solution(lesson: Lesson, ways: tuple[Plan, ...], seed: int) -> tuple[Judge, list[Problem]]:
    judge = judge_of(lesson, ways)
    ledger = _Ledger(judge)
    ledger.look()
    problems: list[Problem] = []
    result = _play(lesson, ledger, seed)
    if result.verdict is not Verdict.PASSED:
        problems.append(_of_result(lesson, result, "the solution: "))
    elif ledger.mistakes:
        line = ledger.mistakes[0].line
        problems.append(Problem(line.place, "the solution is taken for this known mistake"))
    elif not judge.finished:
        item, part = judge.item, judge.part
        place = item.line.place if item is not None else Place(lesson.transcript.name, 1)
        if part is not None and item is None and part.checks:
            place = part.checks[0].line.place
        problems.append(Problem(place, "the solution does not complete this step"))
    return judge, problems


def _wrong(
    lesson: Lesson, ways: tuple[Plan, ...], plan: Plan, mistake: Mistake, seed: int
) -> Iterator[Problem]:
    judge = judge_of(lesson, ways)
    ledger = _Ledger(judge)
    ledger.look()
    result = _play(lesson, ledger, seed, mistake.number)
    place = mistake.line.place
    if result.verdict is not Verdict.PASSED:
        yield _of_result(lesson, result, "the known mistake: ", place)
        return
    if not ledger.mistakes:
        yield Problem(place, "the judge does not recognise this known mistake")
    elif ledger.mistakes[0].number != mistake.number:
        other = ledger.mistakes[0].line.place.line
        yield Problem(place, f"the judge takes this for the known mistake of line {other}")
    step = next(part for part in plan.parts if _holds(part, mistake))
    if step.number in judge.done or (ledger.part is None or ledger.part.number != step.number):
        yield Problem(place, "this known mistake completes the step")


def _holds(part: Part, mistake: Mistake) -> bool:
    return any(mistake.number == each.number for item in part.items for each in item.mistakes)


def _play(lesson: Lesson, ledger: _Ledger, seed: int, wrong: int | None = None) -> Result:
    options = Options(timeout=_TIMEOUT, hear=ledger.hear, seed=seed)
    return play(prepared_of(lesson, options, wrong)).result


def _of_result(lesson: Lesson, result: Result, what: str, place: Place | None = None) -> Problem:
    problem = result.problem
    if problem is None:
        return Problem(place or Place(lesson.transcript.name, 1), f"{what}{result.reason}")
    return Problem(problem.place or place or Place(lesson.transcript.name, 1), _said(what, problem))


def _said(what: str, problem: object) -> str:
    reply = " / ".join(getattr(problem, "reply", ())[:3])
    sentence = f"{what}{getattr(problem, 'sentence', '')}"
    return f"{sentence} ({reply})" if reply else sentence


def _of_failure(lesson: Lesson, failure: Failure) -> Problem:
    place = getattr(failure, "place", None) or Place(lesson.transcript.name, 1)
    return Problem(place, getattr(failure, "reason", failure.sentence))
