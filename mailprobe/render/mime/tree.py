"""A message as the tree of its parts (RFC 5322, RFC 2045, RFC 2046): octets in, parts out.

Pure, and bounded whatever a peer sends: depth, number of parts and length of headers.  Parts are
places in the octets, not copies of them.
"""

from collections.abc import Iterable, Iterator

from mailprobe.patterns import pattern
from mailprobe.render.mime.charsets import Text, decode
from mailprobe.render.mime.encodings import undo
from mailprobe.render.mime.fields import Field, parameters, read_field
from mailprobe.render.mime.pieces import Pieces
from mailprobe.value import field, frozen, replace

_LARGE = 1024 * 1024  # octets of a part
_DEPTH = 20  # parts inside of parts
_PARTS = 1000  # in one message
_HEADER = 256 * 1024  # octets of a header that is read
_FIELDS = 1000  # in one header
_BOUNDARY = 200  # octets; RFC 2046, section 5.1.1, allows 70
_BLANKS = 200  # octets that may stand behind a delimiter, on its line
_LINE = pattern(rb"[^\n]*\n?")
_FIELD = pattern(rb"([!-9;-~]{1,500})[ \t]*:")
_TYPE = pattern(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}")


@frozen
class Part:
    """One part; the message itself is number 1, and the others follow in their order.

    `file_name` is what the mail says, for people to read: never a path.
    """

    number: int
    depth: int
    kind: str  # "text/plain"
    charset: str  # as declared; "" where it is not
    encoding: str  # of transfer, lower case; "" where none is named
    file_name: str
    attachment: bool
    header: tuple[Field, ...]
    start: int  # where its body begins in the message
    end: int
    notes: tuple[str, ...] = field(default=())

    @property
    def size(self) -> int:
        """Octets of its body as it travelled."""
        return self.end - self.start

    @property
    def is_large(self) -> bool:
        """Whether it is taken in pieces: as a whole it would be held several times over."""
        return self.size > _LARGE

    @property
    def is_text(self) -> bool:
        return self.kind.startswith("text/")

    def named(self, name: str) -> str:
        """The text of its first field of that name, lower case; "" where there is none."""
        found = (one.text for one in self.header if one.name.lower() == name)
        return next(found, "")


def read_message(octets: bytes) -> tuple[Part, ...]:
    """The parts of a message, itself first.  Never raises."""
    return tuple(_Reader(octets).parts())


def read_header(octets: bytes) -> tuple[tuple[Field, ...], tuple[str, ...]]:
    """The fields of a message's header, and what is wrong with them.  Never raises."""
    fields, _, notes = _Reader(octets).header(_Place(0, len(octets), 0, ""))
    return tuple(fields), tuple(notes)


def content(octets: bytes, part: Part) -> bytes:
    """The body of a part of the message `octets`, without its transfer encoding."""
    return undo(octets[part.start : part.end], part.encoding)[0]


def text_of(octets: bytes, part: Part) -> Text:
    """The body of a part as text, and what is to be said about that."""
    body, wrong = undo(octets[part.start : part.end], part.encoding)
    found = decode(body, part.charset)
    return Text(found.text, (*wrong, *found.notes))


def pieces_of(octets: bytes, part: Part) -> Pieces:
    """The body of a large part, piece by piece."""
    return Pieces(octets, part.start, part.end, part.encoding)


@frozen
class _Place:
    """Where a part stands that has not been read yet."""

    start: int
    end: int
    depth: int
    usual: str  # its type where it names none
    notes: tuple[str, ...] = ()


