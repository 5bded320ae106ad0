"""What the command line says about every transcript that is played."""

from collections.abc import Callable, Mapping

from mailprobe.player.secrets import Vault
from mailprobe.protocol.framing import Limits
from mailprobe.transcript.model import Level
from mailprobe.transport.link import TlsSettings
from mailprobe.value import field, frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Protocol as Interface

    from mailprobe.player.playing.bodies import Body
    from mailprobe.protocol.events import Event
    from mailprobe.protocol.model import Reply
    from mailprobe.session import Session
    from mailprobe.transcript.redact import Secrets
    from mailprobe.transcript.steps import Reply as Step
    from mailprobe.transport.way import Way

    class Hearer(Interface):
        """An observer of one connection, who is shown its session before that is opened."""

        def __call__(self, event: Event) -> None: ...
        def follow(self, session: Session) -> None: ...


TIMEOUT = 60.0  # seconds, where neither the file nor the command line says one


@frozen
class Options:
    """Times in seconds; `end` is a moment of `time.monotonic()`."""

    servers: Mapping[int, str] = field(default_factory=dict)  # --server, --server 2=
    allowed: frozenset[str] = frozenset()  # --allow-host
    level: Level | None = None  # --match
    settings: Mapping[str, bytes] = field(default_factory=dict)  # --set, and --env by its name
    vault: Vault = field(default_factory=Vault)
    timeout: float | None = None  # for one reply; None: as the file says
    end: float | None = None  # --max-time
    limits: Limits = field(default_factory=Limits)
    tls: TlsSettings = field(default_factory=TlsSettings)  # its `ca` wins over the file's
    insecure_auth: bool = False
    way: "Way | None" = None  # --bind, --proxy, --proxy-protocol
    tags: frozenset[str] = frozenset()  # -t
    save_failures: "Path | None" = None  # a folder
    wakeup: int | None = None  # a descriptor: readable, everything ends
    # Now, in seconds since 1970, for `{=now}`; None: the clock of this machine.
    clock: Callable[[], float] | None = None
    seed: int = 0  # of the sandboxes that a run has to itself
    lint: bool = False  # tell what the server does that no RFC allows
    timed: bool = False  # tell how long each part took
    # who hears each connection that speaks a mail protocol, by number and protocol
    hear: "Callable[[int, str], Hearer] | None" = None
    # --bless: asked of a whole reply that is not the file's; True takes it as if it were.
    bless: "Callable[[Step, Reply, Body | None, Secrets], bool] | None" = None
