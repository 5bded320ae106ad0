"""A session as a person sees it: events in, lines of text out.

Every octet of a peer goes through `safe()`.  Replies are coloured by hand; only tables and
help load rich.  Bodies are written in pieces, never line by line.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol as Structural

from mailprobe.protocol import events
from mailprobe.protocol.events import Ending, Event
from mailprobe.protocol.model import Advice, Command, Deviation, Reply, Verdict
from mailprobe.render import theme
from mailprobe.render.body import BodyText
from mailprobe.safe import safe
from mailprobe.transcript.redact import PUBLIC_ANSWERS

_TIMED = 1000  # commands on their way whose time is kept
_CUT = 2000  # octets of an unfinished reply that are shown
_ENDINGS = {
    Ending.EOF: "the server closed the connection",
    Ending.RESET: "the connection was reset",
    Ending.TRUNCATED: "the server closed the connection without ending TLS",
    Ending.LOCAL: "connection closed",
}


class Masking(Structural):
    """Whoever knows the secrets of the session, as `transcript.redact` does."""

    def mask(self, octets: bytes) -> bytes:
        """`octets` with every known secret made unreadable."""


class Screen:
    """An observer of events for a person at a terminal.

    `write` takes text whose lines end in LF, colour codes included.  `plain` is for screen
    readers and slow links: what colour says is said in words.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        color: bool,
        secrets: Masking,
        plain: bool = False,
    ) -> None:
        self._write = write
        self._color = color
        self._secrets = secrets
        self._plain = plain
        self.hushed = False  # the person does not want to see the rest of this body
        self._withheld = False  # a part of the body was not shown
        self._typed: bytes | None = None
        # what is on its way, and since when; an AUTH or DATA stands there once for each step
        self._asked: deque[tuple[Command, float]] = deque(maxlen=_TIMED)
        self._last: Command | None = None
        self._address = ""  # that we are trying to reach
        self._body = BodyText()
        self._body_since: float | None = None
        self._body_size = 0  # octets
        self._failed = False

    def __call__(self, event: Event) -> None:
        match event:
            case events.ReplyReceived():
                self._replied(event)
            case events.BodyChunk():
                self._chunk(event)
            case events.CommandSent():
                self._sent(event)
            case events.AnswerSent():
                self._answered(event)
            case events.DataSent(last=True) if self._last is not None:
                self._asked.append((self._last, event.at))
            case events.Greeting():
                self._show(self._reply("< ", event.reply, theme.REPLY[event.reply.verdict], []))
            case events.Unsolicited():
                self._show(self._reply("<* ", event.reply, "unsolicited", ["unsolicited"]))
            case events.Failed():
                self._fail(event)
            case events.Closed():
                self._close(event)
            case _:
                self._remark(event)

    def expect_typed(self, line: bytes | None) -> None:
        """The next command of these octets was typed: it is on the screen already.

        None takes that back: it was not sent.
        """
        self._typed = line

    @property
    def typed(self) -> bytes | None:
        """The line that was typed and has not gone out yet."""
        return self._typed

    def note(self, sentence: str) -> None:
        """Show a remark of ours; a peer's octets in `sentence` have been through `safe()`."""
        self._show(self._paint("note", f"note: {_clean(sentence)}"))

    def warn(self, sentence: str) -> None:
        """Show what nobody may overlook."""
        self._show(self._paint("warning", f"warning: {_clean(sentence)}"))

    def fail(self, word: str, sentence: str) -> None:
        """Show a failure in the form that every failure has."""
        self._show(self._paint("failure", f"mailprobe: {word}: {_clean(sentence)}"))

    # ------------------------------------------------------------------------------- commands

    def _sent(self, event: events.CommandSent) -> None:
        line = event.command.line
        self._last = event.command
        self._asked.append((event.command, event.at))
        if line == self._typed:
            self._typed = None
            return
        if event.secret is None:
            shown = safe(self._secrets.mask(line))
        else:
            start, end = event.secret
            shown = f"{safe(line[:start])}****{safe(line[end:])}"
        self._show(self._paint("sent", f"> {shown}"))

    def _answered(self, event: events.AnswerSent) -> None:
        """A step of a login: secret, but for what gives nothing away."""
        self._asked.append((event.command, event.at))
        if event.line == self._typed:
            self._typed = None
            return
        shown = safe(event.line) if event.line in PUBLIC_ANSWERS else "****"
        self._show(self._paint("sent", f"> {shown}"))

    # -------------------------------------------------------------------------------- replies

    def _replied(self, event: events.ReplyReceived) -> None:
        remarks = []
        if event.recipient is not None:
            remarks.append(f"for {safe(event.recipient)}")
        since = self._since(event)
        if event.body:
            self._body, self._body_since, self._body_size = BodyText(), since, 0
        if since is not None:
            remarks.append(_took(event.at - since))
        self._show(self._reply("< ", event.reply, theme.REPLY[event.reply.verdict], remarks))

    def _since(self, event: events.ReplyReceived) -> float | None:
        """When what `event` answers was sent; LMTP answers the same mail data several times."""
        while self._asked and self._asked[0][0] is not event.command:
            self._asked.popleft()
        if not self._asked:
            return None
        since = self._asked[0][1]
        if event.reply.verdict is Verdict.GO_ON:
            self._asked.popleft()
        return since

    def _reply(self, mark: str, reply: Reply, style: str, remarks: list[str]) -> str:
        """The lines of a reply, and behind the last one what there is to say about it."""
        lines = [mark + safe(self._secrets.mask(line)) for line in reply.lines]
        words = [reply.verdict.value, *remarks] if self._plain else remarks
        tail = self._paint("time", f"  ({', '.join(words)})") if words else ""
        return "\n".join(self._paint(style, line) for line in lines) + tail

    # ----------------------------------------------------------------------------------- body

    def _chunk(self, event: events.BodyChunk) -> None:
        self._body_size += len(event.octets)
        if self.hushed:
            self._withheld = self._withheld or bool(event.octets)
            text = ""
        else:
            text = self._body.feed(event.octets)
        if event.last:
            text += self._body.finish() + self._end_of_body(event.at)
            self.hushed = self._withheld = False
        if text:
            self._write(text)

    def _end_of_body(self, at: float) -> str:
        words = [f"{self._body_size} octets"]
        if self._withheld:
            words.append("the rest not shown")
        if self._body_since is not None:
            words.append(_took(at - self._body_since))
        return self._paint("time", f"< .  ({', '.join(words)})") + "\n"

    # ------------------------------------------------------------------------------- the rest

    def _remark(self, event: Event) -> None:
        match event:
            case events.Deviated():
                self.note(_because(event.deviation))
            case events.Advised():
                self.note(_because(event.advice))
            case events.Connecting():
                self._address = event.address
                self.note(f"connecting to {safe(event.address)}")
            case events.Connected() if event.address == self._address:
                self.note("connected")
            case events.Connected():
                self.note(f"connected to {safe(event.address)}")
            case events.TlsStarted():
                self._secured(event)
            case _:  # changes of state are in the prompt; the rest belongs to servers
                return

    def _secured(self, event: events.TlsStarted) -> None:
        what = f"{safe(event.version)}, {safe(event.cipher)}"
        if event.verified:
            name = safe(event.server_name)
            self._show(self._paint("tls", f"note: {what}, verified for {name}"))
        else:
            self.warn(f"{what}, server NOT VERIFIED: anybody may be at the other end")

    def _fail(self, event: events.Failed) -> None:
        self._failed = True
        if event.octets:
            shown = safe(self._secrets.mask(event.octets)[:_CUT])
            more = len(event.octets) - _CUT
            tail = self._paint("time", f"  ({more} octets more)") if more > 0 else ""
            self._show(self._paint("unfinished", f"<? {shown}") + tail)
        # the sentence may quote what the server echoed
        sentence = self._secrets.mask(_clean(event.sentence).encode()).decode("utf-8", "replace")
        self.fail(event.word.value, sentence)

    def _close(self, event: events.Closed) -> None:
        self._asked.clear()
        self._typed = None
        if not self._failed:  # else the failure has said it
            self.note(_ENDINGS.get(event.how, "connection closed"))

    def _show(self, text: str) -> None:
        """Write whole lines; a body that was cut short has left one open."""
        self._write(f"{self._body.finish()}{text}\n")

    def _paint(self, style: str, text: str) -> str:
        return theme.paint(style, text, color=self._color)


def _because(opinion: Deviation | Advice) -> str:
    at = f" at octet {opinion.at}" if isinstance(opinion, Deviation) else ""
    return f"{opinion.what}{at} ({opinion.reference})"


def _took(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.1f} s"


def _clean(sentence: str) -> str:
    """A sentence that was made safe already, once more: an oversight must not reach a terminal."""
    pieces = sentence.split("\\")
    return sentence if all(safe(piece) == piece for piece in pieces) else safe(sentence)
