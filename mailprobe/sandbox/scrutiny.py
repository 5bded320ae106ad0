"""What a strict server reads in mail data: bare LF, and lines that are too long.

Knows no command; a message that comes by chunks or behind DATA is the same to it.
"""

from mailprobe.sandbox.manners import LineEnds, SmtpManner
from mailprobe.sandbox.parameters import Refusal

BARE_LF = "5.5.2 A bare LF: only CRLF ends a line (RFC 5321, section 2.3.8)"


class Scrutiny:
    """Looks at one message, piece by piece."""

    def __init__(self, manner: SmtpManner) -> None:
        self._bare_lf = manner.line_ends is LineEnds.CRLF
        self._longest = manner.longest_line
        self._line = 0  # octets of the unfinished line
        self._cr = False  # whether the last octet is CR

    def look(self, octets: bytes) -> Refusal | None:
        """Take in a piece; tell why the message is refused, as soon as that is known."""
        lines = octets.split(b"\n")
        for position, line in enumerate(lines):
            length, last = self._line + len(line), position == len(lines) - 1
            if last:
                self._line = length
                self._cr = line.endswith(b"\r") if line else self._cr
            else:
                if self._bare_lf and not (line.endswith(b"\r") if line else self._cr):
                    return Refusal("550", BARE_LF)
                self._line, self._cr, length = 0, False, length + 1
            if self._longest and length > self._longest:
                return Refusal(
                    "554",
                    f"5.6.0 A line is longer than {self._longest - 2} octets "
                    "(RFC 5321, section 4.5.3.1.6)",
                )
        return None


def scrutiny_of(manner: SmtpManner) -> Scrutiny | None:
    """What a server of this manner reads; None: nothing."""
    asked_for = manner.line_ends is LineEnds.CRLF or manner.longest_line
    return Scrutiny(manner) if asked_for else None


class CrlfMaker:
    """Makes LF as good as CRLF, for a server that takes both."""

    def __init__(self) -> None:
        self._cr = False

    def __call__(self, octets: bytes) -> bytes:
        """The octets of a client, as one would have sent them who knows his RFC."""
        if not octets:
            return octets
        behind_cr, self._cr = self._cr, octets.endswith(b"\r")
        text = (b"\r" if behind_cr else b"") + octets
        text = text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        return text[1:] if behind_cr else text
