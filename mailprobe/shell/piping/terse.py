"""The dialogue without its mail: commands and replies, or nothing, and bodies for whoever asks."""

from collections.abc import Callable

from mailprobe.protocol import events
from mailprobe.protocol.events import Event
from mailprobe.shell.piping.printer import Printer


class Terse(Printer):
    """An observer; `shown` says whether the dialogue is to be written.

    `taker` is given each piece of a multi-line response, dots undone; it must not raise.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        tell: Callable[[str], None],
        *,
        color: bool,
        shown: bool,
    ) -> None:
        super().__init__(write if shown else _nothing, tell, color=color)
        self.taker: Callable[[bytes], None] | None = None
        self._octets = 0

    def __call__(self, event: Event) -> None:
        match event:
            case events.DataSent(octets=octets, last=last):
                self._count("mail data", octets, last=last)
            case events.BodyChunk(octets=octets, last=last):
                if self.taker is not None:
                    self.taker(octets)
                self._count("body", octets, last=last)
            case _:
                super().__call__(event)

    def _count(self, what: str, octets: bytes, *, last: bool) -> None:
        self._octets += len(octets)
        if last:
            self._write(f"# {self._octets} octets of {what}\n")
            self._octets = 0


def _nothing(text: str) -> None:
    """Nobody wants to see it."""
