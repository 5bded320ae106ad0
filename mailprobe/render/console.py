"""A session as a person sees it: events in, lines of text out.

Every octet of a peer goes through `safe()`.  Replies are coloured by hand; only tables and
help load rich.  Bodies are written in pieces, never line by line.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol as Structural

from mailprobe.protocol import events
from mailprobe.protocol.catalogue import AT_ONCE
from mailprobe.protocol.events import Ending, Event
from mailprobe.protocol.facts import Message
from mailprobe.protocol.framing import CRLF
from mailprobe.protocol.model import Advice, Command, Deviation, Reply, Verdict
from mailprobe.render import theme
from mailprobe.render.folded import FETCHING, LISTING, Folded, Listing
from mailprobe.render.progress import Progress, size_of
from mailprobe.render.raw import line_text, raw_text, rows_of_data
from mailprobe.render.rows import beginning, beginning_of_line, wrapped
from mailprobe.render.widths import columns_of, size_text, time_text
from mailprobe.safe import safe
from mailprobe.transcript.redact import PUBLIC_ANSWERS
from mailprobe.transport.link import RETIRED

_TIMED = 1000  # commands on their way whose time is kept
_CUT = 2000  # octets of an unfinished reply that are shown
_WHOLE = 512  # octets of a line that is never folded (RFC 1939, section 3; RFC 5321, 4.5.3.1.5)
_APART = 2  # blanks at least between a reply and what is said about it
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
    readers and slow links: what colour says is said in words.  `messages` tells what is known of
    a maildrop, `rewritable` whether a line that is written now may be written over, and `layout`
    how many columns there are (0: nobody knows) and how many rows of one answer are shown (0: all).
    `margin` is how many of the columns somebody else takes on each line.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        color: bool,
        secrets: Masking,
        plain: bool = False,
        messages: Callable[[], Mapping[int, Message]] = dict,
        rewritable: Callable[[], bool] = bool,
        layout: Callable[[], tuple[int, int]] = lambda: (0, 0),
        margin: Callable[[], int] = int,
    ) -> None:
        self.hushed = False  # the person does not want to see the rest of this body
        self.belated = False  # what comes now may have come a while ago
        self.verbatim = False  # what is sent now is shown with the ends of its lines
        self._put = write
        self._color = color
        self._secrets = secrets
        self._plain = plain
        self._messages = messages
        self._layout = layout
        self._margin = margin
        self._columns, self._fold = layout()
        self._glued = False  # a line has begun, and whoever reads has been told
        self._withheld = False  # a part of the body was not shown
        self._typed: bytes | None = None
        # what is on its way, and since when; an AUTH or DATA stands there once for each step
        self._asked: deque[tuple[Command, float]] = deque(maxlen=_TIMED)
        self._last: Command | None = None
        self._address = ""  # that we are trying to reach
        self._body: Folded | Listing | None = None  # that is coming
        self._message = False  # it is a message, not a listing
        self._body_since: float | None = None
        self._body_size = 0  # octets
        self._failed = False
        self._progress = Progress(write, rewritable)
        self._starts: dict[str, str] = {}  # codes, and what comes before their replies
        self._dim, self._plain_again = ("\x1b[2m", "\x1b[0m") if color else ("", "")

    def __call__(self, event: Event) -> None:
        show = _SHOWN.get(event.__class__)
        if show is not None:
            show(self, event)

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
        self._say("note", f"note: {_clean(sentence)}")

    def explain(self, sentences: Sequence[str]) -> None:
        """Show what the reply above means, in words of ours."""
        for sentence in sentences:
            self._say("note", f"# {_clean(sentence)}")

    def warn(self, sentence: str) -> None:
        """Show what nobody may overlook."""
        self._say("warning", f"warning: {_clean(sentence)}")

    def fail(self, word: str, sentence: str) -> None:
        """Show a failure in the form that every failure has."""
        self._say("failure", f"mailprobe: {word}: {_clean(sentence)}")

    def rest(self) -> None:
        """Somebody else writes now: leave no line that is still to be written over."""
        self._progress.rest()

    # ------------------------------------------------------------------------------- commands

    def _sent(self, event: events.CommandSent) -> None:
        command = event.command
        line = command.line
        self._last = command
        self._asked.append((command, event.at))
        self._columns, self._fold = self._layout()  # people resize windows
        if self._ended_oddly(event.octets):
            said = line if event.secret else self._secrets.mask(line)
            self._show_octets(line_text(said, event.octets, event.secret))
            return
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
        if self._ended_oddly(event.octets):
            secret = None if event.line in PUBLIC_ANSWERS else (0, len(event.line))
            self._show_octets(line_text(event.line, event.octets, secret))
            return
        if event.line == self._typed:
            self._typed = None
            return
        shown = safe(event.line) if event.line in PUBLIC_ANSWERS else "****"
        self._show(self._paint("sent", f"> {shown}"))

    def _data(self, event: events.DataSent) -> None:
        if self._last is not None and event.last:
            if self._last.verb in AT_ONCE and self._asked:
                self._asked.pop()  # no go-ahead stands between it and its octets (RFC 3030)
            self._asked.append((self._last, event.at))
        if self.verbatim:
            for row in rows_of_data(self._secrets.mask(event.octets), _CUT):
                self._show_octets(row)
        self._progress.sent(len(event.octets), event.at, last=event.last)

    def _begun(self, event: events.RawSent) -> None:
        """Octets without the end of their line: nobody sees that they are on the wire."""
        self._typed = None
        if not self.verbatim:
            return
        self._show_octets("****" if event.secret else raw_text(self._secrets.mask(event.octets)))
        if not self._glued:
            self.note("the line has no end yet: what is sent next is a part of it")
            self._glued = True

    def _ended_oddly(self, octets: bytes) -> bool:
        """Whether the end of the line has to be seen, which a typed line does not show."""
        self._glued = False
        return self.verbatim or (bool(octets) and not octets.endswith(CRLF))

    def _show_octets(self, text: str) -> None:
        self._typed = None
        self._show(self._paint("sent", f"> {text}"))

    # -------------------------------------------------------------------------------- replies

    def _replied(self, event: events.ReplyReceived) -> None:
        command, reply, asked = event.command, event.reply, self._asked
        while asked and asked[0][0] is not command:  # LMTP answers the same mail data several times
            asked.popleft()
        since = asked[0][1] if asked else None
        remark = "" if since is None else self._time(event.at - since)
        if event.recipient is not None:
            remark = ", ".join(filter(None, (f"for {safe(event.recipient)}", remark)))
        if reply.code[0] in "3+" and asked and reply.verdict is Verdict.GO_ON:
            asked.popleft()
        self._show_reply("< ", reply, remark, ": /page")
        if event.body:
            self._begin_body(event, since)

    def _greeted(self, event: events.Greeting) -> None:
        self._show_reply("< ", event.reply, "")

    def _unsolicited(self, event: events.Unsolicited) -> None:
        self._show_reply("<* ", event.reply, "unsolicited")

    def _show_reply(self, mark: str, reply: Reply, remark: str, way: str = "") -> None:
        """The lines of a reply, and behind the last one what there is to say about it.

        `way` tells where all of it can be read.
        """
        if self._body is not None or self._progress.shown:
            self._put(self._interrupted())
        start = self._starts.get(mark + reply.code)
        if start is None:
            start = self._learn_start(mark, reply)
        if self._plain:
            remark = f"{reply.verdict.value}, {remark}" if remark else reply.verdict.value
        lines, above, end = reply.lines, "", self._plain_again
        if len(lines) > 1:
            above = self._lines_above(mark, start, lines, way)
        said = self._secrets.mask(lines[-1])
        last = mark + safe(said)
        if len(said) > _WHOLE and self._fold:
            shown, more = beginning_of_line(said, max(self._fold * self._columns, _WHOLE))
            if more:
                rest = f"... {size_text(more)} more of this line{way}"
                tail = self._paint("time", rest) + (self._aside(rest, remark) if remark else "")
                self._put(f"{above}{start}{mark}{safe(shown)}{end}\n{tail}\n")
                return
        self._put(f"{above}{start}{last}{end}{self._aside(last, remark) if remark else ''}\n")

    def _time(self, seconds: float) -> str:
        """How long that took; nobody knows it of what was only found later."""
        return f"seen after {time_text(seconds)}" if self.belated else time_text(seconds)

    def _learn_start(self, mark: str, reply: Reply) -> str:
        style = theme.REPLY[reply.verdict] if mark == "< " else "unsolicited"
        start = self._starts[mark + reply.code] = theme.start(style) if self._color else ""
        return start

    def _lines_above(self, mark: str, start: str, lines: tuple[bytes, ...], way: str) -> str:
        """All lines but the last, or the first of them and how many more there are."""
        shown = lines[:-1] if not self._fold or len(lines) <= self._fold else lines[: self._fold]
        if self._fold and max(map(len, shown)) > _WHOLE:
            return self._long_lines_above(mark, start, lines, way)
        text = "".join(
            f"{start}{mark}{safe(self._secrets.mask(line))}{self._plain_again}\n" for line in shown
        )
        if (more := len(lines) - 1 - len(shown)) > 0:
            text += self._paint("time", f"... {more:,} more lines{way}") + "\n"
        return text

    def _long_lines_above(self, mark: str, start: str, lines: tuple[bytes, ...], way: str) -> str:
        """The same, of lines that take several rows each."""
        columns = self._columns - self._margin()
        said = [f"{mark}{safe(self._secrets.mask(line))}" for line in lines[:-1]]
        shown, more = beginning(said, self._fold, columns)
        text = "".join(f"{start}{line}{self._plain_again}\n" for line in shown)
        return text + self._paint("time", f"... {more}{way}") + "\n" if more else text

    def _aside(self, line: str, remark: str) -> str:
        """What stands behind `line`, at the right edge where there is room."""
        columns = self._columns - self._margin()
        if not self._plain:
            room = columns - 1 - columns_of(line) - columns_of(remark)
            if room >= _APART:
                return f"{' ' * room}{self._dim}{remark}{self._plain_again}"
        # not broken by the edge of the terminal: it goes below, where the last row has no room
        taken = columns_of(line) % columns if columns > 0 else 0
        below = taken + _APART + len(remark) + 2 > columns > 0
        return f"{chr(10) if below else ''}{self._dim}  ({remark}){self._plain_again}"

    # ----------------------------------------------------------------------------------- body

    def _begin_body(self, event: events.ReplyReceived, since: float | None) -> None:
        verb = event.command.verb
        if verb in LISTING and self._fold:
            self._body = Listing(verb, self._messages, self._fold, self._columns - self._margin())
        else:
            self._body = Folded(self._fold, self._columns - self._margin())
        self._message = verb in FETCHING
        self._body_since, self._body_size = since, 0
        began = event.at if since is None else since
        self._progress.begin(began, size_of(event.reply.lines[0]) if self._message else None)

    def _chunk(self, event: events.BodyChunk) -> None:
        body = self._body
        if body is None:  # its beginning was seen by the screen before this one
            body = self._body = Folded(self._fold, self._columns - self._margin())
        self._body_size += len(event.octets)
        if self.hushed:
            self._withheld = self._withheld or bool(event.octets)
            text = ""
        else:
            text = body.feed(event.octets)
        if event.last:
            text += body.finish() + self._end_of_body(body, event.at)
            self.hushed = self._withheld = False
            self._body = None
        if text:
            self._progress.erase()
            self._put(text)
        elif body.folded:
            self._progress.received(self._body_size, event.at)

    def _end_of_body(self, body: Folded | Listing, at: float) -> str:
        words = [f"{self._body_size} octets"]
        if self._withheld:
            words.append("the rest not shown")
        if self._body_since is not None:
            words.append(self._time(at - self._body_since))
        above = ""
        if body.more and not self._withheld:
            ways = "/page, /headers, /mime" if self._message else "/page"
            above = self._paint("time", f"... {body.more}: {ways}, /body-save FILE") + "\n"
        return f"{above}< .{self._aside('< .', ', '.join(words))}\n"

    def _interrupted(self) -> str:
        """What has to be written before a line of its own, where a body has not ended."""
        self._progress.erase()
        return self._body.finish() if self._body is not None else ""

    # ------------------------------------------------------------------------------- the rest

    def _deviated(self, event: events.Deviated) -> None:
        self.note(_because(event.deviation))

    def _advised(self, event: events.Advised) -> None:
        self.note(_because(event.advice))

    def _connecting(self, event: events.Connecting) -> None:
        self._address = event.address
        self.note(f"connecting to {safe(event.address)}")

    def _connected(self, event: events.Connected) -> None:
        known = event.address == self._address
        self.note("connected" if known else f"connected to {safe(event.address)}")

    def _tunnelled(self, event: events.Tunnelled) -> None:
        self._address = event.address
        named = ", and looked the name up" if event.looked_up else ""
        self.note(f"the proxy connected us to {safe(event.address)}{named}")

    def _remarked(self, event: events.Remarked) -> None:
        masked = self._secrets.mask(_clean(event.sentence).encode()).decode("utf-8", "replace")
        self.note(masked)

    def _secured(self, event: events.TlsStarted) -> None:
        what = f"{safe(event.version)}, {safe(event.cipher)}"
        if event.verified:
            name = safe(event.server_name)
            self._say("tls", f"note: {what}, verified for {name}")
        else:
            self.warn(f"{what}, server NOT VERIFIED: anybody may be at the other end")
        if event.version in RETIRED:
            self.warn(f"{event.version} is retired (RFC 8996): take it for plain text")

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
        self._body = None

    def _show(self, text: str) -> None:
        """Write whole lines; a body that was cut short has left one open."""
        self._put(f"{self._interrupted()}{text}\n")

    def _say(self, style: str, sentence: str) -> None:
        """A sentence of ours, broken at blanks where the terminal is narrow."""
        columns = self._layout()[0]
        rows = wrapped(sentence, columns and columns - self._margin()).split("\n")
        self._show("\n".join(self._paint(style, row) for row in rows))

    def _paint(self, style: str, text: str) -> str:
        return theme.paint(style, text, color=self._color)


# Changes of state are in the prompt; the rest belongs to servers.
_SHOWN: dict[type[Event], Callable[..., None]] = {
    events.ReplyReceived: Screen._replied,
    events.BodyChunk: Screen._chunk,
    events.CommandSent: Screen._sent,
    events.AnswerSent: Screen._answered,
    events.DataSent: Screen._data,
    events.RawSent: Screen._begun,
    events.Greeting: Screen._greeted,
    events.Unsolicited: Screen._unsolicited,
    events.Failed: Screen._fail,
    events.Closed: Screen._close,
    events.Deviated: Screen._deviated,
    events.Advised: Screen._advised,
    events.Connecting: Screen._connecting,
    events.Connected: Screen._connected,
    events.Tunnelled: Screen._tunnelled,
    events.Remarked: Screen._remarked,
    events.TlsStarted: Screen._secured,
}


def _because(opinion: Deviation | Advice) -> str:
    at = f" at octet {opinion.at}" if isinstance(opinion, Deviation) else ""
    return f"{opinion.what}{at} ({opinion.reference})"


def _clean(sentence: str) -> str:
    """A sentence that was made safe already, once more: an oversight must not reach a terminal."""
    pieces = sentence.split("\\")
    return sentence if all(safe(piece) == piece for piece in pieces) else safe(sentence)
