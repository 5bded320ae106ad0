"""What a server says on one link: collected, written, and with the pauses that a file wants.

It knows no transcript.
"""

import threading
import time
from collections.abc import Callable, Iterable

from mailprobe.player.serving.sayings import FLUSH, Pause, Piece
from mailprobe.protocol.catalogue import Lines, Then
from mailprobe.protocol.model import Command, Protocol
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import SMTP
from mailprobe.transport.link import WriteFailed
from mailprobe.transport.stream import Stream

_ENOUGH = 64 * 1024  # octets of replies that are written before all is said


class Voice:
    """The way out to one client.

    `take_in` is called while the client takes nothing and says something; `stopped` ends a pause.
    """

    def __init__(
        self,
        stream: Stream,
        patience: float,
        take_in: Callable[[], None],
        stopped: threading.Event,
    ) -> None:
        self._stream = stream
        self._patience = patience
        self._take_in = take_in
        self._stopped = stopped
        self._out = bytearray()
        self._deaf = False  # the client takes nothing more

    def say(self, pieces: Iterable[Piece]) -> bool:
        """Say all of it; False when the server was stopped meanwhile.  Raises Failure."""
        for piece in pieces:
            if isinstance(piece, Pause):
                if not self.pause(piece.seconds):
                    return False
            elif piece is FLUSH:
                self.flush()
            else:
                self.put(piece)
        return True

    def put(self, octets: bytes) -> None:
        """Have octets written with those that follow.  Raises Failure."""
        self._out += octets
        if len(self._out) > _ENOUGH:
            self.flush()

    def flush(self) -> None:
        """Write what was said.  A client that takes no more may still have said something."""
        out, self._out = bytes(self._out), bytearray()
        if not out or self._deaf:
            return
        try:
            self._stream.send(out, time.monotonic() + self._patience, self._take_in)
        except WriteFailed:
            self._deaf = True

    def pause(self, seconds: float) -> bool:
        """Say nothing; what a client says in the meantime waits, too.

        False when the server was stopped meanwhile.
        """
        self.flush()
        return not self._stopped.wait(seconds)


def refusal(protocol: str, code: str, enhanced: str, sentence: str, mark: str = "") -> bytes:
    """A reply that refuses; `mark` is a response code of POP3 with its brackets."""
    if protocol == Protocol.POP3:
        return f"-ERR {mark}{' ' if mark else ''}{sentence}\r\n".encode()
    return f"{code} {enhanced} {sentence}\r\n".encode()


def consent(protocol: str, line: bytes) -> bytes:
    """A reply to a command that changes nothing, or ends the session."""
    command = Command(line)
    if protocol == Protocol.POP3:
        listed = POP3.row(command).shape.of(command.argument) is Lines.MULTI
        return b"+OK\r\n.\r\n" if listed else b"+OK\r\n"
    bye = SMTP.row(command).then is Then.CLOSE
    return b"221 2.0.0 bye\r\n" if bye else b"250 2.0.0 ok\r\n"
