"""Replies for tests of matching: as a file has them, and as a wire brings them."""

from collections.abc import Callable, Iterable

from mailprobe.protocol.framing import Limits, ReceiveBuffer, ReplyReader
from mailprobe.protocol.model import Reply as WireReply
from mailprobe.transcript.dialogue import compile_steps
from mailprobe.transcript.match import FileBlocks, check
from mailprobe.transcript.matching.mismatch import Mismatch
from mailprobe.transcript.model import Level
from mailprobe.transcript.parse import parse
from mailprobe.transcript.steps import Reply, Step
from mailprobe.transcript.values import Values

GREETINGS = {"smtp": "S: 220 mx\n", "lmtp": "S: 220 mx\n", "pop3": "S: +OK\n"}


def steps_of(lines: str, protocol: str = "smtp", *, greeted: bool = False) -> tuple[Step, ...]:
    """The steps of a file with these lines, behind a greeting unless they have their own."""
    text = f"mailprobe: 1\nprotocol: {protocol}\n\n"
    text += lines if greeted else GREETINGS[protocol] + lines
    return compile_steps(parse(text.encode("utf-8"), "t.mpt"))


def last_reply(lines: str, protocol: str = "smtp", *, greeted: bool = False) -> Reply:
    """The last reply that these lines demand."""
    steps = steps_of(lines, protocol, greeted=greeted)
    return [step for step in steps if isinstance(step, Reply)][-1]


def wire_reply(wire: bytes, *, pop3: bool) -> tuple[WireReply, bytes]:
    """The first reply in `wire`, and the octets behind it."""
    buffer = ReceiveBuffer()
    buffer.append(wire)
    reply = ReplyReader(buffer, Limits(), pop3=pop3).read(challenge=True)
    assert reply is not None
    return reply, buffer.take_all()


def compare(
    lines: str,
    wire: bytes,
    protocol: str = "smtp",
    level: Level = Level.CODE,
    values: Values | None = None,
    *,
    greeted: bool = False,
    file: FileBlocks | None = None,
) -> Mismatch | None:
    """Check what came against the last reply of these lines; a body stands behind its reply."""
    step = last_reply(lines, protocol, greeted=greeted)
    reply, rest = wire_reply(wire, pop3=protocol == "pop3")
    body: Callable[[], Iterable[bytes]] | None = None
    if step.context.multi and reply.positive:
        body = lambda: (rest[at : at + 7] for at in range(0, len(rest), 7))  # noqa: E731
    return check(step.expected, step.context, reply, body, level, values or Values(), file=file)


def sentence(mismatch: Mismatch | None) -> str:
    return "" if mismatch is None else mismatch.sentence


def caret(mismatch: Mismatch | None) -> str:
    """What of the line the caret covers."""
    assert mismatch is not None
    start = mismatch.place.column - 1
    return mismatch.text[start : start + mismatch.width]
