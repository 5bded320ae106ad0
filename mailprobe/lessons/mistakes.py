"""Known mistakes: which of them was made, where one may be several lines long."""

from mailprobe.lessons.hearing import Ear, Heard, Spoken
from mailprobe.lessons.matching import Matcher
from mailprobe.lessons.plan import Item, Mistake, Said
from mailprobe.transcript.steps import Sort
from mailprobe.transcript.values import Values


class Mistakes:
    """Those of one run.  `made` are the ones that were made, in their order."""

    def __init__(self, matcher: Matcher, values: Values) -> None:
        self.made: list[Mistake] = []
        self._matcher = matcher
        self._values = values
        self._begun: tuple[Mistake, int] | None = None  # one of several lines, how far it came

    @property
    def under_way(self) -> bool:
        """Whether the last reply belongs to a mistake of which more has to come."""
        return self._begun is not None

    def forget(self) -> None:
        """What was begun leads to nothing."""
        self._begun = None

    def made_by(
        self, item: Item, spoken: Spoken, number: int, heard: Heard, ear: Ear
    ) -> Mistake | None:
        """The known mistake of which this is the last reply; it counts as made."""
        begun, self._begun = self._begun, None
        tries = [(mistake, 0) for mistake in item.mistakes]
        for mistake, at in [*([begun] if begun is not None else []), *tries]:
            match self._goes_on(mistake, at, spoken, number, heard, ear):
                case None:
                    continue
                case 0:
                    self.made.append(mistake)
                    return mistake
                case further:
                    self._begun = mistake, further
                    return None
        return None

    def _goes_on(
        self, mistake: Mistake, at: int, spoken: Spoken, number: int, heard: Heard, ear: Ear
    ) -> int | None:
        """Whether that is the reply which stands at `at` in a mistake: which one is next, 0 none.

        None: it is another one.  Captures of a mistake are forgotten.
        """
        replies = [(said, index) for said in mistake.said for index in range(len(said.replies))]
        if at >= len(replies):
            return None
        said, index = replies[at]
        matcher, mark = self._matcher, self._values.mark()
        try:
            fits = (
                said.connection == ear.number
                and index == number
                and self._opens(mistake, said, spoken, ear)
                and matcher.says(said.unit, spoken, ear)
                and matcher.fits(said.replies[index], heard)
            )
            last = at + 1 == len(replies)
            if not fits or (last and not all(map(matcher.holds, mistake.checks))):
                return None
            return 0 if last else at + 1
        finally:
            self._values.undo(mark)

    def _opens(self, mistake: Mistake, said: Said, spoken: Spoken, ear: Ear) -> bool:
        opener = _opener_of(mistake, said)
        return opener is None or self._matcher.commands(opener.unit, spoken.command.line, ear)


def _opener_of(mistake: Mistake, data: Said) -> Said | None:
    """The command that nothing answers before the octets which it has counted (BDAT)."""
    at = mistake.said.index(data) - 1
    before = mistake.said[at] if at >= 0 else None
    chunk = data.unit.sort is Sort.DATA and before is not None and not before.replies
    return before if chunk else None
