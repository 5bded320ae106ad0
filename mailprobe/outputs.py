"""Files that a person asked for by name: reports, and transcripts that are written anew.

They come to be beside their place and then take it, so that nobody reads half of one.
"""

import contextlib
import os
import stat
from pathlib import Path

from mailprobe.errors import Failure, Word
from mailprobe.safe import safe

_NEW = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY | os.O_CLOEXEC
_SHARED = 0o666  # less the umask: others may have to read a report
_PRIVATE = 0o600


class Output:
    """A file in the making; `finish` puts it in its place, over an older one.

    A link, a folder or a device of that name is refused, and so is a folder that is not there:
    at once, and not when the work is done.  With `fresh` an older file is refused, too, also
    one that has come to be meanwhile.  A `private` one only its owner may read.  Raises Failure
    `usage`.
    """

    def __init__(self, path: str | Path, *, fresh: bool = False, private: bool = False) -> None:
        self.path = Path(path)
        self._new = fresh
        self._private = private
        self._descriptor = -1
        try:
            self._check_place()
            mode = self._mode()
            self._fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}")
            self._descriptor = os.open(self._fresh, _NEW, _PRIVATE if private else _SHARED)
            if mode is not None:
                os.fchmod(self._descriptor, mode)
        except (OSError, ValueError) as error:
            self.discard()
            raise _unwritable(self.path, error) from None

    def _check_place(self) -> None:
        if self._new and os.path.lexists(self.path):
            raise ValueError("it is there already, and is not overwritten")

    def _mode(self) -> int | None:
        """The permissions of the file that is there already."""
        try:
            there = os.lstat(self.path).st_mode
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(there):
            raise ValueError("it is there, and is not a regular file")
        return stat.S_IMODE(there)

    def write(self, octets: bytes) -> None:
        """Write behind what is there already.  Raises Failure `usage`."""
        left = memoryview(octets)
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError as error:
            self.discard()
            raise _unwritable(self.path, error) from None

    def finish(self) -> None:
        """Put it in its place; of one that failed before there is nothing to put.

        Raises Failure `usage`.
        """
        if self._descriptor < 0:
            return
        try:
            os.fsync(self._descriptor)
            self._check_place()
            self._fresh.replace(self.path)
            if self._private:  # what is deleted elsewhere then must be here
                sync_folder(self.path.parent)
        except (OSError, ValueError) as error:
            self.discard()
            raise _unwritable(self.path, error) from None
        self._close()

    def discard(self) -> None:
        """Leave no trace of it.  Never raises."""
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                self._fresh.unlink()
            self._close()

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        with contextlib.suppress(OSError):
            os.close(descriptor)


def rewrite(path: str | Path, octets: bytes) -> None:
    """Put `octets` in the place of a file, which keeps its permissions.

    What a link leads to is written anew, and stays linked.  Raises Failure `usage`.
    """
    output = Output(os.path.realpath(path))
    output.write(octets)
    output.finish()


def sync_folder(folder: str | Path) -> None:
    """Wait until the names in a folder are on the disk.  Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Make a folder where there is none.  Raises Failure `usage`."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: Exception) -> Failure:
    reason = getattr(error, "strerror", None) or str(error)
    return Failure(Word.USAGE, f"cannot write {safe(str(path))}: {reason}")
