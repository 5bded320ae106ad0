"""The commands of one run that servers have refused: how many, and the first of them."""

from mailprobe.errors import Failure, Word


class Refusals:
    """`heard` is filled by whoever hears the replies, a sentence for each, and emptied here."""

    def __init__(self, heard: list[str]) -> None:
        self._heard = heard
        self._count = 0  # that were looked at
        self._first = ""

    def take(self) -> str:
        """Count those that came; returns the first of them, or nothing."""
        if not self._heard:
            return ""
        first, self._count = self._heard[0], self._count + len(self._heard)
        self._first = self._first or first
        self._heard.clear()
        return first

    def judge(self) -> None:
        """Raises Failure `refused` where there was any."""
        self.take()
        if self._count:
            said = "1 command was" if self._count == 1 else f"{self._count} commands were"
            raise Failure(Word.REFUSED, f"{said} refused; {self._first}")
