"""The recorder: an observer that writes a session down as a transcript, one append an event.

It knows no clock and no terminal.  What cannot be written any more is told once, by `warn`, and
the session lives on.
"""

from collections.abc import Callable
from pathlib import Path

from mailprobe.errors import Failure
from mailprobe.files import AlreadyThere, PrivateFile
from mailprobe.protocol import events
from mailprobe.protocol.events import Ending, Event
from mailprobe.protocol.model import Protocol
from mailprobe.safe import safe
from mailprobe.transcript.bodies import RecordedBody
from mailprobe.transcript.format import cooked_line, lines_of, wire_lines
from mailprobe.transcript.redact import PUBLIC_ANSWERS, Secrets

_ENDS = {
    Ending.EOF: "S@ close\n",
    Ending.TRUNCATED: "S@ close\n",
    Ending.RESET: "S@ reset\n",
    Ending.LOCAL: "C@ close\n",
}


class Recorder:
    """Writes `path`, which must not exist.  Raises Failure `usage` when it cannot be made."""

    def __init__(
        self, path: str | Path, warn: Callable[[str], None] = lambda sentence: None
    ) -> None:
        self._file: PrivateFile | None = PrivateFile(path)
        self._warn = warn
        self._secrets = Secrets()
        self._body: RecordedBody | None = None
        self._files = 0  # bodies beside the transcript
        self._chunk = False  # mail data comes by BDAT, not by DATA
        self._broken = {"S": False, "C": False}  # a body was cut in two by something else

    def begin(
        self, protocol: Protocol, connect: str, *, implicit_tls: bool = False, recorded: str = ""
    ) -> None:
        """Write the header.  `recorded` says when and by what."""
        lines = ["mailprobe: 1", f"protocol: {protocol}", f"connect: {_seen(connect)}"]
        lines += ["tls: implicit"] if implicit_tls else []
        lines += [f"recorded: {recorded}"] if recorded else []
        self._append("\n".join(lines) + "\n\n")

    def note(self, text: str) -> None:
        """Write lesson text between the lines of the wire."""
        self._finish_body()
        self._append(f"| {_seen(self._mask(text))}".rstrip() + "\n")

    def close(self) -> None:
        """Put everything on the disk."""
        self._finish_body()
        if self._file is not None:
            self._file.close()
            self._file = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, events.BodyChunk):
            self._feed("S", event.octets, event.wire, last=event.last)
        elif isinstance(event, events.DataSent):
            self._feed("C", None, event.octets, last=event.last)
        elif (text := self._text(event)) is not None:
            if self._body is not None:
                self._finish_body()
            self._append(text)

    def _text(self, event: Event) -> str | None:
        match event:
            case events.CommandSent():
                self._chunk = event.command.verb == "BDAT"
                self._broken["C"] = False
                self._secrets(event)
                if event.secret is None:
                    return self._wire("C", event.octets)
                line = event.command.line
                return self._secret_line(line[: event.secret[0]], line, event.octets)
            case events.ReplyReceived():
                self._broken["S"] = self._broken["S"] and not event.body
                return self._wire("S", event.reply.wire)
            case events.AnswerSent(line=line, octets=octets):
                self._secrets(event)
                if line in PUBLIC_ANSWERS:
                    return wire_lines("C", octets)
                return self._secret_line(b"", line, octets)
            case events.RawSent(octets=octets, secret=secret):
                self._secrets(event)
                return f"C= {self._secrets.placeholder}\n" if secret else self._wire("C", octets)
            case events.Greeting(reply=reply) | events.Unsolicited(reply=reply):
                return self._wire("S", reply.wire)
            case events.TlsStarted(implicit=implicit, verified=verified):
                if implicit:
                    return None if verified else "# the certificate was not verified\n"
                return "@tls\n" if verified else "@tls verify=off\n"
            case events.Failed(word=word, sentence=sentence, octets=octets):
                mark = f"# incomplete: {word}: {_seen(self._mask(sentence))}\n"
                return (self._wire("S", octets) if octets else "") + mark
            case events.Closed(how=how):
                return _ENDS[how]
            case _:
                return None  # nothing that travelled

    def _mask(self, text: str) -> str:
        octets = text.encode("utf-8", "surrogateescape")
        return self._secrets.mask(octets).decode("utf-8", "surrogateescape")

    def _secret_line(self, head: bytes, line: bytes, octets: bytes) -> str:
        """A line whose rest, behind `head`, is secret; `octets` are what travelled just now."""
        placeholder, end = self._secrets.placeholder, octets[len(line) :]
        if not octets.startswith(line):  # something raw began the line; this is its end
            end = b"\r\n" if octets.endswith(b"\r\n") else b"\n"
            rest = octets[: -len(end)]
            if not rest:
                return wire_lines("C", octets)
            head, placeholder = b"", self._secrets.name_fragment(rest)
        *before, (last, _) = self._secrets.split(head)
        return cooked_line("C", [*before, (last, placeholder), (end, "")])

    def _wire(self, side: str, octets: bytes) -> str:
        """Wire lines, with a name in the place of each secret that is found in them."""
        if not self._secrets.holds(octets):
            return wire_lines(side, octets)
        return "".join(
            cooked_line(side, self._secrets.split(line))
            if self._secrets.holds(line)
            else wire_lines(side, line)
            for line in lines_of(octets)
        )

    # ------------------------------------------------------------------------------- bodies

    def _feed(self, side: str, octets: bytes | None, wire: bytes, *, last: bool) -> None:
        if self._file is None:
            return
        if self._body is None or self._body.side != side:
            self._finish_body()
            chunk = self._chunk and side == "C"
            self._body = RecordedBody(
                self._file,
                side,
                self._wire,
                self._new_file,
                self._secrets,
                stuffed=not chunk and not self._broken[side],
            )
        try:
            self._body.feed(octets, wire, last=last)
        except Failure as failure:
            self._break(failure)
        if last:
            self._finish_body()

    def _new_file(self) -> PrivateFile:
        """The next file beside the transcript whose name is free."""
        assert self._file is not None  # bodies are written to a transcript that is open
        name = "".join(c if c.isprintable() else "_" for c in self._file.path.name)
        name = f"raw_{name[4:]}" if name.startswith("raw ") else name
        while True:
            self._files += 1
            try:
                return PrivateFile(self._file.path.with_name(f"{name}.{self._files}.body"))
            except AlreadyThere:
                pass

    def _finish_body(self) -> None:
        if self._body is None:
            return
        body, self._body = self._body, None
        self._broken[body.side] = not body.ended
        try:
            body.finish()
        except Failure as failure:
            body.abandon()
            self._break(failure)

    # ------------------------------------------------------------------------------ the file

    def _append(self, text: str) -> None:
        if self._file is None or not text:
            return
        try:
            self._file.append(text.encode())
        except Failure as failure:
            self._break(failure)

    def _break(self, failure: Failure) -> None:
        """The disk is full, or gone: say it once; what was written stays."""
        file = self._file
        self._file = None
        if self._body is not None:
            self._body.abandon()
            self._body = None
        assert file is not None  # without a file nothing is written that could fail
        file.close()
        self._warn(f"the recording stops here: {failure.sentence}")


def _seen(text: str) -> str:
    """Text that somebody else composed, on one line, with nothing in it that hides."""
    return text if text.isprintable() else safe(text)
