"""Mail data and multi-line responses in a recording: inline while they are small, else a file.

A body is written inline as it comes.  When it grows beyond `INLINE`, its lines are taken back and
it goes on in a file of its own, which the transcript names (`S>`, `C<`): the message as
a person knows it, when a player would make the same octets of it; else, and when it is so large
that nobody reads it and to compare costs time (`COMPARED`), it is the wire itself (`raw`).

At every moment the transcript is one that can be read: who kills us loses nothing that was in it.
No known secret reaches a file: each of its octets is `*`, so that counts stay right (RFC 3030).
"""

import io
from collections.abc import Callable

from mailprobe.files import PrivateFile
from mailprobe.protocol.framing import CRLF, BodyReader, Limits, Stuffer
from mailprobe.transcript.format import wire_lines
from mailprobe.transcript.recording.writer import MASKED
from mailprobe.transcript.redact import Secrets

INLINE = 64 * 1024  # octets
COMPARED = 4 * 1024 * 1024  # octets
SEARCHED = 32 * 1024 * 1024  # octets that are searched for secrets; a mail is seldom larger
_END = b".\r\n"
_NO_LIMITS = Limits(1 << 62, 1 << 62, 1 << 62, 1 << 62)
_COPY = 256 * 1024
_LOOK = 64 * 1024
_LINE = 4096  # octets of a line that is written anew while it grows


