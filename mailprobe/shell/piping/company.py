"""What a run without a person shows and tells of itself, and what it has to refuse.

It sends nothing; what is done with the lines of the input is for `Pipe`.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from functools import cached_property

from mailprobe.errors import Failure, Word
from mailprobe.protocol.catalogue import CommandSpec
from mailprobe.render.tables import Own
from mailprobe.safe import safe
from mailprobe.session import Exchange, Item, Session, Settings
from mailprobe.shell.options import Options
from mailprobe.shell.piping.printer import Printer
from mailprobe.shell.recording.recording import Recording
from mailprobe.shell.typing.preferences import Preferences
from mailprobe.shell.writing.switches import Switches
from mailprobe.transport.target import Tls
from mailprobe.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from mailprobe.lessons.tutor import Tutor
    from mailprobe.protocol.linting.linter import Findings
    from mailprobe.shell.config import Config, Profile

_WIDTH = 100  # columns of help
_OTHER_WAYS = dict.fromkeys(("password", "token"), ", or send AUTH by hand")


class Company:
    """The options, the printer and the recording of a run, as local commands see them."""

    def __init__(
        self,
        options: Options,
        printer: Printer,
        tell: Callable[[str], None],
        wakeup: int | None,
        ask: Callable[[str, int | None], str | None] | None,
    ) -> None:
        """`ask` asks a person without echo; None, and so does that, where there is nobody."""
        self.session: Session | None = None
        self.tutor: Tutor | None = None  # nobody is taught here
        self.preferences = Preferences()
        self.switches = Switches()
        self._options = options
        self._printer = printer
        self._tell = tell
        self._wakeup = wakeup
        self._ask = ask
        self._recording = Recording(lambda sentence: tell(f"warning: {sentence}"))
        self._profile = options.profile
        self._heard = 0  # what the server has said

    @property
    def settings(self) -> Settings:
        return self._options.settings

    @property
    def tls(self) -> Tls:
        return self._options.tls

    @property
    def history(self) -> Sequence[str]:
        return ()  # nobody has typed

    @property
    def name_server(self) -> str | None:
        return self._options.dns

    def write(self, text: str) -> None:
        self._printer.local(self.mask(text))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str | bytes]]) -> None:
        cells = [
            [cell if isinstance(cell, Own) else safe(cell) for cell in row]
            for row in (columns, *rows)
        ]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for row in cells:
            self.write("  ".join(map(str.ljust, row, widths)))

    fold = 0  # what is asked for is written whole
    columns = 0  # one line is one line

    @property
    def plain(self) -> bool:
        return self._options.plain

    def paint(self, style: str, text: str) -> str:
        return text

    def page(self, pieces: Iterable[str]) -> None:
        rest = ""
        for piece in pieces:
            lines, end, rest = (rest + piece).rpartition("\n")
            if end:
                self.write(lines)
        if rest:
            self.write(rest)

    def filter(self, octets: Iterable[bytes], words: Sequence[str]) -> None:
        from mailprobe.shell.reading import paging

        self.page(paging.filtered(octets, words, nullcontext))

    def explain(self, row: CommandSpec) -> None:
        from mailprobe.render.tables import help_text

        self.write(help_text(row, width=_WIDTH, color=False, plain=True))

    def explain_replies(self, *, wanted: bool) -> None:
        if wanted:
            raise Failure(Word.USAGE, "a pipe shows what is said: /explain tells of the last reply")

    def ask_secret(self, prompt: str, kind: str = "password") -> str | None:
        from mailprobe.player.secrets import variable_of  # most scripts log in by hand

        variable = variable_of(kind)
        secret = os.environ.get(variable)
        if secret is None and self._ask is not None and (told := self._ask(prompt, self._wakeup)):
            return told
        if secret is None:
            raise Failure(
                Word.USAGE,
                f"a pipe cannot be asked for a {kind}: set {variable}{_OTHER_WAYS.get(kind, '')}",
            )
        if not secret or "\r" in secret or "\n" in secret:
            raise Failure(Word.USAGE, f"{variable} must hold one line that is not empty")
        return secret

    def may_expose(self, item: Item) -> bool:
        return True  # Session.send() refuses what must not travel in the clear

    @property
    def lines_sent(self) -> int:
        return 0  # whoever has an editor is no pipe

    def ask(self, question: str) -> str:
        what = safe(question.strip())
        raise Failure(Word.USAGE, f"a pipe cannot be asked ({what}): write it into the command")

    def ask_text(self) -> str | None:
        return self.ask("--body")

    def seen_late(self, exchange: Exchange) -> bool:
        return False  # a pipe looks all the time

    def edit(self, octets: bytes) -> bytes:
        raise Failure(Word.USAGE, "a pipe has no editor: write the text into a file, /body FILE")

    def learn(self, secret: bytes, user: bytes = b"") -> None:
        self._printer.secrets.learn(secret)
        self._recording.hide(secret, user)

    def mask(self, text: str) -> str:
        return self._printer.secrets.mask_text(text)

    @cached_property
    def findings(self) -> "Findings | None":
        if not self._options.lint:
            return None
        from mailprobe.protocol.linting.linter import Findings

        return Findings()

    def change(self, settings: Settings) -> None:
        from mailprobe.shell.connections.adopting import adopted

        before, self._options = self.settings, replace(self._options, settings=settings)
        if self.session is not None:
            self.session.settings = adopted(self.session.settings, before, settings)

    @property
    def color_choice(self) -> str:
        return self._options.color

    def set_color(self, choice: str) -> None:
        raise Failure(Word.USAGE, "the colour of a pipe is set by --color")

    @property
    def config(self) -> "Config":
        from mailprobe.shell.config import config_of  # where a profile is named

        return config_of(self._options)

    @property
    def profile(self) -> "Profile | None":
        return self._profile

    @property
    def wakeup(self) -> int | None:
        return self._wakeup

    @property
    def environment(self) -> Mapping[str, str]:
        return self._options.env

    @property
    def heard(self) -> int:
        return self._heard

    @property
    def color(self) -> bool:
        return False

    def clear(self) -> None:
        raise Failure(Word.USAGE, "a pipe has no screen to be emptied")

    def sessions(self) -> Sequence[tuple[int, Session]]:
        return [(1, self.session)] if self.session is not None else []

    def use(self, number: int) -> bool:
        return number == 1 and self.session is not None

    def fall_back(self) -> None:
        """A pipe has one session."""

    recorded = True  # a script knows what it is doing

    def save(self, path: "Path") -> None:
        self._recording.save(path)

    def note(self, text: str) -> None:
        self._recording.note(text)

    def step(self, title: str) -> None:
        self._recording.step(title)

    def expect(self, text: str) -> None:
        self._recording.expect(text, self.session.last if self.session else None)
