"""`stabilise`: play a transcript several times, and loosen in it what differed."""

from collections.abc import Iterator
from pathlib import Path

from mailprobe.errors import Failure, Word
from mailprobe.player.client import play
from mailprobe.player.many.scripts import mistakes_of
from mailprobe.player.options import Options
from mailprobe.player.playing.prepared import Prepared
from mailprobe.player.playing.stage import Seen
from mailprobe.player.results import Result, Verdict
from mailprobe.safe import safe
from mailprobe.transcript.changing.steady import Heard, steady
from mailprobe.transcript.format import lines_of
from mailprobe.transcript.load import variants
from mailprobe.transcript.model import Level, Transcript
from mailprobe.value import replace

_LARGEST = 1024 * 1024  # octets of a body that are compared; a longer one is left alone


def stabilise(transcript: Transcript, path: Path, options: Options, runs: int) -> bytes:
    """The file as it holds in each of so many runs.

    Raises Failure when one does not pass: what differs in a code is no matter of wording.  Raises
    Interrupted.
    """
    level = options.level or transcript.head.level
    if level is Level.TEXT:  # the texts are what is asked about
        options = replace(options, level=Level.CODE)
    heard = [list(_run(transcript, path, options)) for _ in range(runs)]
    return steady(transcript, heard)


def _run(transcript: Transcript, path: Path, options: Options) -> Iterator[Heard]:
    """One run, of all values of the matrix and of all known mistakes."""
    for variant in variants(transcript.head):
        for wrong in mistakes_of(transcript):
            prepared = Prepared(
                transcript, path, options, variant.values, name=transcript.name, wrong=wrong
            )
            played = play(prepared)
            _refuse(played.result)
            yield from map(_heard, played.seen)


def _refuse(result: Result) -> None:
    """Raises Failure unless the run has passed."""
    if result.verdict is Verdict.PASSED:
        return
    if result.problem is None:
        raise Failure(Word.USAGE, f"{result.name} is not played: {result.reason}")
    place = result.problem.place
    where = f"{safe(str(place))}: " if place is not None else ""
    raise Failure(result.problem.word, f"{where}{result.problem.sentence}")


def _heard(seen: Seen) -> Heard:
    body = None
    if seen.body is not None and seen.body.size <= _LARGEST:
        body = _lines(seen.body.octets())
    return Heard(seen.step, _lines(seen.reply.wire), body)


def _lines(octets: bytes) -> tuple[bytes, ...]:
    return tuple(line.removesuffix(b"\n").removesuffix(b"\r") for line in lines_of(octets))
