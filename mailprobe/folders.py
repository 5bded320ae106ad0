"""The edge to folders: which transcripts stand in one."""

import os
from collections.abc import Iterator
from contextlib import suppress

from mailprobe.errors import Failure, Word
from mailprobe.safe import safe


def is_folder(path: str) -> bool:
    """Whether `path` is a folder; else it is a file.  Raises Failure `usage` for what is none."""
    if os.path.isdir(path):  # noqa: PTH112 - Path() would raise for a NUL
        return True
    if os.path.lexists(path):
        return False
    raise Failure(Word.USAGE, f"there is no file or folder {safe(path)}")


def files_in(folder: str, suffix: str) -> Iterator[str]:
    """The files below `folder` that end in `suffix`, as paths from it, in order.

    What begins with a dot is left out; so is each link to a folder, which may lead in a circle.
    Raises Failure `usage` for a folder that cannot be read and for a link to a file that lies
    elsewhere: nobody shall believe that it was played.
    """
    home = os.path.realpath(folder)
    found = []
    try:
        for place, names, files in os.walk(folder, onerror=_refuse):
            inside = os.path.relpath(place, folder)
            names[:] = [name for name in names if not name.startswith(".")]
            for name in files:
                if name.startswith(".") or not name.endswith(suffix):
                    continue
                path = os.path.join(place, name)  # noqa: PTH118 - ten thousand of them
                if os.path.islink(path):  # noqa: PTH114
                    _refuse_outside(path, home)
                found.append(name if inside == os.curdir else f"{inside}/{name}")
    except OSError as error:
        where = safe(str(error.filename or folder))
        raise Failure(Word.USAGE, f"cannot read {where}: {error.strerror}") from None
    return iter(sorted(found, key=_order))


def _refuse_outside(link: str, home: str) -> None:
    if os.path.commonpath([os.path.realpath(link), home]) != home:
        raise Failure(
            Word.USAGE, f"{safe(link)} is a link out of its folder: name it, if you mean it"
        )


def _order(name: str) -> list[str]:
    return name.split("/")


def _refuse(error: OSError) -> None:
    raise error


def names_in(folder: str) -> Iterator[tuple[str, bool]]:
    """What stands in a folder, in no order, each with whether it is a folder itself.

    `~` is a person's home.  Never raises: of what cannot be read nothing is known.
    """
    with suppress(OSError, ValueError), os.scandir(os.path.expanduser(folder) or ".") as entries:  # noqa: PTH111
        for entry in entries:
            yield entry.name, entry.is_dir()
