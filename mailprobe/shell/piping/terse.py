"""The dialogue without its mail: commands and replies, or nothing, and bodies for whoever asks."""

from collections.abc import Callable

from mailprobe.protocol import events
from mailprobe.protocol.events import Event
from mailprobe.safe import safe
from mailprobe.shell.piping.printer import Printer

Taker = Callable[[bytes], None]


class Terse(Printer):
    """An observer; `shown` says whether the dialogue is to be written."""

    def __init__(
        self,
        write: Callable[[str], None],
        tell: Callable[[str], None],
        *,
        color: bool,
        shown: bool,
    ) -> None:
        super().__init__(write if shown else _nothing, tell, color=color)
        self._shows = shown
        self._taker: Taker | None = None
        self._octets = 0

    def hand(self, taker: Taker | None) -> None:
        """Give each piece of a body, dots undone, to `taker` from now on; it must not raise."""
        self._taker = taker

    def __call__(self, event: Event) -> None:
        match event:
            case events.DataSent(octets=octets, last=last):
                self._count("mail data", octets, last=last)
            case events.BodyChunk(octets=octets, last=last):
                if self._taker is not None:
                    self._taker(octets)
                self._count("body", octets, last=last)
            case events.Unsolicited(reply=reply) if not self._shows:  # why the server goes
                words = safe(self.secrets.mask(reply.lines[-1]))
                self._tell(f"note: unsolicited: {words}")
            case _:
                super().__call__(event)

    def _count(self, what: str, octets: bytes, *, last: bool) -> None:
        self._octets += len(octets)
        if last:
            self._write(f"# {self._octets} octets of {what}\n")
            self._octets = 0


def _nothing(text: str) -> None:
    """Nobody wants to see it."""
