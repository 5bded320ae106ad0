"""`serve`: transcripts as servers.  Each client plays the next one, from the top.

Opens the ports, tells connections of one client from those of another, and keeps the verdicts.
"""

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from mailprobe.errors import Failure, Word
from mailprobe.player.owing import owed_in
from mailprobe.player.results import Problem, Result, Verdict
from mailprobe.player.secrets import Vault
from mailprobe.player.serving.agenda import Part
from mailprobe.player.serving.course import Manner
from mailprobe.player.serving.parts import mistakes_in, parts
from mailprobe.player.serving.performance import Performance
from mailprobe.player.serving.rehearsal import Rehearsal
from mailprobe.player.serving.served import Served
from mailprobe.player.serving.visits import Score, Visit
from mailprobe.safe import safe
from mailprobe.transcript.dialogue import compile_steps
from mailprobe.transcript.load import load, variants
from mailprobe.transcript.model import Alt, Level, Transcript, Unreadable
from mailprobe.transcript.steps import Step
from mailprobe.transcript.talks.names import ambiguous
from mailprobe.transcript.values import Values
from mailprobe.transport.listen import Running
from mailprobe.transport.stream import Stream
from mailprobe.value import field, frozen

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from mailprobe.sandbox.dialogue import Tls

LOOPBACK = "127.0.0.1"
_DATE = "%a, %d %b %Y %H:%M:%S %z"  # RFC 5322, section 3.3
_STOP_PATIENCE = 0.5  # seconds that a client has to leave by itself


@frozen
class ServeOptions:
    """How transcripts are served.

    Connection 1 has `port`, connection 2 the next one and so on; 0 is any free port for each.
    `certificate` and `key` are PEM files; without them a practice CA is made when TLS starts.
    """

    host: str = LOOPBACK
    port: int = 0
    once: bool = False  # one client, then no more
    level: Level | None = None  # None: as each file says
    settings: Mapping[str, bytes] = field(default_factory=dict)
    vault: Vault = field(default_factory=Vault)
    certificate: str | None = None
    key: str | None = None
    manner: Manner = field(default_factory=Manner)


