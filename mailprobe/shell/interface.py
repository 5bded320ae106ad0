"""What the parts of the shell ask of each other: the reader of keys, and the local commands."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Protocol as Interface

from mailprobe.enums import Enum, auto
from mailprobe.protocol.catalogue import CommandSpec
from mailprobe.session import Item, Session, Settings
from mailprobe.transport.target import Target
from mailprobe.value import frozen

if TYPE_CHECKING:
    from mailprobe.shell.conversation import Conversation


class Key(Enum):
    """How a person ended an entry."""

    LINE = auto()  # Enter; a paste may hold several lines
    LOCAL = auto()  # Enter at the prompt that Ctrl-] opens
    INTERRUPT = auto()  # Ctrl-C
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

    def ask_secret(self, prompt: str) -> str | None:
        """Ask without echo; None when the person gave up."""

    def discard(self) -> bool:
        """Forget what was typed ahead; tells whether there was anything."""

    def read(self, conversation: "Conversation") -> Entry:
        """The next entry."""


class Shell(Interface):
    """What a local command may ask of the shell that runs it."""

    @property
    def session(self) -> Session | None: ...

    @property
    def settings(self) -> Settings: ...

    @property
    def name_server(self) -> str | None:
        """Who is asked for DNS; None is the system's resolver."""

    def write(self, text: str) -> None:
        """Show `text`, which ends its lines and has been through `safe()`."""

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str | bytes]]) -> None:
        """Show rows below the names of their columns; cells are as the server sent them."""

    def explain(self, row: CommandSpec) -> None:
        """Show what the table knows about a command."""

    def ask_secret(self, prompt: str) -> str | None:
        """Ask without echo; None when the person gave up."""

    def may_expose(self, item: Item) -> bool:
        """Whether `item` may travel; where others can read it, the person is asked."""

    def learn(self, secret: bytes) -> None:
        """Never show `secret` from now on."""

    def send(self, item: Item) -> bool:
        """Send `item` and wait for all that is owed; False when that was interrupted."""

    def change(self, settings: Settings) -> None:
        """Behave like that from now on."""

    @property
    def color_choice(self) -> str:
        """When colours are used: auto, always or never."""

    def set_color(self, choice: str) -> None: ...

    def connect(self, target: Target) -> None: ...

    def save(self, path: Path) -> None:
        """Record the connection from its beginning, and go on recording."""

    def note(self, text: str) -> None: ...

    def step(self, title: str) -> None:
        """Begin a step of the recording."""

    def expect(self, text: str) -> None:
        """Write an expectation into the recording.  Raises Failure `usage`."""

    def leave(self) -> None: ...