class _Reader:
    """From the first octet to the last, with a stack of its own: no recursion to exhaust."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def parts(self) -> Iterator[Part]:
        waiting = [_Place(0, len(self._octets), 0, "text/plain")]
        number = 0
        while waiting:
            number += 1
            part, inside = self._read(waiting.pop(), number)
            room = _PARTS - number - len(waiting)
            notes = part.notes
            if len(inside) > room:
                notes = (*notes, f"more than {_PARTS:,} parts: the others are not listed")
                inside = inside[: max(room, 0)]
            waiting += reversed(inside)
            yield _with_notes(part, notes)

    def _read(self, place: _Place, number: int) -> tuple[Part, list[_Place]]:
        header, body, notes = self.header(place)
        named = {one.name.lower(): one.raw for one in reversed(header)}
        kind, values = parameters(named.get("content-type", place.usual.encode()))
        if not _TYPE.fullmatch(kind):
            notes.append("a Content-Type that is none: read as text/plain")
            kind = "text/plain"
        placed, more = parameters(named.get("content-disposition", b""))
        encoding = parameters(named.get("content-transfer-encoding", b""))[0]
        file_name = more.get("filename") or values.get("name", "")
        inside, wrong = self._inside(
            kind, values, encoding, _Place(body, place.end, place.depth, "")
        )
        part = Part(
            number,
            place.depth,
            kind,
            values.get("charset", "") if kind.startswith("text/") else "",
            encoding,
            file_name,
            placed == "attachment" or (bool(file_name) and placed != "inline"),
            tuple(header),
            body,
            place.end,
            (*place.notes, *notes, *wrong),
        )
        body_notes = () if inside else self._notes_inside(part)
        return _with_notes(part, (*part.notes, *body_notes)), inside

    def _notes_inside(self, part: Part) -> Iterable[str]:
        """What is wrong with a body; a large one is looked at piece by piece."""
        if part.is_large:
            pieces = pieces_of(self._octets, part)
            for _ in pieces.texts(part.charset) if part.is_text else pieces.bodies():
                pass
            return pieces.notes
        if part.is_text:
            return text_of(self._octets, part).notes
        return undo(self._octets[part.start : part.end], part.encoding)[1]

    # ------------------------------------------------------------------------------ the header

    def header(self, place: _Place) -> tuple[list[Field], int, list[str]]:
        """The fields, where the body begins, and what is wrong with them."""
        fields: list[Field] = []
        open_field: tuple[bytes, int, int] | None = None  # name, where its value begins and ends
        notes: list[str] = []
        at, limit = place.start, min(place.end, place.start + _HEADER)
        while at < limit and len(fields) < _FIELDS:
            line = _LINE.match(self._octets, at, place.end)
            assert line is not None  # it matches everything
            if line[0] in (b"\r\n", b"\n"):
                break
            if line[0][:1] in (b" ", b"\t") and open_field is not None:
                open_field = (*open_field[:2], line.end())
            elif (name := _FIELD.match(self._octets, at, line.end())) is not None:
                self._close_field(open_field, fields)
                open_field = (name[1], name.end(), line.end())
            elif at == place.start and line[0].startswith(b"From "):
                notes.append("a line of an mbox file before the header")
            else:
                notes.append("no blank line between header and body")
                self._close_field(open_field, fields)
                return fields, at, notes + _notes_of(fields)
            at = line.end()
        else:
            if at < place.end:
                notes.append("a header longer than is read")
        self._close_field(open_field, fields)
        blank = _LINE.match(self._octets, at, place.end)
        begins = blank.end() if blank is not None and blank[0] in (b"\r\n", b"\n") else at
        return fields, begins, notes + _notes_of(fields)

    def _close_field(self, found: tuple[bytes, int, int] | None, fields: list[Field]) -> None:
        if found is not None:
            name, start, end = found
            fields.append(read_field(name, self._octets[start:end].rstrip(b"\r\n")))

    # --------------------------------------------------------------------------- what is inside

    def _inside(
        self, kind: str, values: dict[str, str], encoding: str, place: _Place
    ) -> tuple[list[_Place], list[str]]:
        """The parts inside of a part whose body is at `place`, and what is wrong with them."""
        holds_message = kind in ("message/rfc822", "message/global")
        if not (holds_message or kind.startswith("multipart/")):
            return [], []
        if encoding in ("base64", "quoted-printable"):
            return [], [f"{kind} must not be in {encoding}"]
        if place.depth >= _DEPTH:
            return [], [f"more than {_DEPTH} parts inside of each other: not looked into"]
        if holds_message:
            return [_Place(place.start, place.end, place.depth + 1, "text/plain")], []
        boundary = values.get("boundary", "").encode("utf-8", "surrogateescape")
        if not boundary or len(boundary) > _BOUNDARY:
            return [], ["a multipart without a boundary" if not boundary else "an endless boundary"]
        usual = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        return self._split(b"--" + boundary, place, usual)

    def _split(self, mark: bytes, place: _Place, usual: str) -> tuple[list[_Place], list[str]]:
        found: list[_Place] = []
        start, depth = None, place.depth + 1
        for at, behind, last in self._delimiters(mark, place.start, place.end):
            if start is not None:
                end = max(start, _before_line_end(self._octets, at, start))
                found.append(_Place(start, end, depth, usual))
            start = None if last else behind
            if last or len(found) > _PARTS:
                return found, []
        if start is None:
            return [], ["a multipart whose boundary never comes"]
        found.append(_Place(start, place.end, depth, usual, ("it does not end",)))
        return found, ["a multipart that does not end"]

    def _delimiters(self, mark: bytes, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
        """Where a delimiter line begins, where the next line does, and whether it is the last."""
        octets, at = self._octets, start
        while (at := octets.find(mark, at, end)) >= 0:
            behind = at + len(mark)
            if at > start and octets[at - 1 : at] != b"\n":
                at = behind
                continue
            last = octets[behind : behind + 2] == b"--"
            limit = min(end, behind + _BLANKS)
            line_end = octets.find(b"\n", behind, limit) + 1 or limit
            endless = line_end < end and octets[line_end - 1 : line_end] != b"\n"
            if endless or octets[behind + 2 * last : line_end].strip(b" \t\r\n"):
                at = behind
                continue
            yield at, line_end, last
            at = line_end


def _before_line_end(octets: bytes, at: int, start: int) -> int:
    """The line end before a delimiter belongs to it (RFC 2046, section 5.1.1)."""
    if octets[max(start, at - 2) : at] == b"\r\n":
        return at - 2
    return at - 1 if octets[at - 1 : at] == b"\n" else at


def _notes_of(fields: list[Field]) -> list[str]:
    """What is wrong with the fields, each thing once, and the names of the fields before it."""
    found: dict[str, list[str]] = {}
    for one in fields:
        for note in one.notes:
            found.setdefault(note, []).append(one.name[:40])
    return [f"{', '.join(dict.fromkeys(names))}: {note}" for note, names in found.items()]


def _with_notes(part: Part, notes: tuple[str, ...]) -> Part:
    return replace(part, notes=tuple(dict.fromkeys(notes)))
