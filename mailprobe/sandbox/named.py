"""What a target says of the sandbox: `sandbox`, `sandbox/PROFILE`, `sandbox/PROFILE+FAULT+FAULT`.

Reads text; starts nothing.
"""

from mailprobe.errors import Failure, Word
from mailprobe.safe import safe
from mailprobe.sandbox.manners import DEFAULT, Profile
from mailprobe.value import frozen

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from mailprobe.sandbox.faults.model import Fault

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


def read(text: str) -> Named:
    """Read a target that is one (`target.is_sandbox`).  Raises Failure USAGE for unknown names."""
    head, plus, words = text.partition("+")
    _, slash, name = head.partition("/")
    faults: tuple[Fault, ...] = ()
    if plus:
        from mailprobe.sandbox.faults.asking import read_faults  # only where some are named

        faults = read_faults(words, "+")
    return Named(profile_of(name) if slash else DEFAULT, faults)


def profile_of(name: str) -> Profile:
    """The profile of this name.  Raises Failure USAGE."""
    from mailprobe.sandbox.profiles import PROFILES  # few ask for one

    row = PROFILES.get(name)
    if row is None:
        known = ", ".join(PROFILES)
        raise Failure(
            Word.USAGE, f"the sandbox has no profile {safe(name[:_SHOWN])}; there are {known}"
        )
    return row
