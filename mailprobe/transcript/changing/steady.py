"""What differs between runs of one file becomes a placeholder, and nothing else does.

Pure: what the runs have heard comes as values.  The tightest type that fits all that was seen is
taken; where the number of lines differs, `S*` stands for those that are not always there.
"""

import re
from collections.abc import Iterable, Sequence

from mailprobe.patterns import pattern
from mailprobe.transcript.changing.editing import rewritten, splice, written
from mailprobe.transcript.changing.spots import Spot
from mailprobe.transcript.changing.volatile import Field, fields_of, fits
from mailprobe.transcript.model import (
    FileLine,
    Form,
    Pattern,
    Piece,
    Pieces,
    Placeholder,
    Transcript,
    Wire,
)
from mailprobe.transcript.steps import Context, ExpectedLine, Reply
from mailprobe.value import frozen, replace

Lines = tuple[bytes, ...]
Entries = Sequence[ExpectedLine | Pattern | FileLine]

# From the tightest to the loosest.
_KINDS = (
    *("int", "num", "ip", "msgid", "date", "esc", "hex", "qid", "host", "addr", "token", "b64"),
    *("word", "text", "any"),
)
_CODE = pattern(rb"(?:[0-9]{3}[ -]?|(?:\+OK|-ERR|\+) ?)", re.IGNORECASE)
_BLANKS = pattern(rb"([ \t]+)")
_INSIDE = pattern(rb"[<>()\[\]=,;:\"']")  # where a word may be cut
_NEVER = pattern(rb"[\r\n\0]")  # what no sample holds


@frozen
class Heard:
    """A reply that came for a step.  Lines are without their ends; `body` is not stuffed."""

    step: Reply
    status: Lines
    body: Lines | None = None


def steady(transcript: Transcript, runs: Iterable[Iterable[Heard]]) -> bytes:
    """The file, with what differed in these runs, or from the file, as placeholders."""
    heard: dict[tuple[str, int], list[Heard]] = {}
    for run in runs:
        for reply in run:
            place = reply.step.expected.place
            if place.file == transcript.name:
                heard.setdefault(place[:2], []).append(reply)
    changes: dict[int, list[str]] = {}
    for replies in heard.values():
        _settle(transcript, replies, changes)
    return splice(transcript.octets, changes)


def _settle(
    transcript: Transcript, replies: Sequence[Heard], changes: dict[int, list[str]]
) -> None:
    """One reply of the file, and what came for it in all runs."""
    step = replies[0].step
    expected = step.expected
    if expected.question is not None or not expected.whole:
        return
    protocol = transcript.head.peers[step.connection].protocol
    status = _Part(expected.status, step.context, protocol, changes)
    status.settle([reply.status for reply in replies])
    bodies = [reply.body for reply in replies if reply.body is not None]
    if expected.body is not None and bodies:
        body = _Part(expected.body, step.context, protocol, changes, body=True)
        body.settle(bodies)


