"""Pipe mode: lines in, `C:` and `S:` lines out, in lock-step.  No terminal, no questions.

The next line goes only after the whole reply to the last one, so that a script means the same
however fast it is read.
"""

import re
from collections.abc import Callable

from mailprobe.errors import Failure, Word
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Lines, Then
from mailprobe.protocol.connection import catalogue_of
from mailprobe.protocol.events import Event
from mailprobe.protocol.framing import CRLF, Stuffer
from mailprobe.protocol.items import Data, Phase, Raw
from mailprobe.protocol.model import Command, Protocol, State
from mailprobe.safe import safe
from mailprobe.session import Item, Observer, Session
from mailprobe.shell.connections.opening import Stopped, open_session
from mailprobe.shell.front.lines import LineSource
from mailprobe.shell.options import Options
from mailprobe.shell.piping.company import Company
from mailprobe.shell.piping.printer import Printer
from mailprobe.shell.piping.refusals import Refusals
from mailprobe.shell.writing.groups import collect
from mailprobe.transport.link import Interrupted
from mailprobe.transport.target import Target
from mailprobe.transport.way import DIRECT
from mailprobe.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.shell.config import Profile
    from mailprobe.shell.piping.stopping import Stop

_OVER = (State.CLOSED, State.UPDATE)  # the server has said goodbye
_LINE_END = re.compile(rb"\r?\n")
_LONE_DOT = re.compile(rb"^\.\r?$", re.MULTILINE)
# Failures after which the server still understands us: it is told QUIT.
_POLITE = (Word.REFUSED, Word.USAGE, Word.SECURITY)
_HEARD = (events.Greeting, events.ReplyReceived, events.Unsolicited, events.BodyChunk)


