"""Lines of a file written anew, all others left as they are, octet by octet."""

from collections.abc import Iterable, Mapping

from mailprobe.transcript.changing.canonical import cooked_text
from mailprobe.transcript.model import Pieces, Wire
from mailprobe.transcript.parse import LONGEST


def splice(octets: bytes, changes: Mapping[int, Iterable[str]]) -> bytes:
    """The file with other text in the place of these lines, which count from 1.

    A line keeps its end; several that take the place of one each get it.  No text: no line.
    """
    rows: list[bytes] = []
    for number, row in enumerate(octets.split(b"\n"), 1):
        end = b"\r" if row.endswith(b"\r") else b""
        texts = changes.get(number)
        rows += [row] if texts is None else [text.encode() + end for text in texts]
    return b"\n".join(rows)


def written(side: str, connection: int, tag: str, pieces: Pieces, before: str = "") -> str:
    """A line of cooked text: `S~ 250 {qid:qid=4XyT0s}`; `before` is the line it was read from."""
    head = f"{side}{connection if connection > 1 else ''}{tag}"
    text = cooked_text(pieces, before)
    if text.endswith(" "):
        text = text[:-1] + "\\s"
    return f"{head} {text}" if text else head


def rewritten(line: Wire, pieces: Pieces) -> str | None:
    """A wire line that says `pieces`, in cooked form; None where it would be too long."""
    text = written(line.side, line.connection, "~", pieces, line.text)
    return text if len(text.encode()) <= LONGEST else None
