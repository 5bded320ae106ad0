"""All whom one person talks to: a session each, with what is seen and recorded of it.

They know no prompt and no key; who is current is who hears what is typed.
"""

from collections.abc import Callable, Iterator

from mailprobe.errors import Failure, Word
from mailprobe.protocol.model import State
from mailprobe.render.console import Screen
from mailprobe.safe import safe
from mailprobe.session import Session
from mailprobe.shell.recording.recording import Recording
from mailprobe.shell.recording.tape import MOST
from mailprobe.shell.view import View
from mailprobe.shell.watching import Watch
from mailprobe.transcript.redact import Secrets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.shell.config import Profile

_OVER = (State.CLOSED, State.UPDATE)
# How text is written, what nobody may read, and how many columns are taken on each line.
MakeScreen = Callable[[Callable[[str], None], Secrets, Callable[[], int]], Screen]


class Party:
    """One of them; `number` is that of its connection in a recording."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.number = view.recording.number
        self.session: Session | None = None
        self.profile: Profile | None = None  # by which it was reached

    @property
    def open(self) -> bool:
        """Whether there is somebody to talk to; who has said goodbye hears nothing any more."""
        session = self.session
        return session is not None and not session.closed and session.state not in _OVER

    @property
    def peer(self) -> str:
        """Who is at the other end, in a word or two."""
        if self.session is None:
            return ""
        protocol = self.session.connection.catalogue.protocol
        return f"{protocol} {safe(self.session.transport.peer)}"

    @property
    def descriptor(self) -> int | None:
        """What to watch while a person types, or None."""
        if self.session is None or self.session.closed:
            return None
        descriptor = self.session.transport.fileno()
        return descriptor if descriptor >= 0 else None

    def let_go(self) -> None:
        session, self.session = self.session, None
        if session is None:
            return
        try:
            session.drop()
        finally:
            session.release()


class Parties:
    """`write` shows text; `warn` hears what is wrong with the recording."""

    def __init__(
        self,
        make_screen: MakeScreen,
        write: Callable[[str], None],
        warn: Callable[[str], None],
    ) -> None:
        self._make_screen = make_screen
        self._write = write
        self._all: list[Party] = []
        self._watch = Watch()
        self.current = self._join(Secrets(), Recording(warn))

    def __iter__(self) -> Iterator[Party]:
        """Those with a session, alive or ended."""
        return iter([party for party in self._all if party.session is not None])

    @property
    def open(self) -> list[Party]:
        return [party for party in self._all if party.open]

    @property
    def others(self) -> list[Party]:
        """Those that are open and not current."""
        return [party for party in self.open if party is not self.current]

    def next(self) -> bool:
        """Have a new one that is current, and let go of those that have ended.

        True when a recording ended for that.  Raises Failure `usage` where there is no number.
        """
        ended, before = False, self.current.view
        if before.recording.full:
            if self.open:
                raise Failure(
                    Word.USAGE,
                    f"{MOST} connections are the most that one recording holds: "
                    "/close the others, and the next one begins anew",
                )
            ended = before.recording.forget()
        for party in self._all:
            if not party.open:
                party.let_go()
        self._all = self.open
        self.current = self._join(before.secrets.beside(), before.recording.beside())
        return ended

    def use(self, number: int) -> bool:
        """Make another one current; False where there is none of that number."""
        for party in self:
            if party.number == number:
                self.current = party
                return True
        return False

    def fall_back(self) -> bool:
        """Make the newest one that is open current, where this one is not; whether it changed."""
        if self.current.open or not self.open:
            return False
        self.current = self.open[-1]
        return True

    def repaint(self) -> None:
        for party in self._all:
            party.view.repaint()

    def let_go(self) -> None:
        """End all of them at once; each one, even where the terminal is gone."""
        if not self._all:
            return
        try:
            self._all.pop().let_go()
        finally:
            self.let_go()

    def _join(self, secrets: Secrets, recording: Recording) -> Party:
        def mark() -> str:
            return self._mark(recording.number)

        margin = _Margin(self._write, mark)
        view = View(
            lambda known: self._make_screen(margin, known, lambda: len(mark())),
            secrets,
            recording,
            self._watch.beside(),
        )
        party = Party(view)
        self._all.append(party)
        return party

    def _mark(self, number: int) -> str:
        """What stands before each line of one that is not current."""
        return "" if number == self.current.number else f"[{number}] "


class _Margin:
    """Writes text, with a mark at the beginning of each line."""

    def __init__(self, write: Callable[[str], None], mark: Callable[[], str]) -> None:
        self._write = write
        self._mark = mark
        self._inside = False  # a line has begun

    def __call__(self, text: str) -> None:
        if not text:
            return
        if text.startswith("\r"):  # progress, which is written over again
            self._write(text)
            return
        inside, self._inside = self._inside, not text.endswith("\n")
        if mark := self._mark():
            marked = text.removesuffix("\n").replace("\n", f"\n{mark}")
            text = ("" if inside else mark) + marked + text[len(text.removesuffix("\n")) :]
        self._write(text)
