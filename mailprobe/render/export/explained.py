"""Which line of a transcript brings a reply, and what there is to say about that reply."""

from collections.abc import Iterable, Iterator

from mailprobe.explain.explaining import of_reply
from mailprobe.explain.model import Explanation
from mailprobe.protocol import events
from mailprobe.protocol.model import Command, Reply
from mailprobe.render.export.spoken import Turn
from mailprobe.transcript.model import Line, Pattern, Question


def _replies(turn: Turn) -> Iterator[tuple[Reply, Command | None]]:
    """The replies that are whole with this turn, and what each answers."""
    for event in turn.events:
        match event:
            case events.Greeting(reply=reply) | events.Unsolicited(reply=reply):
                yield reply, None
            case events.ReplyReceived(reply=reply, command=command):
                yield reply, command
            case _:
                pass


def explained(said: Iterable[Turn]) -> Iterator[tuple[Turn, Explanation | None]]:
    """The turns, each with what there is to say about the reply that ends with it.

    Conditions belong to their reply: it ends with the last of them.
    """
    held: tuple[Turn, Explanation | None] | None = None
    for turn in said:
        if held is not None and held[1] is not None and isinstance(turn.line, Pattern):
            yield held[0], None
            held = turn, held[1]
            continue
        if held is not None:
            yield held
        held = turn, _explanation_of(turn)
    if held is not None:
        yield held


def _explanation_of(turn: Turn) -> Explanation | None:
    if turn.facts is None or _made_up(turn.line):
        return None
    return next(
        (
            found
            for reply, command in _replies(turn)
            if (found := of_reply(reply, command, turn.facts)) is not None
        ),
        None,
    )


def _made_up(line: Line) -> bool:
    """Whether the code is but one of those that the file allows, and no usual one."""
    if not isinstance(line, Question):
        return False
    code = line.classes[0].code
    return "x" in code and code not in ("2xx", "3xx")
