"""What is written of each event: lines of a transcript, with the secrets named.

Where the lines go, and what becomes of bodies, is for those who inherit.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import MethodType

from mailprobe.patterns import pattern
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import AT_ONCE, NAMING
from mailprobe.protocol.events import Ending, Event
from mailprobe.protocol.model import Command, Reply
from mailprobe.safe import safe, visible
from mailprobe.transcript.format import cooked_line, wire_lines
from mailprobe.transcript.redact import Secrets, is_public, is_verb

MASKED = b"# a secret was masked\n"  # stands behind what has `*` in the place of one
MASKED_ABOVE = b"# a secret was masked above\n"  # where that was written as something else
# What begins a line and stays, whatever the secrets are: without it the line is another one.
_HEADS = {
    "S": pattern(
        rb"^(?:[0-9]{3}(?=[ \r\n-]|\Z)[ -]?(?:[245]\.[0-9]{1,3}\.[0-9]{1,3}(?=[ \r\n]|\Z))?"
        rb"|(?:\+OK|-ERR|\+)(?=[ \r\n]|\Z)"
        rb"(?: \[(?:AUTH|SYS/TEMP|SYS/PERM|IN-USE|LOGIN-DELAY|UTF8)\])?)",
        re.IGNORECASE | re.MULTILINE,
    ),
    "C": pattern(
        rb"^[ \t]*(?:(?:MAIL|RCPT)[ \t]+(?:FROM|TO):"
        rb"|AUTH[ \t]+(?:PLAIN|LOGIN|CRAM-MD5|SCRAM-SHA-(?:1|256|512)(?:-PLUS)?|XOAUTH2|OAUTHBEARER"
        rb"|EXTERNAL|ANONYMOUS)"
        rb"(?=[ \t\r\n]|\Z)|([A-Z][A-Z0-9]*)(?=[ \t\r\n]|\Z))",
        re.IGNORECASE | re.MULTILINE,
    ),
}
_MOST_NAMES = 1000  # users that are remembered
_ENDS = {
    Ending.EOF: b"S@ close\n",
    Ending.TRUNCATED: b"S@ close\n",
    Ending.RESET: b"S@ reset\n",
    Ending.LOCAL: b"C@ close\n",
}


class Writer(ABC):
    """An observer that says what happens in lines of a transcript."""

    def __init__(self) -> None:
        self.secrets = Secrets()  # what was found so far
        self._chunk = False  # mail data comes by BDAT, not by DATA
        self._broken = {"S": False, "C": False}  # a body was cut in two by something else
        self._question = b""  # what stands for the next reply
        self._left_out = False  # the body that comes belongs to such a reply
        self._names: set[bytes] = set()  # of users, that stand in the recording in the open
        self._name = b""  # that USER said last
        # A login whose secret is the name that it gives, and the forms that stay for that.
        self._doubtful: tuple[Command, list[bytes]] | None = None

    @abstractmethod
    def append(self, text: bytes) -> None:
        """Write whole lines, behind the body that they end."""

    @abstractmethod
    def feed(self, side: str, octets: bytes | None, wire: bytes, *, last: bool) -> None:
        """Write a piece of a body: its content, where that is known, and the wire."""

    @abstractmethod
    def mask_written(self, secrets: list[bytes]) -> None:
        """Mask, in what was written, what is known as a secret only now."""

    def note(self, text: str) -> None:
        """Write lesson text between the lines of the wire."""
        self.append((f"| {seen(self.secrets.mask_text(text))}".rstrip() + "\n").encode())

    def step(self, title: str) -> None:
        """Begin a step of the transcript."""
        self.append(f"== {seen(self.secrets.mask_text(title))}\n".encode())

    def expect(self, line: str) -> None:
        """Write an expectation of the reply above (`S+`, `S-`), or in the place of the next (`S?`).

        `line` is a line of the grammar.
        """
        octets = f"{line}\n".encode()
        if self.secrets.known and self.secrets.holds(octets):
            self.append(b"# an expectation that holds a secret was left out\n")
        elif line.startswith("S?"):
            self._question = octets
        else:
            self.append(octets)

    def __call__(self, event: Event) -> None:
        if (write := _WRITERS.get(type(event))) is not None:
            write(self, event)

    def listener(self, kind: type[Event]) -> Callable[[Event], None] | None:
        """What writes the events of `kind`; None: of those nothing travelled."""
        write = _WRITERS.get(kind)
        return None if write is None else MethodType(write, self)

    # ------------------------------------------------------------------- what travels as lines

    def _command_sent(self, event: events.CommandSent) -> None:
        self._chunk = event.command.verb in AT_ONCE
        self._broken["C"] = False  # a body may begin
        self.secrets.command_sent(event)
        if event.secret is not None:
            self._look_back(event.command)
            self.append(self._secret_line(event.command.line, event.octets, *event.secret))
        elif event.command.verb in NAMING:
            self.append(self._naming_line(event.command.argument, event.octets))
        else:
            self.append(self.masked_lines("C", event.octets))

    def _naming_line(self, name: bytes, octets: bytes) -> bytes:
        """A line that names a user, as it was said.

        Whoever has a password that is his name has written it down when he said the name: to mask
        it from then on would tell that it is the password, and say another name in a replay.
        """
        self._name = name
        if name in self._names:
            return wire_lines("C", octets)
        masked = self.masked_lines("C", octets)
        if len(self._names) < _MOST_NAMES and not masked.endswith(MASKED):
            self._names.add(name)
        return masked

    def _answer_sent(self, event: events.AnswerSent) -> None:
        self.secrets.answer_sent(event)
        if is_public(event.line):
            self.append(wire_lines("C", event.octets))
        else:
            self._look_back(event.command)
            self.append(self._secret_line(event.line, event.octets, 0, len(event.line)))

    def _raw_sent(self, event: events.RawSent) -> None:
        self.secrets.raw_sent(event)
        if event.secret:
            self._look_back(Command(b""))
            start, end = self.secrets.fragment
            self.append(self._named(event.octets, start, end, self.secrets.placeholder))
        else:
            self.append(self.masked_lines("C", event.octets))

    def _look_back(self, command: Command) -> None:
        """Mask what has become a secret by `command`, and was written before as something else.

        Whoever has a password that is his name has to say the name: it stays where the login of
        just that name succeeds.
        """
        secrets, self.secrets.fresh = self.secrets.fresh, []
        if not secrets:
            return
        self.settle_doubts()
        name = self.secrets.user or self._name
        if name in secrets:
            self._doubtful = command, secrets
        else:
            self.mask_written(secrets)

    def settle_doubts(self) -> None:
        """No login has succeeded with its name for a secret: somebody has mistaken the place."""
        if self._doubtful is None:
            return
        (_, secrets), self._doubtful = self._doubtful, None
        self._names.difference_update(secrets)
        self.mask_written(secrets)

    def _judge_login(self, reply: Reply) -> None:
        """`reply` says whether the name that it gave was a secret."""
        if reply.positive:
            self._doubtful = None
        elif reply.refused:
            self.settle_doubts()

    def _reply_received(self, event: events.ReplyReceived) -> None:
        if self._doubtful is not None and event.command is self._doubtful[0]:
            self._judge_login(event.reply)
        if event.body:
            self._broken["S"] = False
            self._left_out = bool(self._question)
        self._reply_came(event)

    def _reply_came(
        self, event: events.Greeting | events.ReplyReceived | events.Unsolicited
    ) -> None:
        if self._question:
            self.append(self._question)
            self._question = b""
        else:
            self.append(self.masked_lines("S", event.reply.wire))

    def _tls_started(self, event: events.TlsStarted) -> None:
        if not event.implicit:
            self.append(b"@tls\n" if event.verified else b"@tls verify=off\n")
        elif not event.verified:
            self.append(b"# the certificate was not verified\n")

    def _tls_failed(self, event: events.TlsFailed) -> None:
        """A replay shakes hands as well: red where that fails once more, else green."""
        if not event.implicit:
            self.append(b"@tls\n" if event.verify else b"@tls verify=off\n")

    def _failed(self, event: events.Failed) -> None:
        lines = self.masked_lines("S", event.octets)
        mark = f"# incomplete: {event.word}: {seen(self.secrets.mask_text(event.sentence))}\n"
        self.append(lines + mark.encode())

    def _closed(self, event: events.Closed) -> None:
        self.settle_doubts()
        self.append(_ENDS[event.how])

    def _secret_line(self, line: bytes, octets: bytes, start: int, end: int) -> bytes:
        """A line that is secret from `start` to `end`; `octets` are what travelled just now."""
        if octets.startswith(line):
            return self._named(octets, start, end, self.secrets.placeholder)
        # Something raw began the line; this is its end.
        rest = len(octets.removesuffix(b"\n").removesuffix(b"\r"))
        begun = len(line) - rest  # octets
        if not rest or end <= begun:
            return self.masked_lines("C", octets)
        if start >= begun:
            return self._named(octets, start - begun, end - begun, self.secrets.placeholder)
        placeholder = self.secrets.name_fragment(octets[: end - begun])
        return self._named(octets, 0, end - begun, placeholder)

    def _named(self, octets: bytes, start: int, end: int, placeholder: str) -> bytes:
        """A line, or the beginning of one, with a name in the secret place."""
        head, tail = octets[:start], octets[end:]
        pieces = [(self.blotted("C", head), placeholder), (self.secrets.blot(tail), "")]
        masked = pieces[0][0] != head or pieces[1][0] != tail
        return cooked_line("C", pieces if tail else pieces[:1]) + (MASKED if masked else b"")

    def masked_lines(self, side: str, octets: bytes) -> bytes:
        """Wire lines, with `*` for each octet of a secret; a comment tells of that.

        A name would be read as what must come, or be sent where nobody expects a secret.
        """
        if not self.secrets.known:
            return wire_lines(side, octets)
        blotted = self.blotted(side, octets)
        return wire_lines(side, blotted) + (b"" if blotted == octets else MASKED)

    def blotted(self, side: str, octets: bytes) -> bytes:
        """The same as `Secrets.blot`, but for the reply codes and verbs of a side's lines."""
        blotted = self.secrets.blot(octets)
        if blotted is octets or not side:
            return blotted
        kept = bytearray(blotted)
        for match in _HEADS[side].finditer(octets):
            if side == "S" or match[1] is None or is_verb(match[1]):
                kept[match.start() : match.end()] = match[0]
        return bytes(kept)

    # ------------------------------------------------------------------------------- bodies

    def is_stuffed(self, side: str) -> bool:
        """Whether the body that begins there is whole so far, and ends with a lone dot."""
        return not (self._chunk and side == "C") and not self._broken[side]

    def body_ended(self, side: str, *, whole: bool) -> None:
        """Something else is written from now on."""
        self._broken[side] = not whole

    def _body_came(self, event: events.BodyChunk) -> None:
        if self._left_out:
            self._left_out = not event.last
        else:
            self.feed("S", event.octets, event.wire, last=event.last)

    def _data_sent(self, event: events.DataSent) -> None:
        self.feed("C", None, event.octets, last=event.last)


# What is written of each event; of any other nothing travelled.
_WRITERS: dict[type[Event], Callable[..., None]] = {
    events.CommandSent: Writer._command_sent,
    events.AnswerSent: Writer._answer_sent,
    events.RawSent: Writer._raw_sent,
    events.DataSent: Writer._data_sent,
    events.Greeting: Writer._reply_came,
    events.ReplyReceived: Writer._reply_received,
    events.Unsolicited: Writer._reply_came,
    events.BodyChunk: Writer._body_came,
    events.TlsStarted: Writer._tls_started,
    events.TlsFailed: Writer._tls_failed,
    events.Failed: Writer._failed,
    events.Closed: Writer._closed,
}


def seen(text: str) -> str:
    """Text that somebody else composed, on one line, with nothing in it that hides."""
    return text if visible(text) else safe(text)
