"""A recording in memory: the recorder's own lines, and bodies inline however long they are."""

from mailprobe.protocol import events
from mailprobe.protocol.events import Event
from mailprobe.protocol.model import Protocol
from mailprobe.transcript.recording.writer import MASKED_ABOVE, Writer
from mailprobe.transcript.redact import Secrets

_NOTE = 4096  # characters


class Script(Writer):
    """Collects what a recorder would write.  `spoilers` are masked in notes from the beginning."""

    def __init__(self, spoilers: Secrets | None = None) -> None:
        super().__init__()
        self._spoilers = spoilers
        self._parts: list[bytes] = []
        self._side = "S"  # of the body that is open
        self._pieces: list[bytes] = []  # its octets
        self._status: Event | None = None  # the reply that opened it, not written yet
        self._notes: list[str] = []  # about the body that is open: they stand behind it

    def header(self, protocol: Protocol, connect: str, source: str, *, implicit_tls: bool) -> None:
        """Write the header; `connect` may be ""."""
        lines = ["mailprobe: 1", f"protocol: {protocol}"]
        lines += [f"connect: {connect}"] if connect else []
        lines += ["tls: implicit"] if implicit_tls else []
        lines += [f"source: {source}"]
        self._parts.append(("\n".join(lines) + "\n\n").encode())

    def __call__(self, event: Event) -> None:
        if isinstance(event, events.ReplyReceived) and event.body:
            self.finish()
            self._status = event
        else:
            super().__call__(event)

    def forget_status(self) -> None:
        """The reply that opens a body is not written: nothing of the body was shown."""
        self._status = None

    def write(self, line: str) -> None:
        """Write a line that no event tells."""
        self.append(line.encode() + b"\n")

    def tell(self, octets: bytes) -> None:
        """Write lesson text, on one line and without what hides."""
        text = " ".join(octets.decode("utf-8", "surrogateescape").split())[:_NOTE]
        if self._spoilers is not None:
            hidden = self._spoilers.mask(text.encode("utf-8", "surrogateescape"))
            text = hidden.decode("utf-8", "surrogateescape")
        if self._pieces or self._status is not None:
            self._notes.append(text)
        else:
            self.note(text)

    def mask_written(self, secrets: list[bytes]) -> None:
        """Mask them behind the header."""
        from mailprobe.transcript.recording.masking import masked  # where somebody logs in

        self.finish()
        text = b"".join(self._parts[1:])
        at, lines = masked(text, secrets, self.blotted)
        if lines:
            self._parts[1:] = [text[:at], lines, text[at + len(lines) :], MASKED_ABOVE]

    def finish(self) -> None:
        """The body is over, whole or not."""
        # Whatever is written now comes back here, and must find nothing.
        status, self._status = self._status, None
        pieces, self._pieces = self._pieces, []
        notes, self._notes = self._notes, []
        if status is not None:
            super().__call__(status)
        if pieces:
            self._parts.append(self.masked_lines(self._side, b"".join(pieces)))
        for note in notes:
            self.note(note)

    def octets(self) -> bytes:
        """The transcript."""
        self.settle_doubts()
        self.finish()
        return b"".join(self._parts)

    def append(self, text: bytes) -> None:
        self.finish()
        self._parts.append(text)

    def feed(self, side: str, octets: bytes | None, wire: bytes, *, last: bool) -> None:
        if side != self._side or self._status is not None:
            self.finish()
        self._side = side
        self._pieces.append(wire)
        if last:
            self.finish()
