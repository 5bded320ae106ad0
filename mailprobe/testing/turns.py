"""Taking turns among processes: what two transcripts must not use at the same time.

Threads of one run have `player.locks` for that; the workers of pytest-xdist have only the file
system in common.
"""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from mailprobe.player.many.locks import Lock

_FLAGS = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW


@contextlib.contextmanager
def turn(folder: Path, locks: Iterable[Lock]) -> Iterator[None]:
    """Hold `locks` among all who use this folder.

    One maildrop that the file does not name is any of its server: then all of them are held.
    """
    wanted: dict[str, int] = {}
    for lock in locks:
        server = _name(lock.server.encode())
        if lock.name is None:
            wanted[server] = fcntl.LOCK_EX
            continue
        wanted.setdefault(server, fcntl.LOCK_SH)
        wanted[_name(lock.server.encode(), lock.name)] = fcntl.LOCK_EX
    with contextlib.ExitStack() as held:
        for name in sorted(wanted):  # everybody in the same order, so that nobody waits for ever
            descriptor = os.open(folder / name, _FLAGS, 0o600)
            held.callback(os.close, descriptor)
            fcntl.flock(descriptor, wanted[name])
        yield


def _name(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
