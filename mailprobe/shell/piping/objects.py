"""The dialogue as objects, one a line (JSON Lines), for programs: `--json`."""

from collections.abc import Callable

from mailprobe import jsonlines
from mailprobe.errors import Failure
from mailprobe.protocol import events
from mailprobe.protocol.events import Event
from mailprobe.render.events import FORMAT, Serializer
from mailprobe.shell.piping.printer import Printer
from mailprobe.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.protocol.linting.linter import Findings
    from mailprobe.timing import Tally

_DIGITS = 6  # of seconds


class ObjectPrinter(Printer):
    """Everything on standard output is an object; standard error is as it always is."""

    def __init__(self, write: Callable[[str], None], tell: Callable[[str], None]) -> None:
        super().__init__(write, tell, color=False)
        self._sessions = 0
        self._serializer = Serializer(self.secrets, 0)
        self.say({"event": "begin", "format": FORMAT, "mailprobe": VERSION})

    def begin(self) -> None:
        self._sessions += 1
        self._serializer = Serializer(self.secrets, self._sessions)

    def __call__(self, event: Event) -> None:
        self.secrets(event)
        for one in self._serializer.objects(event):
            self.say(one)
        match event:
            case events.Greeting(reply=reply):
                self.judge(reply, "the connection")
            case events.ReplyReceived(reply=reply):
                self.judge(reply, self.of(event))
            case events.Unsolicited():
                self.tell_unsolicited()
            case events.TlsStarted():
                self.warn_of_tls(event)
            case events.Remarked(sentence=sentence):
                self._tell(f"note: {self.secrets.mask_text(sentence)}")
            case _:
                pass

    def say(self, one: dict[str, object]) -> None:
        self._write(jsonlines.line(one))

    def local(self, text: str) -> None:
        lines = [line.rstrip() for line in text.removesuffix("\n").split("\n")]
        self.say({"event": "local", "text": "\n".join(lines)})

    def report(self, findings: "Findings") -> None:
        for one in findings:
            self.say(
                {
                    "event": "finding",
                    "rule": one.name,
                    "place": one.place,
                    "what": self.secrets.mask_text(one.what),
                    "reference": one.reference,
                    "count": one.count,
                }
            )

    def measured(self, tally: "Tally") -> None:
        for row in tally.rows():
            figures = {
                "min": row.least,
                "median": row.median,
                "p90": row.p90,
                "p99": row.p99,
                "max": row.most,
            }
            seconds = {name: round(value, _DIGITS) for name, value in figures.items()}
            self.say(
                {"event": "span", "name": row.name, "n": row.count, **seconds, "failed": row.failed}
            )
        self.say({"event": "repeat", "sessions": tally.sessions, "failures": dict(tally.words)})

    def fail(self, failure: Failure) -> None:
        sentence = self.secrets.mask_text(failure.sentence)
        self.say({"event": "failure", "word": str(failure.word), "sentence": sentence})
