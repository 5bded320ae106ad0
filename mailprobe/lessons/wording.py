"""What a judge tells, as rows: tasks, hints, known mistakes, the end; in the learner's language."""

from collections.abc import Iterator, Mapping, Sequence

from mailprobe.explain.explaining import of_reply
from mailprobe.explain.model import Text
from mailprobe.explain.texts import joined
from mailprobe.lessons import telling
from mailprobe.lessons.plan import Item, Kind
from mailprobe.lessons.telling import Row, Voice
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
from mailprobe.lessons.words import Words
from mailprobe.safe import safe

# What does not happen by a line to the server: the local command for it, and how a hint says so.
_LOCAL: Mapping[Kind, tuple[str, Text]] = {
    Kind.OPEN: ("/connect", telling.OPEN_IT),
    Kind.END: ("/drop", telling.END_IT),
    Kind.HEAR: ("/wait 10", telling.WAIT),
}


def local_command(kind: Kind) -> list[str]:
    """What a person types at the prompt, where that is no line for the server."""
    return [_LOCAL[kind][0]] if kind in _LOCAL else []


class Wording:
    """One lesson, by its id and the number of its steps, in words."""

    def __init__(self, voice: Voice, lesson: str, steps: int) -> None:
        self._voice = voice
        self._lesson = lesson
        self._steps = steps

    def of(self, told: Told) -> Iterator[Row]:
        """One of the things that a judge tells; nothing of the end, of which it does not know."""
        voice = self._voice
        match told:
            case Explained(text=text):
                yield from voice.tell(text)
            case Begun():
                yield from self.task(told)
            case Mistaken(mistake=mistake):
                yield from self._mistake(mistake.text)
            case Strayed():
                yield from self._stray(told)
            case Unmet(check=check):
                claim = safe(check.line.text.removeprefix("@assert").strip())
                yield from voice.say(telling.UNMET, claim, style="warning")
            case Done(part=part, skipped=skipped, left=left):
                over = telling.STEP_LEFT if left else telling.STEP_SKIPPED
                sentence = over if skipped else telling.STEP_DONE
                style = "hint" if skipped else "reply.ok"
                yield from voice.say(sentence, part.number, self._steps, style=style)
            case Finished():
                pass

    def task(self, begun: Begun) -> Iterator[Row]:
        """What a step, or the rest of it, wants."""
        part, item = begun.part, begun.item
        if begun.first and part.number:
            yield Row("", "")
            yield from self._voice.say(
                telling.STEP, part.number, self._steps, part.title, style="title"
            )
        if item is not None:
            yield from self._voice.tell(item.text)
        if begun.first and (item is None or not part.number):
            yield from self._voice.tell(part.text)

    def _mistake(self, text: Words) -> Iterator[Row]:
        """Our own word goes before the first line, in each language."""
        for language in self._voice.languages:
            lines = text.said(language)
            if not lines:
                continue
            first = telling.MISTAKE.said(language)[0].format(lines[0])
            for number, line in enumerate((first, *lines[1:])):
                yield from self._voice.rows(line if not number else f"  {line}", style="warning")

    def _stray(self, stray: Strayed) -> Iterator[Row]:
        """What the reply means, and that something else is waited for."""
        if stray.command is not None and (wide := telling.wide_in(stray.command.line)):
            yield from self._voice.say(telling.WIDE, wide, style="hint")
            yield from self._voice.say(telling.STRAY, style="hint")
            return
        found = None  # what NOOP does is not what an answer behind it says
        if not _answers(stray):
            found = of_reply(stray.reply, stray.command, stray.ear.facts)
        code = safe(stray.reply.code)
        for text in (found.says, found.now, found.next) if found is not None else ():
            if text is not None:
                yield from self._voice.say(telling.MEANS, code, text, style="hint")
        yield from self._voice.say(telling.STRAY, style="hint")

    def hint(self, item: Item, number: int, lines: Sequence[str]) -> Iterator[Row]:
        """A hint for an item; the one behind those of the file is what to type, `lines`."""
        total = len(item.hints) + 1
        for what in self._hint(item, number, lines):
            yield from self._voice.say(telling.HINT, number, total, what)
        if number == total and len(lines) > 1:
            yield from map(typed, lines)

    @staticmethod
    def _hint(item: Item, number: int, lines: Sequence[str]) -> Iterator[Words | Text]:
        if number <= len(item.hints):
            yield item.hints[number - 1]
        elif item.kind in _LOCAL:
            command, sentence = _LOCAL[item.kind]
            yield telling.filled(sentence, command)
        elif len(lines) == 1:
            yield telling.filled(telling.TYPE, lines[0])
        else:
            yield telling.TYPE_LINES

    def end(self, skipped: int, hints: int, mistakes: int, seconds: float) -> Iterator[Row]:
        """The lesson is over: what it took."""
        facts = [
            telling.filled(telling.STEPS, self._steps),
            telling.filled(telling.HINTS, hints),
            telling.filled(telling.MISTAKES, mistakes),
        ]
        if skipped:
            facts.append(telling.filled(telling.SKIPPED, skipped))
        spent = telling.duration(seconds)
        facts.append(Text(spent.en, telling.TIME.zh.format(spent.zh)))
        summary = joined(facts, ", ", "，")
        text = telling.FINISHED_SKIPPED if skipped else telling.FINISHED
        yield Row("", "")
        yield from self._voice.say(text, self._lesson, summary, style="title")


def _answers(stray: Strayed) -> bool:
    """Whether that was an answer to a question of the lesson."""
    command, taken = stray.command, stray.reply.code.startswith("2")
    return taken and command is not None and command.verb == "NOOP" and bool(command.argument)


def typed(line: str) -> Row:
    """A line as it is to be typed."""
    return Row("sent", f"  {line}")
