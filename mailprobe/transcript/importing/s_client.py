"""A session in `openssl s_client`, as it stood in the terminal in which somebody typed.

What s_client says of certificates, tickets and itself goes; with `-starttls` it has spoken before
the person did, and shows next to nothing of that.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from mailprobe.patterns import pattern
from mailprobe.protocol.catalogue import Then
from mailprobe.protocol.events import Ending
from mailprobe.protocol.facts import Effect
from mailprobe.protocol.model import Protocol
from mailprobe.transcript.importing.items import (
    Ended,
    Item,
    Presumed,
    Printed,
    Remark,
    Said,
    Shown,
    Upgraded,
)
from mailprobe.transcript.importing.source import (
    CATALOGUES,
    address,
    is_command,
    is_greeting,
    is_reply,
    protocol_of,
)

_CALL = pattern(rb"openssl\s+s_client\s.*")
_CALLED = 1000  # octets of a command line that are looked at
_CONNECT = pattern(rb"\s-connect\s+(\S+)|\ss_client\s+(?:.*\s)?([^\s-]\S*:[0-9]+)\s*$")
_STARTTLS = pattern(rb"\s-starttls\s+(smtp|lmtp|pop3)\b")
_MARKS = pattern(
    rb"CONNECTED\([0-9A-F]+\)|CONNECTION ESTABLISHED|depth=[0-9]+ |verify (?:error|return)"
)
_CHAIN_ENDS = pattern(rb" *Verify(?: return code|ication)")
_TICKET = b"Post-Handshake New Session Ticket arrived:"
_NOISE = pattern(
    rb"-{3}|read R BLOCK|(?:depth=[0-9]+ |verify (?:error|return):|Can't use SSL_get_servername"
    rb"|Connecting to |CONNECTION ESTABLISHED|[0-9A-F]{8,16}:error:).*"
)
_UNVERIFIED = pattern(rb" *(?:Verify return code: (?!0 )|Verification error|verify error)")
_TAKEN = {b"RENEGOTIATING": b"R", b"KEYUPDATE": b"Kk", b"DONE": b"Q"}
_BARE = "without -crlf the lines of the client ended with LF alone; here they end with CRLF"
_OWN = "s_client took for itself, and did not send: a line that begins with "


def recognises(lines: Sequence[bytes]) -> bool:
    """Whether s_client printed this."""
    return any(_MARKS.match(line) or _CALL.search(line) for line in lines)


def read(lines: Sequence[bytes]) -> list[Shown]:
    """The one session: several in one source are told apart by their beginnings."""
    starts = [at for at, line in enumerate(lines) if line.startswith(b"CONNECTED(")]
    calls = [at for at, line in enumerate(lines) if _CALL.search(line)]
    starts = sorted(calls or starts)
    edges = [0, *starts[1:], len(lines)]
    return [_session(lines[a:b]) for a, b in pairwise(edges) if a < b]


def _session(lines: Sequence[bytes]) -> Shown:
    call = next((line for line in lines if _CALL.search(line)), b"")
    server = _CONNECT.search(call[:_CALLED])
    shown = Shown(address(server[1] or server[2]) if server else "", untagged=True)
    quiet = b" -quiet" in call or not any(line.startswith(b"CONNECTED(") for line in lines)
    verified = not any(_UNVERIFIED.match(line) for line in lines)
    spoken = list(_spoken(lines, quiet=quiet))
    protocol = protocol_of(item.octets for item in spoken if isinstance(item, Printed))
    named = _STARTTLS.search(call)
    if named:
        protocol = Protocol(named[1].decode("ascii"))
    if call and b" -crlf" not in call:
        shown.items.append(Remark(_BARE))
    left_over, spoken = _without_rest(spoken, protocol)
    if protocol and (named or left_over or not _greets(spoken)):
        spoken = _without_greeting(spoken, protocol)
        shown.items += _upgrade(protocol, verified=verified)
    else:
        shown.items.append(Upgraded(verified=verified, implicit=True))
    shown.items += spoken
    return shown


def _spoken(lines: Sequence[bytes], *, quiet: bool) -> Iterator[Item]:
    """Lines that are none of s_client's own."""
    inside = b""  # which block of its own we are in
    for at, line in enumerate(lines):
        if _CALL.search(line) or line.startswith(b"CONNECTED("):
            inside = b"chain" if line.startswith(b"CONNECTED(") else inside
        elif line == _TICKET:
            inside = b"ticket"
        elif inside:
            if _CHAIN_ENDS.match(line):
                inside = b"end"
            elif line == b"---" and inside == b"end":
                inside = b""
        elif not quiet and (own := _own(line, lines[at + 1 : at + 2])) is not None:
            yield from own
        elif not _NOISE.fullmatch(line):
            yield Printed(line)


def _own(line: bytes, after: Sequence[bytes]) -> list[Item] | None:
    """What a line means that s_client takes for itself; None: it does not."""
    if line in _TAKEN:
        return [Ended(Ending.LOCAL)] if line == b"DONE" else []
    if line == b"closed":
        return [Ended(Ending.EOF)]
    if after and line[:1] and line[:1] in _TAKEN.get(after[0], b""):
        return [Remark(_OWN + line[:1].decode("ascii"))]
    return None


def _without_rest(spoken: list[Item], protocol: Protocol | None) -> tuple[bool, list[Item]]:
    """Take off what is left of the replies before TLS; whether there was any."""
    first = spoken[0] if spoken else None
    if not isinstance(first, Printed):
        return False, spoken
    glued = first.octets.endswith(b"---") and is_reply(first.octets)
    if glued or (is_reply(first.octets) and not is_greeting(first.octets)):
        return True, spoken[1:]
    return False, spoken


def _greets(spoken: Sequence[Item]) -> bool:
    first = next((item for item in spoken if isinstance(item, Printed) and item.octets), None)
    return first is not None and not any(is_command(first.octets, c) for c in CATALOGUES.values())


def _without_greeting(spoken: list[Item], protocol: Protocol) -> list[Item]:
    """From the first command on."""
    for at, item in enumerate(spoken):
        if isinstance(item, Printed) and is_command(item.octets, CATALOGUES[protocol]):
            return spoken[at:]
    return spoken


def _upgrade(protocol: Protocol, *, verified: bool) -> list[Item]:
    """What `-starttls` says before the person can."""
    rows = CATALOGUES[protocol]
    verb = next(row.verb for row in rows if row.then is Then.TLS).encode()
    items: list[Item] = [Remark("s_client asked for TLS in this way, and does not show it")]
    hello = [row.verb.encode() for row in rows if row.effect is Effect.EXTENSIONS]
    if hello:
        name = Said("C", hello[0] + b" mail.example.com")
        items += [Presumed("220"), name, Presumed("250"), Said("C", verb), Presumed("220")]
    else:
        items += [Presumed("+OK"), Said("C", verb), Presumed("+OK")]
    return [*items, Upgraded(verified=verified)]
