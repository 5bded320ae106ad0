"""What was typed before, kept for the arrow keys: a private file for each protocol.

No secret gets in: what a line leaves behind is decided by the caller's `keep`, which is
`mask.for_history` with the facts of the moment.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from prompt_toolkit.history import History

from mailprobe.errors import Failure
from mailprobe.protocol.model import Protocol
from mailprobe.safe import safe
from mailprobe.shell.memory.kept import LineFile
from mailprobe.shell.memory.places import state_folder

LINES = 5000
_LONGEST = 2000  # octets, with the line end; longer lines are remembered for this session only
_FILE = 16 * 1024 * 1024  # octets that are read of a file


def history_path(protocol: Protocol, env: Mapping[str, str]) -> Path | None:
    """Where the history of `protocol` lies; None when nobody says where home is."""
    folder = state_folder(env)
    return folder / f"history-{protocol}" if folder is not None else None


class LineHistory(History):
    """The lines of one protocol.

    Not to be wrapped in `ThreadedHistory`, which stores lines past `append_string`.
    """

    def __init__(self, path: Path | None, keep: Callable[[str], str | None]) -> None:
        super().__init__()
        self._file = LineFile(path, _FILE)
        self._keep = keep

    @property
    def failure(self) -> Failure | None:
        """Why other sessions will not remember."""
        return self._file.failure

    def append_string(self, string: str) -> None:
        """Remember what `keep` leaves of the line; a repeated line once."""
        kept = self._keep(string)
        if not kept or self.get_strings()[-1:] == [kept]:
            return
        super().append_string(kept)

    def load_history_strings(self) -> Iterable[str]:
        """The lines of the file, newest first."""
        return reversed(self.read())

    def read(self) -> list[str]:
        """The lines of the file, oldest first, at most `LINES`; cuts a file that holds more."""
        lines = self._file.read()
        if len(lines) > LINES:
            lines = lines[-LINES:]
            self._file.replace(lines)
        texts = (line.decode("utf-8", "surrogateescape") for line in lines)
        return [text for text in texts if _presentable(text)]

    def store_string(self, string: str) -> None:
        """Append to the file what a line of text can hold."""
        if not _presentable(string):
            return
        octets = string.encode("utf-8", "surrogateescape")
        if len(octets) < _LONGEST:
            self._file.append(octets)


def _presentable(text: str) -> bool:
    """No control, escape sequence or invisible character; octets that are no UTF-8 may stay.

    Whoever can write the file could otherwise reach the terminal by the arrow keys.
    """
    plain = "".join(c for c in text if c != "\\" and not "\udc80" <= c <= "\udcff")
    return bool(text) and safe(plain) == plain
