"""A sandbox for the time of a block: where its services are, for tests and for notebooks."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from mailprobe.sandbox.manners import DEFAULT
from mailprobe.sandbox.named import profile_of
from mailprobe.sandbox.server import Sandbox
from mailprobe.transport.target import address_text
from mailprobe.value import frozen

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from mailprobe.sandbox.faults.model import Fault


@frozen
class RunningSandbox:
    """Where the services of a sandbox are: ports by their names, and what belongs to TLS."""

    host: str
    ca: Path  # the certificate of the CA that vouches for it
    certificate: Path  # alice's own, with its key: she logs in with it (EXTERNAL)
    smtp: int
    submission: int
    submissions: int
    lmtp: int
    pop3: int
    pop3s: int

    def address(self, service: str) -> str:
        """`127.0.0.1:40000` of a service."""
        port: int = getattr(self, service)
        return address_text(self.host, port)

    def url(self, service: str) -> str:
        """`pop3://127.0.0.1:40000`, which says the protocol, too."""
        return f"{service}://{self.address(service)}"


@contextlib.contextmanager
def start_sandbox(
    directory: Path | None = None,
    *,
    profile: str = "",
    faults: str = "",
    deterministic: bool = False,
    seed: int = 0,
) -> Iterator[RunningSandbox]:
    """A practice server with all its services on loopback, until the block ends.

    alice (`secret`) has four mails, bob (`builder`) none; both are at example.test.  Maildrops
    lie in `directory`, or in a private folder that goes with the block.  `profile` is what it
    plays (`muse`); `faults` go wrong on purpose (`split-reply,slow:2s=0.1`), chance begins with
    `seed`; a `deterministic` one says the same whenever it is told the same.  Raises Failure.
    """
    asked: tuple[Fault, ...] = ()
    if faults:
        from mailprobe.sandbox.faults.asking import read_faults  # only where some are named

        asked = read_faults(faults)
    with Sandbox(
        None,
        directory,
        profile=profile_of(profile) if profile else DEFAULT,
        faults=asked,
        deterministic=deterministic,
        seed=seed,
    ) as running:
        alice = running.client_certificate("alice")
        yield RunningSandbox(running.host, running.ca, alice, **running.ports)
