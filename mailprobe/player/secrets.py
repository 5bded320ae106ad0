"""Where the value of a secret comes from: a variable of its own, a private file, or a person.

Never from the command line.  A value that was found is remembered for the whole run, and never
shown.
"""

from collections.abc import Callable, Mapping

from mailprobe.errors import Failure, Word
from mailprobe.files import read_secret
from mailprobe.safe import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from threading import Lock

PREFIX = "MAILPROBE_SECRET_"
_FORBIDDEN = b"\r\n\0"


def variable_of(name: str) -> str:
    """The environment variable that holds the secret `name`."""
    return PREFIX + name.upper().replace("-", "_")


class Vault:
    """The secrets of a run, by name; threads may share it.

    `environment` is asked for `MAILPROBE_SECRET_...` alone.  `ask` asks a person, and returns
    None when there is nobody.
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        files: "Mapping[str, str | Path] | None" = None,
        ask: Callable[[str], str | None] | None = None,
    ) -> None:
        self._environment = environment or {}
        self._files = files or {}
        self._ask = ask
        self._known: dict[str, bytes] = {}
        self._locks: dict[str, Lock] = {}  # the one, once there is one

    def knows(self, name: str) -> bool:
        """Whether there is a value without asking a person."""
        return name in self._files or variable_of(name) in self._environment

    def value(self, name: str, purpose: str = "") -> bytes:
        """The secret `name`; `purpose` tells a person who is asked what it is for.

        Raises Failure `usage` when nobody knows it, or it is unfit.
        """
        import threading  # most runs have no secret

        with self._locks.setdefault("", threading.Lock()):
            if name not in self._known:
                self._known[name] = _fit(name, self._find(name, purpose))
            return self._known[name]

    def _find(self, name: str, purpose: str) -> bytes:
        if name in self._files:
            return read_secret(self._files[name])
        found = self._environment.get(variable_of(name))
        if found is None and self._ask is not None:
            found = self._ask(f"secret {name}{purpose and ' ' + purpose} (hidden): ")
        if found is None:
            raise Failure(
                Word.USAGE,
                f"the secret {{{name}}} is not known: set {variable_of(name)}, give "
                f"--secret-file {name}=PATH, or run it where a person can be asked",
            )
        return found.encode("utf-8", "surrogateescape")


def _fit(name: str, value: bytes) -> bytes:
    """A value that stays inside of its line (SECURITY: one command is one line)."""
    if any(octet in _FORBIDDEN for octet in value):
        raise Failure(Word.USAGE, f"the secret {{{safe(name)}}} holds CR, LF or NUL")
    return value
