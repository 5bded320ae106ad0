"""The lines of a source, and what can be seen of a line alone."""

from collections.abc import Iterable

from mailprobe.patterns import pattern
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.model import Command, Protocol
from mailprobe.protocol.pop3 import POP3
from mailprobe.protocol.smtp import LMTP, SMTP

CATALOGUES: dict[Protocol, Catalogue] = {
    Protocol.SMTP: SMTP,
    Protocol.LMTP: LMTP,
    Protocol.POP3: POP3,
}
_POP3_REPLY = pattern(rb"\+OK(?![^ \t-])|-ERR(?![^ \t-])")
_SMTP_REPLY = pattern(rb"[2-5][0-9][0-9](?:[ -]|$)")
_ADDRESS = pattern(rb"[A-Za-z0-9._:%/\[\]-]{1,255}")


def lines_of(octets: bytes) -> list[bytes]:
    """The lines without their ends; a terminal may have put more than one CR there."""
    lines = octets.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if not lines[-1]:
        lines.pop()
    return [line.rstrip(b"\r") for line in lines]


def is_reply(line: bytes, protocol: Protocol | None = None) -> bool:
    """Whether a line looks like one of a server; with a protocol, like one of that."""
    if protocol is Protocol.POP3:
        return _POP3_REPLY.match(line) is not None
    if protocol is not None:
        return _SMTP_REPLY.match(line) is not None
    return bool(_POP3_REPLY.match(line) or _SMTP_REPLY.match(line))


def is_greeting(line: bytes) -> bool:
    """Whether a session may begin with it."""
    return line[:4] in (b"220 ", b"220-") or line == b"220" or line[:3] == b"+OK"


def is_command(line: bytes, catalogue: Catalogue) -> bool:
    """Whether a line is a command as its RFC writes it."""
    command = Command(line)
    row = catalogue.row(command)
    return command.verb in catalogue and row.pattern.fullmatch(command.argument) is not None


def protocol_of(said: Iterable[bytes]) -> Protocol | None:
    """The protocol of a session, by the lines of both sides; None: there is nothing to see."""
    seen: Protocol | None = None
    for line in said:
        if _POP3_REPLY.match(line):
            return Protocol.POP3
        if Command(line).verb in LMTP and Command(line).verb not in SMTP:
            return Protocol.LMTP
        if _SMTP_REPLY.match(line) or is_command(line, SMTP):
            seen = Protocol.SMTP
    return seen


def address(host: bytes, port: bytes = b"") -> str:
    """`host:port` for a header, or "" when that is none."""
    if b":" in host and port and not host.startswith(b"["):
        host = b"[" + host + b"]"
    whole = host + b":" + port if port else host
    return whole.decode("ascii") if _ADDRESS.fullmatch(whole) else ""
