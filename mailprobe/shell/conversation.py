"""What happens to what a person typed, whatever read the keys: sent, carried out, asked about.

`Conversation` is the `Shell` of the local commands and the owner of the session, its screen and
its recording.  It knows no prompt_toolkit, no event loop and no key.
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from mailprobe.errors import ExitStatus, Failure, Word
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Catalogue, CommandSpec
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.items import Misuse, Phase
from mailprobe.protocol.model import Command, Protocol
from mailprobe.render.console import Screen
from mailprobe.render.wish import wants_color
from mailprobe.safe import safe
from mailprobe.session import Item, Session, Settings
from mailprobe.shell import leaving, typed
from mailprobe.shell.interface import Entry, Front, Key
from mailprobe.shell.local import commands
from mailprobe.shell.mask import for_history
from mailprobe.shell.opening import open_session
from mailprobe.shell.options import Options
from mailprobe.shell.terminal import Interrupts
from mailprobe.shell.view import View
from mailprobe.transcript.redact import Secrets
from mailprobe.transport.link import Interrupted
from mailprobe.transport.target import Target
from mailprobe.value import replace

_GLANCE = 0.05  # seconds that a flood may keep a prompt from the keys
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
        self._view = View(self._new_screen)
        self._told_how_to_leave = False
        self._warned = False
        if options.record is not None:
            self._view.recording.start(options.record)

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
        return self._view.recording.running

    def remembers(self, line: str) -> str | None:
        """What the history may keep of `line`, as it is entered now."""
        if self.phase is Phase.CHUNK:  # mail data, and the state does not tell
            return None
        return for_history(line, self.facts, self.catalogue)

    def become_plain(self) -> None:
        """Look plain from now on: the terminal turned out to do no more."""
        self.options = replace(self.options, plain=True)
        self._view.repaint()

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
                self._guarded(lambda: typed.take_lines(self, entry.text))
            case Key.LOCAL:
                if entry.text.strip():
                    self._guarded(lambda: commands.run(self, entry.text))
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
            self._view.screen.warn(failure.sentence)

    def poll(self) -> bool:
        """Take in what the server said while nobody waited for it.

        True when there may be more: however much comes, the keys have their turn.
        """
        return self.session is not None and self.session.glance(_GLANCE)

    def abandon(self) -> None:
        """Leave at once, without a word to the server."""
        if self.session is not None:
            self.session.drop()
        self.status = ExitStatus.INTERRUPTED

    def finish(self) -> None:
        """Let go of everything, however the shell ended."""
        try:
            self._let_go()
        finally:  # the terminal may be gone, and what is written to it fails
            self._view.recording.close()

    def tell(self, sentence: str) -> None:
        """Show a remark of ours; a peer's octets in it have been through `safe()`."""
        self._view.screen.note(sentence)

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
        self._view.secrets.learn(secret)

    def may_expose(self, item: Item) -> bool:
        session = self._open_session()
        if session.settings.insecure_auth or session.must_upgrade(item):
            return True
        if not session.exposes(item):
            return True
        peer = safe(session.transport.peer)
        answer = self.front.ask(f"Send this secret in the clear to {peer}? [y/N] ")
        if answer.strip().lower() not in ("y", "yes"):
            self._view.screen.note("nothing was sent")
            return False
        session.settings = replace(session.settings, insecure_auth=True)
        return True

    def send(self, item: Item, typed: bytes | None = None) -> bool:
        """Send `item` and wait for all that is owed; `typed` is what the person sees of it."""
        session = self._open_session()
        if not self.may_expose(item):
            return False
        self._view.screen.expect_typed(typed)
        try:
            if typed is not None:
                self._advise(session, item)
            whole = self._put(session, item)
        finally:
            self._view.screen.expect_typed(None)
        if whole and session.connection.phase is Phase.CHUNK:
            return True  # the reply comes behind the octets, which are still to be typed
        if whole:
            return self._wait(session)
        if self.phase is Phase.COMMAND and session.connection.waiting and not _began(session, item):
            self._interrupted(session)  # in the upgrade to TLS that goes before
        else:
            self._view.screen.note("interrupted: a part of it was sent")
        return False

    def _put(self, session: Session, item: Item) -> bool:
        before = self._view.sent
        try:
            return session.send(item)
        except Failure as failure:
            # What came while the person typed, no reply for instance, was told when it came.
            told = self._view.told(failure)
            if session.closed or not told or self._view.sent != before:
                raise
        return session.send(item)

    def _advise(self, session: Session, item: Item) -> None:
        if isinstance(item, Command):
            for advice in session.connection.advise(item):
                self._view.screen(events.Advised(session.now(), advice))

    def change(self, settings: Settings) -> None:
        self.settings = settings
        if self.session is not None:
            kept = self.session.settings.insecure_auth
            self.session.settings = replace(settings, insecure_auth=kept)

    @property
    def color_choice(self) -> str:
        return self._color

    def set_color(self, choice: str) -> None:
        self._color = choice
        self._view.repaint()

    def connect(self, target: Target) -> None:
        self._connect(target)

    def save(self, path: Path) -> None:
        self._view.recording.save(path)
        self._view.screen.note(f"recording into {safe(str(path))}")

    def note(self, text: str) -> None:
        self._view.recording.note(text)

    def step(self, title: str) -> None:
        self._view.recording.step(title)

    def expect(self, text: str) -> None:
        self._view.recording.expect(text, self.session.last if self.session else None)

    def leave(self) -> None:
        """End politely, after asking where an end would do something that cannot be undone."""
        leaving.leave(self)

    # -------------------------------------------------------------------------------- interruptions

    def _interrupt(self) -> None:
        """Ctrl-C at a prompt with nothing on it, or among mail data."""
        if self._interrupts.twice:
            return
        session = self.session
        if session is not None and self.phase is not Phase.COMMAND:
            leaving.choose_in_data(self, session)
        elif not self._told_how_to_leave:
            self._told_how_to_leave = True
            self.write("Ctrl-D or /quit leaves\n")

    # ------------------------------------------------------------------------------- the connection

    def _open_session(self) -> Session:
        if self.session is None:
            raise Failure(Word.USAGE, "there is no connection: /connect opens one")
        return self.session

    def _connect(self, target: Target | None) -> None:
        self._let_go()
        self._view.forget()
        self._interrupts.clear()
        failed: list[Session] = []
        try:
            self.session = open_session(
                replace(self.options, settings=self.settings),
                target,
                (self._view,),
                wakeup=self._interrupts.descriptor,
                tell=self._view.screen.note,
                begin=self._view.begin,
                keep=failed.append,
            )
        except Failure:  # what came all the same can be looked at, and saved
            self.session = failed[-1] if failed and _reached(failed[-1]) else None
            raise
        if not self.session.closed and self.session.connection.waiting:
            self._interrupted(self.session)

    def _let_go(self) -> None:
        session, self.session = self.session, None
        if session is None:
            return
        try:
            session.drop()
        finally:
            session.release()

    def _wait(self, session: Session) -> bool:
        if session.wait():
            self._view.screen.hushed = False
            return True
        self._interrupted(session)
        return False

    def _interrupted(self, session: Session) -> None:
        """The person waits no longer; what is owed will be shown when it comes."""
        self._view.screen.hushed = session.connection.reading_body
        what = session.connection.due_next()
        self._view.screen.note(f"interrupted: {what} is owed")

    def _guarded(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Failure as failure:
            if not self._view.told(failure):
                self._view.screen.fail(failure.word, failure.sentence)
            self._tell_owed(failure)
        except Misuse as misuse:  # the session went on while the person was asked
            self._view.screen.fail(Word.USAGE, f"nothing was sent: {misuse}")
        except Interrupted:  # in the middle of connecting, or of a handshake
            if self.session is not None:
                self.session.drop()
            self._view.screen.note("interrupted: there is no connection")
        finally:
            self._view.shown = None

    def _tell_owed(self, failure: Failure) -> None:
        """A line that is no reply was not the reply that somebody waits for."""
        session = self.session
        if failure.word is not Word.PROTOCOL or session is None or session.closed:
            return
        if session.connection.waiting:
            self._view.screen.note(f"{session.connection.due_next()} is still owed")

    def _new_screen(self, secrets: Secrets) -> Screen:
        plain = self.options.plain
        return Screen(self.write, color=self.color, secrets=secrets, plain=plain)


def _reached(session: Session) -> bool:
    """Whether there was a link."""
    try:
        return session.transport is not None
    except Failure:
        return False


def _began(session: Session, item: Item) -> bool:
    """Whether any of `item` can have travelled."""
    last = session.last
    return not isinstance(item, Command) or (last is not None and last.command is item)


def _width() -> int:
    return shutil.get_terminal_size().columns
