"""The edge to the file system: private files, one append an event, errors renamed once."""

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator

from mailprobe.errors import Failure, Word
from mailprobe.safe import safe

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

_PRIVATE = 0o600
_SECRET = 64 * 1024  # octets of a file that holds one
_LARGEST_LIST = 1024 * 1024  # octets of a file of many secrets
_BLOCK = 64 * 1024  # octets that are read at a time
_NEW = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_RDWR | os.O_CLOEXEC
_OLD = os.O_CREAT | os.O_NOFOLLOW | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC | os.O_NONBLOCK


class AlreadyThere(Failure):
    """A file of that name exists, and is not overwritten."""


class PrivateFile:
    """A file that only its owner reads, and that grows by whole appends.

    Raises AlreadyThere when it exists already (a symbolic link counts), Failure `usage` when it
    cannot be made.
    """

    def __init__(self, path: "str | Path") -> None:
        from pathlib import Path  # 4 ms of a start, and most runs write nothing

        self.path = Path(path)
        try:
            self._descriptor = os.open(self.path, _NEW, _PRIVATE)
        except FileExistsError:
            raise AlreadyThere(
                Word.USAGE, f"{safe(str(self.path))} exists already and is not overwritten"
            ) from None
        except (OSError, ValueError) as error:
            raise _unwritable(self.path, error) from None
        self.size = 0  # octets

    def append(self, octets: bytes) -> None:
        """Write `octets` behind all others, at once.

        Raises Failure `usage` when it cannot; none of them are in the file then.
        """
        try:
            written = os.pwrite(self._descriptor, octets, self.size)
        except OSError:
            written = -1
        if written == len(octets):
            self.size += written
        else:
            self.replace(self.size, octets)  # from the beginning, in pieces; or it says why not

    def replace(self, size: int, octets: bytes) -> None:
        """Write `octets` over what stands behind the first `size` octets, and beyond.

        This is one write, and never makes the file shorter: whoever kills us finds the old text
        or the new one.  Raises Failure `usage`; the old text stands then.
        """
        at, left = size, memoryview(octets)
        before = self.read(size, self.size - size) if size < self.size else b""
        try:
            while left:
                written = os.pwrite(self._descriptor, left, at)
                at, left = at + written, left[written:]
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self.size)
                os.pwrite(self._descriptor, before, size)
            raise _unwritable(self.path, error) from None
        self.size = max(self.size, at)

    def cut(self, size: int) -> None:
        """Take back what was appended behind the first `size` octets."""
        try:
            os.ftruncate(self._descriptor, size)
        except OSError as error:
            raise _unwritable(self.path, error) from None
        self.size = size

    def read(self, offset: int, count: int) -> bytes:
        """Up to `count` octets from `offset` on."""
        try:
            return os.pread(self._descriptor, count, offset)
        except OSError as error:
            raise _unwritable(self.path, error) from None

    def remove(self) -> None:
        """Take the name away.  Never raises: a file too many harms nobody."""
        with contextlib.suppress(OSError):
            self.path.unlink()

    def close(self, *, durable: bool = True) -> None:
        """Close; `durable` waits until the octets are on the disk.  Never raises."""
        if self._descriptor < 0:
            return
        descriptor, self._descriptor = self._descriptor, -1
        if durable:
            with contextlib.suppress(OSError):  # append() has told of what matters
                os.fsync(descriptor)
        with contextlib.suppress(OSError):
            os.close(descriptor)


class SourceFile:
    """A regular file, to be read from its beginning, more than once perhaps.

    Raises Failure `usage` when it cannot be read, or is no regular file.
    """

    def __init__(self, path: "str | Path") -> None:
        self._path = path
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except (OSError, ValueError) as error:
            raise _unreadable(path, error) from None
        try:
            _refuse_irregular(self._descriptor)
        except ValueError as error:
            os.close(self._descriptor)
            raise _unreadable(path, error) from None
        self.size = os.fstat(self._descriptor).st_size  # octets

    def __enter__(self) -> "SourceFile":
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._descriptor)

    def blocks(self, start: int = 0, count: int | None = None) -> Iterator[bytes]:
        """The octets from `start` on, `count` of them at most.  Raises Failure `usage`."""
        at, end = start, self.size if count is None else start + count
        while at < end:
            try:
                octets = os.pread(self._descriptor, min(_BLOCK, end - at), at)
            except OSError as error:
                raise _unreadable(self._path, error) from None
            if not octets:
                raise _unreadable(self._path, ValueError("it has become shorter meanwhile"))
            yield octets
            at += len(octets)


def append_private(path: "str | Path", octets: bytes) -> None:
    """Append to a file that may exist, made 0600 in a 0700 folder when it does not.

    Raises Failure `usage` when it cannot be written, or is no regular file.
    """
    from pathlib import Path

    try:
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, _OLD, _PRIVATE)
        try:
            _refuse_irregular(descriptor)
            os.fchmod(descriptor, _PRIVATE)
            left = memoryview(octets)
            while left:
                left = left[os.write(descriptor, left) :]
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None


