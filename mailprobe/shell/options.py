"""What the command line asked for, as the shell and the pipe take it."""

import socket
from collections.abc import Mapping

from mailprobe.protocol.model import Protocol
from mailprobe.session import Settings
from mailprobe.transport.target import Target, Tls
from mailprobe.transport.way import DIRECT, Way
from mailprobe.value import field, frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.lessons.enrolment import Enrolment
    from mailprobe.shell.config import Profile
    from mailprobe.shell.piping.stopping import Stop
    from mailprobe.shell.writing.pretending import Pretence


@frozen
class Options:
    """`target` is None when a shell opens unconnected, or when `mx` names a domain."""

    protocol: Protocol | None = None
    target: Target | None = None
    mx: str | None = None  # a domain whose mail exchangers are tried in their order
    tls: Tls = Tls.NONE  # what --tls, --starttls want of every connection
    settings: Settings = field(default_factory=Settings)
    family: socket.AddressFamily = socket.AF_UNSPEC
    way: Way = DIRECT  # of every connection; its program is for `target` alone
    pretences: "tuple[Pretence, ...]" = ()  # what is said of ourselves behind hello
    stop: "Stop | None" = None  # where the session ends by itself
    dns: str | None = None  # SERVER[:PORT]
    record: str | None = None
    keep_going: bool = False
    color: str = "auto"  # auto, always, never
    plain: bool = False
    json: bool = False  # objects in the place of lines
    repeat: int = 0  # how often the input is played, and measured; 0: once, and not
    verbose: bool = False  # with that, show each time
    lint: bool = False  # report at the end what the server did that no RFC allows
    profile: "Profile | None" = None  # by whose name the target was given
    with_config: bool = True  # False: --no-config
    given: frozenset[str] = frozenset()  # settings that the command line has made
    lesson: "Enrolment | None" = None  # which lesson is learnt here
    env: Mapping[str, str] = field(default_factory=dict)
