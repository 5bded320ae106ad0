"""What a connection can do and tell, whatever is spoken on it."""

from abc import abstractmethod

from mailprobe.errors import Failure, Word
from mailprobe.protocol.events import Ending
from mailprobe.transport.link import Interrupted, Transport

TYPE_CHECKING = False  # type checkers know this name, too


class Linked:
    """Somebody who has a link, or will have one."""

    _transport: Transport | None
    closed: bool

    if TYPE_CHECKING:  # a `Wire` has them, behind this class in the order of its bases

        @property
        def transport(self) -> Transport:
            """The link, once there is one."""

        def take_in(self, octets: memoryview) -> None:
            """What came."""

        def give_up(self, failure: Failure) -> Failure:
            """Nothing more can come."""

        def end(self, how: str) -> None:
            """The link is gone."""

    @property
    @abstractmethod
    def nothing_came(self) -> bool:
        """Whether the server is silent, and still there."""

    @property
    def peer(self) -> str:
        """Address and TLS version, for people; "" before there is a link."""
        if self._transport is None:
            return ""
        tls = self.tls_version
        return f"{self._transport.peer}, {tls}" if tls else self._transport.peer

    @property
    def tls_version(self) -> str:
        """What the handshake agreed on, once there was one: "TLSv1.3"."""
        tls = self._transport.tls if self._transport is not None else None
        return tls.version if tls else ""

    def listen(self, deadline: float) -> bool:
        """Take in what comes next; False when nothing does by `deadline`.  Raises Interrupted."""
        if self.closed:
            return False
        try:
            octets = self.transport.receive(deadline)
        except Failure as failure:
            if failure.word is Word.TIMEOUT:
                return False
            self.give_up(failure)
            return True
        if octets is None:
            raise Interrupted
        self.take_in(octets)
        return True

    def stays_silent(self, deadline: float) -> bool:
        """Whether nothing at all comes before `deadline`."""
        while self.nothing_came:
            if not self.listen(deadline):
                return True
        return False

    def half_close(self) -> None:
        """Say that nothing more will come from us; the server may go on."""
        self.transport.half_close()

    def reset(self) -> None:
        """End by RST."""
        self.transport.reset()
        self.end(Ending.LOCAL)
