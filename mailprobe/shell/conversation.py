"""What happens to what a person typed, whatever read the keys: sent, carried out, asked about.

`Conversation` is the `Shell` of the local commands and the owner of the session, its screen and
its recording.  It knows no prompt_toolkit, no event loop and no key.
"""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mailprobe.errors import ExitStatus, Failure, Word
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Catalogue, CommandSpec, Then
from mailprobe.protocol.connection import Answer, Data, Misuse, Phase
from mailprobe.protocol.events import Event
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.model import Command, Protocol, State
from mailprobe.render.console import Screen
from mailprobe.render.theme import paint, wants_color
from mailprobe.safe import safe
from mailprobe.session import Item, Session, Settings
from mailprobe.shell import local
from mailprobe.shell.interface import Entry, Front, Key
from mailprobe.shell.mask import encode
from mailprobe.shell.opening import open_session
from mailprobe.shell.options import Options
from mailprobe.shell.recording import Recording
from mailprobe.shell.terminal import Interrupts
from mailprobe.transcript.redact import Secrets
from mailprobe.transport.link import Interrupted
from mailprobe.transport.target import Target

_FAREWELL = 1.0  # seconds that a polite end may take
_SENT = (events.CommandSent, events.AnswerSent, events.DataSent, events.RawSent)
_NOWHERE = Facts(Protocol.SMTP)  # what is known before anything is


