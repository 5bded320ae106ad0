"""Before anybody listens: whether every line that a server is to say can be said.

A client is played that says what the file has; what it would make known are samples.
"""

from collections.abc import Iterable
from itertools import count
from pathlib import Path

from mailprobe.errors import Failure
from mailprobe.player.serving.agenda import Agenda, Hearing, Part, Turn
from mailprobe.player.serving.sayings import Sayings, judged
from mailprobe.player.serving.served import Served, secret_names
from mailprobe.player.serving.verifying import Verifier, is_auth
from mailprobe.transcript.load import resolve
from mailprobe.transcript.model import (
    FileLine,
    Level,
    Pattern,
    Placeholder,
    TlsLine,
    Unreadable,
    Wire,
)
from mailprobe.transcript.steps import Handshake, RawLine
from mailprobe.transcript.steps import Reply as Step

_TLS = b"TLSv1.3"
_NUMBERS = ("int", "num")


class Rehearsal:
    """One transcript, played against itself.  `served` is not used again."""

    def __init__(self, served: Served, folder: Path, level: Level) -> None:
        self._served = served
        self._folder = folder
        self._level = level

    def play(self, part: Part, others: Iterable[Part] = ()) -> None:
        """Raises Unreadable for the first line that cannot be said.

        `others` are connections of the same client, which may have made something known before.
        """
        for other in others:
            for hearing in other.agenda.hearings:
                self._hear(hearing)
            for turn in other.agenda.turns:
                self._learn(turn)
        sayings = Sayings(self._served, part.catalogue, self._folder)
        self._walk(part.agenda, part, sayings)
        for _, agenda in part.mistakes:
            self._walk(agenda, part, sayings)

    def _walk(self, agenda: Agenda, part: Part, sayings: Sayings) -> None:
        verifier = Verifier(self._served, _some_channel)
        turns = list(agenda.turns)
        for heard in count():
            while turns and turns[0].needs <= heard:
                self._say(turns.pop(0), part, sayings)
            if heard == len(agenda.hearings):
                return
            hearing = agenda.hearings[heard]
            self._hear(hearing)
            if is_auth(hearing):
                verifier.begin(agenda, heard)

    def _hear(self, hearing: Hearing) -> None:
        """What the client says has a value from now on."""
        secret = set(secret_names(hearing))
        for line in hearing.lines:
            if isinstance(line, FileLine) and self._level is Level.TEXT:
                self._check_file(line)
            for piece in line.pieces if isinstance(line, Wire) else ():
                if not isinstance(piece, Placeholder) or not piece.name or piece.name in secret:
                    continue
                sample = b"1" if piece.kind in _NUMBERS else b"x"
                self._served.values.take(
                    {piece.name: sample if piece.sample is None else piece.sample}
                )

    def _check_file(self, line: FileLine) -> None:
        """What a client sends to the letter must be there to be compared."""
        try:
            resolve(self._folder, line.path)
        except Failure as failure:
            raise Unreadable(line.place, failure.sentence, line.text, len(line.text)) from None

    def _learn(self, turn: Turn) -> None:
        """What another connection has said has a value, where it has a sample."""
        lines = turn.saying.expected.lines if isinstance(turn.saying, Step) else ()
        for line in lines:
            for piece in line.pieces if isinstance(line, Wire | Pattern) else ():
                if isinstance(piece, Placeholder) and piece.name and piece.sample is not None:
                    self._served.values.take({piece.name: piece.sample})

    def _say(self, turn: Turn, part: Part, sayings: Sayings) -> None:
        match turn.saying:
            case Step() as step:
                self._reply(step, part, sayings)
            case RawLine() as step:
                list(sayings.raw(step))
            case Handshake(line=line):
                self._check_version(line)
            case _:
                pass

    def _check_version(self, line: TlsLine) -> None:
        """What we speak is the newest that there is."""
        if line.version is None:
            return
        said = self._served.sample(line.version, line)
        if said != _TLS:
            sentence = f"serve speaks {_TLS.decode()} here, and not {said.decode(errors='replace')}"
            raise Unreadable(line.place, sentence, line.text, len(line.text))

    def _reply(self, step: Step, part: Part, sayings: Sayings) -> None:
        values = self._served.values
        mark = values.mark()
        octets = b"".join(piece for piece in sayings.reply(step) if isinstance(piece, bytes))
        values.undo(mark)
        # It is looked at as a client does that plays this very file.
        assert part.catalogue is not None  # `raw` has no replies
        mismatch = judged(step, octets, part.catalogue, self._level, values)
        if mismatch is not None:
            sentence = f"what serve would say here does not fit the file: {mismatch.sentence}"
            raise Unreadable(mismatch.place, sentence, mismatch.text, mismatch.width)


def _some_channel() -> dict[str, bytes]:
    """What a login could be bound to, if there were a link."""
    return {"tls-unique": b"a link"}
