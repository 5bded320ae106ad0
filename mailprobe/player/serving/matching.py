"""Whether what a client sent is what the file has next, and what it makes known."""

from collections.abc import Iterator
from pathlib import Path

from mailprobe.errors import Failure
from mailprobe.player.playing.bodies import sent_file
from mailprobe.player.serving.agenda import Hearing, Kind
from mailprobe.player.serving.served import Served
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.transcript.format import lines_of
from mailprobe.transcript.load import resolve
from mailprobe.transcript.match import check_raw
from mailprobe.transcript.matching.commands import check_command, live_parts
from mailprobe.transcript.matching.mismatch import Mismatch, at_content
from mailprobe.transcript.model import (
    FileLine,
    Function,
    Level,
    Piece,
    Pieces,
    Placeholder,
    Unreadable,
    Wire,
)
from mailprobe.transcript.steps import ExpectedLine

CRLF = b"\r\n"
_ENDS = {CRLF: "CRLF", b"\n": "LF"}


def content_of(line: bytes) -> bytes:
    """A line without its end."""
    return line.removesuffix(b"\n").removesuffix(b"\r")


class Matcher:
    """Compares on one connection.  What matches goes into the values."""

    def __init__(
        self, served: Served, catalogue: Catalogue | None, level: Level, folder: Path
    ) -> None:
        self._served = served
        self._catalogue = catalogue
        self._level = level
        self._folder = folder

    # ----------------------------------------------------------------------------------- lines

    def line(self, hearing: Hearing, octets: bytes) -> Mismatch | None:
        """A line with its end."""
        self._served.reveal(hearing)
        if hearing.unit is None or self._catalogue is None:
            return self._to_the_letter(hearing, octets)
        content = content_of(octets)
        if sentence := self.ends_otherwise(hearing, octets):
            return at_content(hearing.lines[0], sentence)
        found = check_command(
            hearing.unit, content, self._level, self._served.values, self._catalogue
        )
        if found is None:
            self._served.keep_secret(hearing)
        return found

    def ends_otherwise(self, hearing: Hearing, octets: bytes) -> str:
        """What is wrong with the end of a line; "" where nothing is, or it does not count."""
        end = octets[len(content_of(octets)) :]
        wanted = hearing.unit.end if hearing.unit is not None else b""
        if self._level is not Level.TEXT or wanted in (end, b""):  # a name may hold it
            return ""
        return f"the line ends in {_ENDS[end]}, and not in {_ENDS[wanted]}"

    def live(self, hearing: Hearing, octets: bytes) -> tuple[tuple[Function, bytes], ...]:
        """What stands for each `{=sasl}` and `{=apop}` of a line that matches."""
        if hearing.unit is None:
            return ()
        return live_parts(hearing.unit, content_of(octets), self._served.values)

    def _to_the_letter(self, hearing: Hearing, octets: bytes) -> Mismatch | None:
        """A line of `raw`, or octets that end no line."""
        first = hearing.lines[0]
        if hearing.pieces is None or not isinstance(first, Wire):
            same = self._same(hearing, octets)
            return None if same else at_content(first, "these are other octets")
        *pieces, end = hearing.pieces
        if not isinstance(end, bytes) or not end.endswith(b"\n"):
            wanted = ExpectedLine(first, first.form, hearing.pieces, b"")
            return check_raw(wanted, octets, self._served.values)
        content = content_of(end)
        rest = (*pieces, content) if content else tuple(pieces)
        wanted = ExpectedLine(first, first.form, rest, end[len(content) :])
        return check_raw(wanted, octets, self._served.values)

    # -------------------------------------------------------------------------------- octets

    def keeps(self, hearing: Hearing) -> bool:
        """Whether mail data must be kept to be looked at."""
        return self._level is Level.TEXT or any(map(_names, hearing.lines))

    def mail(self, hearing: Hearing, octets: bytes) -> Mismatch | None:
        """Mail data as it travelled: free, unless `match: text`; but it may hold values."""
        if any(map(_names, hearing.lines)):
            came = lines_of(octets)
            for line in hearing.lines:
                if isinstance(line, Wire) and _names(line):
                    self._capture(line, came)
        if self._level is Level.TEXT and not self._same(hearing, octets):
            return at_content(hearing.lines[0], "this is other mail data")
        return None

    def rest(self, hearing: Hearing, octets: bytes) -> Mismatch | None:
        """Octets that end nothing."""
        if hearing.in_mail:
            return self.mail(hearing, octets)
        return self._to_the_letter(hearing, octets)

    def length(self, hearing: Hearing) -> int | None:
        """How many octets it has; None: nobody knows before they came."""
        pieces = hearing.pieces if hearing.pieces is not None else self._pieces(hearing)
        total = 0
        for piece in pieces:
            if not isinstance(piece, bytes):
                return None
            total += len(piece)
        return total

    def _capture(self, line: Wire, came: list[bytes]) -> None:
        wanted = ExpectedLine(line, line.form, line.pieces, line.end)
        for each in came:
            if check_raw(wanted, each, self._served.values) is None:
                return

    def _same(self, hearing: Hearing, octets: bytes) -> bool:
        """To the letter; values and samples may be anything that fits."""
        came = lines_of(octets)
        wanted = list(_rows(self._pieces(hearing)))
        line = hearing.lines[0]
        if len(came) != len(wanted) or not isinstance(line, Wire):
            pieces = self._pieces(hearing)
            return b"".join(piece for piece in pieces if isinstance(piece, bytes)) == octets
        return all(
            check_raw(ExpectedLine(line, line.form, pieces, end), each, self._served.values) is None
            for (pieces, end), each in zip(wanted, came, strict=True)
        )

    def _pieces(self, hearing: Hearing) -> Pieces:
        """All that it says, line ends included."""
        stuffed = hearing.kind is not Kind.CHUNK and self._catalogue is not None
        pieces: list[Piece] = []
        for line in hearing.lines:
            if isinstance(line, FileLine):
                pieces += self._file(line, stuffed=stuffed)
            else:
                pieces += (*line.pieces, line.end)
        return tuple(pieces)

    def _file(self, line: FileLine, *, stuffed: bool) -> Iterator[bytes]:
        try:
            path = resolve(self._folder, line.path)
            yield from sent_file(path, raw=line.raw, before=CRLF, stuffed=stuffed)
        except Failure as failure:
            raise Unreadable(line.place, failure.sentence, line.text, len(line.text)) from None


def _names(line: Wire | FileLine) -> bool:
    """Whether it may make a value known."""
    return isinstance(line, Wire) and any(
        isinstance(piece, Placeholder) and piece.name for piece in line.pieces
    )


def _rows(pieces: Pieces) -> Iterator[tuple[Pieces, bytes]]:
    """Pieces line by line, each with its end."""
    row: list[Piece] = []
    for piece in pieces:
        for part in lines_of(piece) if isinstance(piece, bytes) else [piece]:
            if not isinstance(part, bytes) or not part.endswith(b"\n"):
                row.append(part)
                continue
            content = content_of(part)
            if content:
                row.append(content)
            yield tuple(_merged(row)), part[len(content) :]
            row = []
    if row:
        yield tuple(_merged(row)), b""


def _merged(row: list[Piece]) -> Iterator[Piece]:
    octets = b""
    for piece in row:
        if isinstance(piece, bytes):
            octets += piece
            continue
        if octets:
            yield octets
        octets = b""
        yield piece
    if octets:
        yield octets