class RecordedBody:
    """One body on its way into a recording.  Raises Failure when a file cannot be written.

    `stuffed` says that it is dot-stuffed and ends with a lone dot, and that it comes from its
    beginning: a BDAT chunk, or the rest of a body that something else came between, is not.
    """

    def __init__(
        self,
        transcript: PrivateFile,
        side: str,
        new_file: Callable[[], PrivateFile],
        secrets: Secrets,
        *,
        stuffed: bool,
    ) -> None:
        self.side = side
        self.ended = False
        self._transcript = transcript
        self._new_file = new_file
        self._secrets = secrets
        self._stuffed = stuffed
        self._start = transcript.size  # where the body begins in the transcript
        self._wire = bytearray()  # all of it, while it is small
        self._octets = bytearray()  # the same without doubled dots, where somebody told them
        self._line_at = transcript.size  # where the unfinished line begins in the transcript
        self._line = b""  # its octets
        self._file: PrivateFile | None = None
        self._raw = not stuffed  # the file holds wire octets
        self._size = 0  # octets of it
        self._undotted = False  # content and wire differ by now
        self._unstuff = BodyReader(_NO_LIMITS)
        self._before = CRLF  # the last octets of the content
        self._held = b""  # the last octets for the file, where they may begin a secret
        self._masked = False  # a secret was in what the file should hold
        self._unsearched = False  # so much came that nobody looked any more

    def feed(self, octets: bytes | None, wire: bytes, *, last: bool) -> None:
        """Take the next piece: content and wire, or the wire alone."""
        self.ended = last
        if self._file is not None:
            self._store(self._file, *self._aligned(octets, wire))
            return
        if len(self._wire) + len(wire) > INLINE:
            if self._wire:
                wire = bytes(self._wire) + wire
                octets = None if octets is None else bytes(self._octets) + octets
            self._move_out(*self._aligned(octets, wire))
            return
        self._wire += wire
        self._octets += octets or b""
        self._write_lines(wire)

    def finish(self) -> None:
        """The body is over, whole or cut off."""
        if self._file is None:
            if self._masked:
                self._transcript.append(MASKED)
            return
        if not self.ended:
            self._cut_off(self._file, self._unstuff.unfinished())
        self._file.append(self._blot(self._held))
        if self.ended and self._stuffed:
            self._transcript.append(f"{self.side}: .\n".encode())
        self._tell_of_secrets(self._file.path.name)
        self.abandon()

    def abandon(self) -> None:
        """Let go of the file; nothing can be written any more."""
        if self._file is not None:
            self._file.close(durable=False)  # large: left to the system

    # ------------------------------------------------------------------------------- inline

    def _write_lines(self, wire: bytes) -> None:
        """Append what came; the line that has no end yet is written anew when it grows."""
        octets = self._line + wire
        end = octets.rfind(b"\n") + 1
        whole = self._text(octets[:end]) if end else b""
        rest = octets[end:]
        text = whole + self._text(rest) if rest else whole
        if len(rest) > _LINE:
            end = self._secrets.settled(rest)
            rest, whole = rest[end:], whole + self._text(rest[:end])
            text = whole + self._text(rest)
        self._put(self._line_at, text)
        self._line_at += len(whole)
        self._line = rest

    def _put(self, at: int, text: bytes) -> None:
        """Put lines in the place of all behind `at`.

        Where they are fewer octets, a comment covers the old ones until it is cut off.
        """
        left = self._transcript.size - at - len(text)
        if left <= 0:
            self._transcript.replace(at, text)
            return
        self._transcript.replace(at, text + b"#" * (left - 1) + b"\n")
        self._transcript.cut(at + len(text))

    def _text(self, octets: bytes) -> bytes:
        return wire_lines(self.side, self._blot(octets))

    # ------------------------------------------------------------------------------- the file

    def _aligned(self, octets: bytes | None, wire: bytes) -> tuple[bytes, bytes]:
        """Content, and the wire octets that say it: pieces that never part a CR from its LF."""
        if octets is not None or not self._stuffed:
            return octets or b"", wire
        piece = self._unstuff.feed(wire)
        return piece.octets, piece.wire

    def _move_out(self, octets: bytes, wire: bytes) -> None:
        """Begin the file with all that came so far; only then take the lines back."""
        self._wire.clear()
        self._octets.clear()
        content = self._content(wire)
        self._raw = self._raw or not self._repeats(octets, content)
        self._file = self._new_file()
        self._append(self._file, octets, content)
        self._name(self._file)

    def _store(self, file: PrivateFile, octets: bytes, wire: bytes) -> None:
        content = self._content(wire)
        if not self._raw and (self._size > COMPARED or not self._repeats(octets, content)):
            file = self._turn_raw(file)
        self._append(file, octets, content)

    def _content(self, wire: bytes) -> bytes:
        return wire[: -len(_END)] if self.ended and self._stuffed else wire

    def _append(self, file: PrivateFile, octets: bytes, content: bytes) -> None:
        said = content if self._raw else octets
        self._write(file, said)
        self._size += len(said)
        self._undotted = self._undotted or len(said) != len(content)
        self._before = (self._before + content[-2:])[-2:]

    def _write(self, file: PrivateFile, octets: bytes) -> None:
        """Append to the file, without the secrets; what may begin one waits for the rest of it."""
        if not self._secrets.known:
            file.append(octets)
            return
        octets, self._held = self._held + octets, b""
        if self._size > SEARCHED:
            self._unsearched = True
            file.append(octets)
            return
        end = self._secrets.settled(octets)
        self._held = octets[end:]
        file.append(self._blot(octets[:end]))

    def _blot(self, octets: bytes) -> bytes:
        blotted = self._secrets.blot(octets)
        self._masked = self._masked or blotted is not octets
        return blotted

    def _tell_of_secrets(self, name: str) -> None:
        if self._masked:
            self._transcript.append(f"# a secret was masked in {name}\n".encode())
        if self._unsearched:
            bound = f"{SEARCHED >> 20} MiB"
            self._transcript.append(
                f"# {name} was not searched for secrets beyond {bound}\n".encode()
            )

    def _repeats(self, octets: bytes, content: bytes) -> bool:
        """Whether a player that mends line ends and doubles dots would say the same again."""
        taken_off = len(content) - len(octets)
        if taken_off and (self._before + octets).count(b"\r\n.") != taken_off:
            return False
        return _line_ends(octets) in (None, "\r\n")

    def _turn_raw(self, file: PrivateFile) -> PrivateFile:
        """Keep the wire itself from now on: in a new file, unless it is the same so far."""
        self._raw = True
        if not self._undotted:
            self._name(file)
            return file
        stuffer, at = Stuffer(), 0
        self._file = wire = self._new_file()
        while piece := file.read(at, _COPY):
            wire.append(stuffer.feed(piece))
            at += len(piece)
        self._held = stuffer.feed(self._held)
        self._name(wire)
        file.close(durable=False)
        file.remove()
        return wire

    def _cut_off(self, file: PrivateFile, held: bytes) -> None:
        """Without its end a body is told by its wire octets, unless it stops at a line end."""
        if not self._raw and (held not in (b"", CRLF) or (self._before + held)[-2:] != CRLF):
            file = self._turn_raw(file)
        self._write(file, held)

    def _name(self, file: PrivateFile) -> None:
        tag = "<" if self.side == "C" else ">"
        raw = "raw " if self._raw else ""
        self._put(self._start, f"{self.side}{tag} {raw}{file.path.name}\n".encode())


def _line_ends(octets: bytes) -> str | tuple[str, ...] | None:
    """Which of CR, LF and CRLF end a line; seen to cost a quarter of counting the three."""
    decoder = io.IncrementalNewlineDecoder(None, translate=False)
    for at in range(0, len(octets), _LOOK):  # a whole chunk as text would leave the cache
        decoder.decode(octets[at : at + _LOOK].decode("latin-1"))
    decoder.decode("", final=True)
    return decoder.newlines
