"""Sides by shape: lines of a terminal, where nobody says who has written them.

A reply is known by its code or status indicator, a body lasts until its lone dot, and what stands
behind a go-ahead is the client's.  All other lines are commands.
"""

import re
from collections.abc import Sequence

from mailprobe.patterns import pattern
from mailprobe.protocol.catalogue import Lines
from mailprobe.protocol.facts import Effect
from mailprobe.protocol.items import Phase
from mailprobe.protocol.model import Protocol, State
from mailprobe.transcript.importing.items import Item, Printed
from mailprobe.transcript.importing.scribe import Scribe
from mailprobe.transcript.importing.source import CATALOGUES, is_command, is_reply

_NOTE = pattern(rb"(.*?[^\s-])\s*-{5,}\s*([^\s-].*)", re.DOTALL)
_ALTERNATIVE = pattern(rb"\((.*)\)", re.DOTALL)
_WIDTHS = (79, 80, 132)  # columns at which a terminal, or an author, breaks a line
_BLANKS = (b" ", b"\t", b"\xc2\xa0")  # the last one is what a web page has for a blank
_OVER = (State.CLOSED, State.UPDATE)


def noted(line: bytes) -> tuple[bytes, bytes]:
    """A line, and the note that stands behind it."""
    match = _NOTE.fullmatch(line)
    return (trimmed(match[1]), trimmed(match[2])) if match else (trimmed(line), b"")


def trimmed(line: bytes) -> bytes:
    """Without the blanks of a page at its ends."""
    end = len(line)
    while blank := next((one for one in _BLANKS if line.endswith(one, 0, end)), b""):
        end -= len(blank)
    return line[:end].lstrip(b" \t")


def is_annotated(lines: Sequence[bytes]) -> bool:
    """Whether notes stand behind the lines, commands among them."""
    count = 0
    for line in lines:
        said, note = noted(line)
        if note and any(is_command(said, rows) for rows in CATALOGUES.values()):
            count += 1
    return count >= 2


class Shape:
    """Tells the items of a session to a scribe; finds the side of each `Printed` line."""

    def __init__(self, scribe: Scribe, items: Sequence[Item], *, annotated: bool) -> None:
        self._scribe = scribe
        self._items = items
        self._annotated = annotated
        self._at = 0
        self._ends = self._find_ends()

    def tell(self) -> None:
        """Tell all of them."""
        while self._at < len(self._items):
            item = self._items[self._at]
            self._at += 1
            if isinstance(item, Printed):
                self._tell_line(item.octets)
            else:
                self._scribe.tell(item)

    # ----------------------------------------------------------------------------- looking ahead

    def _line(self, at: int) -> bytes:
        """The line at a place, without note and blanks; b"" where there is none."""
        if at >= len(self._items):
            return b""
        item = self._items[at]
        if not isinstance(item, Printed):
            return b""
        return noted(item.octets)[0] if self._annotated else item.octets

    def _find_ends(self) -> list[int]:
        """For each place the next one where a lone dot ends a body; none: behind the last item."""
        ends = [len(self._items)]
        for at in reversed(range(len(self._items))):
            line = self._line(at)
            ends.append(at if line == b"." or self._is_fused(at, line) else ends[-1])
        return ends[::-1]

    def _is_fused(self, at: int, line: bytes) -> bool:
        """Whether a lone dot and the next command stand in one line: `.TOP 1 0`."""
        return line[:1] == b"." and self._is_command(line[1:]) and self._is_reply(at + 1)

    def _is_command(self, line: bytes) -> bool:
        return is_command(line, self._scribe.catalogue)

    def _is_reply(self, at: int) -> bool:
        return is_reply(self._line(at), self._scribe.protocol)

    # ---------------------------------------------------------------------------------- one line

    def _tell_line(self, octets: bytes) -> None:
        scribe, connection = self._scribe, self._scribe.connection
        if connection.reading_body:
            self._tell_body(octets)
        elif connection.phase in (Phase.DATA, Phase.CHUNK):
            self._tell_data(octets)
        else:
            line, note = noted(octets) if self._annotated else (octets, b"")
            if self._annotated and (other := _ALTERNATIVE.fullmatch(trimmed(octets))):
                self._note(b" - ".join(filter(None, noted(other[1]))))
            elif is_reply(line, scribe.protocol):
                scribe.hear(self._unbroken(line))
                self._note(note)
            elif connection.unfinished or (scribe.misses_status(line) and self._lists(line)):
                scribe.hear(line)
                self._note(note)
            elif line and connection.state not in _OVER:
                self._note(note)
                scribe.say(line)

    def _note(self, note: bytes) -> None:
        if note:
            self._scribe.script.tell(note)

    def _lists(self, line: bytes) -> bool:
        """Whether it may be the first line of a listing without a status line."""
        return bool(line) and not self._is_command(line)

    def _tell_body(self, octets: bytes) -> None:
        at = self._at - 1
        line = self._line(at)
        if at == self._ends[at] and line != b".":
            self._scribe.hear(b".")
            said, note = noted(octets) if self._annotated else (octets, b"")
            self._note(note)
            self._scribe.say(said[1:])
        elif self._ends[at] == len(self._items) and self._is_next_command(at):
            self._at = at  # there is no dot: the scribe puts one in before the command
            self._scribe.finish_body()
        elif self._is_listing():
            self._scribe.hear(line)
            self._note(noted(octets)[1])
        else:
            self._scribe.hear(line if line == b"." else octets)

    def _is_listing(self) -> bool:
        """Whether notes may stand behind the lines of the body; in a message they are its own."""
        body = self._scribe.body_row
        return self._annotated and body is not None and body.effect is not Effect.NOTHING

    def _is_next_command(self, at: int) -> bool:
        return self._is_command(self._line(at)) and self._is_reply(at + 1)

    def _tell_data(self, octets: bytes) -> None:
        at = self._at - 1
        open_ended = self._scribe.connection.phase is Phase.DATA
        if open_ended and self._ends[at] == len(self._items) and self._is_reply(at):
            self._scribe.hear(self._line(at))  # there is no dot: the scribe puts one in
        else:
            self._scribe.say(self._line(at) if self._line(at) == b"." else octets)

    def _unbroken(self, line: bytes) -> bytes:
        """A status line with the rest that stands in the next line, where it was broken."""
        owed = self._scribe.connection.owed()
        rest = self._line(self._at)
        if (
            len(line) not in _WIDTHS
            or self._scribe.protocol is not Protocol.POP3
            or (owed is not None and owed.lines is Lines.MULTI)
            or not rest
            or is_reply(rest)
            or self._is_command(rest)
        ):
            return line
        self._at += 1
        return line + rest
