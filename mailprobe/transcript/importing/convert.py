"""From what another program has printed to a transcript: the table of the formats.

Nothing here runs, opens or reaches anything: octets go in, octets come out.
"""

from collections.abc import Callable, Sequence

from mailprobe.errors import Failure, Word
from mailprobe.protocol.model import Protocol
from mailprobe.transcript.importing import curl, curl_trace, rfc, s_client, swaks, terminal
from mailprobe.transcript.importing.items import Printed, Said, Shown
from mailprobe.transcript.importing.scribe import Scribe
from mailprobe.transcript.importing.shape import Shape
from mailprobe.transcript.importing.source import (
    CATALOGUES,
    is_command,
    is_reply,
    lines_of,
    protocol_of,
)
from mailprobe.transcript.parse import LARGEST, MOST_LINES
from mailprobe.transcript.redact import Secrets
from mailprobe.value import frozen

AUTO = "auto"


@frozen
class Format:
    """One kind of source.  `expected` says in a few words how it is known."""

    kind: str
    name: str
    recognises: Callable[[Sequence[bytes]], bool]
    read: Callable[[Sequence[bytes]], list[Shown]]
    expected: str


# In the order in which they are tried: what is certain first.
FORMATS: tuple[Format, ...] = (
    Format("swaks", "swaks", swaks.recognises, swaks.read, "lines that begin with === -> <-"),
    Format(
        "curl",
        "curl --trace",
        curl_trace.recognises,
        curl_trace.read,
        "lines that begin with * > < (-v), or => <= (--trace)",
    ),
    Format("curl", "curl -v", curl.recognises, curl.read, "lines that begin with * > < (-v)"),
    Format(
        "s_client",
        "openssl s_client",
        s_client.recognises,
        s_client.read,
        "CONNECTED(...), a certificate, and the lines of a session",
    ),
    Format("rfc", "text with C: and S:", rfc.recognises, rfc.read, "lines that begin with C: S:"),
    Format(
        "telnet",
        "a terminal",
        terminal.recognises,
        terminal.read,
        "a greeting (220 or +OK), and behind it commands and replies",
    ),
)
KINDS = tuple(dict.fromkeys(row.kind for row in FORMATS))


def convert(octets: bytes, kind: str | None = None) -> bytes:
    """The first session of a source as a transcript; see `convert_all`."""
    first, *others = convert_all(octets, kind)
    if not others:
        return first
    more = f"# the source shows {len(others)} more\n".encode()
    return first + more


def convert_all(octets: bytes, kind: str | None = None) -> list[bytes]:
    """The sessions of a source as transcripts, at least one.

    `kind` is one of `KINDS`; None or "auto" looks for itself.  Raises Failure `usage` when the
    source is not of that kind, or no session is in it.
    """
    lines = lines_of(octets)
    if lines and lines[0].startswith(b"mailprobe:"):
        raise Failure(Word.USAGE, "this is a transcript already")
    row = _format(lines, kind)
    found = [_written(shown, row) for shown in row.read(lines) if _speaks(shown)]
    if not found:
        raise Failure(Word.USAGE, f"no session is in this output of {row.name}")
    return found


def _format(lines: Sequence[bytes], kind: str | None) -> Format:
    rows = [row for row in FORMATS if kind in (None, AUTO, row.kind)]
    if not rows:
        raise Failure(Word.USAGE, f"no such kind of source; there are {', '.join(KINDS)}")
    for row in rows:
        if row.recognises(lines):
            return row
    if len({row.kind for row in rows}) == 1:
        raise Failure(Word.USAGE, f"this is not {rows[0].name}: expected {rows[0].expected}")
    raise Failure(
        Word.USAGE,
        "cannot tell what has printed this: expected the output of swaks, curl -v or openssl "
        "s_client, text with C: and S:, or a telnet session from its greeting on",
    )


def _speaks(shown: Shown) -> bool:
    """Whether anything of a session is there."""
    return any(isinstance(item, (Said, Printed)) for item in shown.items)


def _written(shown: Shown, row: Format) -> bytes:
    lines = [item.octets for item in shown.items if isinstance(item, (Said, Printed))]
    protocol = protocol_of(lines)
    if protocol is None:
        raise Failure(Word.USAGE, f"no command and no reply is in this output of {row.name}")
    if shown.untagged:
        _refuse_one_sided(shown, protocol)
    if len(shown.items) > 2 * MOST_LINES:
        raise _too_long()
    scribe = _told(shown, row, protocol, None)
    if (secrets := scribe.script.secrets).known:
        # Who annotates a login may name the password before it is typed: only now is it known.
        scribe = _told(shown, row, protocol, secrets)
    octets = scribe.finish()
    if len(octets) > LARGEST or octets.count(b"\n") > MOST_LINES:
        raise _too_long()
    return octets


def _too_long() -> Failure:
    return Failure(
        Word.USAGE,
        f"the session is too long: a transcript has at most {MOST_LINES} lines "
        f"and {LARGEST} octets",
    )


def _refuse_one_sided(shown: Shown, protocol: Protocol) -> None:
    """s_client with its input from a file does not show it."""
    lines = [item.octets for item in shown.items if isinstance(item, Printed)]
    replies = sum(is_reply(line, protocol) for line in lines)
    typed = any(is_command(line.strip(), CATALOGUES[protocol]) for line in lines)
    if replies > 1 and not typed and not shown.annotated:
        raise Failure(
            Word.USAGE,
            "only the server's lines are in it: type the commands in a terminal, and copy all "
            "that stands there",
        )


def _told(shown: Shown, row: Format, protocol: Protocol, spoilers: Secrets | None) -> Scribe:
    scribe = Scribe(protocol, stage_directions=shown.stage_directions, spoilers=spoilers)
    scribe.begin(shown, row.name)
    if shown.untagged:
        Shape(scribe, shown.items, annotated=shown.annotated).tell()
    else:
        for item in shown.items:
            scribe.tell(item)
    return scribe
