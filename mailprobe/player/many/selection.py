"""Which transcripts are played: paths, `-k`, `-t`, `--shard`; nothing of what is in a file."""

import os
from collections.abc import Callable, Sequence

from mailprobe import folders
from mailprobe.errors import Failure, Word
from mailprobe.patterns import pattern
from mailprobe.safe import safe
from mailprobe.value import frozen

SUFFIX = ".mpt"

_SHARD = pattern(r"([0-9]{1,4})/([0-9]{1,4})")


@frozen
class Found:
    """A file to play.

    `name` is what a person calls it, `inside` the path from the folder that was named (of a file
    that was named itself: its last part), with `/`: the same wherever the folder stands.
    """

    name: str
    inside: str


@frozen
class Shard:
    """The files of one machine of several: `number` counts from 1."""

    number: int
    of: int

    def has(self, inside: str) -> bool:
        """Whether a file belongs to this one: SHA-256 of its path from the folder, modulo `of`."""
        import hashlib  # 3 ms, and few share their work

        digest = hashlib.sha256(inside.encode("utf-8", "surrogateescape")).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.number - 1


def parse_shard(text: str) -> Shard:
    """Read `I/N`.  Raises Failure `usage`."""
    match = _SHARD.fullmatch(text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise Failure(Word.USAGE, f"--shard is I/N, and I from 1 to N: not {safe(text)}")
    return Shard(int(match[1]), int(match[2]))


@frozen
class Selection:
    """What was asked for."""

    name: Callable[[str], bool] | None = None  # -k
    tags: frozenset[str] = frozenset()  # -t: one of them

    def wants(self, name: str, tags: frozenset[str]) -> bool:
        """Whether it was asked for at all; `name` with the value of its matrix."""
        return (not self.tags or bool(self.tags & tags)) and (self.name is None or self.name(name))


def find(paths: Sequence[str], shard: Shard | None = None) -> list[Found]:
    """The files that are named, and those in the folders that are; each once, as named first.

    Raises Failure `usage` for a path that is not there.
    """
    found: dict[str, Found] = {}
    for path in paths:
        for one in _below(path):
            found.setdefault(os.path.abspath(one.name), one)  # noqa: PTH100 - a text
    # A file has one share, though it may be named twice.
    return [one for one in found.values() if shard is None or shard.has(one.inside)]


def _below(path: str) -> list[Found]:
    if not folders.is_folder(path):
        return [Found(path, path.rpartition("/")[2])]
    inner = folders.files_in(path, SUFFIX)
    home = os.path.normpath(path)
    return [Found(os.path.join(home, name), name) for name in inner]  # noqa: PTH118 - a text
