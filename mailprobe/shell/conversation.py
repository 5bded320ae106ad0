"""What happens to what a person typed, whatever read the keys: sent, carried out, asked about.

`Conversation` is the `Shell` of the local commands and the owner of the sessions, their screens
and their recording.  It knows no prompt_toolkit, no event loop and no key.
"""

from collections.abc import Callable, Iterable, Sequence

from mailprobe.errors import ExitStatus, Failure, Word
from mailprobe.protocol import events
from mailprobe.protocol.framing import CRLF
from mailprobe.protocol.items import Misuse, Phase, Raw
from mailprobe.protocol.model import Command
from mailprobe.render.rows import wrapped
from mailprobe.safe import safe
from mailprobe.session import Item, Session
from mailprobe.shell.company import Company
from mailprobe.shell.config import Profile
from mailprobe.shell.connections import connecting
from mailprobe.shell.front import welcome
from mailprobe.shell.interface import Entry, Key
from mailprobe.shell.reading import showing
from mailprobe.transport.link import Interrupted
from mailprobe.transport.target import Target
from mailprobe.value import replace


class Conversation(Company):
    """One person, and all whom he talks to; what is typed is for one of them.

    `status` is None until the person leaves.
    """

    # -------------------------------------------------------------------------------- what is typed

    def open(self) -> None:
        """Connect where the command line says so, begin a lesson, or greet the person."""
        if self.options.lesson is not None:
            from mailprobe.shell import teaching  # where somebody learns

            self._guarded(lambda: teaching.begin(self))
            return
        if self.options.target is not None or self.options.mx is not None:
            self._guarded(
                lambda: connecting.connect(self, self.options.target, self.options.profile)
            )
            return
        lines = welcome.FIRST_SCREEN.split("\n")
        self.write("\n".join(wrapped(line, self.columns, indent=4) for line in lines))

    def take(self, entry: Entry) -> None:
        """Do what an entry asks for; nothing that goes wrong in it is raised."""
        from mailprobe.shell.local import commands  # the first prompt does without both
        from mailprobe.shell.writing import typed

        self._unwatched = self.options.plain
        match entry.key:
            case Key.LINE:
                self._guarded(lambda: typed.take_lines(self, entry.text))
            case Key.LOCAL:
                if entry.text.strip():
                    self._guarded(lambda: self.run_local(entry.text))
            case Key.EDIT:
                self._guarded(lambda: commands.run(self, "/body -e"))
            case Key.INTERRUPT:
                self._guarded(self._interrupt)
            case Key.END:
                self._guarded(self.leave)
        self._learn_addresses()
        if self.tutor is not None and self.status is None:
            from mailprobe.shell import teaching

            self._guarded(lambda: teaching.go_on(self))
        if self.interrupts.twice and self.status is None:
            self.abandon()

    def run_local(self, line: str) -> None:
        """Carry out a local command, on what servers have said by now.  Raises Failure."""
        from mailprobe.shell.local import commands

        row = commands.find(line)
        if row is None or not row.listens:
            self._catch_up()
        commands.run(self, line)

    def _learn_addresses(self) -> None:
        for used in self._view.learned.take_used():
            if not self.preferences.private:
                self.addresses.learn(used)
        self.warn_once(self.addresses.failure)

    def abandon(self) -> None:
        """Leave at once, without a word to the servers."""
        for party in self.parties:
            if party.session is not None:
                party.session.drop()
        self.status = ExitStatus.INTERRUPTED

    def finish(self) -> None:
        """Let go of everything, however the shell ended."""
        try:
            self.parties.let_go()
            if self.tutor is not None:
                self.tutor.finish()
        finally:  # the terminal may be gone, and what is written to it fails
            self._view.recording.close()

    # ------------------------------------------------------------------ what local commands ask for

    @property
    def history(self) -> Sequence[str]:
        return self.front.history(self)

    def page(self, pieces: Iterable[str]) -> None:
        showing.page(self, pieces)

    def filter(self, octets: Iterable[bytes], words: Sequence[str]) -> None:
        showing.filter_through(self, octets, words)

    def may_expose(self, item: Item) -> bool:
        session = self._open_session()
        if session.settings.insecure_auth or session.must_upgrade(item):
            return True
        if not session.exposes(item):
            return True
        peer = safe(session.transport.peer)
        answer = self.ask(f"Send this secret in the clear to {peer}? [y/N] ")
        if answer.strip().lower() not in ("y", "yes"):
            self._view.screen.note("nothing was sent")
            return False
        session.settings = replace(session.settings, insecure_auth=True)
        return True

    def send(self, item: Item, typed: bytes | None = None, *, seen: bool = True) -> bool:
        """Send `item` and wait for all that is owed; `typed` is what the person wrote.

        `seen`: he sees it already, above the place where the reply will stand.
        """
        session = self._open_session()
        if not self.may_expose(item):
            return False
        screen = self._view.screen
        screen.expect_typed(typed if seen else None)
        # whoever chooses the octets himself wants to see them
        screen.verbatim = isinstance(item, Raw) or (typed is not None and self.switches.end != CRLF)
        try:
            if typed is not None:
                self._advise(session, item)
            whole = self._put(session, item)
        finally:
            screen.expect_typed(None)
            screen.verbatim = False
        if whole and session.connection.phase is Phase.CHUNK:
            return True  # the reply comes behind the octets, which are still to be typed
        if whole:
            done = self._wait(session)
            if session.connection.facts.tls:
                self._tell_changes(session)
            return done
        if self.phase is Phase.COMMAND and session.connection.waiting and not _began(session, item):
            self.interrupted(session)  # in the upgrade to TLS that goes before
        else:
            self._view.screen.note("interrupted: a part of it was sent")
        return False

    def _tell_changes(self, session: Session) -> None:
        """Say once what a server offers over TLS that it did not offer before, and the reverse."""
        offers = session.connection.facts.offers
        if offers is None or offers is self._view.compared:
            return
        self._view.compared = offers
        from mailprobe.shell.local.tls import compact
        from mailprobe.shell.reading.offered import changes

        if differences := changes(session):
            self._view.screen.note(compact(differences))

    def put(self, item: Item) -> bool:
        session = self._open_session()
        if not self.may_expose(item):
            return False
        if self._put(session, item):
            return True
        self._view.screen.note("interrupted: a part of it was sent")
        return False

    def wait(self) -> bool:
        return self._wait(self._open_session())

    def edit(self, octets: bytes) -> bytes:
        from mailprobe.shell.writing.editor import edited  # subprocess and tempfile, 10 ms

        return edited(octets, self.options.env, self.front.lend)

    def _put(self, session: Session, item: Item) -> bool:
        before = self._view.sent
        self._catch_up()
        try:
            return session.send(item)
        except Failure as failure:
            # What came while the person typed, no reply for instance, was told when it came.
            told = self._view.told(failure)
            if session.closed or not told or self._view.sent != before:
                raise
        return session.send(item)

    def _catch_up(self) -> None:
        """In the plain shell nobody watched while this was typed: see what came meanwhile."""
        if self._unwatched:
            self._unwatched = False
            self.poll()

    def _advise(self, session: Session, item: Item) -> None:
        if isinstance(item, Command):
            for advice in session.connection.advise(item):
                self._view.screen(events.Advised(session.now(), advice))

    def connect(self, target: Target, profile: Profile | None = None) -> None:
        connecting.connect(self, target, profile)

    def listen(self, seconds: float) -> bool:
        from mailprobe.shell.connections.listening import listen

        session = self._open_session()
        heard = listen(session, seconds, self.wakeup, lambda: self.heard, self._catch_up)
        if not heard:
            self.interrupts.clear()
        return heard

    def leave(self) -> None:
        """End politely, after asking where an end would do something that cannot be undone."""
        from mailprobe.shell.connections import leaving

        leaving.leave(self)

    # -------------------------------------------------------------------------------- interruptions

    def _interrupt(self) -> None:
        """Ctrl-C at a prompt with nothing on it, or among mail data."""
        if self.interrupts.twice:
            return
        session = self.session
        if session is not None and self.phase is not Phase.COMMAND:
            from mailprobe.shell.connections import leaving

            leaving.choose_in_data(self, session)
        elif not self._told_how_to_leave:
            self._told_how_to_leave = True
            self.write("Ctrl-D or /quit leaves\n")

    # ------------------------------------------------------------------------------- the connection

    def _wait(self, session: Session) -> bool:
        if session.wait():
            self._view.screen.hushed = False
            return True
        self.interrupted(session)
        return False

    def interrupted(self, session: Session) -> None:
        """The person waits no longer; what is owed will be shown when it comes."""
        self.interrupts.clear()
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
            self.interrupts.clear()
            if self.session is not None:
                self.session.drop()
            self._view.screen.note("interrupted: there is no connection")
        finally:
            self._view.screen.rest()
            self._view.shown = None
            if self.session is None:
                self.fall_back()

    def _tell_owed(self, failure: Failure) -> None:
        """A line that is no reply was not the reply that somebody waits for."""
        session = self.session
        if failure.word is not Word.PROTOCOL or session is None or session.closed:
            return
        if session.connection.waiting:
            self._view.screen.note(f"{session.connection.due_next()} is still owed")


def _began(session: Session, item: Item) -> bool:
    """Whether any of `item` can have travelled."""
    last = session.last
    return not isinstance(item, Command) or (last is not None and last.command is item)
