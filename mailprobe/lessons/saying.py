"""What is to be typed where an item waits: its line, with samples and values filled in."""

from mailprobe.errors import Failure
from mailprobe.lessons.hearing import Ear
from mailprobe.lessons.plan import Item
from mailprobe.player.playing.bodies import sent_file, unstuffed
from mailprobe.player.playing.login import Login
from mailprobe.protocol.catalogue import Then
from mailprobe.protocol.framing import CRLF
from mailprobe.protocol.smtp import SMTP
from mailprobe.safe import safe
from mailprobe.transcript.model import FileLine, Function, Line, Pieces
from mailprobe.transcript.steps import Sort
from mailprobe.transcript.values import LIVE, Values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def octets_of(
    item: Item, values: Values, ear: Ear | None, resolve: "Callable[[str], Path]"
) -> bytes:
    """What travels, the end of its line included.  Raises Failure where nobody can know it."""
    unit = item.unit
    assert unit is not None  # something is said here
    if unit.sort is not Sort.DATA:
        return _said(unit.pieces or (), unit.lines[0], values, ear) + unit.end
    octets = b""
    for line in unit.lines:
        if isinstance(line, FileLine):
            blocks = sent_file(resolve(line.path), raw=line.raw, before=CRLF, stuffed=True)
            octets += b"".join(blocks)
        else:
            octets += _said(line.pieces, line, values, ear) + line.end
    return octets


def _said(pieces: Pieces, line: Line, values: Values, ear: Ear | None) -> bytes:
    mark = values.mark()
    octets = b""
    login = Login(ear, lambda name: _value(values, name)) if ear is not None else None
    try:
        for piece in pieces:
            if isinstance(piece, Function) and piece.word in LIVE and login is not None:
                octets += login.call(piece, octets)
            elif isinstance(piece, bytes):
                octets += piece
            else:
                octets += values.sample((piece,), line)
        return octets
    finally:
        values.undo(mark)  # a hint decides nothing


def _value(values: Values, name: str) -> bytes:
    return values.find(name) or b""


def typed_lines(
    item: Item, values: Values, ear: Ear | None, resolve: "Callable[[str], Path]"
) -> list[str]:
    """The same as a person types it at a prompt, line by line; fit to be shown."""
    unit = item.unit
    if unit is None:
        return []
    try:
        octets = octets_of(item, values, ear, resolve)
    except Failure:  # only who logs in knows it
        return [_as_written(line) for line in unit.lines]
    if unit.sort is not Sort.DATA:
        return [safe(octets.removesuffix(unit.end))]
    if not _chunked(unit.lines[0], item):
        octets = b"".join(unstuffed(iter([octets]))) + b".\r\n"
    rows = octets.split(b"\n")
    return [safe(row.removesuffix(b"\r")) for row in (rows[:-1] if not rows[-1] else rows)]


def _chunked(line: Line, item: Item) -> bool:
    """Whether its octets are counted: nothing in them is doubled, and no dot ends them."""
    for reply in item.replies:
        command = reply.context.command
        if command is not None and SMTP.row(command).then is Then.CHUNK:
            return True
    return False


def _as_written(line: Line) -> str:
    return safe(line.text.partition(" ")[2])
