"""Addresses that were used before, and what the server said to them: for completion alone.

A private file for all sessions together, beside the histories.
"""

from collections.abc import Mapping, Sequence

from mailprobe.enums import StrEnum
from mailprobe.errors import Failure
from mailprobe.protocol import grammar
from mailprobe.protocol.model import Command, Reply
from mailprobe.safe import visible
from mailprobe.shell.memory.kept import LineFile
from mailprobe.shell.memory.places import state_folder
from mailprobe.value import frozen

MOST = 200  # addresses that are kept
_LINES = 2000  # lines of the file before it is written anew
_FILE = 1024 * 1024  # octets that are read of it
_LONGEST = 320  # characters: RFC 5321, section 4.5.3.1 allows 64 + 1 + 255


class Role(StrEnum):
    """What an address was used as."""

    SENDER = "MAIL"
    RECIPIENT = "RCPT"


_ROLES = {str(role): role for role in Role}


@frozen
class Used:
    """An address in one role, and the code of the last reply to it."""

    address: str
    role: Role
    code: str


def addresses_path(env: Mapping[str, str]) -> str | None:
    """Where the addresses lie; None when nobody says where home is."""
    folder = state_folder(env)
    return f"{folder}/addresses" if folder is not None else None


def used_in(command: Command, reply: Reply) -> Used | None:
    """The address that `reply` judges; None where the command names none that can be typed."""
    role = _ROLES.get(command.verb)
    if role is None or not (reply.positive or reply.refused):
        return None
    address = grammar.path_in(command.argument).decode("utf-8", "surrogateescape")
    used = Used(address, role, reply.code)
    return used if _sound(used) else None


def _sound(used: Used) -> bool:
    """Whether the address can be shown, typed, and written as one line."""
    address = used.address
    return (
        0 < len(address) <= _LONGEST
        and visible(address)
        and not set("<> ") & set(address)
        and "\\" not in address
        and len(used.code) == 3
        and used.code.isdecimal()
        and used.code.isascii()
    )


class AddressBook:
    """The newest `MOST` of them, each role and address once."""

    def __init__(self, path: str | None) -> None:
        self._file = LineFile(path, _FILE)
        self._used: dict[tuple[str, Role], Used] | None = None  # the oldest first
        self._newest: tuple[Used, ...] | None = None
        self._appended = 0

    @property
    def failure(self) -> Failure | None:
        """Why other sessions will not remember."""
        return self._file.failure

    def newest(self) -> Sequence[Used]:
        """The one that was used last first."""
        if self._newest is None:
            self._newest = tuple(reversed(self._all().values()))
        return self._newest

    def learn(self, used: Used) -> None:
        """Remember a use."""
        known = self._all()
        if next(reversed(known.values()), None) == used:
            return
        self._add(known, used)
        self._appended += 1
        if self._appended % _LINES:
            self._file.append(_line(used))
        else:  # somebody sends to thousands
            self._file.replace(map(_line, known.values()))

    def _all(self) -> dict[tuple[str, Role], Used]:
        if self._used is None:
            self._used = {}
            for used in self._read():
                self._add(self._used, used)
        return self._used

    def _add(self, known: dict[tuple[str, Role], Used], used: Used) -> None:
        known.pop((used.address, used.role), None)
        known[used.address, used.role] = used
        while len(known) > MOST:
            del known[next(iter(known))]
        self._newest = None

    def _read(self) -> list[Used]:
        lines = self._file.read()
        found = [used for line in lines if (used := _used(line)) is not None]
        if len(lines) > _LINES:
            found = found[-_LINES:]
            self._file.replace(map(_line, found[-MOST:]))
        return found


def _line(used: Used) -> bytes:
    return f"{used.role} {used.code} {used.address}".encode("utf-8", "surrogateescape")


def _used(line: bytes) -> Used | None:
    words = line.decode("utf-8", "replace").split(" ")
    if len(words) != 3 or words[0] not in list(Role):
        return None
    used = Used(words[2], Role(words[0]), words[1])
    return used if _sound(used) else None
