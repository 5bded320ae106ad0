"""Maildrops of RFC 1939 over the stdlib's Maildir: an edge, which renames errors of the disk.

A message is kept and given byte for byte.  Files are written here and not by `Maildir.add`,
which would turn CRLF into LF.  Knows neither addresses nor replies.
"""

import contextlib
import fcntl
import hashlib
import itertools
import mailbox
import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from mailprobe.errors import Failure, Word
from mailprobe.patterns import pattern
from mailprobe.safe import safe
from mailprobe.sandbox.chance import Chance
from mailprobe.value import frozen

CHUNK = 256 * 1024  # octets that are read at once
MAXIMUM_OCTETS = 2 * 1024 * 1024 * 1024  # of all messages that one sandbox takes in
MAXIMUM_FOLDERS = 1000
_LINE = 64 * 1024
_NUMBER = pattern(r"Q([0-9]{1,9})\.sandbox")
_UNIQUE_ID = pattern(r"[!-~]{1,70}")  # RFC 1939, section 7


class InUse(Exception):
    """Another session holds the maildrop (RFC 2449, section 8.1.2)."""


@contextlib.contextmanager
def renamed(doing: str) -> Iterator[None]:
    """Turn an error of the disk into a Failure that says what was being done."""
    try:
        yield
    except OSError as error:
        said = error.strerror or str(error)
        raise Failure(Word.USAGE, f"{doing}: {safe(said)}") from None


@frozen
class Entry:
    """One message of a maildrop, as it was when the session began."""

    key: str
    size: int  # octets
    unique_id: str


