"""Where each recorded line of a server stands: in which reply, to what, in it or in its body."""

from collections.abc import Iterator

from mailprobe.transcript.model import FileLine, Form, Pattern, Transcript, Unreadable, Wire
from mailprobe.transcript.steps import Context, ExpectedLine, RawLine, Reply, Step
from mailprobe.transcript.talks.walkthrough import walkthroughs
from mailprobe.value import frozen


@frozen
class Spot:
    """One line of the server, and what it is a part of.

    `context` is None where there are no replies (`protocol: raw`).
    """

    line: Wire
    protocol: str
    octets: bytes  # without the line end
    context: Context | None
    first: bool = False  # of its reply
    body: bool = False  # of a multi-line response

    @property
    def verb(self) -> str:
        """The command that is answered; "" where there is none."""
        command = self.context.command if self.context is not None else None
        return command.verb if command is not None else ""

    @property
    def words(self) -> tuple[bytes, ...]:
        """The words behind the verb, upper case."""
        command = self.context.command if self.context is not None else None
        return tuple(command.argument.upper().split()) if command is not None else ()


def spots(transcript: Transcript) -> dict[tuple[str, int], Spot]:
    """By file and line.  Raises Unreadable for what has no way through it."""
    faults: list[Unreadable] = []
    found: dict[tuple[str, int], Spot] = {}
    for walkthrough in walkthroughs(transcript, faults.append):
        for step in walkthrough.each():
            for spot in _of_step(step, transcript):
                found.setdefault(spot.line.place[:2], spot)
    if faults:
        raise faults[0]
    return found


def _of_step(step: Step, transcript: Transcript) -> Iterator[Spot]:
    peers = transcript.head.peers
    match step:
        case Reply(expected=expected, context=context):
            protocol = peers[step.connection].protocol
            for number, entry in enumerate(expected.status):
                for line, octets in _whole(entry):
                    yield Spot(line, protocol, octets, context, first=not number)
            for each in expected.body or ():
                for line, octets in _whole(each):
                    yield Spot(line, protocol, octets, context, body=True)
        case RawLine(expected=expected):
            for line, octets in _whole(expected):
                yield Spot(line, peers[step.connection].protocol, octets, None)
        case _:
            pass


def _whole(entry: ExpectedLine | Pattern | FileLine) -> Iterator[tuple[Wire, bytes]]:
    """The line of the file, if it is one whole recorded line of the server, and its octets."""
    if isinstance(entry, ExpectedLine) and entry.end == b"\r\n":
        line = entry.line
        if isinstance(line, Wire) and line.form in (Form.VERBATIM, Form.ESCAPED):
            yield line, (line.octets or b"")[:-2]
