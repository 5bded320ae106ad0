"""What is seen of a connection, and what is recorded of it: secrets, recording and screen.

An observer of one connection after the other; it sends nothing and asks nobody.
"""

from collections.abc import Callable

from mailprobe.errors import Failure
from mailprobe.protocol import events
from mailprobe.protocol.events import Event
from mailprobe.render.console import Screen
from mailprobe.shell.recording import Recording
from mailprobe.transcript.redact import Secrets
from mailprobe.transport.target import Target

_SENT = (events.CommandSent, events.AnswerSent, events.DataSent, events.RawSent)


class View:
    """`make_screen` gives the screen of a connection whose secrets are these."""

    def __init__(self, make_screen: Callable[[Secrets], Screen]) -> None:
        self.secrets = Secrets()
        self.screen = make_screen(self.secrets)
        self.recording = Recording(lambda sentence: self.screen.warn(sentence))
        self.shown: Failure | None = None  # the failure that the screen has told of
        self.sent = 0  # events that tell of something sent
        self._make_screen = make_screen
        self._began = False  # a connection was made, or tried

    def __call__(self, event: Event) -> None:
        if isinstance(event, _SENT):
            self.sent += 1
        self.secrets(event)
        self.recording(event)
        self.screen(event)
        if isinstance(event, events.Failed):
            self.shown = Failure(event.word, event.sentence)

    def begin(self, target: Target) -> None:
        """A connection is about to be made."""
        self._began = True
        self.recording.begin(target)

    def forget(self) -> None:
        """Make ready for the next connection, where there was one before."""
        if not self._began:
            return
        self.secrets = Secrets()
        self.repaint()
        if self.recording.next_connection():
            self.screen.note("the recording holds the connection before; /save records this one")

    def repaint(self) -> None:
        """Go on with a new screen, in other colours perhaps."""
        hushed, self.screen = self.screen.hushed, self._make_screen(self.secrets)
        self.screen.hushed = hushed

    def told(self, failure: Failure) -> bool:
        """Whether the screen has told of it already."""
        return self.shown is not None and str(self.shown) == str(failure)
