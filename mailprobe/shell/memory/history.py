"""What was typed before, kept for the arrow keys: a private file for each protocol.

No secret gets in: what a line leaves behind is decided by the caller's `keep`, which is
`mask.for_history` with the facts of the moment.  Knows no prompt_toolkit: the plain shell is for
terminals where that does not start.
"""

from collections.abc import Callable, Mapping, Sequence

from mailprobe.errors import Failure
from mailprobe.protocol.model import Protocol
from mailprobe.safe import safe
from mailprobe.shell.memory.kept import LineFile
from mailprobe.shell.memory.places import state_folder

LINES = 5000
NOBODY = "local"  # in the place of a protocol: what was typed before there was a connection
_LONGEST = 2000  # octets, with the line end; longer lines are remembered for this session only
_FILE = 16 * 1024 * 1024  # octets that are read of a file


def history_path(protocol: Protocol | str, env: Mapping[str, str]) -> str | None:
    """Where the history of `protocol`, or `NOBODY`, lies; None when nobody says where home is."""
    folder = state_folder(env)
    return f"{folder}/history-{protocol}" if folder is not None else None


class LineHistory:
    """The lines of one protocol."""

    def __init__(self, path: str | None, keep: Callable[[str], str | None]) -> None:
        self._lines: list[str] = []
        self._file = LineFile(path, _FILE)
        self._keep = keep

    @property
    def failure(self) -> Failure | None:
        """Why other sessions will not remember."""
        return self._file.failure

    def append_string(self, string: str) -> None:
        """Remember what `keep` leaves of the line; a repeated line once."""
        if kept := self.kept(string, self._lines):
            self._lines.append(kept)
            self.store_string(kept)

    def get_strings(self) -> list[str]:
        """What was appended, the oldest first."""
        return list(self._lines)

    def kept(self, line: str, before: Sequence[str]) -> str:
        """What is to be remembered of `line` behind those `before` it; "" for nothing."""
        kept = self._keep(line) or ""
        return "" if [*before[-1:]] == [kept] else kept

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
