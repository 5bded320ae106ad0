"""`--repeat N`: the same input, over one connection after another, and how long each part took."""

import time
from collections.abc import Callable

from mailprobe.errors import ExitStatus, Failure, Word
from mailprobe.session import Session
from mailprobe.shell.front.lines import LineSource
from mailprobe.shell.options import Options
from mailprobe.shell.piping.pipe import Pipe
from mailprobe.shell.piping.printer import Printer
from mailprobe.timing import Tally, timing_of
from mailprobe.value import replace

_MOST = 64 * 1024**2  # octets of the input
_READ = 256 * 1024
_EXCHANGES = 10_000  # of one session that are timed
# What will be no better the next time.
_HOPELESS = (Word.USAGE, Word.SYNTAX, Word.SECURITY, Word.INTERNAL)
# Of several failures the first of these counts, as `mailprobe replay` has it.
_WORST = (ExitStatus.USAGE, ExitStatus.SYNTAX, ExitStatus.UNREACHED, ExitStatus.FAILED)

Ask = Callable[[str, int | None], str | None]


class Repetition:
    """All runs of one input.  `printer` shows the first of them, with `verbose` each."""

    def __init__(
        self,
        options: Options,
        source: int,
        printer: Printer,
        tell: Callable[[str], None],
        wakeup: int | None,
        ask: Ask,
    ) -> None:
        settings = replace(options.settings, keep_exchanges=_EXCHANGES, keep_bodies=False)
        self._options = replace(options, settings=settings)
        self._source = source
        self._printer = printer
        self._tell = tell
        self._wakeup = wakeup
        self._ask = _remembering(ask)
        self._tally = Tally()
        self._failures: list[Failure] = []

    def run(self) -> None:
        """Play it so often.  Raises the worst Failure, or Interrupted; the table comes before."""
        octets = self._read()
        try:
            for number in range(1, self._options.repeat + 1):
                self._play(octets, number)
                if self._over():
                    break
        finally:
            self._printer.measured(self._tally)
        self._judge()

    def _read(self) -> bytes:
        """The whole input.  Raises Failure `limit`, and Interrupted."""
        lines = LineSource(self._source, wakeup=self._wakeup, end=self._options.settings.end)
        pieces, size = [], 0
        while piece := lines.take(_READ):
            pieces.append(piece)
            size += len(piece)
            if size > _MOST:
                raise Failure(Word.LIMIT, f"--repeat takes an input of {_MOST >> 20} MiB at most")
        return b"".join(pieces)

    def _play(self, octets: bytes, number: int) -> None:
        first = number == 1
        loud = first or self._options.verbose
        options = self._options if first else replace(self._options, record=None)
        printer = self._printer if loud else Printer(_drop, _drop, color=False)
        printer.refused.clear()
        if self._options.verbose:
            printer.local(f"session {number} of {self._options.repeat}")
        pipe = Pipe(
            options, octets, printer, self._tell if loud else _drop, self._wakeup, self._ask
        )
        sessions: list[Session] = []
        pipe.ended = sessions.append
        word = ""
        try:
            pipe.run()
        except Failure as failure:
            word = str(failure.word)
            self._count(failure, number)
        finally:
            self._measure(sessions, word)

    def _measure(self, sessions: list[Session], word: str) -> None:
        if not sessions:
            self._tally.add(None, word)
        for at, session in enumerate(sessions, 1):
            log = session.connection.catalogue, session.milestones, session.exchanges
            self._tally.add(timing_of(*log), word if at == len(sessions) else "")

    def _count(self, failure: Failure, number: int) -> None:
        """Keep a failure; of each kind the first is told."""
        if failure.word not in [one.word for one in self._failures]:
            self._tell(f"note: session {number}: {failure}")
        self._failures.append(failure)

    def _over(self) -> bool:
        end = self._options.settings.end
        hopeless = bool(self._failures) and self._failures[-1].word in _HOPELESS
        return hopeless or (end is not None and time.monotonic() >= end)

    def _judge(self) -> None:
        count, tried = len(self._failures), self._tally.sessions
        for status in _WORST:
            for failure in self._failures:
                if failure.word.status is status:
                    sentence = f"{count} of {tried} sessions failed; {failure.sentence}"
                    raise Failure(failure.word, sentence)


def _drop(text: str) -> None:
    """Nobody wants to see it."""


def _remembering(ask: Ask) -> Ask:
    """Ask a person for the same thing once."""
    known: dict[str, str | None] = {}

    def once(prompt: str, wakeup: int | None) -> str | None:
        if prompt not in known:
            known[prompt] = ask(prompt, wakeup)
        return known[prompt]

    return once
