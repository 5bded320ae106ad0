"""What the parts of the shell ask of each other: the reader of keys, and the local commands."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING
from typing import Protocol as Interface

from mailprobe.enums import Enum, auto
from mailprobe.protocol.catalogue import CommandSpec
from mailprobe.session import Exchange, Item, Session, Settings
from mailprobe.shell.typing.preferences import Preferences
from mailprobe.shell.writing.switches import Switches
from mailprobe.transport.target import Target, Tls
from mailprobe.value import frozen

if TYPE_CHECKING:
    from pathlib import Path

    from mailprobe.lessons.tutor import Tutor
    from mailprobe.protocol.linting.linter import Findings
    from mailprobe.shell.config import Config, Profile
    from mailprobe.shell.conversation import Conversation


class Key(Enum):
    """How a person ended an entry."""

    LINE = auto()  # Enter; a paste may hold several lines
    LOCAL = auto()  # Enter at the prompt that Ctrl-] opens
    INTERRUPT = auto()  # Ctrl-C
    EDIT = auto()  # Ctrl-X Ctrl-E among mail data
    END = auto()  # Ctrl-D on an empty prompt, or no keyboard any more


@frozen
class Entry:
    key: Key
    text: str = ""


class Front(Interface):
    """The keyboard and the screen."""

    def write(self, text: str) -> None:
        """Show text, above the prompt where one is open."""

    def ask(self, question: str) -> str:
        """Ask for one line; "" when the person gave up."""

    def ask_text(self) -> str | None:
        """Ask for lines up to a lone dot; None when the person gave up."""

    def ask_secret(self, prompt: str) -> str | None:
        """Ask without echo; None when the person gave up."""

    @property
    def rewritable(self) -> bool:
        """Whether a line may be written over: a terminal that can, and no prompt open on it."""

    def lend(self) -> AbstractContextManager[None]:
        """The terminal as it was found, for another program."""

    def discard(self) -> bool:
        """Forget what was typed ahead; tells whether there was anything."""

    def read(self, conversation: "Conversation") -> Entry:
        """The next entry."""

    def history(self, conversation: "Conversation") -> Sequence[str]:
        """What was typed in this protocol before, the oldest first."""


class Shell(Interface):
    """What a local command may ask of the shell that runs it."""

    @property
    def session(self) -> Session | None: ...

    @property
    def tutor(self) -> "Tutor | None":
        """Who teaches here; None: nobody does."""

    @property
    def settings(self) -> Settings: ...

    @property
    def tls(self) -> Tls:
        """What the command line wants of every connection."""

    @property
    def preferences(self) -> Preferences:
        """How the person wants to type."""

    @property
    def history(self) -> Sequence[str]:
        """What was typed in this protocol before, the oldest first; no secret is in it."""

    @property
    def name_server(self) -> str | None:
        """Who is asked for DNS; None is the system's resolver."""

    def write(self, text: str) -> None:
        """Show `text`, which ends its lines and has been through `safe()`."""

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str | bytes]]) -> None:
        """Show rows below the names of their columns; cells are as the server sent them."""

    def paint(self, style: str, text: str) -> str:
        """`text` in a style of `render.theme`, where colours are shown."""

    @property
    def columns(self) -> int:
        """How wide the terminal is; 0: there is none, and no line of ours is wrapped."""

    @property
    def plain(self) -> bool:
        """Whether what is drawn should be said in words."""

    @property
    def fold(self) -> int:
        """Rows of one answer that are shown; 0 is all of them."""

    def page(self, pieces: Iterable[str]) -> None:
        """Show long text where a person can read it; the last line has its end."""

    def filter(self, octets: Iterable[bytes], words: Sequence[str]) -> None:
        """Give octets to a command, and show what it writes.  Raises Failure `usage`."""

    def explain_replies(self, *, wanted: bool) -> None:
        """Explain each reply below it, or no more.  Raises Failure `usage` where nobody looks."""

    def explain(self, row: CommandSpec) -> None:
        """Show what the table knows about a command."""

    def mask(self, text: str) -> str:
        """`text` without any secret that is known."""

    @property
    def findings(self) -> "Findings | None":
        """What the servers did that no RFC allows; None: nobody looks."""

    def ask_secret(self, prompt: str, kind: str = "password") -> str | None:
        """Ask without echo; None when the person gave up.  `kind` is what a secret is called."""

    def may_expose(self, item: Item) -> bool:
        """Whether `item` may travel; where others can read it, the person is asked."""

    def learn(self, secret: bytes, user: bytes = b"") -> None:
        """Never show `secret` from now on, and never write it into a recording.

        Where it is in the name of its `user`, the recording has that name.
        """

    def send(self, item: Item) -> bool:
        """Send `item` and wait for all that is owed; False when that was interrupted."""

    def put(self, item: Item) -> bool:
        """Send `item` and wait for nothing; False when that was interrupted, or not wanted."""

    def wait(self) -> bool:
        """Wait for all that is owed, be it refused or not; False when that was interrupted."""

    def ask(self, question: str) -> str:
        """Ask for one line; "" when the person gave up.  Raises Failure `usage` without one."""

    def ask_text(self) -> str | None:
        """Ask for lines up to a lone dot; None when the person gave up.  Raises Failure, too."""

    def seen_late(self, exchange: Exchange) -> bool:
        """Whether its reply may have come a while before anybody looked."""

    def edit(self, octets: bytes) -> bytes:
        """Have the person edit a text.  Raises Failure `usage` where that cannot be."""

    @property
    def lines_sent(self) -> int:
        """Lines of the mail data that is being sent."""

    @property
    def switches(self) -> Switches:
        """How octets leave the shell; a command may change them."""

    def change(self, settings: Settings) -> None:
        """Behave like that from now on."""

    @property
    def color_choice(self) -> str:
        """When colours are used: auto, always or never."""

    def set_color(self, choice: str) -> None: ...

    @property
    def config(self) -> "Config":
        """What the person has written down for good.  Raises Failure `usage`."""

    @property
    def profile(self) -> "Profile | None":
        """By which this session was reached."""

    @property
    def wakeup(self) -> int | None:
        """A descriptor that becomes readable when the person interrupts us."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables of the process."""

    def connect(self, target: Target, profile: "Profile | None" = None) -> None: ...

    def listen(self, seconds: float) -> bool:
        """Take in what is owed, or what the server says of its own accord; False: interrupted."""

    @property
    def heard(self) -> int:
        """How often the server of this session has said something."""

    @property
    def color(self) -> bool:
        """Whether to colour what is shown."""

    def clear(self) -> None:
        """Empty the screen.  Raises Failure `usage` where there is none."""

    def sessions(self) -> Sequence[tuple[int, Session]]:
        """All sessions with their numbers, those that have ended, too."""

    def use(self, number: int) -> bool:
        """Talk to that one from now on; False where there is none of that number."""

    def fall_back(self) -> None:
        """Where this session has ended and another one is open, talk to that."""

    def save(self, path: "Path") -> None:
        """Record all connections from their beginning, and go on recording."""

    @property
    def recorded(self) -> bool:
        """Whether there is a recording, or nobody to be told that there is none."""

    def note(self, text: str) -> None: ...

    def step(self, title: str) -> None:
        """Begin a step of the recording."""

    def expect(self, text: str) -> None:
        """Write an expectation into the recording.  Raises Failure `usage`."""

    def leave(self) -> None: ...
