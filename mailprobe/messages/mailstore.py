"""Where messages that were fetched are kept: a file, a folder of files, or a Maildir.

The edge to them: what is said to be kept is whole and on the disk, and nothing is overwritten.
"""

import hashlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from mailprobe.errors import Failure, Word
from mailprobe.outputs import Output, make_folder, sync_folder
from mailprobe.patterns import pattern
from mailprobe.safe import safe

if TYPE_CHECKING:
    import mailbox

_UNSAFE = pattern(r"[^A-Za-z0-9_.-]|\A\.")
_LONGEST = 120  # characters of a name; file systems take 255 octets


class Place(Protocol):
    """Where one message goes.  `write` and `finish` raise Failure `usage`."""

    def write(self, octets: bytes) -> None: ...

    def finish(self) -> str:
        """All of it is there: have it on the disk, and say where."""

    def discard(self) -> None:
        """Leave no trace of it.  Never raises."""


class Store(Protocol):
    """Where messages go."""

    def place(self, number: int, unique_id: str | None) -> Place:
        """Raises Failure `usage` where there is none for that message."""


def name_of(number: int, unique_id: str | None) -> str:
    """The name of a message's file: its unique-id, with what is unfit for a name as `%XX`.

    No two ids have one name, and none leads out of its folder.
    """
    if unique_id is None:
        return f"message-{number}.eml"
    name = _UNSAFE.sub(lambda match: f"%{ord(match[0]):02X}", unique_id)
    if len(name) > _LONGEST:
        digest = hashlib.sha256(unique_id.encode("utf-8", "surrogateescape")).hexdigest()[:20]
        name = f"{name[: _LONGEST - 21]}-{digest}"
    return f"{name}.eml"


class _FilePlace:
    """A new file that only its owner reads."""

    def __init__(self, path: Path) -> None:
        self._output = Output(path, fresh=True, private=True)

    def write(self, octets: bytes) -> None:
        self._output.write(octets)

    def finish(self) -> str:
        self._output.finish()
        return str(self._output.path)

    def discard(self) -> None:
        self._output.discard()


class SingleFile:
    """For one message alone."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def place(self, number: int, unique_id: str | None) -> Place:
        return _FilePlace(self._path)


class Folder:
    """A file for each message, named by its unique-id.  The folder is made.  Raises Failure."""

    def __init__(self, path: Path) -> None:
        make_folder(path)
        self._path = path

    def place(self, number: int, unique_id: str | None) -> Place:
        return _FilePlace(self._path / name_of(number, unique_id))


class Maildir:
    """A Maildir, which is made where there is nothing; lines end in LF there, as its readers want.

    Raises Failure `usage`.
    """

    def __init__(self, path: Path) -> None:
        import mailbox  # and email

        self._path = path
        try:
            fresh = not path.exists()
            if not fresh and not all((path / name).is_dir() for name in ("cur", "new", "tmp")):
                raise ValueError("it is there, and is no Maildir")
            self._box = mailbox.Maildir(path, create=fresh)
        except (OSError, ValueError) as error:
            raise _unwritable(path, error) from None

    def place(self, number: int, unique_id: str | None) -> Place:
        return _MaildirPlace(self._box, self._path)


class _MaildirPlace:
    """A message that waits without a name until it is whole."""

    def __init__(self, box: "mailbox.Maildir", path: Path) -> None:
        import tempfile

        self._box = box
        self._path = path
        try:
            self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by its end
        except OSError as error:
            raise _unwritable(path, error) from None

    def write(self, octets: bytes) -> None:
        try:
            self._file.write(octets)
        except OSError as error:
            raise _unwritable(self._path, error) from None

    def finish(self) -> str:
        try:
            self._file.seek(0)
            key = self._box.add(self._file)
            path = self._path / "new" / key
            path.chmod(0o600)
            sync_folder(path.parent)
        except (OSError, ValueError) as error:
            raise _unwritable(self._path, error) from None
        finally:
            self.discard()
        return str(path)

    def discard(self) -> None:
        try:
            self._file.close()
        except OSError:  # what was held back had no room; it has no name anyhow
            pass


def _unwritable(path: Path, error: Exception) -> Failure:
    reason = getattr(error, "strerror", None) or safe(str(error))
    return Failure(Word.USAGE, f"cannot write {safe(str(path))}: {reason}")