class Pipe(Company):
    """One run: an input, and the sessions that it talks to.  Also what local commands see."""

    def __init__(
        self,
        options: Options,
        source: int | bytes,
        printer: Printer,
        tell: Callable[[str], None],
        wakeup: int | None = None,
        ask: Callable[[str, int | None], str | None] | None = None,
    ) -> None:
        """`ask` asks a person without echo; None, and so does that, where there is nobody."""
        super().__init__(options, printer, tell, wakeup, ask)
        self.ended: Callable[[Session], None] = lambda session: None  # told of each that is over
        self._refusals = Refusals(printer.refused)
        self._left = False  # QUIT was said, or /quit
        self._hung_up = False  # /close or /drop was said
        self._was_left = False  # the server ended it while a local command listened
        self._unopened: Session | None = None  # the last one that failed before its greeting
        self._no_data: Failure | None = None  # a positive reply to DATA that was no go-ahead
        self._input = LineSource(
            source,
            watch=self._descriptor,
            on_readable=self._poll,
            wakeup=wakeup,
            end=options.settings.end,
        )

    def run(self) -> None:
        """Play the whole input.  Raises the Failure that ended the run, or Interrupted."""
        try:
            if (identity := self.settings.tls.identity) is not None:
                identity.unlock(self._ask_passphrase)
            if self._options.record is not None:
                self._recording.start(self._options.record)
            if self._options.stop is None:
                self._play()
                self._end_of_input()
            else:
                self._play_to_stage(self._options.stop)
        except Failure as failure:
            self._end_early(failure)
            raise Failure(failure.word, self.mask(failure.sentence)) from None
        finally:
            if self.session is not None:
                self.session.drop()
                self.ended(self.session)
                self.session.release()
            self._recording.close()
            self._report()
        if self._no_data is not None:
            self._tell_refusals()
            raise self._no_data
        self._count_refusals()
        self._judge()

    def _probe(self, session: Session) -> None:
        """Where there is no input at all, say what every client says: hello, and goodbye."""
        first = self._input.whole_line()
        if first is not None:
            self._input.put_back(first)
            return
        hello = session.hello_line()
        if session.settings.starttls:
            self._reach_tls(session)
        if not (hello and session.connection.facts.tls and session.settings.starttls):
            self._say(hello or b"CAPA")
        self._say(b"QUIT")

    def _report(self) -> None:
        """What was found of the server, whatever has ended the run."""
        if self.findings is not None:
            self._printer.report(self.findings)

    def _judge(self) -> None:
        """Raises Failure `mismatch` where something was found."""
        if self.findings is not None:
            from mailprobe.shell.watching import verdict

            if (failure := verdict(self.findings)) is not None:
                raise failure

    def _ask_passphrase(self, prompt: str) -> str | None:
        return self.ask_secret(prompt, "passphrase")

    def _keep(self, session: Session) -> None:
        """A session that did not come about; what its server presented can be looked at."""
        self._unopened = session
        self.ended(session)

    def _play(self) -> None:
        if self._options.target is not None or self._options.mx is not None:
            self._open(self._options.target)
        if self._options.lint and self.session is not None:
            self._probe(self.session)
        while not self._left and self._step():
            pass

    def _play_to_stage(self, stop: "Stop") -> None:
        """The same up to a stage, at which the session ends itself."""
        from mailprobe.shell.piping.stopping import StoppingSession

        try:
            self._play()
            if isinstance(self.session, StoppingSession):
                self.session.finish()
        except Stopped:
            self._tell(f"note: the end, at {stop.stage} ({stop.how.value})")

    def _end_early(self, failure: Failure) -> None:
        session = self.session
        if failure.word is Word.TLS and (whose := self._unopened or session) is not None:
            self._show_chain(whose)
        if session is not None and not session.closed and failure.word in _POLITE:
            session.leave()
        if self._options.keep_going and failure.word is not Word.REFUSED:
            self._tell_refusals()

    # -------------------------------------------------------------------------------- sessions

    def _open(self, target: Target | None) -> None:
        observers: list[Observer] = [self._recording, self._printer, self._count]
        if self.findings is not None:
            from mailprobe.protocol.linting.linter import Linter

            protocol = Protocol.SMTP if target is None else target.protocol
            observers.append(Linter(catalogue_of(protocol), self.findings))
        self._printer.begin()
        options, profile = self._options, self._profile
        if profile is not None:
            options = replace(options, settings=profile.settings(options.settings))
        if options.way is not DIRECT or (profile is not None and profile.way is not DIRECT):
            options = self._with_way(options, profile)
        self.session = open_session(
            options,
            target,
            observers,
            wakeup=self._wakeup,
            tell=lambda note: self._tell(f"note: {note}"),
            begin=self._recording.begin,
            keep=self._keep,
            ask=self._ask_passphrase,
        )
        self._settle()
        if options.pretences:
            from mailprobe.shell.writing import pretending

            pretending.as_asked(self, options.pretences)
        self._log_in()

    def _log_in(self) -> None:
        if self._profile is not None and self._profile.login is not None:
            from mailprobe.shell.writing import login  # and sasl: where somebody logs in

            login.as_asked(self)
            self._stop_at_refusal()

    def _show_chain(self, session: Session) -> None:
        """No line of the input comes behind a handshake that failed: show now what was there."""
        try:
            facts = session.transport.tls_failed
        except Failure:  # it had no link
            return
        if facts is not None and facts.chain:
            from mailprobe.shell.local.tls import show_chain  # and cryptography

            show_chain(self, facts)

    def _with_way(self, options: Options, profile: "Profile | None") -> Options:
        """The way that somebody asked for, which may want a secret."""
        from mailprobe.shell.connections import ways

        options = ways.with_way(options, profile, self.ask_secret, self.learn)
        self._options = ways.remembered(self._options, options)
        return options

    def _count(self, event: Event) -> None:
        self._heard += isinstance(event, _HEARD)

    def _descriptor(self) -> int | None:
        session = self.session
        return None if session is None or session.closed else session.transport.fileno()

    def _poll(self) -> None:
        assert self.session is not None  # its descriptor was watched
        self.session.poll()
        self.session.check()
        if self.session.closed and not self._input.ready():  # who would wait longer is told now
            self._tell("note: the server closed the connection")

    def _connected(self) -> Session:
        if self.session is None:
            raise Failure(
                Word.USAGE, "there is no connection: name a target, or /connect smtp HOST first"
            )
        return self.session

    # ------------------------------------------------------------------------------ the input

    def _step(self) -> bool:
        """One line and all that belongs to it; False at the end of the input."""
        phase = self.session.connection.phase if self.session else Phase.COMMAND
        if phase is Phase.DATA:
            return self._send_data()
        line = self._input.line()
        if line is None:
            return False
        if phase is Phase.ANSWER or not line.startswith(b"/"):
            self._take(line)
        elif line.startswith(b"//"):
            self._take(line[1:])
        else:
            self._run_local(line)
        return True

    def _take(self, line: bytes) -> None:
        """A line for the server, now or in its group."""
        if self.switches.group is None:
            self._say(line)
        elif advice := collect(self.switches, self._connected().connection.catalogue, line):
            self._tell(f"note: {advice}")

    def _say(self, line: bytes) -> None:
        session = self._connected()
        verb = safe(Command(line).verb) or "an empty line"
        self._refuse_closed(session, f"before {verb} was sent")
        if self._ends(session, line):
            self._reach_tls(session)
        item, end = session.item(line), self.switches.end
        if self.send(item if end == CRLF else Raw(line + end)) and isinstance(item, Command):
            self._follow(session, item)

    def _ends(self, session: Session, line: bytes) -> bool:
        if session.connection.phase is not Phase.COMMAND:
            return False
        return session.connection.catalogue.row(Command(line)).then is Then.CLOSE

    def _reach_tls(self, session: Session) -> None:
        """A session that is to be encrypted must not end well in the clear, whatever it said."""
        if not session.reach_tls():
            raise Interrupted
        self._settle()

    def _follow(self, session: Session, command: Command) -> None:
        """What an answered command means for the lines behind it."""
        row = session.connection.catalogue.row(command)
        if row.then is Then.CLOSE and session.state in (State.CLOSED, State.UPDATE):
            self._left = True
        opens = row.then is Then.DATA or row.shape.of(command.argument) is Lines.DATA
        if opens and session.connection.phase is not Phase.DATA:
            self._pass_over_data(session, command)

    def _refuse_closed(self, session: Session, when: str) -> None:
        """Nothing can be sent any more: say at which line of the input that was."""
        session.poll()
        session.check()
        if self._hung_up:
            raise Failure(Word.USAGE, "the connection was closed: /connect opens another one")
        if session.closed or session.state is State.CLOSED:
            self._stop_at_refusal()  # a 421 to the chunk that is under way
            raise Failure(Word.EOF, f"the server closed the connection {when}")

    def _settle(self) -> None:
        """Wait for all that is owed, and stop at a refusal unless told to go on."""
        session = self._connected()
        if not session.wait():
            raise Interrupted
        self._stop_at_refusal()

    def _stop_at_refusal(self) -> None:
        first = self._refusals.take()
        if first and not self._options.keep_going:
            raise Failure(Word.REFUSED, first)

    def _count_refusals(self) -> None:
        self._refusals.judge()

    def _tell_refusals(self) -> None:
        """They stand before the harder failure that ended the run."""
        try:
            self._count_refusals()
        except Failure as refusals:
            self._tell(f"mailprobe: {refusals}")

    def _end_of_input(self) -> None:
        if self._left and self._input.pending():
            self._tell("note: the input goes on after QUIT; the rest was not sent")
        self._tell_collected()
        session = self.session
        if session is None:
            return
        if not self._left:
            session.poll()
            session.check()
            if not session.closed and session.between_lines:
                self._reach_tls(session)
            if not session.closed:
                self._tell("note: the input ended without QUIT; the connection was closed")
            elif not self._hung_up:
                self._tell("note: the input ended without QUIT; the server had hung up")
        session.close()

    def _tell_collected(self) -> None:
        if count := len(self.switches.group or ()):
            what = "1 collected line was" if count == 1 else f"{count} collected lines were"
            self._tell(f"note: {what} not sent: write /pipeline go behind the last one")

    # ------------------------------------------------------------------------------- mail data

    def _send_data(self) -> bool:
        """Lines up to the lone dot, as many at a time as there are."""
        lines = self._input.whole_lines()
        if not lines:
            return False
        dot = _LONE_DOT.search(lines)
        if dot is not None:
            end = lines.find(b"\n", dot.end()) + 1 or len(lines)
            self._input.put_back(lines[end:])
            lines = lines[: dot.start()]
        octets, eol = _LINE_END.sub(CRLF, _ended(lines)), self.switches.end
        if self.switches.stuffing:
            octets = Stuffer().feed(octets)
        if eol != CRLF:
            octets = octets.replace(CRLF, eol)
        if dot is not None:  # which ends the data of a script, whatever ends its lines
            octets += b".\r\n" if eol == CRLF else b"\r\n.\r\n"
        session = self._connected()
        self._refuse_closed(session, "inside the mail data")
        self._put(session, Data(octets))
        if dot is not None:
            self._settle()
        return True

    def _send_chunk(self, session: Session) -> bool:
        """The octets that BDAT has counted, as they are (RFC 3030); False if they are too few."""
        size = session.connection.chunk_left
        while left := session.connection.chunk_left:
            octets = self._input.take(left)
            if not octets:
                self._tell(
                    f"note: the input ended inside a BDAT chunk, {size - left} of its {size} "
                    "octets were there; the connection was closed"
                )
                session.drop()
                self._left = True
                return False
            self._refuse_closed(session, "inside a BDAT chunk")
            self._put(session, Data(octets))
        return True

    def _put(self, session: Session, item: Item) -> None:
        """Send all of it; whoever interrupts that, or the TLS that goes before, ends the run."""
        if not session.send(item):
            raise Interrupted

    def _pass_over_data(self, session: Session, command: Command) -> None:
        """The server wants no data: lines up to a lone dot must not be taken for commands."""
        replies = session.last.replies if session.last is not None else []
        if replies and not replies[-1].refused:
            sentence = f"{safe(command.verb)} was answered by {replies[-1].code}, no go-ahead"
            self._no_data = Failure(Word.PROTOCOL, sentence)
            if not self._options.keep_going:
                raise self._no_data
        skipped = []
        while (line := self._input.whole_line()) is not None:
            if line in (b".\r\n", b".\n", b"."):
                return
            skipped.append(line)
        self._input.put_back(b"".join(skipped))

    # --------------------------------------------------------------- what local commands may ask

    def _run_local(self, line: bytes) -> None:
        from mailprobe.shell.local import commands

        was_open = self.session is not None and not self.session.closed
        self._was_left = False
        group = self.switches.group
        commands.run(self, line.decode("utf-8", "surrogateescape"))
        closed = self.session is not None and self.session.closed
        self._hung_up = was_open and closed and not self._was_left
        self._stop_at_refusal()
        if group and self.switches.group is None and self.session is not None:
            last = group[-1].removesuffix(b"\n").removesuffix(b"\r")
            self._follow(self.session, Command(last))

    def send(self, item: Item) -> bool:
        session = self._connected()
        self._put(session, item)
        if session.connection.phase is Phase.CHUNK and not self._send_chunk(session):
            return False
        self._settle()
        return True

    def put(self, item: Item) -> bool:
        self._put(self._connected(), item)
        return True

    def wait(self) -> bool:
        if not self._connected().wait():
            raise Interrupted
        return True

    def listen(self, seconds: float) -> bool:
        from mailprobe.shell.connections.listening import listen

        session = self._connected()
        if not listen(session, seconds, self._wakeup, lambda: self._heard):
            raise Interrupted
        self._was_left = session.closed
        self._settle()
        return True

    def connect(self, target: Target, profile: "Profile | None" = None) -> None:
        session, self._profile = self.session, profile
        if session is not None and not session.closed and session.state not in _OVER:
            raise Failure(
                Word.USAGE, "there is a connection already, and a pipe has one: /close ends it"
            )
        if self.session is not None:
            self.session.drop()  # after 421 or QUIT the link may still stand
            self.ended(self.session)
            self.session.release()
            self._record_another()
        self._open(target)

    def _record_another(self) -> None:
        if self._recording.full and self._recording.forget():
            self._tell("note: the recording holds the connections before")
        self._recording = self._recording.beside()

    def leave(self) -> None:
        if self.session is not None and not self.session.closed:
            self.session.leave()
        self._left = True


def _ended(lines: bytes) -> bytes:
    """The last line of an input may lack its end."""
    return lines if not lines or lines.endswith(b"\n") else lines + b"\r\n"
