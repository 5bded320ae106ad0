"""The recorder: an observer that writes a session down as a transcript, one append an event.

More connections may be written into the same file, each by an observer of its own.  It knows no
clock and no terminal.  What cannot be written any more is told once, by `warn`, and the session
lives on.
"""

import re
from collections.abc import Callable

from mailprobe.errors import Failure
from mailprobe.files import AlreadyThere, PrivateFile
from mailprobe.patterns import pattern
from mailprobe.safe import visible
from mailprobe.transcript.recording.bodies import RecordedBody
from mailprobe.transcript.recording.writer import MASKED_ABOVE, Writer, seen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path


_OF_A_SIDE = pattern(rb"^[CS]", re.MULTILINE)
_TLS = pattern(rb"^@tls(?= |$)", re.MULTILINE)
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
        self._speaker: Writer = self  # whose body that is
        self._others: list[Beside] = []
        self._files = 0  # bodies beside the transcript
        self._start = 0  # where the header ends

    def begin(
        self, protocol: str, connect: str, *, implicit_tls: bool = False, recorded: str = ""
    ) -> None:
        """Write the header.  `protocol` may be "raw"; `recorded` says when and by what."""
        lines = ["mailprobe: 1", *_peer_lines("", protocol, connect, implicit_tls=implicit_tls)]
        lines += [f"recorded: {recorded}"] if recorded else []
        self.append(("\n".join(lines) + "\n\n").encode())
        self._start = self._file.size if self._file is not None else 0

    def close(self) -> None:
        """Put everything on the disk."""
        for writer in (self, *self._others):
            writer.settle_doubts()
        self._finish_body()
        if self._file is not None:
            self._file.close()
            self._file = None

    def beside(
        self, number: int, protocol: str, connect: str, *, implicit_tls: bool = False
    ) -> "Beside":
        """The observer of another connection, 2 to 9, of the same transcript.

        The header names it when there is something to be written of it.
        """
        lines = _peer_lines(f" {number}", protocol, connect, implicit_tls=implicit_tls)
        other = Beside(self, number, ("\n".join(lines) + "\n").encode())
        self._others.append(other)
        return other

    def add_header(self, lines: bytes) -> None:
        """Put header lines behind the others, in front of all that was written since."""
        self._finish_body()
        if self._file is None:
            return
        at = self._start - 1  # the empty line
        try:
            self._file.replace(at, lines + self._file.read(at, self._file.size - at))
        except Failure as failure:
            self._break(failure)
        else:
            self._start += len(lines)

    # ------------------------------------------------------------------------------- bodies

    def feed(self, side: str, octets: bytes | None, wire: bytes, *, last: bool) -> None:
        self.put(self, side, octets, wire, last=last)

    def put(
        self, speaker: Writer, side: str, octets: bytes | None, wire: bytes, *, last: bool
    ) -> None:
        """Write a piece of a body of `speaker`; `side` with the number of its connection."""
        if self._file is None:
            return
        if self._body is None or self._body.side != side:
            self._finish_body()
            self._speaker = speaker
            self._body = RecordedBody(
                self._file,
                side,
                self._new_file,
                self.secrets,
                stuffed=speaker.is_stuffed(side[0]),
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
        self._speaker.body_ended(body.side[0], whole=body.ended)
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


class Beside(Writer):
    """Writes another connection into the transcript of a recorder, below lines of the header."""

    def __init__(self, recorder: Recorder, number: int, header: bytes) -> None:
        super().__init__()
        self.secrets = recorder.secrets.beside()
        self._names = recorder._names
        self._recorder = recorder
        self._number = number
        self._header = header

    def append(self, text: bytes) -> None:
        numbered = _OF_A_SIDE.sub(rb"\g<0>%d" % self._number, text)
        numbered = _TLS.sub(rb"\g<0> %d" % self._number, numbered)
        if numbered != text:
            self._announce()
        self._recorder.append(numbered)

    def feed(self, side: str, octets: bytes | None, wire: bytes, *, last: bool) -> None:
        self._announce()
        self._recorder.put(self, f"{side}{self._number}", octets, wire, last=last)

    def mask_written(self, secrets: list[bytes]) -> None:
        self._recorder.mask_written(secrets)

    def _announce(self) -> None:
        """Have the header speak of this connection."""
        lines, self._header = self._header, b""
        if lines:
            self._recorder.add_header(lines)


def _peer_lines(number: str, protocol: str, connect: str, *, implicit_tls: bool) -> list[str]:
    lines = [f"protocol{number}: {protocol}", f"connect{number}: {seen(connect)}"]
    return [*lines, f"tls{number}: implicit"] if implicit_tls else lines
