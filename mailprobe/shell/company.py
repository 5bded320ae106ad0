"""All that a conversation is made of and shows: parties, settings, what is known and recorded.

It sends nothing; what is done with what somebody typed is for `Conversation`.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from mailprobe.errors import ExitStatus, Failure, Word
from mailprobe.protocol.catalogue import Catalogue, CommandSpec
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.items import Phase
from mailprobe.protocol.model import Protocol
from mailprobe.render.console import Screen
from mailprobe.render.rows import wrapped
from mailprobe.render.theme import paint
from mailprobe.render.wish import wants_color
from mailprobe.safe import safe
from mailprobe.session import Exchange, Session, Settings
from mailprobe.shell.config import Config, Profile, config_of
from mailprobe.shell.connections import connecting
from mailprobe.shell.connections.parties import Parties, Party
from mailprobe.shell.front.terminal import Interrupts
from mailprobe.shell.interface import Front
from mailprobe.shell.memory.addresses import AddressBook, addresses_path
from mailprobe.shell.options import Options
from mailprobe.shell.reading import showing
from mailprobe.shell.typing.preferences import Preferences
from mailprobe.shell.typing.standing import Look, look_at
from mailprobe.shell.view import View
from mailprobe.shell.writing.switches import Switches
from mailprobe.transcript.redact import Secrets
from mailprobe.transport.target import Tls
from mailprobe.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from mailprobe.lessons.tutor import Tutor
    from mailprobe.protocol.linting.linter import Findings
    from mailprobe.shell.typing.suggestion import Known
    from mailprobe.shell.writing.challenges import ByHand

_GLANCE = 0.05  # seconds that a flood may keep a prompt from the keys
_NOWHERE = Facts(Protocol.SMTP)  # what is known before anything is


class Company:
    """The parties, the settings of the person, and the front where all of it is seen."""

    def __init__(self, options: Options, front: Front, interrupts: Interrupts) -> None:
        """Raises Failure `usage` when the recording cannot be made."""
        self.options = options
        self.settings = options.settings
        self.status: ExitStatus | None = None
        self.front = front
        self.interrupts = interrupts
        self._color = options.color
        self.preferences = Preferences()
        self.parties = Parties(
            self._new_screen, self.write, lambda sentence: self._view.screen.warn(sentence)
        )
        self.addresses = AddressBook(addresses_path(options.env))
        self.switches = Switches()
        self.targets: Sequence[tuple[str, str]] = ()  # profiles, and what they stand for
        self.tutor: Tutor | None = None  # where a lesson is learnt
        self._told_how_to_leave = False
        self._warned = False
        self._unwatched = False  # since a line was begun, nobody has looked what came
        if options.record is not None:
            self._view.recording.start(options.record)

    # ------------------------------------------------------------------------- what prompts show

    @property
    def session(self) -> Session | None:
        """That of the party to which the person talks now."""
        return self.parties.current.session

    @property
    def _view(self) -> View:
        return self.parties.current.view

    @property
    def facts(self) -> Facts:
        """What decides how the next line is read, and what of it is a secret."""
        facts = self.session.connection.facts if self.session is not None else _NOWHERE
        if self.switches.group is not None and self.switches.logging_in:
            return replace(facts, login_refused=True)  # answers may come as commands
        return facts

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
    def descriptors(self) -> tuple[int, ...]:
        """What to watch while a person types; readable means: call `poll`."""
        found = (party.descriptor for party in self.parties)
        return tuple(descriptor for descriptor in found if descriptor is not None)

    @property
    def place(self) -> str:
        """The number of the session to which the person talks, where there is another one."""
        return str(self.parties.current.number) if self.parties.others else ""

    @property
    def tls(self) -> Tls:
        return self.options.tls

    @property
    def name_server(self) -> str | None:
        return self.options.dns if self.tutor is None else self.tutor.servers.name_server

    @property
    def color(self) -> bool:
        return wants_color(self._color, self.options.env, True)  # noqa: FBT003 - its signature

    @property
    def recorded(self) -> bool:
        return self._view.recording.running

    @property
    def look(self) -> Look:
        """Where the session stands, for prompt and toolbar."""
        recording, preferences = self._view.recording, self.preferences
        return look_at(
            self.session,
            place=self.place,
            recorded=recording.count if recording.running else None,
            line=self._view.lines + 1,
            group=None if self.switches.group is None else len(self.switches.group),
            private=preferences.private,
            revealed=preferences.reveal,
            lesson=self.tutor.place if self.tutor is not None else "",
        )

    @property
    def known(self) -> "Known":
        """What completion may look at beyond the facts."""
        from mailprobe.folders import names_in
        from mailprobe.shell.local.commands import COMMANDS  # and all their rooms
        from mailprobe.shell.local.settings import CHOICES
        from mailprobe.shell.typing.suggestion import Known

        return Known(
            rows=tuple(COMMANDS.values()),
            addresses=self.addresses.newest,
            subjects=self._view.learned.subjects,
            names_in=names_in,
            settings=CHOICES,
            targets=self.targets,
            sessions=[(str(party.number), party.peer) for party in self.parties],
            mailboxes=self._mailboxes,
            answers=self._answers,
        )

    def remembers(self, line: str) -> str | None:
        """What the history may keep of `line`, as it is entered now."""
        if self.phase is Phase.CHUNK or self.preferences.private:  # mail data in a chunk
            return None
        from mailprobe.shell.typing.mask import for_history

        return for_history(line, self.facts, self.catalogue)

    def become_plain(self) -> None:
        """Look plain from now on: the terminal turned out to do no more."""
        self.options = replace(self.options, plain=True)
        self.parties.repaint()

    def warn_once(self, failure: Failure | None) -> None:
        """Tell of the first thing that went wrong on the side and stops nothing."""
        if failure is not None and not self._warned:
            self._warned = True
            self._view.screen.warn(failure.sentence)

    def poll(self, descriptor: int | None = None) -> bool:
        """Take in what servers said while nobody waited for it, or the one of that descriptor.

        True when there may be more: however much comes, the keys have their turn.
        """
        more = False
        for party in list(self.parties):
            wanted = descriptor is None or party.descriptor == descriptor
            if wanted and party.session is not None:
                # without a descriptor that says when, nobody knows how long it has been there
                party.view.screen.belated = descriptor is None
                more = party.session.glance(_GLANCE) or more
                party.view.screen.belated = False
        return more

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

    def paint(self, style: str, text: str) -> str:
        return paint(style, text, color=self.color)

    def explain(self, row: CommandSpec) -> None:
        from mailprobe.render.tables import help_text

        plain = self.options.plain
        self.write(help_text(row, width=_width(), color=self.color, plain=plain))

    def explain_replies(self, *, wanted: bool) -> None:
        self.preferences.explains = wanted
        for party in {self.parties.current, *self.parties}:
            self.accompany(party)

    def accompany(self, party: Party) -> None:
        """Explain what this one says, or no more, as the person wishes."""
        if not self.preferences.explains:
            party.view.explained = None
        elif party.view.explained is None:
            from mailprobe.shell.reading import explained  # and its texts

            party.view.explained = explained.beside(party, self.preferences, self.environment)

    def ask_secret(self, prompt: str, kind: str = "password") -> str | None:
        return self.front.ask_secret(prompt)

    def mask(self, text: str) -> str:
        """`text` without any secret that is known."""
        return self._view.secrets.mask_text(text)

    @property
    def findings(self) -> "Findings":
        return self._view.watch.findings

    @cached_property
    def by_hand(self) -> "ByHand":
        """The login that is typed step by step."""
        from mailprobe.shell.writing.challenges import ByHand  # and sasl

        return ByHand()

    @property
    def _mailboxes(self) -> Sequence[str]:
        """Addresses that the server has for certain."""
        if not self._view.practice:
            return ()
        from mailprobe.sandbox.accounts import MAILBOXES

        return MAILBOXES

    def _answers(self) -> Sequence[tuple[str, str]]:
        from mailprobe.shell.writing.challenges import offers

        return offers(self.by_hand, self.session)

    def learn(self, secret: bytes, user: bytes = b"") -> None:
        self._view.secrets.learn(secret)
        self._view.recording.hide(secret, user)

    def ask(self, question: str) -> str:
        """Ask for one line; a question that is longer than a row is broken at blanks."""
        *above, last = wrapped(question.rstrip(), self.columns - 1).split("\n")
        self.write("".join(f"{row}\n" for row in above))
        return self.front.ask(f"{last} ")

    def ask_text(self) -> str | None:
        return self.front.ask_text()

    def seen_late(self, exchange: Exchange) -> bool:
        return any(command is exchange.command for command in self._view.late)

    def change(self, settings: Settings) -> None:
        connecting.adopt(self, settings)

    @property
    def color_choice(self) -> str:
        return self._color

    def set_color(self, choice: str) -> None:
        self._color = choice
        self.parties.repaint()

    @property
    def config(self) -> Config:
        return config_of(self.options)

    @property
    def profile(self) -> Profile | None:
        return self.parties.current.profile

    @property
    def wakeup(self) -> int | None:
        return self.interrupts.descriptor

    @property
    def environment(self) -> Mapping[str, str]:
        return self.options.env

    @property
    def heard(self) -> int:
        return self._view.heard

    def clear(self) -> None:
        if self.options.plain:
            raise Failure(Word.USAGE, "the plain shell takes nothing back that it has written")
        self.front.write("\x1b[H\x1b[2J")

    def sessions(self) -> Sequence[tuple[int, Session]]:
        return [(party.number, party.session) for party in self.parties if party.session]

    def use(self, number: int) -> bool:
        return self.parties.use(number)

    def fall_back(self) -> None:
        if self.parties.fall_back():
            self._view.screen.note(f"this is session {self.place or self.parties.current.number}")

    def save(self, path: "Path") -> None:
        self._view.recording.save(path)
        self._view.screen.note(f"recording into {safe(str(path))}")

    def note(self, text: str) -> None:
        self._view.recording.note(text)

    def step(self, title: str) -> None:
        self._view.recording.step(title)

    def expect(self, text: str) -> None:
        self._view.recording.expect(text, self.session.last if self.session else None)

    @property
    def plain(self) -> bool:
        return self.options.plain

    @property
    def lines_sent(self) -> int:
        return self._view.lines

    @property
    def columns(self) -> int:
        return _width()

    @property
    def fold(self) -> int:
        return showing.fold_of(self)

    def _open_session(self) -> Session:
        if self.session is None:
            raise Failure(Word.USAGE, "there is no connection: /connect opens one")
        return self.session

    def _new_screen(
        self, write: Callable[[str], None], secrets: Secrets, margin: Callable[[], int]
    ) -> Screen:
        return showing.new_screen(self, write, secrets, margin)


def _width() -> int:
    return shutil.get_terminal_size().columns