def replace_private(path: "str | Path", octets: bytes) -> None:
    """Put a new file of `octets`, 0600, in the place of `path`.  Raises Failure `usage`."""
    file = PrivateFile(f"{path}.{os.getpid()}")
    try:
        file.append(octets)
        file.path.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        file.remove()  # gone already, where it has taken the place
        file.close()


@contextlib.contextmanager
def turn(path: "str | Path") -> "Iterator[None]":
    """While it lasts nobody else has a turn at the files beside `path`; its folder is there.

    Where the file system knows no locks everybody has one.
    """
    import fcntl

    try:
        descriptor = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_DIRECTORY)  # noqa: PTH120
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def set_aside(path: str) -> str:
    """Give a file another name, which is returned, so that a new one can take its place.

    Raises Failure `usage`.
    """
    try:
        kept = next(
            name
            for name in (f"{path}.kept", *(f"{path}.kept-{number}" for number in range(2, 1000)))
            if not os.path.lexists(name)
        )
        os.rename(path, kept)  # noqa: PTH104 - no Path for a name
    except (OSError, ValueError, StopIteration) as error:
        raise _unwritable(path, error) from None
    return kept


def read_small(path: "str | Path", limit: int) -> bytes:
    """At most `limit` octets of a regular file.  Raises Failure `usage`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            _refuse_irregular(descriptor)
            return os.pread(descriptor, limit, 0)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None


def read_blocks(path: "Path", size: int) -> Iterator[bytes]:
    """All octets of a regular file, `size` at a time.  Raises Failure `usage`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            _refuse_irregular(descriptor)
            while octets := os.read(descriptor, size):
                yield octets
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None


def refuse_readable(path: "str | Path") -> None:
    """Raise Failure `usage` for a file of secrets that is not for us alone; see `read_secret`."""
    os.close(_open_secret(path, _LARGEST_LIST))


def read_secret(path: "str | Path") -> bytes:
    """What a file holds that is for us alone, without its last line end.

    Raises Failure `usage` for one that others may read, for a link, and for what is no file.
    """
    descriptor = _open_secret(path, _SECRET)
    try:
        octets = os.read(descriptor, _SECRET)
    except OSError as error:
        raise _unreadable(path, error) from None
    finally:
        os.close(descriptor)
    return octets.removesuffix(b"\n").removesuffix(b"\r")


def _open_secret(path: "str | Path", limit: int) -> int:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            size = _size_of_ours(descriptor, 0o077, "others may read it: chmod 600")
            if size > limit:
                raise ValueError(f"a secret has at most {limit} octets")
        except BaseException:
            os.close(descriptor)
            raise
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    return descriptor


def read_trusted(path: "str | Path", limit: int) -> bytes | None:
    """What a file holds that only its owner, or root, can have written; None: there is none.

    Raises Failure `usage`.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    try:
        if _size_of_ours(descriptor, 0o022, "others may write it: chmod go-w") > limit:
            raise ValueError(f"it is larger than {limit} octets")
        return os.read(descriptor, limit)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    finally:
        os.close(descriptor)


def _size_of_ours(descriptor: int, forbidden: int, complaint: str) -> int:
    """Octets of a regular file of ours, or of root's, without the `forbidden` mode bits.

    Raises ValueError for any other, with `complaint` where it has one of those bits.
    """
    _refuse_irregular(descriptor)
    found = os.fstat(descriptor)
    if found.st_mode & forbidden:
        raise ValueError(complaint)
    if found.st_uid not in (os.geteuid(), 0):
        raise ValueError("it belongs to somebody else")
    return found.st_size


def remove_files(paths: "Iterable[Path]") -> None:
    """Take names away.  Never raises: a file too many harms nobody."""
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()


def keep(file: "IO[bytes]", octets: bytes) -> None:
    """Write to a spool that may be on a disk.  Raises Failure `usage` when that is full."""
    try:
        file.write(octets)
    except OSError as error:
        raise _unwritable("a temporary file", error) from None


def temporary(pieces: "Iterable[bytes]") -> "IO[bytes]":
    """A file without a name that only we can read, with `pieces` in it, to be read from the start.

    Raises Failure `usage` when the disk is full.
    """
    import tempfile

    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        for octets in pieces:
            file.write(octets)
        file.seek(0)
    except OSError as error:
        with contextlib.suppress(OSError):
            file.close()
        raise _unwritable("a temporary file", error) from None
    except BaseException:
        file.close()
        raise
    return file


def _refuse_irregular(descriptor: int) -> None:
    """No FIFO, no device: they may wait for ever, or never end."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise ValueError("not a regular file")


def _unreadable(path: "str | Path", error: Exception) -> Failure:
    reason = getattr(error, "strerror", None) or str(error)
    return Failure(Word.USAGE, f"cannot read {safe(str(path))}: {reason}")


def _unwritable(path: "str | Path", error: Exception) -> Failure:
    reason = getattr(error, "strerror", None) or str(error)
    return Failure(Word.USAGE, f"cannot write {safe(str(path))}: {reason}")
