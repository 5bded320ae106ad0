"""A mail transaction of the sandbox: who gets the message, and the message while it comes in.

Knows replies only as refusals, and no command.
"""

import secrets
from email.utils import formatdate

from mailprobe.errors import Failure
from mailprobe.sandbox.accounts import DOMAIN, Address
from mailprobe.sandbox.maildrop import Delivery, Store
from mailprobe.sandbox.parameters import Refusal
from mailprobe.value import field, frozen, mutable

MAXIMUM_SIZE = 64 * 1024 * 1024  # octets of a message

TROUBLE = Refusal("451", "4.3.0 The maildrop cannot be written now, try again later")
TOO_LARGE = Refusal("552", f"5.3.4 The message is larger than {MAXIMUM_SIZE} octets")


@frozen
class Source:
    """Where a message comes from, for the header field Received."""

    hello: bytes
    peer: str  # 127.0.0.1:40000
    protocol: str  # the word behind "with" (RFC 3848)


@mutable
class Transaction:
    """From an accepted MAIL to the end of the mail data (RFC 5321, section 3.3)."""

    store: Store
    reverse_path: bytes
    utf8: bool
    recipients: list[tuple[bytes, Address]] = field(default_factory=list)
    refusal: Refusal | None = None  # why the mail data will be refused
    _delivery: Delivery | None = None
    _octets: int = 0

    @property
    def begun(self) -> bool:
        """Whether mail data has come, or was refused."""
        return self._delivery is not None or self.refusal is not None

    def open(self, source: Source) -> None:
        """Make ready for mail data; `refusal` says when that fails."""
        try:
            folder = self.store.folder(self.recipients[0][1].folder)
            self._delivery = self.store.take_in(folder)
            self._delivery.write(self._trace(source))
        except Failure:
            self._spoil(TROUBLE)

    def write(self, octets: bytes) -> None:
        """Take in a piece of the message."""
        if self._delivery is None:
            return
        self._octets += len(octets)
        if self._octets > MAXIMUM_SIZE:
            self._spoil(TOO_LARGE)
            return
        try:
            self._delivery.write(octets)
        except Failure:
            self._spoil(TROUBLE)

    def _spoil(self, refusal: Refusal) -> None:
        self.refusal = refusal
        self.drop()

    def deliver(self) -> dict[str, Refusal | None]:
        """Put the message into every maildrop; tell by folder why one did not get it."""
        folders = dict.fromkeys(address.folder for _, address in self.recipients)
        delivery = self._delivery
        if delivery is None:
            return dict.fromkeys(folders, self.refusal or TROUBLE)
        try:
            delivery.finish()
        except Failure:
            return dict.fromkeys(folders, TROUBLE)
        outcome = {folder: self._deliver_to(delivery, folder) for folder in folders}
        self.store.delivered(delivery.octets)
        return outcome

    def _deliver_to(self, delivery: Delivery, folder: str) -> Refusal | None:
        try:
            delivery.deliver(self.store.folder(folder))
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
        path = self.recipients[0][0]
        only = b"\r\n\tfor <%b>" % path if len(self.recipients) == 1 else b""
        by = f"by {DOMAIN} with {source.protocol} id {secrets.token_hex(6)}".encode()
        return (
            b"Return-Path: <%b>\r\n" % self.reverse_path
            + b"Received: from %b ([%b])\r\n" % (source.hello, literal.encode())
            + b"\t%b%b;\r\n\t%b\r\n" % (by, only, formatdate().encode())
        )
