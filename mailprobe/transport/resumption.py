"""What a server has given so that its TLS session can be resumed by another link.

Opens no link; who tries it is `mailprobe.resumption`.
"""

import ssl

from mailprobe.value import frozen


@frozen
class Resumption:
    """What a server gave, so that another link need no full handshake (RFC 5077, RFC 8446)."""

    context: ssl.SSLContext
    session: ssl.SSLSession | None
    chain: tuple[bytes, ...] = ()  # what the server presented when the session began

    @property
    def ticket(self) -> bool:
        """Whether it is a ticket; else the server has to remember the session itself."""
        return self.session is not None and self.session.has_ticket

    @property
    def usable(self) -> bool:
        """Whether there is anything to resume by; TLS 1.3 knows tickets alone."""
        return self.session is not None and (self.ticket or bool(self.session.id))

    @property
    def lifetime(self) -> int:
        """Seconds that the ticket is said to hold; 0: it is not said."""
        return self.session.ticket_lifetime_hint if self.session is not None else 0
