"""What a session has heard that is no answer: the greeting, what came unasked, and warnings."""

from collections import deque

from mailprobe.protocol import events
from mailprobe.protocol.events import Event
from mailprobe.protocol.model import Reply

_KEPT = 100  # replies that nobody asked for


class Hearing:
    """An observer: what the server said unasked, and what is to be told when a method returns."""

    def __init__(self) -> None:
        self.greeting: Reply | None = None
        self.unsolicited: deque[Reply] = deque(maxlen=_KEPT)
        self.fresh: deque[Reply] = deque(maxlen=_KEPT)  # that `listen` has not returned
        self.count = 0  # of all that was said
        self.warnings: list[str] = []

    def __call__(self, event: Event) -> None:
        match event:
            case events.Greeting(reply=reply):
                self.greeting = reply
                self.count += 1
            case events.Unsolicited(reply=reply):
                self.unsolicited.append(reply)
                self.fresh.append(reply)
                self.count += 1
            case events.ReplyReceived() | events.BodyChunk():
                self.count += 1
            case _:
                pass

    def warn(self, sentence: str) -> None:
        """Keep a sentence about the recording until nothing is half done."""
        self.warnings.append(sentence)
