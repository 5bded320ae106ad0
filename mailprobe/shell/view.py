"""What is seen of a connection, and what is recorded of it: secrets, recording and screen.

An observer of one connection; it sends nothing and asks nobody.
"""

from collections import deque
from collections.abc import Callable

from mailprobe.errors import Failure
from mailprobe.protocol import events
from mailprobe.protocol.events import Event
from mailprobe.protocol.model import Command, Protocol
from mailprobe.render.console import Screen
from mailprobe.shell.memory.learned import Learned
from mailprobe.shell.recording.recording import Recording
from mailprobe.shell.watching import Watch
from mailprobe.transcript.redact import Secrets
from mailprobe.transport.target import Kind, Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.protocol.linting.terms import Finding

_SENT = (events.CommandSent, events.AnswerSent, events.DataSent, events.RawSent)
_LATE = 100  # commands; so many exchanges a session remembers
_HEARD = (events.Greeting, events.ReplyReceived, events.Unsolicited, events.BodyChunk)


class View:
    """`make_screen` gives the screen of a connection whose secrets are these."""

    def __init__(
        self,
        make_screen: Callable[[Secrets], Screen],
        secrets: Secrets,
        recording: Recording,
        watch: Watch,
    ) -> None:
        self.secrets = secrets
        self.watch = watch
        self.screen = make_screen(self.secrets)
        self.recording = recording
        self.shown: Failure | None = None  # the failure that the screen has told of
        self.learned = Learned()
        self.sent = 0  # events that tell of something sent
        self.heard = 0  # events that tell of something said to us
        # whose reply may have come a while before anybody looked
        self.late: deque[Command] = deque(maxlen=_LATE)
        self.lines = 0  # of the mail data that is being sent
        self.compared: object = None  # what was offered when TLS was last asked what it changed
        self.protocol = Protocol.SMTP
        self.practice = False  # the server is the sandbox
        self.explained: Callable[[Event], None] | None = None  # what stands below replies
        self._make_screen = make_screen

    def __call__(self, event: Event) -> None:
        if isinstance(event, _SENT):
            self.sent += 1
            self._count_lines(event)
        elif isinstance(event, _HEARD):
            self.heard += 1
            if self.screen.belated and isinstance(event, events.ReplyReceived):
                self.late.append(event.command)
        self.secrets(event)
        self.recording(event)
        self.screen(event)
        if self.explained is not None:
            self.explained(event)
        self.learned(event)
        self.watch(event)
        if isinstance(event, events.Failed):
            self.shown = Failure(event.word, event.sentence)

    def _count_lines(self, event: Event) -> None:
        if isinstance(event, events.DataSent) and not event.last:
            self.lines += event.octets.count(b"\n")
        else:
            self.lines = 0

    def begin(self, target: Target) -> None:
        """A connection is about to be made."""
        self.practice = target.kind is Kind.SANDBOX
        self.protocol = target.protocol
        self.recording.begin(target)
        self.watch.begin(target.protocol, lambda finding: self.screen.note(self._said(finding)))

    def _said(self, finding: "Finding") -> str:
        return self.secrets.mask_text(finding.sentence)

    def repaint(self) -> None:
        """Go on with a new screen, in other colours perhaps."""
        hushed, self.screen = self.screen.hushed, self._make_screen(self.secrets)
        self.screen.hushed = hushed

    def told(self, failure: Failure) -> bool:
        """Whether the screen has told of it already."""
        return self.shown is not None and str(self.shown) == str(failure)
