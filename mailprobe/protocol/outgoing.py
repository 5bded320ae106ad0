"""What a client writes, understood in the order of the wire: lines, mail data, counted chunks.

However the octets are cut, they mean the same.  It must not know what the server says to them.
"""

from collections.abc import Callable

from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.events import Event
from mailprobe.protocol.grammar import BASE64
from mailprobe.protocol.items import Phase
from mailprobe.protocol.model import Command
from mailprobe.protocol.progress import Progress


class Outgoing:
    """Reads along with what goes out; `tell` is told each event, `progress` what is owed."""

    def __init__(
        self, catalogue: Catalogue, progress: Progress, tell: Callable[[Event], None]
    ) -> None:
        self._catalogue = catalogue
        self._progress = progress
        self._tell = tell
        self.begun = b""  # the beginning of a line that is not whole yet

    def take(self, octets: bytes, at: float) -> None:
        """Understand octets of any kind."""
        while octets:
            match self._progress.phase:
                case Phase.CHUNK:
                    octets = self._take_chunk(octets, at)
                case Phase.DATA:
                    octets = self._take_data(octets, at)
                case _:
                    octets = self._take_line(octets, at)

    def take_command(self, command: Command, octets: bytes, at: float) -> None:
        """Understand a whole command; `octets` is how it ends on the wire."""
        secret = self._catalogue.secret_in(command)
        if self._progress.facts.login_refused:
            secret = secret or self._stray_answer(command)
        self._tell(events.CommandSent(at, command, octets, secret))
        self._progress.expect(command)

    def _stray_answer(self, command: Command) -> tuple[int, int] | None:
        """Whoever pastes a login sends his answers even when the server wants none of them."""
        if command.verb in self._catalogue:
            self._progress.facts.login_refused = False
            return None
        line = command.line
        return (0, len(line)) if line and BASE64.fullmatch(line) else None

    def turn_into_data(self) -> None:
        """The server opened mail data: a line that was begun too early belongs to it."""
        if self.begun:
            self._progress.find_end(self.begun)
            self.begun = b""

    def _take_chunk(self, octets: bytes, at: float) -> bytes:
        left = self._progress.chunk_left
        piece, rest = octets[:left], octets[left:]
        self._tell(events.DataSent(at, piece, last=self._progress.count_chunk(len(piece))))
        return rest

    def _take_data(self, octets: bytes, at: float) -> bytes:
        length = self._progress.find_end(octets)
        if length < 0:
            self._tell(events.DataSent(at, octets, last=False))
            return b""
        self._tell(events.DataSent(at, octets[:length], last=True))
        return octets[length:]

    def _take_line(self, octets: bytes, at: float) -> bytes:
        answers = self._progress.phase is Phase.ANSWER
        length = octets.find(b"\n") + 1
        if not length:
            self.begun += octets
            secret = answers or self._catalogue.secret_in(Command(self.begun)) is not None
            self._tell(events.RawSent(at, octets, secret))
            return b""
        line = (self.begun + octets[: length - 1]).removesuffix(b"\r")
        self.begun = b""
        if answers:
            command = self._progress.expect_after_answer()
            self._tell(events.AnswerSent(at, line, octets[:length], command))
        else:
            self.take_command(Command(line), octets[:length], at)
        return octets[length:]
