"""What a session has taught the completion: subjects of messages, and verdicts on addresses.

An observer of one connection; it shows nothing and keeps no body.
"""

from collections import deque

from mailprobe.protocol import events
from mailprobe.protocol.events import Event
from mailprobe.shell.memory.addresses import MOST, Used, used_in

_FETCHING = ("RETR", "TOP")
_HEADER = 32 * 1024  # octets of a message that are kept until its header has ended
_LONGEST = 60  # characters of a subject
_MESSAGES = 10_000  # subjects that are kept


class Learned:
    def __init__(self) -> None:
        self.subjects: dict[int, str] = {}  # by message-number, decoded: not safe to show
        self._used: deque[Used] = deque(maxlen=MOST)
        self._number = 0  # of the message that is coming; 0: none, or its header is over
        self._header = b""

    def __call__(self, event: Event) -> None:
        if isinstance(event, events.ReplyReceived):
            self._take_reply(event)
        elif self._number and isinstance(event, events.BodyChunk):
            self._take_body(event)

    def take_used(self) -> list[Used]:
        """The addresses that the server judged since the last call, in order."""
        found = list(self._used)
        self._used.clear()
        return found

    def _take_reply(self, event: events.ReplyReceived) -> None:
        self._number, self._header = 0, b""
        command = event.command
        if event.body and command.verb in _FETCHING:
            words = command.argument.split()
            if words and words[0].isdigit() and len(words[0]) <= 10:
                self._number = int(words[0])
        elif (used := used_in(command, event.reply)) is not None:
            self._used.append(used)

    def _take_body(self, event: events.BodyChunk) -> None:
        self._header += event.octets[: _HEADER - len(self._header)]
        over = b"\r\n\r\n" in self._header or b"\n\n" in self._header
        if over or event.last or len(self._header) >= _HEADER:
            subject = _subject(self._header)
            if subject and len(self.subjects) < _MESSAGES:
                self.subjects[self._number] = subject
            self._number, self._header = 0, b""


def _subject(header: bytes) -> str:
    """The decoded Subject, cut; "" where there is none."""
    if b"subject" not in header.lower():
        return ""
    from mailprobe.render.mime.tree import read_header  # only where a message is fetched

    fields = read_header(header)[0]
    found = next((field.text for field in fields if field.name.lower() == "subject"), "")
    text = " ".join(found.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
