"""What the sandbox says anew each time: identifiers, nonces, the time; or, on request, never.

Knows no protocol.
"""

import itertools
import os
import secrets
import time
from email.utils import formatdate

from mailprobe.sandbox.accounts import DOMAIN

_BILLION = 1_000_000_000
# Mon, 06 Feb 2006 13:41:07 +0800, in seconds since 1970.
INSTANT = 1_139_204_467
# The left part of the timestamp in RFC 1939, section 7, and of the challenge in RFC 2195.
_PROCESS_AND_CLOCK = "1896.697170952"
_CHALLENGER = "postoffice.reston.mci.net"  # RFC 2195, section 2
_SERIAL = "060206"  # what the identifiers of a fixed one begin with


class Chance:
    """Different each time."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time_ns() / _BILLION

    def date(self, *, hours: int = 0) -> str:
        """Now, as RFC 5322 writes it, on a clock so many hours before UTC; 0 is UTC."""
        text = formatdate(self.now() + hours * 3600)
        return text.replace("-0000", f"{hours:+03}00") if hours else text

    def timestamp(self, host: str) -> str:
        """For the greeting of POP3, brackets included (RFC 1939, section 7)."""
        return f"<{secrets.token_hex(12)}@{host}>"

    def nonce(self) -> str:
        """For SASL; CRAM-MD5 wants the form of a message-id, SCRAM takes it as well."""
        return f"{secrets.token_hex(12)}@{DOMAIN}"

    def salt(self) -> bytes:
        """For SCRAM."""
        return secrets.token_bytes(16)

    def identifier(self) -> str:
        """Of a message that is taken in: 12 hexadecimal digits."""
        return secrets.token_hex(6)

    def file_name(self, serial: int) -> str:
        """A name that sorts by arrival, and is the message's unique-id."""
        seconds, rest = divmod(time.time_ns(), _BILLION)
        return f"{seconds:010}.M{rest:09}P{os.getpid()}Q{serial}.sandbox"


class Fixed(Chance):
    """The same each time: what is asked in the same order has the same answers."""

    def __init__(self) -> None:
        self._serial = itertools.count(1)

    def now(self) -> float:
        return INSTANT

    def timestamp(self, host: str) -> str:
        return f"<{_PROCESS_AND_CLOCK}@{host}>"

    def nonce(self) -> str:
        return f"{_PROCESS_AND_CLOCK}@{_CHALLENGER}"

    def salt(self) -> bytes:
        return b"mailprobe-sandbox"[:16]

    def identifier(self) -> str:
        return f"{_SERIAL}{next(self._serial):06}"

    def file_name(self, serial: int) -> str:
        return f"{INSTANT:010}.M{serial:09}P1Q{serial}.sandbox"
