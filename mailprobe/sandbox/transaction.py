"""A mail transaction of the sandbox: who gets the message, and the message while it comes in.

Knows replies only as refusals, and no command.
"""

from collections.abc import Mapping

from mailprobe.errors import Failure
from mailprobe.sandbox.accounts import DOMAIN, Address
from mailprobe.sandbox.maildrop import Delivery
from mailprobe.sandbox.manners import MAXIMUM_SIZE, Fate
from mailprobe.sandbox.office import Office
from mailprobe.sandbox.parameters import Refusal
from mailprobe.sandbox.scrutiny import Scrutiny
from mailprobe.value import field, frozen, mutable

TROUBLE = Refusal("451", "4.3.0 The maildrop cannot be written now, try again later")


def too_large(size: int) -> Refusal:
    """What is said of a message with more than `size` octets."""
    return Refusal("552", f"5.3.4 The message is larger than {size} octets")


@frozen
class Source:
    """Where a message comes from, for the header field Received."""

    hello: bytes
    peer: str  # 127.0.0.1:40000
    protocol: str  # the word behind "with" (RFC 3848)
    host: str = DOMAIN  # who takes it in


@frozen
class Recipient:
    """An accepted RCPT: its forward-path, and its parameters by their names."""

    path: bytes
    address: Address
    parameters: Mapping[str, bytes] = field(default_factory=dict)
    fate: Fate | None = None  # what its mail meets all the same


@mutable
class Transaction:
    """From an accepted MAIL to the end of the mail data (RFC 5321, section 3.3)."""

    office: Office
    reverse_path: bytes
    utf8: bool
    size: int = MAXIMUM_SIZE
    parameters: Mapping[str, bytes] = field(default_factory=dict)  # of MAIL
    scrutiny: Scrutiny | None = None  # where not every message is taken
    recipients: list[Recipient] = field(default_factory=list)
    refusal: Refusal | None = None  # why the mail data will be refused
    identifier: str = ""  # of the message, when it is taken in
    _delivery: Delivery | None = None
    _octets: int = 0

    @property
    def begun(self) -> bool:
        """Whether mail data has come, or was refused."""
        return self._delivery is not None or self.refusal is not None

    def open(self, source: Source) -> None:
        """Make ready for mail data; `refusal` says when that fails."""
        try:
            store = self.office.store
            folder = store.folder(self._folder_of(self.recipients[0]))
            self.identifier = self.office.chance.identifier()
            self._delivery = store.take_in(folder)
            self._delivery.write(self._trace(source))
        except Failure:
            self._spoil(TROUBLE)

    def write(self, octets: bytes) -> None:
        """Take in a piece of the message."""
        if self._delivery is None:
            return
        self._octets += len(octets)
        if self._octets > self.size:
            self._spoil(too_large(self.size))
            return
        if self.scrutiny is not None and (refusal := self.scrutiny.look(octets)) is not None:
            self._spoil(refusal)
            return
        try:
            self._delivery.write(octets)
        except Failure:
            self._spoil(TROUBLE)

    def _spoil(self, refusal: Refusal) -> None:
        self.refusal = refusal
        self.drop()

    def _folder_of(self, recipient: Recipient) -> str:
        return self.office.accounts.folder_of(recipient.address)

    def outcome(self) -> list[tuple[Recipient, Refusal | None]]:
        """Put the message into every maildrop; tell of each recipient why it did not get it."""
        healthy = (each for each in self.recipients if each.fate is None)
        found = self._deliver(dict.fromkeys(map(self._folder_of, healthy)))
        return [(each, found.get(self._folder_of(each), self.refusal)) for each in self.recipients]

    def _deliver(self, folders: Mapping[str, None]) -> dict[str, Refusal | None]:
        delivery = self._delivery
        if delivery is None:
            return dict.fromkeys(folders, self.refusal or TROUBLE)
        try:
            delivery.finish()
        except Failure:
            return dict.fromkeys(folders, TROUBLE)
        outcome = {folder: self._deliver_to(delivery, folder) for folder in folders}
        self.office.store.delivered(delivery.octets)
        return outcome

    def content(self, most: int) -> bytes:
        """The first octets of a message that has been delivered.  Raises Failure."""
        return b"" if self._delivery is None else self._delivery.content(most)

    def _deliver_to(self, delivery: Delivery, folder: str) -> Refusal | None:
        try:
            delivery.deliver(self.office.store.folder(folder))
        except Failure:
            return TROUBLE
        return None

    def drop(self) -> None:
        """Forget the message; maildrops that have it keep it."""
        delivery, self._delivery = self._delivery, None
        if delivery is not None:
            delivery.discard()

    def _trace(self, source: Source) -> bytes:
        """The header fields that the last server puts on top (RFC 5321, section 4.4)."""
        host = source.peer.rpartition(":")[0].strip("[]") or "127.0.0.1"
        literal = f"IPv6:{host}" if ":" in host else host
        path = self.recipients[0].path
        only = b"\r\n\tfor <%b>" % path if len(self.recipients) == 1 else b""
        by = f"by {source.host} with {source.protocol} id {self.identifier}".encode()
        return (
            b"Return-Path: <%b>\r\n" % self.reverse_path
            + b"Received: from %b ([%b])\r\n" % (source.hello or b"unknown", literal.encode())
            + b"\t%b%b;\r\n\t%b\r\n" % (by, only, self.office.chance.date().encode())
        )
