"""A few octets with whoever stands between us and a server, before a session has the link."""

import errno
import select
import socket
from collections.abc import Callable
from functools import partial

from mailprobe.errors import Failure, Word
from mailprobe.transport import faults
from mailprobe.transport.connect import wait

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    import re
    from typing import TypeVar

    Result = TypeVar("Result")

_BLOCK = 4096  # octets


class Conversation:
    """A few octets with whoever stands between us and the server, called `who` in sentences.

    What is read is what was asked for and not one octet more: what comes behind it belongs to
    the server.  All of it together ends by `deadline`.  Raises Failure TIMEOUT, EOF, RESET,
    CONNECT or LIMIT, and Interrupted.
    """

    def __init__(
        self, link: socket.socket, who: str, deadline: float | None, wakeup: int | None
    ) -> None:
        self.who = who
        self._link = link
        self._deadline = deadline
        self._wakeup = wakeup

    def send(self, octets: bytes) -> None:
        while octets:
            sent = self._ready(select.POLLOUT, partial(self._link.send, octets))
            octets = octets[sent:]

    def exactly(self, count: int) -> bytes:
        """So many octets."""
        found = b""
        while len(found) < count:
            found += self._received(count - len(found))
        return found

    def until(self, end: "re.Pattern[bytes]", limit: int, accept: Callable[[bytes], None]) -> bytes:
        """All up to `end`, which counts; `accept` looks at what came so far, and may raise."""
        found = b""
        while True:
            ahead = self._received(_BLOCK, socket.MSG_PEEK)
            match = end.search(found + ahead)
            taken = len(ahead) if match is None else match.end() - len(found)
            found += self._received(taken)
            accept(found)
            if match is not None:
                return found
            if len(found) > limit:
                sentence = f"the answer of {self.who} has more than {limit // 1024}K octets"
                raise Failure(Word.LIMIT, sentence)

    def _received(self, count: int, flags: int = 0) -> bytes:
        octets = self._ready(select.POLLIN, partial(self._link.recv, count, flags))
        if not octets:
            raise Failure(Word.EOF, f"{self.who} closed the link before it had answered")
        return octets

    def _ready(self, interest: int, action: "Callable[[], Result]") -> "Result":
        """What `action` returns as soon as the link lets it."""
        while True:
            try:
                wait(self._link.fileno(), interest, self._deadline, self._wakeup)
                return action()
            except BlockingIOError:
                continue
            except OSError as error:
                if error.errno == errno.ETIMEDOUT:
                    raise Failure(Word.TIMEOUT, f"no whole answer from {self.who}") from None
                raise faults.failure(error, f"asking {self.who}") from None
