"""What all services of one sandbox share: the maildrops, who may log in, and what chance says.

Knows no command and no reply.
"""

import threading

from mailprobe.sandbox.accounts import SECRETS, Accounts
from mailprobe.sandbox.chance import Chance
from mailprobe.sandbox.maildrop import Store
from mailprobe.sandbox.manners import DEFAULT, Profile

_DEFERRED = 1000  # recipients that are remembered; a client may name ever new ones


class Office:
    """The post office behind the counters."""

    def __init__(
        self, store: Store, profile: Profile = DEFAULT, chance: Chance | None = None
    ) -> None:
        self.store = store
        self.profile = profile
        self.chance = chance or Chance()
        self.accounts = Accounts({**SECRETS, **profile.secrets}, profile.domains)
        self._deferred: dict[str, object] = {}
        self._lock = threading.Lock()

    def defers(self, key: str, attempt: object) -> bool:
        """Whether a greylist puts this off: it was never asked, or in this very attempt."""
        with self._lock:
            if len(self._deferred) >= _DEFERRED and key not in self._deferred:
                self._deferred.clear()
            return self._deferred.setdefault(key, attempt) is attempt
