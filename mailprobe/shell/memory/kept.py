"""Lines that outlive the shell, in a private file that may be lost."""

from collections.abc import Callable, Iterable

from mailprobe import files
from mailprobe.errors import Failure


class LineFile:
    """A file that cannot be read or written (a read-only home, a folder in its place) costs the
    memory of other sessions and nothing else; `failure` says why, for whoever shows it.

    `path` may be None: nobody says where home is.  `limit` is how many octets are read.
    """

    def __init__(self, path: str | None, limit: int) -> None:
        self.failure: Failure | None = None
        self._path = path
        self._limit = limit

    def read(self) -> list[bytes]:
        """The whole lines, the oldest first, without their ends."""
        if self._path is None:
            return []
        try:
            return files.read_small(self._path, self._limit).split(b"\n")[:-1]
        except Failure:  # most often there is none yet
            return []

    def append(self, line: bytes) -> None:
        """Write one more line, given without its end."""
        self._attempt(files.append_private, line + b"\n")

    def replace(self, lines: Iterable[bytes]) -> None:
        """Write the file anew."""
        self._attempt(files.replace_private, b"".join(line + b"\n" for line in lines))

    def _attempt(self, write: Callable[[str, bytes], None], octets: bytes) -> None:
        if self._path is None or self.failure is not None:
            return
        try:
            write(self._path, octets)
        except Failure as failure:
            self.failure = failure