class Conversation:
    """One person, and one connection after the other.

    `status` is None until the person leaves.
    """

    def __init__(self, options: Options, front: Front, interrupts: Interrupts) -> None:
        """Raises Failure `usage` when the recording cannot be made."""
        self.options = options
        self.settings = options.settings
        self.session: Session | None = None
        self.status: ExitStatus | None = None
        self.front = front
        self._interrupts = interrupts
        self._color = options.color
        self._recording = Recording(lambda sentence: self._screen.warn(sentence))
        self._began = False  # a connection was made, or tried
        self._shown: Failure | None = None  # the failure that the screen has told of
        self._hushed = False  # the person does not want to see the rest of this body
        self._told_how_to_leave = False
        self._warned = False
        self._sent = 0  # events that tell of something sent
        self._secrets = Secrets()
        self._screen = self._new_screen()
        if options.record is not None:
            self._recording.start(options.record)

    # ------------------------------------------------------------------------- what prompts show

    @property
    def facts(self) -> Facts:
        return self.session.connection.facts if self.session is not None else _NOWHERE

    @property
    def catalogue(self) -> Catalogue | None:
        return self.session.connection.catalogue if self.session is not None else None

    @property
    def phase(self) -> Phase:
        """What the next line is; a command where there is nobody to hear it."""
        if self.session is None or self.session.closed:
            return Phase.COMMAND
        return self.session.connection.phase

    @property
    def descriptor(self) -> int | None:
        """What to watch while a person types, or None; readable means: call `poll`."""
        if self.session is None or self.session.closed:
            return None
        descriptor = self.session.transport.fileno()
        return descriptor if descriptor >= 0 else None

    @property
    def name_server(self) -> str | None:
        return self.options.dns

    @property
    def color(self) -> bool:
        return wants_color(self._color, self.options.env, True)  # noqa: FBT003 - its signature

    @property
    def recorded(self) -> bool:
        return self._recording.running

    # -------------------------------------------------------------------------------- what is typed

    def open(self) -> None:
        """Connect where the command line says so, or greet the person."""
        if self.options.target is not None or self.options.mx is not None:
            self._guarded(lambda: self._connect(self.options.target))
            return
        self.write(
            "mailprobe: raw SMTP, LMTP and POP3 by hand. "
            "Try: /connect pop3 sandbox\n"
            "Lines that begin with / are for mailprobe (/help); Ctrl-D leaves.\n"
        )

    def take(self, entry: Entry) -> None:
        """Do what an entry asks for; nothing that goes wrong in it is raised."""
        match entry.key:
            case Key.LINE:
                self._guarded(lambda: self._take_lines(entry.text))
            case Key.LOCAL:
                if entry.text.strip():
                    self._guarded(lambda: local.run(self, entry.text))
            case Key.INTERRUPT:
                self._guarded(self._interrupt)
            case Key.END:
                self._guarded(self.leave)
        if self._interrupts.twice and self.status is None:
            self.abandon()

    def warn_once(self, failure: Failure | None) -> None:
        """Tell of the first thing that went wrong on the side and stops nothing."""
        if failure is not None and not self._warned:
            self._warned = True
            self._screen.warn(failure.sentence)

    def poll(self) -> None:
        """Take in what the server said while nobody waited for it."""
        if self.session is not None:
            self.session.poll()

    def abandon(self) -> None:
        """Leave at once, without a word to the server."""
        if self.session is not None:
            self.session.drop()
        self.status = ExitStatus.INTERRUPTED

    def finish(self) -> None:
        """Let go of everything, however the shell ended."""
        if self.session is not None:
            self._let_go(self.session)
        self._recording.close()

    def _take_lines(self, text: str) -> None:
        """A paste of many lines goes out line by line, each after the reply to the last."""
        lines = text.split("\n")
        if len(lines) > 1 and not lines[-1]:
            lines.pop()  # a paste of whole lines ends with a line end
        for done, line in enumerate(lines, 1):
            went_on = False
            try:
                went_on = self._take_line(line)
            finally:
                if not went_on and done < len(lines):
                    self._screen.note(f"{len(lines) - done} more lines were not sent")
            if not went_on:
                return

    def _take_line(self, line: str) -> bool:
        """Send or carry out one line; False when nothing may follow it unseen."""
        if self.phase is not Phase.COMMAND:
            return self._send_line(line)
        if line.startswith(local.ESCAPE) or (line.startswith("/") and not line.startswith("//")):
            local.run(self, line.removeprefix(local.ESCAPE))
            return self.status is None
        if not line:
            return True
        return self._send_line(line.removeprefix("/") if line.startswith("//") else line)

    def _send_line(self, line: str) -> bool:
        if self.session is None or self.session.closed:
            raise Failure(Word.USAGE, "nothing was sent: /connect opens a connection")
        octets = encode(line)
        match self.phase:
            case Phase.CHUNK:
                return self._send_chunk(self.session, octets)
            case Phase.DATA:
                return self._send_data(octets)
            case _:
                return self._send_command(self.session, octets)

    def _send_command(self, session: Session, octets: bytes) -> bool:
        """A command, or the answer to a challenge."""
        item = session.item(octets)
        if not self.send(item, typed=octets):
            return False
        # No go-ahead, no mail data: what is pasted behind it would be run as commands.
        row = session.connection.catalogue.row(item) if isinstance(item, Command) else None
        return row is None or row.then is not Then.DATA or self.phase is Phase.DATA

    def _send_data(self, line: bytes) -> bool:
        """A line of mail data; a dot at its beginning is doubled (RFC 5321, section 4.5.2)."""
        stuffed = line.startswith(b".") and line != b"."
        if stuffed:
            self.write(paint("note", "(stuffed)", color=self.color) + "\n")
        return self.send(Data((b"." if stuffed else b"") + line + b"\r\n"), typed=line)

    def _send_chunk(self, session: Session, line: bytes) -> bool:
        """Octets of a BDAT chunk; what exceeds it, less the line end, is a command."""
        left = session.connection.chunk_left
        octets = line + b"\r\n"
        if not self.send(Data(octets[:left]), typed=line):
            return False
        rest = line[left:]
        return self.send(Command(rest), typed=rest) if rest else True

    # ------------------------------------------------------------------ what local commands ask for

    def write(self, text: str) -> None:
        self.front.write(text)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str | bytes]]) -> None:
        from mailprobe.render.tables import table  # rich, 43 ms

        plain = self.options.plain
        self.write(table(rows, columns, width=_width(), color=self.color, plain=plain))

    def explain(self, row: CommandSpec) -> None:
        from mailprobe.render.tables import help_text

        plain = self.options.plain
        self.write(help_text(row, width=_width(), color=self.color, plain=plain))

    def ask_secret(self, prompt: str) -> str | None:
        return self.front.ask_secret(prompt)

    def learn(self, secret: bytes) -> None:
        self._secrets.learn(secret)

    def may_expose(self, item: Item) -> bool:
        session = self._open_session()
        if session.settings.insecure_auth or session.must_upgrade(item):
            return True
        if not session.exposes(item):
            return True
        peer = safe(session.transport.peer)
        answer = self.front.ask(f"Send this secret in the clear to {peer}? [y/N] ")
        if answer.strip().lower() not in ("y", "yes"):
            self._screen.note("nothing was sent")
            return False
        session.settings = replace(session.settings, insecure_auth=True)
        return True

    def send(self, item: Item, typed: bytes | None = None) -> bool:
        """Send `item` and wait for all that is owed; `typed` is what the person sees of it."""
        session = self._open_session()
        if not self.may_expose(item):
            return False
        if typed is not None:
            self._screen.expect_typed(typed)
            self._advise(session, item)
        if not self._put(session, item):
            self._screen.note("interrupted: a part of it was sent")
            return False
        return self._wait(session)

    def _put(self, session: Session, item: Item) -> bool:
        before = self._sent
        try:
            return session.send(item)
        except Failure as failure:
            # What came while the person typed, no reply for instance, was told when it came.
            told = self._shown is not None and str(self._shown) == str(failure)
            if session.closed or not told or self._sent != before:
                raise
        return session.send(item)

    def _advise(self, session: Session, item: Item) -> None:
        if isinstance(item, Command):
            for advice in session.connection.advise(item):
                self._screen(events.Advised(session.now(), advice))

    def change(self, settings: Settings) -> None:
        self.settings = settings
        if self.session is not None:
            kept = self.session.settings.insecure_auth
            self.session.settings = replace(settings, insecure_auth=kept)

    def set_color(self, choice: str) -> None:
        self._color = choice
        self._screen = self._new_screen()

    def connect(self, target: Target) -> None:
        self._connect(target)

    def save(self, path: Path) -> None:
        self._recording.save(path)
        self._screen.note(f"recording into {safe(str(path))}")

    def note(self, text: str) -> None:
        self._recording.note(text)

    def leave(self) -> None:
        """End politely, after asking where an end would do something that cannot be undone."""
        session = self.session
        if session is None or session.closed:
            self.status = ExitStatus.OK
            return
        if session.connection.phase is not Phase.COMMAND:
            self._choose_in_data(session)
        elif session.connection.facts.marked:
            self._choose_with_marks(session)
        else:
            self._farewell(session)

    # -------------------------------------------------------------------------------- interruptions

    def _interrupt(self) -> None:
        """Ctrl-C at a prompt with nothing on it, or among mail data."""
        if self._interrupts.twice:
            return
        session = self.session
        if session is not None and self.phase is not Phase.COMMAND:
            self._choose_in_data(session)
        elif not self._told_how_to_leave:
            self._told_how_to_leave = True
            self.write("Ctrl-D or /quit leaves\n")

    def _choose_in_data(self, session: Session) -> None:
        """Nothing in SMTP takes back mail data that has begun; a login can be cancelled."""
        ends: dict[Phase, tuple[str, Item | None]] = {
            Phase.DATA: ("[e]nd the data with a lone dot", Data(b".\r\n")),
            Phase.ANSWER: ("[e]nd the login with *", Answer(b"*")),
        }
        text, item = ends.get(session.connection.phase, ("", None))
        choices = ", ".join(filter(None, (text, "[d]rop the connection", "[c]ontinue")))
        match self.front.ask(f"{choices}: ").strip().lower()[:1]:
            case "e" if item is not None:
                self.send(item)
            case "d":
                session.drop()
            case _:
                pass

    def _choose_with_marks(self, session: Session) -> None:
        """QUIT deletes what is marked; a connection that is dropped keeps it (RFC 1939, 6)."""
        marked = session.connection.facts.marked
        question = (
            f"{marked} message{'s are' if marked > 1 else ' is'} marked: "
            "[q]uit and delete, [d]rop the connection and keep, [c]ontinue: "
        )
        match self.front.ask(question).strip().lower()[:1]:
            case "q":
                self._farewell(session)
            case "d":
                session.drop()
                self.status = ExitStatus.OK
            case _:
                pass

    def _farewell(self, session: Session) -> None:
        self.status = ExitStatus.OK
        if session.state is not State.CLOSED:
            end = time.monotonic() + _FAREWELL
            end = end if session.settings.end is None else min(end, session.settings.end)
            session.settings = replace(session.settings, timeout=_FAREWELL, end=end)
            if session.send(Command(b"QUIT")):
                session.wait()
        session.close()

    # ------------------------------------------------------------------------------- the connection

    def _open_session(self) -> Session:
        if self.session is None:
            raise Failure(Word.USAGE, "there is no connection: /connect opens one")
        return self.session

    def _connect(self, target: Target | None) -> None:
        if self._began:
            self._forget_connection()
        self._interrupts.clear()
        self.session = open_session(
            replace(self.options, settings=self.settings),
            target,
            (self._observe,),
            wakeup=self._interrupts.descriptor,
            tell=self._screen.note,
            begin=self._begin,
        )
        if not self.session.closed and self.session.connection.waiting:
            self._interrupted(self.session)

    def _let_go(self, session: Session) -> None:
        session.drop()
        for exchange in session.exchanges:
            if exchange.body is not None:
                exchange.body.close()

    def _forget_connection(self) -> None:
        if self.session is not None:
            self._let_go(self.session)
        self.session = None
        self._secrets = Secrets()
        self._screen = self._new_screen()
        if self._recording.next_connection():
            self._screen.note("the recording holds the connection before; /save records this one")

    def _wait(self, session: Session) -> bool:
        if session.wait():
            self._hushed = False
            return True
        self._interrupted(session)
        return False

    def _interrupted(self, session: Session) -> None:
        """The person waits no longer; what is owed will be shown when it comes."""
        self._hushed = session.connection.reading_body
        what = session.connection.due_next()
        self._screen.note(f"interrupted: {what} is owed")

    def _guarded(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Failure as failure:
            told = self._shown
            if told is None or str(told) != str(failure):
                self._tell(failure)
        except Misuse as misuse:  # the session went on while the person was asked
            self._screen.fail(Word.USAGE, f"nothing was sent: {misuse}")
        except Interrupted:  # in the middle of connecting, or of a handshake
            if self.session is not None:
                self.session.drop()
            self._screen.note("interrupted: there is no connection")
        finally:
            self._shown = None

    def _tell(self, failure: Failure) -> None:
        self._screen.fail(failure.word, failure.sentence)

    # ------------------------------------------------------------------------------------ observing

    def _begin(self, target: Target) -> None:
        self._began = True
        self._recording.begin(target)

    def _observe(self, event: Event) -> None:
        if isinstance(event, _SENT):
            self._sent += 1
        self._secrets(event)
        self._recording(event)
        if isinstance(event, events.BodyChunk) and self._hushed:
            self._hushed = not event.last
            event = replace(event, octets=b"", wire=b"")
        self._screen(event)
        if isinstance(event, events.Failed):
            self._shown = Failure(event.word, event.sentence)

    def _new_screen(self) -> Screen:
        plain = self.options.plain
        return Screen(self.write, color=self.color, secrets=self._secrets, plain=plain)


def _width() -> int:
    return shutil.get_terminal_size().columns