class _Part:
    """The status lines of a reply, or its body."""

    def __init__(
        self,
        entries: Entries,
        context: Context,
        protocol: str,
        changes: dict[int, list[str]],
        *,
        body: bool = False,
    ) -> None:
        self._entries = entries
        self._context = context
        self._protocol = protocol
        self._changes = changes
        self._body = body

    def settle(self, runs: Sequence[Lines]) -> None:
        """Change the lines that were not the same."""
        entries = [entry for entry in self._entries if isinstance(entry, ExpectedLine)]
        lines = [line for entry in entries if (line := _editable(entry)) is not None]
        if len(lines) < len(self._entries) or len({line.place for line in lines}) < len(lines):
            return  # S* and S> stand for what they stand for; S= may be a part of a line
        if not lines:
            return  # nothing stands there that could be changed
        plain = _same_octets if self._body else _one_separator
        own = [None if entry.form is Form.COOKED else plain(_octets(entry)) for entry in entries]
        runs = [tuple(map(plain, run)) for run in runs]
        if self._context.hello and self._is_permuted(own, runs):
            own[not self._body :] = [None] * len(own[not self._body :])  # it says nothing
        longest, least = max(map(len, (own, *runs))), min(map(len, (own, *runs)))
        before, behind = longest, 0
        if least < longest:
            last = 0 if self._body else 1  # a reply has its last line
            before = _common(own, runs, least - last)
            behind = _common(own[::-1], [run[::-1] for run in runs], least - before)
            behind = max(behind, last)
        for number in (*range(before), *range(-behind, 0)):
            self._loosen(lines[number], own[number], [run[number] for run in runs])
        if before + behind < longest:
            self._star(lines, before, len(lines) - behind)

    def _is_permuted(self, own: Sequence[bytes | None], runs: Sequence[Lines]) -> bool:
        """Whether only the order differs in what is offered."""
        start = 0 if self._body else 1  # the first line tells who offers it
        offers = [line for line in own[start:] if line is not None]
        if len(offers) < len(own) - start:
            return False
        return all(sorted(run[start:]) == sorted(offers) for run in runs)

    def _star(self, lines: Sequence[Wire], start: int, end: int) -> None:
        """`S*` for the lines from `start` to `end`, which are not always there."""
        pieces: Pieces = ()
        if not self._body:
            pieces = (
                lines[0].text[2:].lstrip()[:3].encode() + b"-",
                Placeholder("", "any", None, None),
            )
        star = written("S", lines[0].connection, "*", pieces)
        if start == end:  # the file has none of them
            beside = lines[start] if start < len(lines) else lines[start - 1]
            now = self._changes.get(beside.place.line, [beside.text])
            self._changes[beside.place.line] = [star, *now] if start < len(lines) else [*now, star]
            return
        for line in lines[start:end]:
            self._changes[line.place.line] = []
        self._changes[lines[start].place.line] = [star]

    def _loosen(self, line: Wire, own: bytes | None, came: Sequence[bytes]) -> None:
        """One line, and all that came in its place."""
        if own is None or set(came) == {own}:
            return  # it was written, and has matched
        pieces = self._pieces(line, [own, *came])
        text = None if pieces is None else rewritten(line, pieces)
        if text is not None:
            self._changes[line.place.line] = [text]

    def _pieces(self, line: Wire, values: Sequence[bytes]) -> Pieces | None:
        heads = [self._head(value) for value in values]
        if len({head[:3] for head in heads}) > 1:
            return None  # another code is another reply
        pieces = self._by_fields(line, values)
        if pieces is None:
            rests = [value[len(head) :] for value, head in zip(values, heads, strict=True)]
            pieces = _joined(heads[0], generalised(rests))
        if any(
            _NEVER.search(piece.sample or b"") for piece in pieces if isinstance(piece, Placeholder)
        ):
            return None
        first = pieces[0]
        if not self._body:
            assert isinstance(first, bytes)  # the code is
            separator = _octets(line)[3:4]
            return (
                (first[:3] + separator + first[4:], *pieces[1:]) if first[3:4] == b" " else pieces
            )
        if not any(value.startswith(b".") for value in values):
            return pieces
        return (b"." + first, *pieces[1:]) if isinstance(first, bytes) else None

    def _head(self, value: bytes) -> bytes:
        match = None if self._body else _CODE.match(value)
        return match[0] if match else b""

    def _by_fields(self, line: Wire, values: Sequence[bytes]) -> Pieces | None:
        """Where only known volatile fields differ, these as a whole: all of a date, for one."""
        spot = Spot(line, self._protocol, b"", self._context, body=self._body)
        cut = [_cut(value, fields_of(replace(spot, octets=value))) for value in values]
        literals, fields = zip(*cut, strict=True)
        if len(set(literals)) > 1:
            return None
        pieces: Pieces = (literals[0][0],)
        for number, literal in enumerate(literals[0][1:]):
            seen = [each[number] for each in fields]
            if len(set(seen)) == 1:
                pieces = _joined(pieces[-1], (seen[0] + literal,), pieces[:-1])
            else:
                pieces = (*pieces, _placeholder(seen), literal)
        return tuple(piece for piece in pieces if piece != b"")


