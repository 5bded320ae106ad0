"""Long text in the person's pager, from a file without a name that only he can read."""

import shlex
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

from mailprobe import files
from mailprobe.errors import Failure, Word
from mailprobe.programs import output_of, run_program
from mailprobe.render.body import BodyText
from mailprobe.safe import safe

Lend = Callable[[], AbstractContextManager[None]]

_USUAL = (("less", "-R"), ("more",))


def pager_words(env: Mapping[str, str], *, plain: bool = False) -> list[str]:
    """$PAGER, or what is there; nothing where text is better written out.

    In plain mode only a pager that was asked for is one: the others draw whole screens.
    Raises Failure `usage` for a $PAGER that cannot be read.
    """
    wish = env.get("PAGER", "")
    try:
        words = shlex.split(wish)
    except ValueError:
        raise Failure(Word.USAGE, f"$PAGER cannot be read: {safe(wish)}") from None
    if words or plain:
        return words
    found = (list(usual) for usual in _USUAL if shutil.which(usual[0], path=env.get("PATH")))
    return next(found, [])


def page(pieces: Iterable[str], words: Sequence[str], lend: Lend) -> None:
    """Show text in the pager `words`; `lend` gives it the terminal.

    Raises Failure `usage` when it does not start, or the disk is full.
    """
    encoded = (piece.encode("utf-8", "surrogateescape") for piece in pieces)
    with files.temporary(encoded) as text, lend():
        run_program(words, text)


def filtered(octets: Iterable[bytes], words: Sequence[str], lend: Lend) -> Iterator[str]:
    """What a command writes that has `octets` on its standard input, made safe.

    Raises Failure `usage` when it does not start, or ends with an error.
    """
    shown = BodyText("")
    with files.temporary(octets) as source, lend():
        for piece in _with_crlf(output_of(words, source)):
            if text := shown.feed(piece):
                yield text
    if text := shown.finish():
        yield text


def _with_crlf(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Programs end lines with LF; what they copied of a mail ends in CRLF."""
    cr = b""
    for piece in pieces:
        octets = cr + piece
        cr = b"\r" if octets.endswith(b"\r") else b""
        octets = octets[: len(octets) - len(cr)]
        yield octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    yield cr
