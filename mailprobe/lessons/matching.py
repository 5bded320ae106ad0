"""Whether what came on a connection is what a line of a lesson asks for."""

from collections.abc import Callable, Mapping

from mailprobe.errors import Failure
from mailprobe.lessons.hearing import Ear, Heard, Spoken
from mailprobe.player.playing import checks
from mailprobe.transcript import match
from mailprobe.transcript.matching.commands import check_command
from mailprobe.transcript.model import Level
from mailprobe.transcript.steps import Check, Reply, Sort, Unit
from mailprobe.transcript.values import Values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path


class Matcher:
    """Compares with the values of one run; `ears` are those of the connections, by number."""

    def __init__(
        self,
        level: Level,
        values: Values,
        resolve: "Callable[[str], Path]",
        ears: Mapping[int, Ear],
    ) -> None:
        self._level = level
        self._values = values
        self._resolve = resolve
        self._ears = ears

    def says(self, unit: Unit | None, spoken: Spoken, ear: Ear) -> bool:
        """Whether that is what was awaited; captures are kept."""
        if unit is None or unit.sort is not spoken.sort:
            return False
        if unit.sort is Sort.DATA:
            return True  # what a mail says is for assertions
        return self.commands(unit, spoken.line, ear)

    def commands(self, unit: Unit, line: bytes, ear: Ear) -> bool:
        """The same of the line of a command, or of an answer."""
        return check_command(unit, line, self._level, self._values, ear.catalogue) is None

    def fits(self, expected: Reply, heard: Heard) -> bool:
        """Whether a reply is as it has to be; captures are kept."""
        body = heard.body
        found = match.check(
            expected.expected,
            expected.context,
            heard.reply,
            None if body is None else body.blocks,
            self._level,
            self._values,
        )
        return found is None

    def holds(self, check: Check) -> bool:
        """Whether an assertion does, as things stand."""
        line = check.line
        try:
            value = self._values.text(line.value, line)
            link = self._ears.get(check.connection)
            return not checks.check(line, value, link, self._values.find, self._resolve)
        except Failure:
            return False
