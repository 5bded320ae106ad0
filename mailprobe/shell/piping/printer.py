"""The dialogue as `C:` and `S:` lines, for a pipe, a file or a CI log."""

import re
from collections.abc import Callable

from mailprobe.errors import Failure
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import GO_AHEADS, Then
from mailprobe.protocol.codes import RESPONSE_CODES
from mailprobe.protocol.events import Event
from mailprobe.protocol.model import Command, Reply, Verdict
from mailprobe.render import theme
from mailprobe.safe import safe
from mailprobe.transcript.redact import PUBLIC_ANSWERS, Secrets
from mailprobe.transport.link import RETIRED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.protocol.linting.linter import Findings
    from mailprobe.timing import Tally

_LONGEST = 1024 * 1024  # octets of a line that are shown as one
_LINE_END = re.compile(rb"\r?\n")
_STYLES = {
    Verdict.DONE: "reply.ok",
    Verdict.GO_ON: "reply.go-on",
    Verdict.LATER: "reply.later",
    Verdict.REFUSED: "reply.refused",
}


class Printer:
    """An observer.  `write` takes text for stdout, `tell` a line for stderr; both flush."""

    def __init__(
        self, write: Callable[[str], None], tell: Callable[[str], None], *, color: bool
    ) -> None:
        self.refused: list[str] = []  # a sentence for each reply that said no, until it is taken
        self.secrets = Secrets()
        self._write = write
        self._tell = tell
        self._color = color
        self._rest = {"C": b"", "S": b""}  # a line that has not ended yet
        self._begun: Command | None = None  # whose mail data was let in

    def __call__(self, event: Event) -> None:
        self.secrets(event)
        match event:
            case events.CommandSent(command=command, secret=secret):
                line = command.line
                if secret is not None:
                    line = line[: secret[0]] + b"****" + line[secret[1] :]
                self._write(self._shown("C", line, "sent"))
            case events.AnswerSent(line=line):
                shown = line if line in PUBLIC_ANSWERS else b"****"
                self._write(self._shown("C", shown, "sent"))
            case events.RawSent(octets=octets, secret=secret):
                self._write(self._shown("C", b"****" if secret else octets, "sent"))
            case events.DataSent(octets=octets, last=last):
                self._lines("C", octets, "sent", last=last)
            case events.BodyChunk(wire=wire, last=last):
                self._lines("S", wire, "body", last=last)
            case events.Greeting(reply=reply):
                self._reply(reply, "the connection")
            case events.ReplyReceived(reply=reply):
                self._reply(reply, self.of(event))
            case events.Unsolicited(reply=reply):
                self._write("# unsolicited\n")
                self.tell_unsolicited()
                self._lines("S", reply.wire, "unsolicited", last=True)
            case events.Failed(octets=octets):
                self._lines("S", octets, "failure", last=True)
            case events.Closed():
                self._lines("C", b"", "sent", last=True)
            case events.TlsStarted(version=version, cipher=cipher):
                self._write(f"# {safe(version)} {safe(cipher)}\n")
                self.warn_of_tls(event)
            case events.Remarked(sentence=sentence):
                self._tell(f"note: {self.secrets.mask_text(sentence)}")
            case _:
                pass

    def begin(self) -> None:
        """A connection is about to be made."""

    def local(self, text: str) -> None:
        """What is no line of the dialogue: a script that reads it skips the `#`."""
        lines = text.removesuffix("\n").split("\n")
        self._write("".join(f"# {line}".rstrip() + "\n" for line in lines))

    def report(self, findings: "Findings") -> None:
        """What was found of the server."""
        from mailprobe.shell.watching import report

        for line in report(findings):
            self.local(self.secrets.mask_text(line))

    def measured(self, tally: "Tally") -> None:
        """How long the parts of many sessions took."""
        from mailprobe.render.timing import percentiles

        self.local(percentiles(tally))

    def fail(self, failure: Failure) -> None:
        """The failure that has ended the run; standard error has it, too."""

    def of(self, event: events.ReplyReceived) -> str:
        """What a reply belongs to, for a sentence; to be asked of each, once."""
        begun, self._begun = self._begun, None
        if event.reply.code in GO_AHEADS[Then.DATA]:
            self._begun = event.command
        if event.recipient is not None:
            return f"the mail for <{safe(event.recipient)}>"
        if begun is event.command:
            return "the mail data"
        return safe(event.command.verb) or "an empty line"

    def tell_unsolicited(self) -> None:
        self._tell("note: unsolicited")

    def warn_of_tls(self, event: events.TlsStarted) -> None:
        if event.version in RETIRED:
            self._tell(f"warning: {event.version} is retired (RFC 8996): take it for plain text")
        if not event.verified:
            self._tell("warning: the certificate was NOT verified (--no-verify)")

    def _reply(self, reply: Reply, of: str) -> None:
        self._lines("S", reply.wire, _STYLES[reply.verdict], last=True)
        self.judge(reply, of)

    def judge(self, reply: Reply, of: str) -> None:
        """Keep a sentence of a reply that said no."""
        if reply.refused:
            text = safe(self.secrets.mask(reply.lines[-1]))
            self.refused.append(f"{of} was answered: {text}{explained(reply)}")

    def _shown(self, side: str, content: bytes, style: str) -> str:
        text = safe(self.secrets.mask(content))
        return f"{side}: {theme.paint(style, text, color=self._color)}\n" if text else f"{side}:\n"

    def _lines(self, side: str, octets: bytes, style: str, *, last: bool) -> None:
        """Show the lines that are whole; with `last` the rest, too."""
        *whole, rest = _LINE_END.split(self._rest[side] + octets)
        if len(rest) > _LONGEST:  # nobody reads such a line, and no memory should hold it
            whole, rest = [*whole, rest], b""
        if last and rest:
            whole, rest = [*whole, rest], b""
        self._rest[side] = rest
        if whole:
            self._write("".join(self._shown(side, line, style) for line in whole))


def explained(reply: Reply) -> str:
    """What a response code of POP3 says, to stand behind a refusal (RFC 2449, section 8)."""
    code = reply.response_code if reply.refused and reply.code == "-ERR" else None
    meaning = RESPONSE_CODES.get(code) if code is not None else None
    return f" ({code}: {meaning})" if meaning else ""
