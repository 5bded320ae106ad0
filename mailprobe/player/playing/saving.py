"""`--save-failures`: what happened, as a transcript of its own, where it was not what it should."""

import re
from collections.abc import Iterable
from pathlib import Path

from mailprobe.files import AlreadyThere, remove_files
from mailprobe.outputs import make_folder
from mailprobe.patterns import pattern
from mailprobe.player.playing.hosts import Way
from mailprobe.player.playing.prepared import Prepared
from mailprobe.transcript.record import Recorder
from mailprobe.transport.target import Tls

_UNFIT = pattern(r"[^A-Za-z0-9._=,+-]+")
_LONGEST = 120  # characters of a name
_TRIES = 10_000


class Saved:
    """The recordings of one run, a file for each connection; none of them is written over.

    Of a connection that was opened again the last recording stays.
    """

    def __init__(self, prepared: Prepared) -> None:
        folder = prepared.options.save_failures
        assert folder is not None  # only then somebody saves
        self._folder = folder
        self._stem = _stem(prepared.name)
        self._recorders: dict[int, tuple[Path, Recorder]] = {}
        make_folder(folder)

    def recorder(self, number: int, protocol: str, way: Way, secrets: Iterable[bytes]) -> Recorder:
        """An observer for a new connection; `secrets` are known.  Raises Failure `usage`."""
        self._forget(number)
        path, recorder = self._new(number)
        for value in secrets:
            recorder.secrets.hide(value)
        implicit = way.target.tls is Tls.IMPLICIT
        recorder.begin(protocol, str(way.target), implicit_tls=implicit)
        self._recorders[number] = path, recorder
        return recorder

    def _new(self, number: int) -> tuple[Path, Recorder]:
        connection = "" if number == 1 else f".{number}"
        for count in range(1, _TRIES):
            again = "" if count == 1 else f"-{count}"
            path = self._folder / f"{self._stem}{again}{connection}.mpt"
            try:
                return path, Recorder(path)
            except AlreadyThere as error:
                failure = error
        raise failure

    def keep(self) -> Path | None:
        """Put everything on the disk; returns the recording of the connection opened first."""
        for _, recorder in self._recorders.values():
            recorder.close()
        return next((path for path, _ in self._recorders.values()), None)

    def forget(self) -> None:
        """The run has passed: nothing of it is kept."""
        for number in list(self._recorders):
            self._forget(number)

    def _forget(self, number: int) -> None:
        if number in self._recorders:
            path, recorder = self._recorders.pop(number)
            recorder.close()
            remove_files([path, *path.parent.glob(f"{_literal(path.name)}.*.body")])


def _stem(name: str) -> str:
    """A name of a file, of letters that mean nothing to anybody, from that of a transcript."""
    base = re.sub(r"\.mpt(?=\[|$)", "", name.replace("\\", "/").rpartition("/")[2])
    return _UNFIT.sub("_", base).strip("._")[:_LONGEST] or "transcript"


def _literal(name: str) -> str:
    return name.replace("[", "[[]")
