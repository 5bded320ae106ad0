"""The recorder: an observer that writes a session down as a transcript, one append an event.

It knows no clock and no terminal.  What cannot be written any more is told once, by `warn`, and
the session lives on.
"""

from collections.abc import Callable

from mailprobe.errors import Failure
from mailprobe.files import AlreadyThere, PrivateFile
from mailprobe.safe import visible
from mailprobe.transcript.recording.bodies import RecordedBody
from mailprobe.transcript.recording.writer import MASKED_ABOVE, Writer, seen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path


_SEARCHED = 1024 * 1024  # octets before a secret that are searched for what was no secret then


class Recorder(Writer):
    """Writes `path`, which must not exist.  Raises Failure `usage` when it cannot be made."""

    def __init__(
        self, path: "str | Path", warn: Callable[[str], None] = lambda sentence: None
    ) -> None:
        super().__init__()
        self._file: PrivateFile | None = PrivateFile(path)
        self._warn = warn
        self._body: RecordedBody | None = None
        self._files = 0  # bodies beside the transcript
        self._start = 0  # where the header ends

    def begin(
        self, protocol: str, connect: str, *, implicit_tls: bool = False, recorded: str = ""
    ) -> None:
        """Write the header.  `protocol` may be "raw"; `recorded` says when and by what."""
        lines = ["mailprobe: 1", f"protocol: {protocol}", f"connect: {seen(connect)}"]
        lines += ["tls: implicit"] if implicit_tls else []
        lines += [f"recorded: {recorded}"] if recorded else []
        self.append(("\n".join(lines) + "\n\n").encode())
        self._start = self._file.size if self._file is not None else 0

    def close(self) -> None:
        """Put everything on the disk."""
        self.settle_doubts()
        self._finish_body()
        if self._file is not None:
            self._file.close()
            self._file = None

    # ------------------------------------------------------------------------------- bodies

    def feed(self, side: str, octets: bytes | None, wire: bytes, *, last: bool) -> None:
        if self._file is None:
            return
        if self._body is None or self._body.side != side:
            self._finish_body()
            chunk = self._chunk and side == "C"
            self._body = RecordedBody(
                self._file,
                side,
                self._new_file,
                self.secrets,
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
        name = "".join(c if visible(c) else "_" for c in self._file.path.name)
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

    def mask_written(self, secrets: list[bytes]) -> None:
        """Mask them in place, by one write that moves nothing; bodies in files are left alone."""
        from mailprobe.transcript.recording.masking import masked  # where somebody logs in

        self._finish_body()
        if self._file is None:
            return
        try:
            start = max(self._start, self._file.size - _SEARCHED)
            text = self._file.read(start, _SEARCHED)
            if start > self._start:  # in the middle of a line
                whole = text.partition(b"\n")[2]
                start, text = start + len(text) - len(whole), whole
            at, lines = masked(text, secrets, self.blotted)
            if lines:
                self._file.replace(start + at, lines)
                self._file.append(MASKED_ABOVE)
        except Failure as failure:
            self._break(failure)

    def append(self, text: bytes) -> None:
        """Write whole lines, behind the body that they end."""
        if self._body is not None:
            self._finish_body()
        if self._file is None:
            return
        try:
            self._file.append(text)
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
