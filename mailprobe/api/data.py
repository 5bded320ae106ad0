"""What a program gives as mail data, as blocks: never more of it in memory than it has itself."""

import os
from collections.abc import Iterable, Iterator

from mailprobe import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol, TypeAlias

    class Readable(Protocol):
        """A file that is open for reading octets."""

        def read(self, size: int, /) -> bytes: ...

    Source: TypeAlias = str | bytes | os.PathLike[str] | Readable | Iterable[bytes]

_BLOCK = 64 * 1024  # octets


def blocks_of(source: "Source") -> Iterator[bytes]:
    """The octets of text (UTF-8), octets, a path, an open binary file, or pieces.

    A `str` is the message itself, never the name of a file.  Raises Failure `usage` for a path
    that cannot be read, TypeError for what is none of them.
    """
    if isinstance(source, str):
        source = source.encode("utf-8", "surrogateescape")
    if isinstance(source, bytes | bytearray | memoryview):
        for start in range(0, len(source), _BLOCK):
            yield bytes(source[start : start + _BLOCK])
    elif isinstance(source, os.PathLike):
        with files.SourceFile(os.fspath(source)) as file:
            yield from file.blocks()
    else:
        for piece in _pieces(source):
            if not isinstance(piece, bytes | bytearray | memoryview):
                raise TypeError(f"mail data is octets, not {type(piece).__name__}")
            yield bytes(piece)


def _pieces(source: "Readable | Iterable[bytes]") -> "Iterable[object]":
    """Of a file, or of anything that gives them one by one; a file is read in blocks."""
    read = getattr(source, "read", None)
    return source if read is None else iter(lambda: read(_BLOCK), b"")  # type: ignore[return-value]  # as it says
