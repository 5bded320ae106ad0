"""One connection of a client that is served: its parts, its end, and what is told of it.

What is heard, and when something is said, is not known here.
"""

import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from mailprobe.errors import Failure, Word
from mailprobe.player.results import Problem
from mailprobe.player.serving.agenda import Part
from mailprobe.player.serving.course import Course, Manner
from mailprobe.player.serving.inbox import Inbox
from mailprobe.player.serving.matching import Matcher, content_of
from mailprobe.player.serving.sayings import MARGIN, Pause, Piece, Sayings
from mailprobe.player.serving.served import Served
from mailprobe.player.serving.verifying import Verifier
from mailprobe.player.serving.voice import Voice, consent, refusal
from mailprobe.player.serving.wording import expected, shown
from mailprobe.safe import safe
from mailprobe.transcript.model import Happening, Level, Place
from mailprobe.transport.link import text_before_tls
from mailprobe.transport.stream import Stream

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from mailprobe.sandbox.dialogue import Tls

_FAREWELL = 2.0  # seconds that a client has to hang up
_WAITING = 16 * 1024 * 1024  # octets that a client may write while it reads nothing


class Visit(Protocol):
    """What the connections of one client share."""

    served: Served
    folder: Path
    level: Level

    def fail(self, problem: Problem) -> None:
        """Something that is not as the file has it; the first one counts."""


class Serving:
    """One connection.  `cut`: we have ended it ourselves."""

    def __init__(
        self,
        part: Part,
        visit: Visit,
        stream: Stream,
        tls: "Tls",
        manner: Manner,
        stopped: threading.Event,
    ) -> None:
        self._part = part
        self._visit = visit
        self._stream = stream
        self._tls = tls
        self._manner = manner
        self._stopped = stopped
        served, folder = visit.served, visit.folder
        self._sayings = Sayings(served, part.catalogue, folder)
        self._matcher = Matcher(served, part.catalogue, visit.level, folder)
        self._verifier = Verifier(served, self._bindings)
        self._inbox = Inbox(manner.limits)
        self._main = Course(part.agenda)
        self._aside: Course | None = None  # a known mistake that is being made
        self._mistaken: int | None = None  # in the place of which hearing the last one was made
        self._chunk = 0  # octets of a chunk that are still to come
        self._swallow = 0  # octets of a chunk that nobody wanted
        self._asked: bytes | None = None  # an AUTH whose initial response we have asked for
        self._greeting = b""
        self._voice = Voice(stream, manner.patience, self._take_in, stopped)
        self._strays = 0
        self._polite = False  # the client has said what it says before QUIT
        self._ended = False  # nothing more comes from the client
        self._soft = False  # we would like to hear something before we go on
        self._quiet = False  # and it did not come
        self._over = False
        self._heard_at = time.monotonic()
        self.cut = False
        self._raw = part.catalogue is None
        self._exact = visit.level is Level.TEXT

    @property
    def _course(self) -> Course:
        return self._aside or self._main

    @property
    def _where(self) -> Place:
        """Where the file is that we wait for, or its last line."""
        hearing = self._main.hearing
        if hearing is not None:
            return hearing.place
        return self._part.last

    def leave(self) -> None:
        """Wait for the client to hang up, when all was said; `play` has returned."""
        self._stream.close(self._deadline(_FAREWELL))

    @property
    def _done(self) -> bool:
        """Whether the client has sent all that it must."""
        return self._main.hearing is None or self._mistaken == self._main.heard

    def _fail(self, word: Word, sentence: str, place: Place | None = None) -> None:
        hearing = self._main.hearing
        source: tuple[tuple[int, str], ...] = ()
        if hearing is not None and hearing.lines:
            line = hearing.lines[0]
            source = ((line.place.line, safe(line.text)),)
        self._visit.fail(
            Problem(
                word,
                sentence,
                place or self._where,
                source=source,
                peer=self._stream.peer,
            )
        )

    def _mismatch(self, expected: str, got: str, place: Place | None = None) -> None:
        self._fail(Word.MISMATCH, f"expected {expected}, got {got}", place)

    @property
    def _expected(self) -> str:
        return expected(self._course.hearing)

    def _shown(self, octets: bytes) -> str:
        """What a client said, for people: without what it may not show."""
        hearing = self._main.hearing
        answer = hearing is not None and hearing.answer
        return shown(octets, self._part.catalogue, self._visit.served, answer=answer)

    def _take_in(self) -> None:
        """A client that writes while we do: both must go on."""
        while (octets := self._stream.poll_receive()) is not None:
            if not len(octets):
                self._ended = True
                return
            self._inbox.feed(octets)
            if len(self._inbox) > _WAITING:
                raise Failure(
                    Word.LIMIT,
                    f"the client has written {_WAITING} octets, and reads none of its replies",
                )

    def _say(self, pieces: Iterable[Piece]) -> None:
        if not self._voice.say(pieces):
            self._over = self.cut = True

    def _refuse(self, code: str, enhanced: str, sentence: str, mark: str = "") -> None:
        self._voice.put(refusal(self._part.protocol, code, enhanced, sentence, mark))

    def _consent(self, line: bytes) -> None:
        self._voice.put(consent(self._part.protocol, content_of(line)))

    def _happen(self, word: Happening, seconds: float) -> None:
        match word:
            case Happening.CLOSE:
                self._close()
            case Happening.RESET:
                self._voice.flush()
                self._stream.reset()
                self._finish()
            case Happening.FLUSH:
                self._voice.flush()
            case _:
                self._say([Pause(seconds + MARGIN)])

    def _close(self) -> None:
        self._voice.flush()
        self._stream.half_close()
        self._finish()

    def _finish(self) -> None:
        if self._aside is not None:
            self._mistaken = self._main.heard
        self._over = True

    def _secure(self, *, upgrade: bool) -> None:
        """Raises Failure."""
        self._voice.flush()
        if len(self._inbox):
            raise text_before_tls(self._inbox.look())
        deadline = self._deadline(self._manner.patience)
        self._stream.accept_tls(self._tls.context(), deadline, upgrade=upgrade)
        self._verifier.exchange = None

    def _bindings(self) -> Mapping[str, bytes]:
        """What a login is bound to; nothing without TLS."""
        if self._stream.tls is None:
            return {}
        from mailprobe.sandbox.dialogue import bindings_of

        return bindings_of(self._stream, self._tls)

    def _deadline(self, seconds: float) -> float:
        return time.monotonic() + seconds
