"""--stop-after, --drop-after and --drop-before-reply: a session that ends at a named stage.

The names are the verbs of the catalogue, and a few for what has no verb.  A stage is reached by a
positive reply, or where the end comes before it, when the command has gone out.
"""

from collections.abc import Callable, Sequence

from mailprobe.enums import Enum
from mailprobe.errors import Failure, Word
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import GO_AHEADS, Catalogue, CommandSpec, Then
from mailprobe.protocol.events import Event
from mailprobe.protocol.facts import Effect
from mailprobe.protocol.model import Command, State
from mailprobe.safe import safe
from mailprobe.session import Item, Observer, Session, Settings
from mailprobe.shell.connections.opening import Stopped
from mailprobe.transport.link import Transport
from mailprobe.value import frozen


class How(Enum):
    """The option that says how the session ends at its stage."""

    QUIT = "--stop-after"
    DROP = "--drop-after"
    BEFORE_REPLY = "--drop-before-reply"


@frozen
class Stop:
    """Where a session ends, and how."""

    stage: str
    how: How


ALIASES = {
    "banner": "greeting",
    "ehlo": "hello",
    "lhlo": "hello",
    "helo": "hello",
    "starttls": "tls",
    "stls": "tls",
    "dot": "message",
}
_HELLOS = (Effect.EXTENSIONS, Effect.PLAIN_HELLO)


def _logs_in(row: CommandSpec, command: Command) -> bool:
    return row.effect is Effect.LOGIN or (row.then is Then.SASL and bool(command.argument))


def _ends_message(row: CommandSpec, command: Command) -> bool:
    return row.then is Then.DATA or (row.then is Then.CHUNK and row.says_last(command))


# Which command a stage is about, where its name is not that of one verb.
_COMMANDS: dict[str, Callable[[CommandSpec, Command], bool]] = {
    "hello": lambda row, command: row.effect in _HELLOS,
    "tls": lambda row, command: row.then is Then.TLS,
    "auth": _logs_in,
    "message": _ends_message,
}
_LINKS = ("connect", "greeting")  # no command brings these


def stages(catalogue: Catalogue) -> tuple[str, ...]:
    """All names, those without a verb first."""
    rows = list(catalogue)
    named = [
        name
        for name in ("hello", "tls", "auth", "data", "message")
        if name == "data" or any(_may(name, row) for row in rows)
    ]
    if not any(row.then is Then.DATA for row in rows):
        named = [name for name in named if name not in ("data", "message")]
    verbs = [row.verb.lower() for row in rows]
    aliased = [verb for verb in verbs if verb not in (*ALIASES, *named)]
    return (*_LINKS, *named, *aliased)


def _may(name: str, row: CommandSpec) -> bool:
    return _COMMANDS[name](row, Command(f"{row.verb} 0 LAST".encode()))


def parse(name: str, how: How, catalogue: Catalogue) -> Stop:
    """Read the name of a stage.  Raises Failure USAGE."""
    stage = ALIASES.get(name.lower(), name.lower())
    known = stages(catalogue)
    if stage not in known:
        raise Failure(Word.USAGE, f"{how.value} {safe(name)}: the stages are {', '.join(known)}")
    if how is How.BEFORE_REPLY and stage == "connect":
        raise Failure(Word.USAGE, f"{how.value} connect: nothing answers that, write greeting")
    return Stop(stage, how)


class _Watch:
    """An observer that knows whether the stage was reached."""

    def __init__(self, stop: Stop, catalogue: Catalogue, *, starttls: bool) -> None:
        self.reached = False
        self._to_encrypt = starttls  # a hello in the clear is none yet
        self._stage = stop.stage
        self._before_reply = stop.how is How.BEFORE_REPLY
        self._catalogue = catalogue
        self._row = catalogue.row(Command(b""))
        self._command = Command(b"")  # the last that was sent

    def __call__(self, event: Event) -> None:
        match event:
            case events.CommandSent(command=command):
                self._command, self._row = command, self._catalogue.row(command)
                if self._before_reply and self._is_sent(command):
                    self.reached = True
            case events.DataSent(last=True):
                mine = self._stage == "message" and _ends_message(self._row, self._command)
                self.reached |= self._before_reply and mine
            case _:
                self.reached |= not self._before_reply and self._is_done(event)
                self._to_encrypt &= not isinstance(event, events.TlsStarted)

    def _is_sent(self, command: Command) -> bool:
        """Whether the command itself is all that the stage wants to be sent."""
        if self._stage == "message":
            last = self._row.then is Then.CHUNK and self._row.says_last(command)
            return last and not int(command.argument.split()[0])
        return self._is_mine(command, self._row)

    def _is_mine(self, command: Command, row: CommandSpec) -> bool:
        test = _COMMANDS.get(self._stage)
        if test is not None:
            return test(row, command)
        return command.verb.lower() == self._stage

    def _is_done(self, event: Event) -> bool:
        match event:
            case events.Greeting(reply=reply):
                return self._stage == "greeting" and reply.positive
            case events.TlsStarted():
                return self._stage == "tls"
            case events.ReplyReceived(reply=reply, command=command):
                row = self._catalogue.row(command)
                early = self._stage == "hello" and self._to_encrypt
                if early or self._stage == "tls" or not self._is_mine(command, row):
                    return False
                ahead = row.then is Then.DATA and reply.code in GO_AHEADS[Then.DATA]
                return ahead if self._stage == "data" else reply.positive
            case _:
                return False


class StoppingSession(Session):
    """A session that ends itself at a stage, and raises Stopped: nothing goes out behind it."""

    def __init__(
        self,
        stop: Stop,
        catalogue: Catalogue,
        observers: Sequence[Observer] = (),
        settings: Settings | None = None,
    ) -> None:
        encrypted = settings is not None and settings.starttls
        self._stop, self._leaving = stop, False
        self._watch = _Watch(stop, catalogue, starttls=encrypted)
        super().__init__(catalogue, (*observers, self._watch), settings)

    @property
    def reached(self) -> bool:
        return self._watch.reached

    def attach(self, transport: Transport, *, implicit_tls: bool = False) -> bool:
        early = self._stop.how is How.BEFORE_REPLY and self._stop.stage == "greeting"
        if early or self._stop.stage == "connect":
            self._transport = transport
            self._watch.reached = True
        self._stop_here()
        return super().attach(transport, implicit_tls=implicit_tls)

    def wait(self) -> bool:
        self._stop_here()  # the handshake of implicit TLS may have been it
        whole = super().wait()
        self._stop_here()
        return whole

    def send(self, item: Item) -> bool:
        whole = super().send(item)
        if self._stop.how is How.BEFORE_REPLY:
            self._stop_here()
        return whole

    def leave(self) -> None:
        self._leaving = True
        super().leave()

    def _stop_here(self) -> None:
        if not self.reached or self._leaving:
            return
        self._leaving = True
        if self._stop.how is not How.QUIT:
            self.drop()
        elif self.state is State.CONNECT:
            self.close()  # nobody has greeted us: there is nobody to say goodbye to
        else:
            self.leave()
        raise Stopped

    def finish(self) -> None:
        """The input has ended: reach what needs no script, or tell that the stage never came.

        Raises Stopped, or Failure `mismatch`.
        """
        stage = self._stop.stage
        if not self.closed and self.between_lines:
            if stage in ("tls", "hello") and self.settings.starttls:
                self.upgrade()
            elif stage == "hello" and (hello := self.hello_line()):
                self.exchange(hello)
        self.leave()
        raise Failure(
            Word.MISMATCH, f"the input ended, and {stage} was not reached ({self._stop.how.value})"
        )
