"""How long the replies of a transcript took, from the report of a replay.

`mailprobe replay --report json=FILE` writes a line for each transcript, with spans of time.
"""

import json
from collections.abc import Iterable, Iterator, Sequence

from mailprobe.errors import Failure, Word
from mailprobe.protocol import events
from mailprobe.protocol.model import Reply
from mailprobe.safe import safe
from mailprobe.timing import Kind, Span, Timing
from mailprobe.transcript.model import Line
from mailprobe.value import frozen, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.render.export.spoken import Turn

_ANSWERED = (Kind.GREETING, Kind.COMMAND, Kind.ANSWER, Kind.END_OF_DATA)
_KINDS = {str(kind): kind for kind in Kind}
_LONGEST = 10.0**9  # seconds


@frozen
class Measured:
    """One connection; it was opened `since` seconds behind the first one of the run."""

    connection: int
    since: float
    timing: Timing


def read(octets: bytes, name: str, report: str) -> tuple[Measured, ...]:
    """The connections of the transcript `name`, as `report` tells of its first run.

    Raises Failure `usage` where the report is none, or does not speak of it.
    """
    base = safe(name).rpartition("/")[2]
    found = None
    for result in _results(octets, report):
        path = str(result.get("path", ""))
        if path == safe(name):
            found = result
            break
        if found is None and path.rpartition("/")[2] == base:
            found = result
    if found is None:
        raise Failure(Word.USAGE, f"{safe(report)} tells of no run of {safe(name)}")
    spans: dict[int, list[Span]] = {}
    rows = found.get("spans")
    for row in rows if isinstance(rows, list) else []:
        connection, span = _span(row, report)
        spans.setdefault(connection, []).append(span)
    begun = min((span.start for some in spans.values() for span in some), default=0.0)
    return tuple(_measured(number, spans[number], begun) for number in sorted(spans))


def took(turns: "Iterable[Turn]", measured: Sequence[Measured], name: str) -> dict[int, float]:
    """Seconds that replies took, by the line of the file `name` with which each begins.

    It goes as far as file and run agree on the replies of a connection.
    """
    waits = {one.connection: _waits(one) for one in measured}
    first: dict[int, Line] = {}
    shared: set[int] = set()  # connections in which the replies to mail data have begun (LMTP)
    found: dict[int, float] = {}
    for turn in turns:
        number = turn.connection
        if turn.side != "S":
            first.pop(number, None)
            continue
        first.setdefault(number, turn.line)
        for reply, recipient in _answers(turn):
            line = first.pop(number, turn.line)
            if recipient and number in shared:
                continue  # all of them were waited for at once
            (shared.add if recipient else shared.discard)(number)
            span = next(waits.get(number, iter(())), None)
            if span is None or span.outcome[:1] != reply.code[:1]:
                waits.pop(number, None)
            elif line.place.file == name:
                found[line.place.line] = span.seconds
    return found


def _answers(turn: "Turn") -> Iterator[tuple[Reply, bool]]:
    """The replies that something was waited for, whole with a turn; and whether to a recipient."""
    for event in turn.events:
        match event:
            case events.Greeting(reply=reply):
                yield reply, False
            case events.ReplyReceived(reply=reply, recipient=recipient):
                yield reply, recipient is not None
            case _:
                pass


def _waits(one: Measured) -> Iterator[Span]:
    return iter([span for span in one.timing.spans if span.kind in _ANSWERED])


def _measured(connection: int, spans: list[Span], begun: float) -> Measured:
    opened = min(span.start for span in spans)
    moved = [replace(span, start=span.start - opened, end=span.end - opened) for span in spans]
    moved.sort(key=lambda span: (span.start, span.end))
    whole = max(span.end for span in moved)
    return Measured(connection, opened - begun, Timing(tuple(moved), whole))


def _results(octets: bytes, report: str) -> Iterator[dict[str, object]]:
    for row in octets.split(b"\n"):
        if not row.strip():
            continue
        try:
            event = json.loads(row)
        except (ValueError, RecursionError):
            raise _no_report(report) from None
        if not isinstance(event, dict):
            raise _no_report(report)
        if event.get("event") == "result":
            yield event


def _span(row: object, report: str) -> tuple[int, Span]:
    match row:
        case {
            "connection": int(connection),
            "kind": str(kind),
            "name": str(name),
            "start": int() | float() as start,
            "seconds": int() | float() as seconds,
            "outcome": str(outcome),
            "failed": bool(failed),
        } if kind in _KINDS and 0 <= start < _LONGEST and 0 <= seconds < _LONGEST:
            kind_of = _KINDS[kind]
            return connection, Span(kind_of, name, start, start + seconds, outcome, failed=failed)
        case _:
            raise _no_report(report)


def _no_report(report: str) -> Failure:
    return Failure(
        Word.USAGE, f"{safe(report)} is no report of `mailprobe replay --report json=FILE`"
    )
