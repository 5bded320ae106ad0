"""Who looks at what a server does, and what is said of it at the end.

The rules are not loaded before the first command is sent: the first prompt does without them.
"""

from collections.abc import Callable, Iterable

from mailprobe.errors import Failure, Word
from mailprobe.protocol import events
from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.events import Event
from mailprobe.protocol.model import Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.protocol.linting.linter import Findings, Linter
    from mailprobe.protocol.linting.terms import Finding

# What comes before anybody has typed.
_EARLY = (
    events.Resolved,
    events.Connecting,
    events.Connected,
    events.Tunnelled,
    events.Remarked,
    events.TlsStarted,
    events.Greeting,
    events.Deviated,
    events.StateChanged,
)


class Watch:
    """An observer of one connection; all that are beside each other have one list."""

    def __init__(self, family: "list[Watch] | None" = None) -> None:
        self._family = [self] if family is None else family
        self._findings: Findings | None = None  # of the first of the family alone
        self._linter: Linter | None = None
        self._protocol: Protocol | None = None
        self._tell: Callable[[Finding], None] = lambda finding: None
        self._waiting: list[Event] = []
        self._told: set[str] = set()  # rules

    def beside(self) -> "Watch":
        """That of another connection."""
        return Watch(self._family)

    def begin(self, protocol: Protocol, tell: "Callable[[Finding], None]") -> None:
        """A connection is about to be made."""
        self._protocol, self._tell = protocol, tell
        self._linter, self._waiting, self._told = None, [], set()

    def __call__(self, event: Event) -> None:
        if self._linter is not None:
            self._linter(event)
        elif self._protocol is not None:
            self._waiting.append(event)
            if not isinstance(event, _EARLY):
                self._catch_up()

    @property
    def findings(self) -> "Findings":
        """What was found so far, in all of them."""
        if self._protocol is not None and self._linter is None:
            self._catch_up()
        return self._shared()

    def _shared(self) -> "Findings":
        first = self._family[0]
        if first._findings is None:
            from mailprobe.protocol.linting.linter import Findings

            first._findings = Findings()
        return first._findings

    def _tell_once(self, finding: "Finding") -> None:
        """A server that breaks a rule breaks it all the time: the rest is for /lint."""
        if finding.name not in self._told:
            self._told.add(finding.name)
            self._tell(finding)

    def _catch_up(self) -> None:
        from mailprobe.protocol.linting.linter import Linter

        assert self._protocol is not None  # asked by the callers
        self._linter = Linter(catalogue_of(self._protocol), self._shared(), self._tell_once)
        for event in self._waiting:
            self._linter(event)
        self._waiting = []


def report(findings: "Findings") -> Iterable[str]:
    """A line for each, and how often it was seen; one line where there is none."""
    for finding in findings:
        often = f", {finding.count} times" if finding.count > 1 else ""
        yield f"lint: {finding.sentence}{often}"
    if findings.surplus:
        yield f"lint: and {findings.surplus} more"
    if not len(findings):
        yield "lint: nothing found"


def verdict(findings: "Findings") -> Failure | None:
    """What a run fails by in which something was found."""
    count = len(findings) + findings.surplus
    if not count:
        return None
    noun = "deviation" if count == 1 else "deviations"
    return Failure(Word.MISMATCH, f"{count} {noun} from the RFCs (--lint)")
