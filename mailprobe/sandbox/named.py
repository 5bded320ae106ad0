"""What a target says of the sandbox: `sandbox`, `sandbox/PROFILE`, `sandbox/PROFILE+FAULT+FAULT`.

Reads text; starts nothing.
"""

from collections.abc import Mapping

from mailprobe.errors import Failure, Word
from mailprobe.safe import safe
from mailprobe.sandbox.profiles import DEFAULT, PROFILES, Profile
from mailprobe.value import frozen

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from mailprobe.sandbox.faults.model import Fault

SANDBOX = "sandbox"
_SHOWN = 40  # characters of a name that fit into a sentence


@frozen
class Named:
    """A sandbox of a certain kind."""

    profile: Profile = DEFAULT
    faults: "tuple[Fault, ...]" = ()

    @property
    def usual(self) -> bool:
        """Whether neither a profile nor a fault was named."""
        return self.profile is DEFAULT and not self.faults


def is_sandbox(text: str) -> bool:
    """Whether a target is one of ours, rightly named or not."""
    return text.partition("/")[0].partition("+")[0] == SANDBOX


def read(text: str) -> Named:
    """Read a target for which `is_sandbox` holds.  Raises Failure USAGE for unknown names."""
    head, plus, words = text.partition("+")
    _, slash, name = head.partition("/")
    faults: tuple[Fault, ...] = ()
    if plus:
        from mailprobe.sandbox.faults.asking import read_faults  # only where some are named

        faults = read_faults(words, "+")
    return Named(profile_of(name) if slash else DEFAULT, faults)


def profile_of(name: str) -> Profile:
    """The profile of this name.  Raises Failure USAGE."""
    return _find(PROFILES, name, "profile")


def _find(table: Mapping[str, Profile], name: str, what: str) -> Profile:
    row = table.get(name)
    if row is None:
        known = ", ".join(table)
        raise Failure(
            Word.USAGE, f"the sandbox has no {what} {safe(name[:_SHOWN])}; there are {known}"
        )
    return row