def _editable(entry: ExpectedLine) -> Wire | None:
    """The line of the file that is one whole line of the server."""
    line = entry.line
    if isinstance(line, Wire) and line.form is not Form.EXACT and entry.end == b"\r\n":
        return line
    return None


def _octets(entry: ExpectedLine | Wire) -> bytes:
    return b"".join(piece for piece in entry.pieces if isinstance(piece, bytes))


def _same_octets(line: bytes) -> bytes:
    return line


def _one_separator(line: bytes) -> bytes:
    """A line of a reply with a blank behind its code, whether it is the last or not."""
    return line[:3] + b" " + line[4:] if line[:3].isdigit() and line[3:4] == b"-" else line


def _common(own: Sequence[bytes | None], runs: Sequence[Lines], most: int) -> int:
    """How many lines all begin with; a line that was written has matched what came."""
    count = 0
    while count < most and (own[count] is None or {run[count] for run in runs} == {own[count]}):
        count += 1
    return count


def _cut(value: bytes, fields: Sequence[Field]) -> tuple[Lines, Lines]:
    """What stands between the fields of a line, and what they hold."""
    literals, held, at = [], [], 0
    for field in fields:
        literals.append(value[at : field.start])
        held.append(value[field.start : field.end])
        at = field.end
    return (*literals, value[at:]), tuple(held)


def _joined(before: Piece, pieces: Pieces, start: Pieces = ()) -> Pieces:
    """Pieces behind others; octets that meet become one piece."""
    if isinstance(before, bytes) and pieces and isinstance(pieces[0], bytes):
        return (*start, before + pieces[0], *pieces[1:])
    return (*start, *((before,) if before else ()), *pieces)


# --------------------------------------------------------------------------------- generalising


def generalised(values: Sequence[bytes]) -> Pieces:
    """Pieces that match all values, with the first of them as samples."""
    rows = [_BLANKS.split(value) for value in values]
    if any(row[1::2] != rows[0][1::2] for row in rows):
        return _between(values, _BLANKS)
    pieces: Pieces = ()
    for column in zip(*rows, strict=True):
        same = len(set(column)) == 1
        for piece in (column[0],) if same else _between(column, _INSIDE):
            pieces = _joined(pieces[-1], (piece,), pieces[:-1]) if pieces else (piece,)
    return tuple(piece for piece in pieces if piece != b"")


def _between(values: Sequence[bytes], cuts: re.Pattern[bytes]) -> Pieces:
    """One placeholder, for what stands between what all begin and all end with."""
    most = min(map(len, values))
    start = _same(values, most, cuts)
    backwards = [value[::-1] for value in values]
    end = _same(backwards, most - start, cuts)
    first = values[0]
    inner = [value[start : len(value) - end] for value in values]
    pieces: tuple[Piece, ...] = (first[:start], _placeholder(inner), first[len(first) - end :])
    return tuple(piece for piece in pieces if piece != b"")


def _same(values: Sequence[bytes], most: int, cuts: re.Pattern[bytes]) -> int:
    """How many octets all begin with, up to the last place at which they may be cut."""
    count = 0
    while count < most and len({value[count] for value in values}) == 1:
        count += 1
    while count and not cuts.fullmatch(values[0][count - 1 : count]):
        count -= 1
    return count


def _placeholder(values: Sequence[bytes]) -> Placeholder:
    kind = next(
        kind
        for kind in _KINDS
        if all(fits(kind, value, named=False) for value in values)
        and (kind != "host" or all(b"." in value for value in values))  # any word may be a host
    )
    return Placeholder("", kind, None, values[0])
