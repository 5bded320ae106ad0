"""One run of one transcript: its C lines are sent, its S lines must come.

What is played is made ready by `Prepared`; here its steps are walked along.
"""

import time
from collections.abc import Callable

from mailprobe.errors import Failure, Word
from mailprobe.player.playing.blocks import Block
from mailprobe.player.playing.links import MailLink
from mailprobe.player.playing.prepared import Choices, Prepared
from mailprobe.player.playing.problems import Account, Skipped, Stopped, placed
from mailprobe.player.playing.replying import take_reply
from mailprobe.player.playing.stage import AnyLink, Seen, Stage
from mailprobe.player.playing.writing import write
from mailprobe.player.results import Result, Verdict
from mailprobe.safe import safe
from mailprobe.transcript.model import Line, Title
from mailprobe.transcript.steps import (
    Check,
    Choice,
    ExpectedLine,
    Handshake,
    Happens,
    RawLine,
    Repeat,
    Reply,
    Section,
    Step,
    Write,
    connection_of,
)
from mailprobe.value import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from mailprobe.player.results import Measured
    from mailprobe.transcript.linting.notes import Note

_FAILED = (Word.MISMATCH, Word.REFUSED)
_HOPELESS = (Word.SECURITY, Word.USAGE, Word.SYNTAX, Word.INTERNAL)  # no round will do better


@frozen
class Played:
    """What became of a run, and the replies that came, in their order, with their steps."""

    result: Result
    seen: tuple[Seen, ...]


def play(prepared: Prepared) -> Played:
    """Play once.  Raises Interrupted."""
    run = _Run(prepared)
    verdict, reason, problem = Verdict.PASSED, "", None
    stopped: Stopped | None = None
    try:
        run.go()
    except Skipped as skipped:
        verdict, reason = Verdict.SKIPPED, skipped.reason
    except Failure as failure:
        from mailprobe.player.playing.accounts import problem_of

        stopped = placed(failure, None)
        problem = problem_of(stopped, prepared.transcript, run.stage)
        verdict = Verdict.FAILED if problem.word in _FAILED else Verdict.ERROR
    except BaseException:
        run.drop()
        raise
    else:
        if (late := run.leave()) is not None:
            from mailprobe.player.playing.accounts import problem_of

            stopped, verdict = late, Verdict.FAILED
            problem = problem_of(late, prepared.transcript, run.stage)
    saved = run.finish(stopped)
    result = Result(
        name=safe(prepared.name),
        path=prepared.path,
        title=_title(prepared),
        verdict=verdict,
        seconds=time.monotonic() - run.began,
        section=run.section,
        reason=reason,
        problem=problem,
        exchanges=run.exchanges,
        saved=saved,
        tags=prepared.head.tags,
        measured=run.measured(),
        deviations=run.deviations(),
    )
    return Played(result, tuple(run.stage.seen) if run.stage is not None else ())


