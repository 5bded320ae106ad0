"""What lint says of mail data: dots that should be doubled, ends that are missing, wrong counts."""

from collections.abc import Callable
from pathlib import Path

from mailprobe.errors import Failure
from mailprobe.files import read_blocks
from mailprobe.patterns import pattern
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Lines, Then
from mailprobe.protocol.items import Phase
from mailprobe.protocol.model import Command
from mailprobe.safe import safe
from mailprobe.transcript.linting.notes import Tell, about
from mailprobe.transcript.model import FileLine, Form, Line, Wire
from mailprobe.transcript.talks.shadow import Shadow, Told
from mailprobe.value import mutable

Files = Callable[[str], Path]
_BLOCK = 256 * 1024
_LOOSE = pattern(rb"\r(?!\n)|(?<!\r)\n")  # RFC 5321, section 2.3.8: none of a line's end


@mutable
class Chunk:
    """A BDAT chunk whose octets are under way."""

    line: Line
    sure: bool  # its count, and what follows, stand to the letter
    told: bool = False


@mutable
class MailData:
    """The mail data of one connection, by DATA and by BDAT, beside the shadow that reads it."""

    shadow: Shadow
    files: Files | None
    tell: Tell
    chunk: Chunk | None = None
    _opener: Line | None = None  # the DATA whose mail is under way, or was last
    _refused: bool = False  # the server has said no in the middle of mail data
    _tail: bytes = b"\r\n"
    # Mail data held what some servers take for its end: what follows is answered as commands.
    false_end: bool = False

    @property
    def inside(self) -> bool:
        """Whether mail data is under way that a lone dot ends."""
        return self.shadow.connection.phase is Phase.DATA

    def open(self, command: Command, line: Line, *, sure: bool) -> None:
        """A command that may open some; `sure`: it stands to the letter."""
        row = self.shadow.catalogue.row(command)
        if row.then is Then.DATA or row.shape.of(command.argument) is Lines.DATA:
            self._opener, self._refused = line, False
        elif row.then is Then.CHUNK:
            self.chunk = Chunk(line, sure)

    def begin(self) -> None:
        """The client goes on."""
        if self.inside and self._refused:
            self.tell_endless()

    def finish(self) -> None:
        """The client has said what is one write."""
        if self.chunk is not None and self.shadow.connection.phase is not Phase.CHUNK:
            self.chunk = None

    def refuse(self, *, positive: bool) -> None:
        """The server says something in the middle of mail data."""
        self._refused = True
        if positive:
            self.tell_endless()

    def say_file(self, line: FileLine) -> None:
        """The client sends a file."""
        self._check_size(line)
        self.shadow.write_file()
        self._tail = b"\r\n"

    def say(self, line: Wire, octets: bytes, *, sure: bool) -> list[Told]:
        """The client sends a line; what it meant.  `sure`: it stands to the letter."""
        counted = self.shadow.connection.phase is Phase.CHUNK
        if self.inside:
            self._check_dot(line, octets)
            self.false_end = self.false_end or _LOOSE.search(octets) is not None
        if self.chunk is not None:
            self.chunk.sure = self.chunk.sure and sure
            if not counted:
                self._check_surplus(self.chunk, line, octets)
        found = self.shadow.write(octets) if octets else []
        if counted:
            self._check_rest(line, octets, found)
        self._tail = (self._tail + octets)[-2:]
        return found

    # ------------------------------------------------------------------------------- by DATA

    def _check_dot(self, line: Wire, octets: bytes) -> None:
        """RFC 5321, section 4.5.2: a dot that begins a line travels as two."""
        if line.form is Form.EXACT or self._tail != b"\r\n" or octets == b".\r\n":
            return
        if octets.startswith(b".") and not octets.startswith(b".."):
            self.tell(about(line, "the server takes this dot away: write two of them"))

    def tell_endless(self) -> None:
        """What began has no end."""
        assert self._opener is not None  # nothing else opens mail data
        self.tell(about(self._opener, "the mail data that this opens has no end: C: . is missing"))

    # ------------------------------------------------------------------------------- by BDAT

    def _check_rest(self, line: Wire, octets: bytes, found: list[Told]) -> None:
        """A line in which the chunk ends is to end there."""
        assert self.chunk is not None  # its command was said
        used = sum(len(event.octets) for event in found if isinstance(event, events.DataSent))
        rest = len(octets) - used
        if rest and self.chunk.sure:
            sentence = f"{rest} octets more than it says belong to line {line.place.line}"
            self._tell_count(self.chunk, sentence)

    def _check_surplus(self, chunk: Chunk, line: Wire, octets: bytes) -> None:
        """What follows the chunk is a command."""
        verb = Command(octets.rstrip(b"\r\n")).verb
        if chunk.sure and self._tail == b"\r\n" and verb not in self.shadow.catalogue:
            sentence = f"line {line.place.line} is no command, and stands behind its octets"
            self._tell_count(chunk, sentence)

    def _check_size(self, line: FileLine) -> None:
        connection, chunk = self.shadow.connection, self.chunk
        if connection.phase is not Phase.CHUNK or chunk is None or not chunk.sure:
            return
        size, left = self._size(line), connection.chunk_left
        if size is not None and size != left:
            self._tell_count(chunk, f"{size} octets of {safe(line.path)} come where {left} are due")

    def check_chunk(self) -> None:
        """The server is to speak: has the client said all that it has counted?"""
        left = self.shadow.connection.chunk_left
        if self.chunk is not None and left and self.chunk.sure:
            self._tell_count(self.chunk, f"{left} octets less than it says follow")

    def _tell_count(self, chunk: Chunk, sentence: str) -> None:
        if not chunk.told:
            chunk.told = True
            self.tell(about(chunk.line, f"the count is wrong: {sentence}", error=True))

    def _size(self, line: FileLine) -> int | None:
        """Octets of a file as they travel in a chunk; None where nobody knows."""
        if self.files is None:
            return None
        try:
            octets = b"".join(read_blocks(self.files(line.path), _BLOCK))
        except Failure:  # told elsewhere
            return None
        if line.raw:
            return len(octets)
        lines = octets.replace(b"\r\n", b"\n").split(b"\n")
        return len(b"\r\n".join(lines)) + (2 if lines[-1] else 0)