class Server(Running):
    """Transcripts as servers, from `start` to `stop`; also a context manager.

    `on_result` is told each verdict as it is known, in the thread of the connection.  Raises
    Failure: for a file that cannot be read, or said, before anything is opened.
    """

    def __init__(
        self,
        files: Sequence[Path | str],
        options: ServeOptions | None = None,
        on_result: Callable[[Result], None] | None = None,
    ) -> None:
        super().__init__()
        self._options = options or ServeOptions()
        self._on_result = on_result or _nothing
        self.host = self._options.host
        self.ports: dict[int, int] = {}  # by connection
        self.protocols: dict[int, str] = {}  # of the first file that has such a connection
        self.scores = [score for file in files for score in self._scores(Path(file))]
        if not self.scores:
            raise Failure(Word.USAGE, "expected at least one transcript to serve")
        self._next = 0
        self._visits: list[Visit] = []
        self._verdicts: list[Result] = []
        self._connections = 0  # those that are open
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._folder: Path | None = None
        self._tls: Tls | None = None
        self._ca: Callable[[], Path] | None = None

    # ------------------------------------------------------------------------ what is played

    def _scores(self, path: Path) -> Iterable[Score]:
        """A file with each value of its matrix.  Raises Failure."""
        transcript = load(path)
        for variant in variants(transcript.head):
            name = f"{path.name}[{variant.label}]" if variant.label else path.name
            score = self._score(transcript, path, safe(name), variant.values)
            for part in score.parts:
                self.protocols.setdefault(part.connection, part.protocol)
            yield score

    def _score(
        self, transcript: Transcript, path: Path, name: str, matrix: Mapping[str, bytes]
    ) -> Score:
        level = self._options.level or transcript.head.level
        score = Score(name, path, transcript, matrix, level, ())
        known = self._served(score).values.settings
        firsts = tuple(0 for line in transcript.walk() if isinstance(line, Alt))
        steps = compile_steps(transcript, known, firsts)
        wrongs = [
            compile_steps(transcript, known, firsts, number)
            for number, _ in enumerate(mistakes_in(transcript.lines))
        ]
        found = parts(transcript, steps, wrongs)
        for way in (steps, *wrongs):
            _refuse_owed(transcript, known, way)
            if (trouble := ambiguous(way, known, transcript.head.peers)) is not None:
                raise Unreadable(trouble.place, trouble.sentence, trouble.line.text, trouble.width)
        for part in found:
            rehearsal = Rehearsal(self._served(score), path.parent, level)
            rehearsal.play(part, [other for other in found if other is not part])
        return Score(name, path, transcript, matrix, level, found)

    def _served(self, score: Score) -> Served:
        values = Values(
            self._options.settings, score.matrix, now=_now, uuid=_uuid, clock=time.monotonic
        )
        return Served(score.transcript.settings(), values, self._options.vault)

    # ------------------------------------------------------------------------- start and stop

    def _start(self) -> None:
        self._prepare_tls()
        for number in sorted(self.protocols):
            port = self._options.port + number - 1 if self._options.port else 0
            self.ports[number] = self._listen(self.host, port).address[1]
        for number, listener in zip(self.ports, self._listeners, strict=True):
            listener.serve(partial(self._serve, number))

    def _prepare_tls(self) -> None:
        """Raises Failure USAGE for a certificate of no use."""
        from mailprobe.sandbox.certificates import Brought, Certificates

        options = self._options
        if options.certificate is not None:
            self._tls = Brought(options.certificate, options.key)
            return
        from mailprobe.sandbox.maildrop import renamed

        with renamed("making the server's folder"):
            self._folder = Path(tempfile.mkdtemp(prefix="mailprobe-"))
        certificates = Certificates(self._folder)
        self._tls = certificates
        self._ca = lambda: certificates.ca

    @property
    def ca(self) -> Path:
        """The file with the practice CA; made when it is first asked for.  Raises Failure."""
        if self._ca is None:
            raise Failure(Word.USAGE, "there is a practice CA only without --cert, while we serve")
        return self._ca()

    def stop(self) -> None:
        """Close the ports and end what goes on.  May be called again.

        A client that has just left is not cut: it is waited for, for a moment.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: not self._visits and not self._connections, _STOP_PATIENCE
            )
            visits = list(self._visits)
        self._stopped.set()
        for visit in visits:
            visit.stop()
        self._stop_listening()
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def speaks_tls(self) -> bool:
        """Whether a client may want to know our CA."""
        return any(part.speaks_tls for score in self.scores for part in score.parts)

    # -------------------------------------------------------------------------------- clients

    def _serve(self, connection: int, stream: Stream) -> None:
        found = self._admit(connection)
        if found is None:
            stream.drop()
            return
        try:
            self._perform(*found, stream)
        finally:
            with self._changed:
                self._connections -= 1
                self._changed.notify_all()

    def _perform(self, visit: Visit, part: Part, stream: Stream) -> None:
        assert self._tls is not None  # `start` has made them
        performance = Performance(
            part, visit, stream, self._tls, self._options.manner, self._stopped
        )
        try:
            performance.play()
        except Exception as error:  # noqa: BLE001 - a thread has nobody to tell
            visit.fail(_confession(error, part))
        finally:
            visit.cut = visit.cut or performance.cut
            if visit.leave(self._options.manner.patience):
                self._end(visit)
        performance.leave()  # a client must have read our last words before the link goes

    def _admit(self, connection: int) -> tuple[Visit, Part] | None:
        """The visit that a new connection belongs to, and its part in it."""
        with self._changed:
            found = self._continued(connection) or self._begun(connection)
            self._connections += found is not None
            return found

    def _continued(self, connection: int) -> tuple[Visit, Part] | None:
        for visit in self._visits:
            if part := visit.take(connection):
                return visit, part
        return None

    def _begun(self, connection: int) -> tuple[Visit, Part] | None:
        """A new visit; its transcript is the next one that has such a connection."""
        if self._options.once and self._next:
            return None
        for _ in self.scores:
            score = self.scores[self._next % len(self.scores)]
            self._next += 1
            visit = Visit(score, self._served(score))
            if part := visit.take(connection):
                self._visits.append(visit)
                return visit, part
        return None

    def _end(self, visit: Visit) -> None:
        with self._changed:
            if visit in self._visits:
                self._visits.remove(visit)
        self._tell(visit.result())

    def _tell(self, result: Result) -> None:
        self._on_result(result)
        with self._changed:
            self._verdicts.append(result)
            self._changed.notify_all()

    # ------------------------------------------------------------------------------- verdicts

    @property
    def verdicts(self) -> tuple[Result, ...]:
        """What became of the clients that have left, in the order in which they did."""
        with self._changed:
            return tuple(self._verdicts)

    @property
    def failed(self) -> bool:
        """Whether a client strayed."""
        return any(result.verdict is Verdict.FAILED for result in self.verdicts)

    def join(self, count: int = 1, timeout: float | None = None) -> tuple[Result, ...]:
        """Wait until so many clients have left, and all that are there; their verdicts.

        Raises Failure TIMEOUT after `timeout` seconds.
        """
        with self._changed:
            done = self._changed.wait_for(
                lambda: len(self._verdicts) >= count and not self._visits, timeout
            )
        if not done:
            raise Failure(Word.TIMEOUT, f"no {count} clients have come and left in {timeout:g} s")
        return self.verdicts


def _refuse_owed(
    transcript: Transcript, known: Mapping[str, bytes], steps: tuple[Step, ...]
) -> None:
    """A client would wait for a reply that the file has not.  Raises Unreadable."""
    note = owed_in(transcript, known, steps)
    if note is not None:
        raise Unreadable(note.place, note.sentence, note.text, note.width)


def _confession(error: Exception, part: Part) -> Problem:
    """Our own fault, without values: they might be secrets."""
    sentence = f"{type(error).__name__}; this is a fault of mailprobe, please report it"
    return Problem(Word.INTERNAL, sentence, part.last)


def _nothing(result: Result) -> None:
    """Nobody wants to know."""


def _now(form: str) -> str:
    from datetime import UTC, datetime  # only where somebody asks for the time

    return datetime.now(UTC).strftime(form or _DATE)


def _uuid() -> str:
    import uuid

    return str(uuid.uuid4())