class _Run:
    """One walk along the steps.  `stage` is None before anything can be played."""

    def __init__(self, prepared: Prepared) -> None:
        self.began = time.monotonic()
        self.stage: Stage | None = None
        self.section = ""
        self._prepared = prepared
        self._choices: Choices = ()
        self._offers_checked = not prepared.head.requires
        self._asked_among_others = False  # what is offered comes with replies to other commands

    @property
    def exchanges(self) -> int:
        return len(self.stage.seen) + self.stage.lines if self.stage is not None else 0

    def go(self) -> None:
        """Walk to the end.  Raises Failure, Skipped, Interrupted."""
        prepared = self._prepared
        prepared.check()
        for name, line in prepared.secrets.items():
            self._ask_for(name, line)
        self.began = time.monotonic()  # what a person took to type a secret is not the server's
        self.stage = Stage(prepared)
        self._walk(self.stage, prepared.block)
        self._check_end(self.stage, prepared.block)

    def _ask_for(self, name: str, line: Line) -> None:
        """Have the value of a secret at hand before anybody is talked to."""
        from mailprobe.player.playing.purposes import purpose_of  # most files hold no secret

        prepared, vault = self._prepared, self._prepared.options.vault
        try:
            vault.value(name, "" if vault.knows(name) else purpose_of(prepared, line))
        except Failure as failure:
            raise placed(failure, line) from None

    def leave(self) -> Stopped | None:
        """End a run that has passed: red where the server says too much while we say QUIT."""
        stage = self.stage
        assert stage is not None  # all of it was played
        stage.end(polite=True)
        for number, link in stage.links.items():
            if not isinstance(link, MailLink) or link.ended or not (surplus := link.unasked):
                continue
            step = self._prepared.block(self._choices).last.get(number)
            if step is not None and not _is_open(step):
                from mailprobe.player.playing.accounts import of_line

                sentence = f"expected nothing more behind this line, but {surplus}"
                return of_line(stage, link, Word.MISMATCH, sentence, _last_line_of(step))
        return None

    def finish(self, stopped: Stopped | None) -> "Path | None":
        """End everything, as politely as can be; returns the recording that was kept."""
        stage = self.stage
        if stage is None:
            return None
        try:
            # Who did not answer in time is not asked to say goodbye.
            stage.end(polite=stopped is None or stopped.word is not Word.TIMEOUT)
            return stage.save(stopped)
        finally:
            stage.close()

    def measured(self) -> "tuple[Measured, ...]":
        """How long it all took, where somebody asked for it."""
        stage = self.stage
        if stage is None or stage.watching is None:
            return ()
        return stage.watching.measured(stage.links, self.began)

    def deviations(self) -> tuple[str, ...]:
        """What the servers did that no RFC allows, where somebody asked for it."""
        stage = self.stage
        if stage is None or stage.watching is None:
            return ()
        return stage.watching.deviations(stage.masked)

    def drop(self) -> None:
        """End everything at once."""
        if self.stage is not None:
            self.stage.end(polite=False)
            self.stage.save(None)
            self.stage.close()

    # -------------------------------------------------------------------------------- walking

    def _walk(self, stage: Stage, block_of: Callable[[Choices], Block]) -> None:
        """Play the steps of a file, or of one round; `block_of` gives them for what was decided."""
        block, index = block_of(self._choices), 0
        while index < len(block.steps):
            step = block.steps[index]
            try:
                if isinstance(step, Choice):
                    from mailprobe.player.playing.alternatives import choose

                    self._choices, index = choose(stage, step.line, index, self._choices, block_of)
                    block = block_of(self._choices)
                    continue
                if isinstance(step, Repeat):
                    at = index
                    self._repeat(stage, step, lambda choices: block_of(choices).rounds[at])  # noqa: B023  # it is used before `at` changes
                    block = block_of(self._choices)
                else:
                    self._play(stage, step, block.owed.get(index, 0))
            except Failure as failure:
                raise placed(failure, _line_of(step), self._peer(stage, step)) from None
            index += 1

    def _play(self, stage: Stage, step: Step, owed: int) -> None:
        # There are most of these.
        if type(step) is Reply:
            take_reply(stage, step)
            if self._asked_among_others and step.context.hello:
                self._refuse_missing(stage)
            return
        match step:
            case Write():
                self._require(stage, step)
                write(stage, step, owed)
            case Section(line=line):
                self._begin_section(line)
            case Happens(line=line):
                from mailprobe.player.playing.happenings import happen

                happen(stage, line, owed)
            case Handshake(line=line):
                from mailprobe.player.playing.happenings import shake_hands

                shake_hands(stage, line)
            case RawLine():
                from mailprobe.player.playing.rawlines import take_line

                take_line(stage, step)
            case Check():
                self._check(stage, step)
            case _:
                raise AssertionError("choices and rounds are for `_walk`")

    def _begin_section(self, line: Title) -> None:
        languages = self._prepared.head.languages
        if not line.language or line.language == languages[0]:
            self.section = safe(line.content)

    def _require(self, stage: Stage, step: Write) -> None:
        """Skip a file that needs what this server does not offer."""
        if self._offers_checked:
            return
        from mailprobe.player.playing import requires  # where a file requires something

        if requires.begins_other(step) or self._asked_among_others:
            self._refuse_missing(stage)
        else:
            self._asked_among_others = requires.holds_other(step)

    def _refuse_missing(self, stage: Stage) -> None:
        from mailprobe.player.playing import requires

        self._offers_checked, self._asked_among_others = True, False
        offers = [each.offers for each in stage.offered]
        if requirement := requires.missing(self._prepared.head.requires, offers):
            raise Skipped(requires.reason(requirement))

    def _check(self, stage: Stage, step: Check) -> None:
        from mailprobe.player.playing.checks import check  # only where a file asserts something

        line, link = step.line, stage.links.get(step.connection)
        value = stage.values.text(line.value, line)
        wrong = check(line, value, link, stage.values.find, self._prepared.resolve)
        if wrong:
            raise Stopped(Word.MISMATCH, wrong, line.place, Account(width=len(line.text)))

    def _check_end(self, stage: Stage, block_of: Callable[[Choices], Block]) -> None:
        """Both sides have said all that the file has, and no more."""
        self._refuse_owed(stage, block_of)
        self._refuse_surplus(stage, block_of(self._choices))

    def _refuse_owed(self, stage: Stage, block_of: Callable[[Choices], Block]) -> None:
        """A reply that is owed has to stand in the file."""
        for link in stage.links.values():
            if isinstance(link, MailLink) and link.unanswered and link.said is not None:
                from mailprobe.player.playing.accounts import of_line

                sentence = f"the server owes {link.due_name}, and the file has none"
                line = link.said
                if (note := self._owed(block_of(self._choices))) is not None:
                    sentence = note.sentence
                    walk = self._prepared.transcript.walk()
                    line = next(each for each in walk if each.place == note.place)
                raise of_line(stage, link, Word.MISMATCH, sentence, line)

    def _refuse_surplus(self, stage: Stage, block: Block) -> None:
        """What the server says has to stand in the file."""
        for number, link in stage.links.items():
            step = block.last.get(number)
            if step is None or link.ended or _is_open(step):
                continue
            if surplus := link.surplus(0):
                from mailprobe.player.playing.accounts import of_line

                sentence = f"expected nothing more behind this line, but {surplus}"
                raise of_line(stage, link, Word.MISMATCH, sentence, _last_line_of(step))

    def _owed(self, block: Block) -> "Note | None":
        """What the file itself has left out; a server may owe more than anybody could know."""
        from mailprobe.player.owing import owed_in  # where something went wrong

        prepared = self._prepared
        return owed_in(prepared.transcript, prepared.values().settings, block.steps)

    # --------------------------------------------------------------------------------- rounds

    def _repeat(self, stage: Stage, step: Repeat, block_of: Callable[[Choices], Block]) -> None:
        """Rounds with connections and captures of their own, until one of them passes."""
        line = step.line
        deadline = stage.deadline(line.within)
        outer = stage.links, self._choices, stage.values.mark(), len(stage.seen), stage.lines
        while True:
            began = time.monotonic()
            stage.links = {}
            try:
                self._walk(stage, block_of)
                self._check_end(stage, block_of)
            except Failure as failure:
                self._end_round(stage, outer[0], polite=failure.word is not Word.TIMEOUT)
                wait = max(0.0, began + line.every - time.monotonic())
                if failure.word in _HOPELESS or time.monotonic() + wait >= deadline:
                    raise
            except BaseException:
                self._end_round(stage, outer[0], polite=False)
                raise
            else:
                self._end_round(stage, outer[0], polite=True)
                return
            _, self._choices, mark, seen, lines = outer
            stage.values.undo(mark)
            stage.lines = lines
            del stage.seen[seen:]
            stage.pause(wait)

    def _end_round(self, stage: Stage, links: dict[int, AnyLink], *, polite: bool) -> None:
        stage.end(polite=polite)
        stage.links = links

    def _peer(self, stage: Stage, step: Step) -> str:
        connection = connection_of(step)
        link = stage.links.get(connection) if connection is not None else None
        return link.peer if link is not None else ""


def _title(prepared: Prepared) -> str:
    titles = prepared.head.titles
    return safe(titles.get("") or next(iter(titles.values()), ""))


def _is_open(step: Step) -> bool:
    """Whether the file ends in a reply of which anything may come."""
    return type(step) is Reply and step.expected.open


def _last_line_of(step: Step) -> Line:
    match step:
        case Write(lines=lines):
            return lines[-1]
        case Reply(expected=expected):
            return expected.lines[-1] if expected.lines else _line_of(step)
        case _:
            return _line_of(step)


def _line_of(step: Step) -> Line:
    """The line of the file at which a step begins."""
    match step:
        case Write(lines=lines):
            return lines[0]
        case Reply(expected=expected):
            return expected.lines[0]
        case RawLine(expected=expected):
            return expected.line if isinstance(expected, ExpectedLine) else expected
        case _:
            return step.line
