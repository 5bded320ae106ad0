"""From octets to lines, replies and bodies, and back: bounded, and the same however it is cut.

Readers never wait and never look at a clock.  What cannot be framed is a `Failure`, raised here
and turned into a `Failed` event by `connection`.
"""

from mailprobe.errors import Failure, Word
from mailprobe.patterns import pattern
from mailprobe.protocol.grammar import POP3_STATUS_LINE, SMTP_REPLY_LINE
from mailprobe.protocol.model import Deviation, Reply
from mailprobe.safe import safe
from mailprobe.value import frozen

CRLF = b"\r\n"
END_OF_DATA = b"\r\n.\r\n"  # RFC 5321, section 4.1.1.4; RFC 1939, section 3
_POP3_CODES = {b"+OK": "+OK", b"-ERR": "-ERR"}
_LF = pattern(rb"\n")
_DOT_LINE = pattern(rb"\r\n\.")  # seen to be faster than bytes.replace() where dots are many


@frozen
class Limits:
    """Bounds on what a peer may send, in octets.  Each is an option of the command line."""

    line: int = 64 * 1024
    reply: int = 1024 * 1024
    body: int = 256 * 1024 * 1024
    body_line: int = 1024 * 1024

    @property
    def reply_lines(self) -> int:
        """The most lines of a reply: short ones take more memory than their octets."""
        return max(1000, self.reply // 100)


def over(limit: str, octets: int, what: str) -> Failure:
    """The failure that names the option by which a bound can be moved."""
    return Failure(Word.LIMIT, f"{what} is longer than {octets} octets (--max-{limit} moves this)")


class ReceiveBuffer:
    """Octets that came and are not framed yet.  `octets` is for looking only."""

    def __init__(self) -> None:
        self.octets = bytearray()
        self._searched = 0  # no LF before this offset: keeps one-octet drips linear

    def append(self, octets: bytes | memoryview) -> None:
        self.octets += octets

    def take_line(self, limit: int, what: str) -> bytes | None:
        """The next line with its LF, or None.  Failure `limit` when it grows beyond `limit`."""
        octets = self.octets
        end = octets.find(b"\n", self._searched) + 1
        if (end or len(octets) + 1) > limit:
            raise over("line", limit, what)
        if not end:
            self._searched = len(octets)
            return None
        return self.take_all() if end == len(octets) else self.take(end)

    def take(self, count: int) -> bytes:
        """The first `count` octets, or as many as there are."""
        octets = bytes(self.octets[:count])
        del self.octets[:count]
        self._searched = 0
        return octets

    def take_all(self) -> bytes:
        octets = bytes(self.octets)
        self.octets.clear()
        self._searched = 0
        return octets


class ReplyReader:
    """Cuts replies out of the lines of a server."""

    def __init__(self, buffer: ReceiveBuffer, limits: Limits, *, pop3: bool) -> None:
        self._buffer = buffer
        self._limits = limits
        self._codes = dict(_POP3_CODES) if pop3 else {}  # of the plain lines: what they began with
        self._status = (POP3_STATUS_LINE if pop3 else SMTP_REPLY_LINE).compiled
        self._pop3 = pop3
        self._lines: list[bytes] = []
        self._wire = bytearray()
        self._deviations: list[Deviation] = []

    def read(self, *, challenge: bool) -> Reply | None:
        """The next whole reply, or None when more octets are needed.

        `challenge`: a POP3 reply may be "+" (RFC 5034).  Raises Failure `protocol` for a line
        that is no reply, `limit` for one that is too long; `forget()` gives what was read.
        """
        octets = self._buffer.octets
        while True:
            if not self._lines and octets and octets[0] in _BINARY:
                raise Failure(Word.PROTOCOL, f"this is no mail server: {_BINARY[octets[0]]}")
            try:
                line = self._buffer.take_line(self._limits.line, "a reply line")
            except Failure:
                self._wire += self._buffer.take(self._limits.line)
                raise
            if line is None:
                return None
            code = None if self._wire else self._plain_code(line)
            if code is not None and len(line) <= self._limits.reply:
                return Reply((line[:-2],), code, line)
            if reply := self._take(line, challenge=challenge):
                return reply

    def _plain_code(self, line: bytes) -> str | None:
        """The code of a reply of one line, as nearly all are, that there is nothing odd about."""
        head, blank, _ = line.partition(b" ")
        code = self._codes.get(head)
        if code is None and not self._pop3 and _is_code(head):
            code = self._codes[head] = head.decode("ascii")
        return code if blank and line[-2:] == CRLF else None

    def _take(self, line: bytes, *, challenge: bool) -> Reply | None:
        crlf = line.endswith(CRLF)
        content = line[:-2] if crlf else line[:-1]
        match = self._status.match(content)
        offset = len(self._wire)
        if match is None or (match[1] == b"+" and not challenge):
            self._wire += line
            raise Failure(Word.PROTOCOL, _complaint(content, pop3=self._pop3))
        code = match[1]
        last = self._pop3 or match[2] != b"-"
        self._wire += line
        if not crlf:
            reference = "RFC 1939, section 3" if self._pop3 else "RFC 5321, section 2.3.8"
            self._deviate("bare LF", reference, offset + len(content))
        if self._pop3:
            if code != code.upper():
                self._deviate("status indicator in lower case", "RFC 1939, section 3", offset)
            return self._finish(content, code)
        if self._lines and not self._lines[0].startswith(code):
            self._deviate("the code changes inside the reply", "RFC 5321, section 4.2.1", offset)
        if last:
            return self._finish(content, code)
        self._lines.append(content)
        if len(self._wire) > self._limits.reply:
            raise over("reply", self._limits.reply, "a reply")
        if len(self._lines) >= self._limits.reply_lines:
            most = self._limits.reply_lines
            raise Failure(
                Word.LIMIT, f"a reply has more than {most} lines (--max-reply moves this)"
            )
        return None

    def _deviate(self, what: str, reference: str, at: int) -> None:
        self._deviations.append(Deviation(what, reference, at))

    def _finish(self, content: bytes, code: bytes) -> Reply:
        if len(self._wire) > self._limits.reply:
            raise over("reply", self._limits.reply, "a reply")
        lines, deviations = (*self._lines, content), tuple(self._deviations)
        # Of a reply with two codes the last one counts: it is the line that says "the end".
        return Reply(lines, code.decode("ascii").upper(), self.forget(), deviations)

    @property
    def unfinished(self) -> bytes:
        """The lines of a reply that is not whole yet."""
        return bytes(self._wire)

    def forget(self) -> bytes:
        """Give up a reply that is not whole; returns its octets."""
        octets = bytes(self._wire)
        self._lines = []
        self._wire.clear()
        self._deviations = []
        return octets


def _is_code(head: bytes) -> bool:
    return len(head) == 3 and head.isdigit() and b"2" <= head < b"6"


# What the first octet of a line gives away, without waiting for a line end that never comes.
_BINARY = {
    0x00: "binary data came",
    0x15: "it speaks TLS (try --tls)",
    0x16: "it speaks TLS (try --tls)",
    0xFF: "it speaks telnet",
}

_POP3, _SMTP = "POP3", "SMTP, LMTP or FTP"
_SERVICES = (
    (pattern(rb"HTTP/|<(?i:!doctype|html)"), "HTTP"),
    (pattern(rb"SSH-[0-9.]+-"), "SSH"),
    (pattern(rb"\* (?i:OK|BYE|PREAUTH)"), "IMAP"),
    (pattern(rb"\+OK|-ERR"), _POP3),
    (pattern(rb"[245][0-9][0-9][ -]"), _SMTP),
    (pattern(rb'"?IMPLEMENTATION"? '), "ManageSieve"),
    (pattern(rb"RFB [0-9.]+"), "VNC"),
)


def _complaint(line: bytes, *, pop3: bool) -> str:
    shown = safe(line[:120]) + ("..." if len(line) > 120 else "")
    own = _POP3 if pop3 else _SMTP
    for service, name in _SERVICES:
        if name != own and service.match(line):
            return f"this is {name}, another service: {shown}"
    return f"not a reply: {shown}"


@frozen
class Piece:
    """What a `BodyReader` makes of a chunk."""

    octets: bytes  # content: dots undone
    wire: bytes  # as it travelled, the end included
    rest: bytes  # what came behind the end
    last: bool
    failure: Failure | None = None  # a limit was reached behind these octets


class BodyReader:
    """A body up to its lone dot: a multi-line response, or mail data in the server role.

    Only CRLF . CRLF ends it.  A dot that begins a line is taken off, doubled or not.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        # The line end before the first line was read elsewhere; with it put back, the first
        # line is like every other one.
        self._tail = CRLF
        self._given = 2  # octets of the tail that are not part of the body
        self._line = 0  # octets of the unfinished line
        self._total = 0

    def feed(self, chunk: bytes | memoryview) -> Piece:
        data = self._tail + chunk  # the one copy
        given, self._given = self._given, 0
        # Most mail of any size is base64, which has no dot: one look spares the search.
        dotted = b"." in data
        end = data.find(END_OF_DATA) if dotted else -1
        if end >= 0:
            content, wire, rest = data[: end + 2], data[given : end + 5], data[end + 5 :]
            self._tail = b""
        else:
            keep = self._held(data)
            content = data[: len(data) - keep] if keep else data
            self._tail = data[len(data) - keep :] if keep else b""
            if len(content) < given:  # nothing but the borrowed line end is there
                self._given = given
                return Piece(b"", b"", b"", last=False)
            wire, rest = content[given:] if given else content, b""
        allowed, failure = self._measure(content[given:] if given else content)
        if failure:
            content = content[: given + allowed]
            wire, rest = content[given:], b""
        octets = _DOT_LINE.sub(CRLF, content) if dotted else content
        last = end >= 0 and failure is None
        return Piece(octets[given:] if given else octets, wire, rest, last, failure)

    @staticmethod
    def _held(data: bytes) -> int:
        """How many last octets may belong to the end, or to a dot that is to be taken off."""
        for length in (4, 3, 2, 1):
            if data.endswith(END_OF_DATA[:length]):
                return length
        return 0

    def _measure(self, content: bytes) -> tuple[int, Failure | None]:
        """How many octets of `content` keep the limits, and what to say when not all do."""
        allowed = self._limits.body - self._total
        failure = over("body", self._limits.body, "the body")
        if self._line + len(content) > self._limits.body_line:  # only then look closer
            start = -self._line
            for end in (*(match.end() for match in _LF.finditer(content)), len(content)):
                if (
                    end - start > self._limits.body_line
                    and start + self._limits.body_line < allowed
                ):
                    allowed = start + self._limits.body_line
                    failure = over("body-line", self._limits.body_line, "a line of the body")
                    break
                start = end
        if len(content) > allowed:
            return allowed, failure
        self._total += len(content)
        last = content.rfind(b"\n")
        self._line = len(content) - last - 1 if last >= 0 else self._line + len(content)
        return len(content), None

    def unfinished(self) -> bytes:
        """What is held back, at the end of a body that was cut off."""
        tail, self._tail = self._tail[self._given :], b""
        return tail


class Stuffer:
    """Doubles the dot that begins a line (RFC 5321, section 4.5.2), chunk by chunk.

    `before` is the last two octets of what went before.
    """

    def __init__(self, before: bytes = CRLF) -> None:
        self._tail = before

    def feed(self, chunk: bytes) -> bytes:
        if not chunk:
            return b""
        # A line begins behind CRLF; the two octets before the chunk say whether it begins here.
        stuffed = _DOT_LINE.sub(b"\r\n..", chunk) if b"." in chunk else chunk
        if chunk[:1] == b"." and self._tail == CRLF:
            stuffed = b"." + stuffed
        elif chunk[:2] == b"\n." and self._tail[-1:] == b"\r":
            stuffed = b"\n." + stuffed[1:]
        self._tail = (self._tail + chunk[-2:])[-2:]
        return stuffed

    def finish(self) -> bytes:
        """The end of mail data, with the line end that the last line may lack."""
        return (b"" if self._tail == CRLF else CRLF) + b".\r\n"


def stuff(octets: bytes) -> bytes:
    """A whole body as it travels, without its end."""
    return Stuffer().feed(octets)


class EndFinder:
    """Watches outgoing mail data for the CRLF . CRLF that ends it."""

    def __init__(self) -> None:
        self._tail = CRLF

    @property
    def begins_line(self) -> bool:
        """Whether the next octet is the first one of a line."""
        return self._tail.endswith(CRLF)

    def find(self, octets: bytes) -> int:
        """How many of `octets` belong to the mail data, its end included; -1: all, and more."""
        edge = self._tail + octets[:4]
        at = edge.find(END_OF_DATA)
        if at >= 0:
            return at + 5 - len(self._tail)
        if b"." in octets and (at := octets.find(END_OF_DATA)) >= 0:
            return at + 5
        self._tail = (self._tail + octets[-4:])[-4:]
        return -1
