"""A client's half of a session with a recorder as its only observer, for tests alone."""

from pathlib import Path

from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.connection import Connection
from mailprobe.protocol.framing import Limits
from mailprobe.protocol.items import NEED_DATA, Answer, Data, Raw
from mailprobe.protocol.model import Command, Role
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import LMTP, SMTP
from mailprobe.transcript.record import Recorder

CATALOGUES = {"smtp": SMTP, "lmtp": LMTP, "pop3": POP3}


def agree(read: dict[str, bytes], wire: dict[str, bytes]) -> bool:
    """Whether a recording says what travelled; an octet of a secret may be `*`."""
    return read.keys() == wire.keys() and all(
        len(said) == len(wire[side])
        and all(one in (other, ord("*")) for one, other in zip(said, wire[side], strict=True))
        for side, said in read.items()
    )


class Dialogue:
    """Says and hears octets; keeps what travelled in each direction."""

    def __init__(self, path: Path, catalogue: Catalogue) -> None:
        self.path = path
        self.warnings: list[str] = []
        self.recorder = Recorder(path, self.warnings.append)
        self.recorder.begin(catalogue.protocol, "127.0.0.1:1110")
        self.connection = Connection(catalogue, Role.CLIENT, Limits(line=1024 * 1024))
        self.wire = {"C": b"", "S": b""}

    def say(self, item: Command | Answer | Data | Raw | bytes) -> None:
        item = Command(item) if isinstance(item, bytes) else item
        self.wire["C"] += self.connection.send(item, 0.0)
        self.pump()

    def hear(self, octets: bytes) -> None:
        if not self.connection.lost:
            self.wire["S"] += octets
        self.connection.receive_data(octets, 0.0)
        self.pump()

    def pump(self) -> None:
        while (event := self.connection.next_event()) is not NEED_DATA:
            self.recorder(event)

    def end(self, how: str) -> bytes:
        """Close, and return the recording."""
        if not self.connection.lost:
            self.connection.receive_data(b"", 0.0)
            self.pump()
        self.connection.close(how, 0.0)
        self.pump()
        self.recorder.close()
        return self.path.read_bytes()

    @property
    def text(self) -> str:
        """The lines so far, without the header."""
        return self.path.read_text().partition("\n\n")[2]
