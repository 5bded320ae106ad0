"""What names stand for while a client plays a transcript against us.

Settings and captures, and those secrets that somebody has given.  What only chance or the clock
could say is the client's to say first.
"""

from collections.abc import Iterable, Iterator

from mailprobe.player.secrets import Vault
from mailprobe.player.serving.agenda import Hearing
from mailprobe.transcript.model import (
    Function,
    Line,
    Piece,
    Pieces,
    Placeholder,
    Setting,
)
from mailprobe.transcript.redact import Secrets
from mailprobe.transcript.values import Values

USER = "user"
_ANYTHING = Placeholder("", "any", None, None)
_CHANCE = ("uuid", "now")


class Served:
    """The values of one visit; connections of it share them."""

    def __init__(
        self,
        settings: Iterable[Setting],
        values: Values,
        vault: Vault,
    ) -> None:
        """Raises Unreadable when a setting cannot be computed."""
        self.values = values
        self.masked = Secrets()
        self._vault = vault
        self._open: dict[str, Setting] = {}  # what the client says first
        for setting in settings:
            if any(map(_by_chance, setting.pieces)):
                self._open.setdefault(setting.name, setting)
            else:
                values.define(setting)

    def secret(self, name: str) -> bytes | None:
        """The value of a name in a secret place: set, or a secret.  Raises Failure."""
        value = self.values.find(name)
        if value is None and self._vault.knows(name):
            value = self.values.reveal(name, self._vault.value)
        if value is not None:
            self.masked.learn(value)
        return value

    def text(self, name: str) -> str | None:
        """A value as text; None where there is none, or it is no UTF-8."""
        value = self.secret(name)
        try:
            return None if value is None else value.decode()
        except UnicodeDecodeError:
            return None

    def reveal(self, hearing: Hearing) -> None:
        """What stands in a secret place is known from now on, where somebody has given it."""
        for name in secret_names(hearing):
            self.secret(name)

    def keep_secret(self, hearing: Hearing) -> None:
        """What a client has said in a secret place is not shown."""
        for name in secret_names(hearing):
            value = self.values.find(name)
            if value is not None:
                self.masked.learn(value)

    def sample(self, pieces: Pieces, line: Line) -> bytes:
        """What we say in an S line: `{}` may be nothing.  Raises Unreadable where nobody knows."""
        for piece in pieces:
            if isinstance(piece, Placeholder) and self.values.find(piece.name) is None:
                setting = self._open.get(piece.name)
                if setting is not None:
                    self.values.define(setting)
        said = b"".join(
            b"" if piece == _ANYTHING else self.values.sample((piece,), line) for piece in pieces
        )
        for piece in pieces:  # what was said once is said again
            if isinstance(piece, Placeholder) and piece.name and piece.sample is not None:
                self.values.take({piece.name: piece.sample})
        return said


def secret_names(hearing: Hearing) -> Iterator[str]:
    """Names that stand in a secret place of a C line."""
    for index in sorted(hearing.secret):
        piece = hearing.pieces[index] if hearing.pieces and index < len(hearing.pieces) else b""
        if isinstance(piece, Placeholder) and piece.name:
            yield piece.name


def _by_chance(piece: Piece) -> bool:
    return isinstance(piece, Function) and piece.word in _CHANCE
