"""By which name a server will know a message that it has just taken."""

from mailprobe.patterns import pattern
from mailprobe.protocol.model import Reply

# In the words of the reply behind the mail data; the first that fits counts.
_PATTERNS = (
    pattern(rb"\bqueued as ([^\s<>()\[\],;]+)"),  # Postfix
    pattern(rb"> ([^\s<>]{8,}) Saved\Z"),  # Dovecot, LMTP
    pattern(rb"\bInternalId=([0-9]+)"),  # Microsoft Exchange
    pattern(rb"\b(?:queue-?)?id[=:] ?([^\s<>()\[\],;]+)"),  # Exim, and others
    pattern(rb"([A-Za-z0-9]{8,}) Message accepted\b"),  # sendmail, OpenSMTPD
    pattern(rb"(?i:ok) [0-9]{9,11} (qp [0-9]+)"),  # qmail
    pattern(rb"\bOK +[0-9]{9,11} (\S+) - gsmtp\Z"),  # Google
    pattern(rb"\bQueued \(([0-9A-Fa-f][0-9A-Fa-f.-]{15,})\)"),  # Haraka
    pattern(rb"\b(?i:ok)[.:]? ([0-9A-Fa-f][0-9A-Fa-f.-]{15,})\Z"),  # Amazon SES, Courier
)
_LOOKED_AT = 1000  # octets of a line; no server says as much


def queue_id(reply: Reply) -> bytes | None:
    """The name, as the server wrote it; None where the reply is not positive or names nothing."""
    if not reply.positive:
        return None
    text = reply.texts[-1][:_LOOKED_AT]
    for one in _PATTERNS:
        if (match := one.search(text)) is not None:
            return match[1]
    return None
