"""Where a secret may stand in what a client is about to write, as the dialogue stands now.

The same reader as that of the wire goes ahead, on copies: nothing is sent, and nothing changes.
"""

from collections.abc import Iterator

from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.events import Event
from mailprobe.protocol.items import Phase
from mailprobe.protocol.model import Command
from mailprobe.protocol.outgoing import Outgoing
from mailprobe.protocol.progress import Progress
from mailprobe.value import frozen

_PUBLIC = (b"", b"*", b"=")  # answers that give nothing away


@frozen
class SecretPlace:
    """Octets from `start` to `end`; `answer`: to a challenge, and not in a command."""

    start: int
    end: int
    answer: bool


def secret_places(
    catalogue: Catalogue, progress: Progress, begun: bytes, octets: bytes
) -> tuple[SecretPlace, ...]:
    """The secret places in `octets`, up to where they may be mail data.

    `begun` is the beginning of a line that is not whole yet.  A reply that is still owed may open
    mail data: behind such a command there is no place for a secret.
    """
    return tuple(_places(catalogue, progress.copy(), begun, octets))


def _places(
    catalogue: Catalogue, progress: Progress, begun: bytes, octets: bytes
) -> Iterator[SecretPlace]:
    told: list[Event] = []
    outgoing = Outgoing(catalogue, progress, told.append)
    outgoing.begun = begun
    at, line = 0, -len(begun)  # where the event begins, and its line
    while octets and not progress.may_open_data:
        size = octets.find(b"\n") + 1 if progress.phase is not Phase.DATA else 0
        if progress.phase is Phase.CHUNK:
            size = progress.chunk_left
        answers = progress.phase is Phase.ANSWER
        size = size or len(octets)
        told.clear()
        outgoing.take(octets[:size], 0.0)
        for event in told:
            span = _span(catalogue, event, outgoing.begun, answers=answers)
            if span is not None:
                yield SecretPlace(line + span[0], line + span[1], answers)
            at += len(event.octets) if isinstance(event, _SENT) else 0
            line = at - len(outgoing.begun)
        octets = octets[size:]


_SENT = (events.CommandSent, events.AnswerSent, events.DataSent, events.RawSent)


def _span(
    catalogue: Catalogue, event: Event, begun: bytes, *, answers: bool
) -> tuple[int, int] | None:
    """Where the secret of a line stands in it."""
    match event:
        case events.CommandSent(secret=secret):
            return secret
        case events.AnswerSent(line=line):
            return (0, len(line)) if line not in _PUBLIC else None
        case events.RawSent():
            return (0, len(begun)) if answers else catalogue.secret_in(Command(begun))
        case _:
            return None
