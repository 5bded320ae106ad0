"""All that connections have told since they began, for a recording that is asked for later.

Bodies go to a file without a name that only we can read; the rest stays in memory.
What is too much to keep, or for the disk, is given up as a whole: half a recording would lie.
"""

import tempfile
from collections.abc import Iterator

from mailprobe import files
from mailprobe.enums import Enum, auto
from mailprobe.errors import Failure, Word
from mailprobe.protocol import events
from mailprobe.protocol.events import BodyChunk, DataSent, Event
from mailprobe.value import frozen, replace

_IN_MEMORY = 1024 * 1024  # octets of bodies before they go to the disk
_PIECE = 256 * 1024  # octets up to which pieces of a body become one
# A server that floods us must not fill the memory: some 50 MB, in many entries or in large ones.
_ENTRIES = 50_000
_OCTETS = 16 * 1024 * 1024  # of what was said; most of it is held as lines, too


_HEARD = (events.Greeting, events.ReplyReceived, events.Unsolicited)
_WITH_OCTETS = (events.CommandSent, events.AnswerSent, events.RawSent, events.Failed)


class Kind(Enum):
    """What a person may write between the lines of the wire."""

    NOTE = auto()
    STEP = auto()
    EXPECTATION = auto()


@frozen
class Note:
    """What the person wrote between the lines of the wire."""

    text: str
    kind: Kind = Kind.NOTE


@frozen
class Turn:
    """What follows is of the connection of this number."""

    number: int


@frozen
class _Stored:
    """Where a piece of a body went; `octets` None says that content and wire are the same."""

    at: float
    wire: int
    octets: int | None
    last: bool
    sent: bool  # by us


class Backlog:
    """Events and notes, in order."""

    def __init__(self, most: int = _ENTRIES, octets: int = _OCTETS) -> None:
        self._most = most
        self._room = octets
        self._entries: list[Event | Note | Turn | _Stored] = []
        self._bodies = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - close() closes it
        self._failure: Failure | None = None

    def append(self, entry: Event | Note | Turn) -> None:
        """Keep `entry`; never raises."""
        if self._failure is not None:
            return
        if isinstance(entry, _HEARD):
            self._room -= len(entry.reply.wire)
        elif isinstance(entry, _WITH_OCTETS):
            self._room -= len(entry.octets)
        if len(self._entries) >= self._most or self._room < 0:
            self._give_up(Failure(Word.LIMIT, "too much has come to be saved now: use --record"))
        elif isinstance(entry, BodyChunk | DataSent):
            self._store(entry)
        else:
            self._entries.append(entry)

    def _store(self, piece: BodyChunk | DataSent) -> None:
        sent = isinstance(piece, DataSent)
        wire = piece.octets if isinstance(piece, DataSent) else piece.wire
        same = sent or piece.octets == wire
        try:
            files.keep(self._bodies, wire if same else wire + piece.octets)
        except Failure as failure:
            self._give_up(failure)
            return
        size = None if same else len(piece.octets)
        stored = _Stored(piece.at, len(wire), size, piece.last, sent)
        before = self._entries[-1] if self._entries else None
        if (
            isinstance(before, _Stored)
            and before.sent is sent
            and before.octets is stored.octets is None
            and not before.last
            and before.wire + stored.wire <= _PIECE
        ):
            self._entries.pop()
            stored = replace(stored, wire=before.wire + stored.wire)
        self._entries.append(stored)

    def _give_up(self, failure: Failure) -> None:
        self._failure = failure
        self._entries.clear()
        self._bodies.close()

    @property
    def given_up(self) -> bool:
        """Whether it could not all be kept."""
        return self._failure is not None

    def check(self) -> None:
        """Raise Failure where it could not all be kept."""
        if self._failure is not None:
            raise self._failure

    def __iter__(self) -> Iterator[Event | Note | Turn]:
        """What was appended; neighbouring pieces of a body may have become one.

        Raises Failure where it could not all be kept.
        """
        self.check()
        self._bodies.seek(0)
        for entry in self._entries:
            if not isinstance(entry, _Stored):
                yield entry
                continue
            wire = self._bodies.read(entry.wire)
            if entry.sent:
                yield DataSent(entry.at, wire, entry.last)
                continue
            octets = wire if entry.octets is None else self._bodies.read(entry.octets)
            yield BodyChunk(entry.at, octets, wire, entry.last)
        self._bodies.seek(0, 2)

    def close(self) -> None:
        self._bodies.close()