class _Readable(Protocol):
    """What `Maildir.get_file` gives."""

    def read(self, size: int, /) -> bytes: ...
    def readline(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


class Message:
    """An open message, to be read once and closed; a context manager.

    Its methods raise Failure when the disk fails.
    """

    def __init__(self, file: _Readable) -> None:
        self._file = file

    def __enter__(self) -> "Message":
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def chunks(self) -> Iterator[bytes]:
        """The whole message, piece by piece."""
        with renamed("reading a message"):
            while chunk := self._file.read(CHUNK):
                yield chunk

    def top(self, lines: int) -> Iterator[bytes]:
        """The header, the empty line, and as many `lines` of the body (RFC 1939, section 7)."""
        in_header, begins = True, True
        with renamed("reading a message"):
            while (in_header or lines or not begins) and (piece := self._file.readline(_LINE)):
                yield piece
                ends = piece.endswith(b"\n")
                if in_header:
                    in_header = not (begins and piece in (b"\r\n", b"\n"))
                elif ends:
                    lines -= 1
                begins = ends


class Maildrop:
    """A maildrop that this session holds: its messages keep their numbers until `release`.

    Raises InUse when another session holds it, Failure when the disk fails.
    """

    def __init__(self, folder: Path) -> None:
        with renamed("opening a maildrop"):
            self._lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            try:
                self.entries = self._lock_and_list(folder)
            except BaseException:
                os.close(self._lock)
                raise

    def _lock_and_list(self, folder: Path) -> tuple[Entry, ...]:
        try:
            # Other processes may share the folder; a killed one leaves no lock behind.
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._box = mailbox.Maildir(folder, factory=None, create=False)
            return tuple(self._look(key) for key in sorted(self._box.keys()))
        except BlockingIOError:
            raise InUse from None
        except (KeyError, mailbox.Error):
            raise Failure(Word.USAGE, "opening a maildrop: it, or a message, vanished") from None

    def _look(self, key: str) -> Entry:
        with contextlib.closing(self._box.get_file(key)) as file:
            file.seek(0, os.SEEK_END)
            size = file.tell()
        fits = _UNIQUE_ID.fullmatch(key)
        return Entry(key, size, key if fits else hashlib.sha256(os.fsencode(key)).hexdigest())

    def open(self, entry: Entry) -> Message:
        """Open one message.  Raises Failure."""
        with renamed("opening a message"):
            try:
                return Message(self._box.get_file(entry.key))
            except KeyError:
                raise Failure(Word.USAGE, "opening a message: it vanished") from None

    def update(self, entries: Iterable[Entry]) -> None:
        """Remove these messages (the UPDATE state).  Raises Failure when one of them stays."""
        with renamed("removing messages"):
            for entry in entries:
                self._box.discard(entry.key)

    def release(self) -> None:
        """Let others have it.  May be called again."""
        if self._lock >= 0:
            os.close(self._lock)
        self._lock = -1


class Delivery:
    """A message that is coming in: a file in tmp/ of one maildrop, linked into others' new/.

    Raises Failure when the disk fails.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._name = name
        self._path = f"{folder}/tmp/{name}"  # pathlib costs more than the file
        self.octets = 0
        self._tail = b""
        with renamed("taking in a message"):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb")

    def write(self, octets: bytes) -> None:
        with renamed("taking in a message"):
            self._file.write(octets)
        self.octets += len(octets)
        self._tail = (self._tail + octets[-2:])[-2:]

    def finish(self) -> None:
        """No more comes.  A last line without its end gets one, for POP3 could not show it."""
        if self._tail != b"\r\n":
            self.write(b"\r\n")
        with renamed("taking in a message"):
            self._file.close()

    def deliver(self, folder: Path) -> None:
        """Put the finished message into a maildrop, whole or not at all."""
        with renamed("delivering a message"):
            try:
                os.link(self._path, f"{folder}/new/{self._name}")
            except FileNotFoundError:
                raise
            except OSError:  # a file system without links, or another one
                copied = folder / "tmp" / f"{self._name}.copy"
                shutil.copyfile(self._path, copied)
                copied.rename(folder / "new" / self._name)

    def content(self, most: int) -> bytes:
        """The first octets of a finished message."""
        with renamed("reading a message"), open(self._path, "rb") as file:  # noqa: PTH123 - see above
            return file.read(most)

    def discard(self) -> None:
        """Forget what came; maildrops that have it keep it.  May be called again."""
        with contextlib.suppress(OSError):  # what cannot be removed is no news to a client
            self._file.close()
        with contextlib.suppress(OSError):
            os.unlink(self._path)  # noqa: PTH108 - no Path is made for it, see above


class Store:
    """The folder in which the maildrops lie, and how much may come into it.

    `folders` bounds the folders made under `kept/`; who comes later shares one.  `octets` bounds
    what is delivered; messages that are removed are not given back.
    """

    def __init__(
        self,
        directory: Path,
        *,
        folders: int = MAXIMUM_FOLDERS,
        octets: int = MAXIMUM_OCTETS,
        chance: Chance | None = None,
    ) -> None:
        self._chance = chance or Chance()
        self.directory = directory
        self._lock = threading.Lock()
        self._known: dict[str, Path] = {}
        self._folders = folders
        self._room = octets
        self._serial = itertools.count(1)
        self._skipped = 0  # serial numbers that messages of an earlier run have

    def make(self, name: str) -> bool:
        """Make the folder `name`; tell whether it is new.  Raises Failure."""
        with self._lock:
            return self._make(name)

    def _make(self, name: str) -> bool:
        path = self.directory / name
        with renamed(f"making the maildrop {safe(str(path))}"):
            new = not path.exists()
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            mailbox.Maildir(path, factory=None, create=True)
            for part in ("tmp", "new", "cur"):  # of a folder that was there, and empty
                (path / part).mkdir(mode=0o700, exist_ok=True)
        self._known[name] = path
        if not new:
            self._pass_over(path)
        return new

    def _pass_over(self, path: Path) -> None:
        """Use no number twice that a message of an earlier run has."""
        with renamed(f"reading the maildrop {safe(str(path))}"):
            for part in ("tmp", "new", "cur"):
                for file in (path / part).iterdir():
                    if match := _NUMBER.search(file.name):
                        self._skipped = max(self._skipped, int(match[1]))

    def folder(self, name: str) -> Path:
        """The folder of a maildrop; `kept/...` is made when it is first needed.

        `name` is made by `accounts` and safe: no octet that a client chose is in it unescaped.
        """
        with self._lock:
            if name in self._known:
                return self._known[name]
            if len(self._known) >= self._folders:
                name = "kept/%more"  # no escaped address looks like this
            if name not in self._known:
                self._make(name)
            return self._known[name]

    @property
    def full(self) -> bool:
        return self._room <= 0

    def take_in(self, folder: Path) -> Delivery:
        """Begin a message.  Raises Failure."""
        return Delivery(folder, self._new_name())

    def delivered(self, octets: int) -> None:
        with self._lock:
            self._room -= octets

    def put(self, name: str, octets: bytes) -> None:
        """Deliver a whole message to one maildrop.  Raises Failure."""
        folder = self.folder(name)
        delivery = self.take_in(folder)
        try:
            delivery.write(octets)
            delivery.finish()
            delivery.deliver(folder)
        finally:
            delivery.discard()

    def _new_name(self) -> str:
        return self._chance.file_name(self._skipped + next(self._serial))
