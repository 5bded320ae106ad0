"""Replies that are seen at once to be what the file has: nearly all of them, most of the time.

Only the simple kinds: a reply of plain codes, or one recorded line that came as one line.
Whatever is not surely right is judged by `transcript.match`, which alone says what is wrong.
"""

from collections.abc import Callable

from mailprobe.player.playing.links import Arrival
from mailprobe.protocol.model import Reply as Came
from mailprobe.transcript.model import Form, Level
from mailprobe.transcript.steps import ExpectedLine, Reply

Sure = Callable[[Arrival], bool]


def shortcut_of(step: Reply, level: Level) -> Sure | None:
    """A test that is true only of what `check` accepts without capturing; None: there is none."""
    expected, context = step.expected, step.context
    simple = expected.whole and not expected.conditions and expected.body is None
    if level is Level.TEXT or not simple or context.malformed:
        return None
    if expected.question is not None:
        return _question(step)
    return None if context.hello else _recorded(step)


def _question(step: Reply) -> Sure | None:
    question = step.expected.question
    assert question is not None  # the caller has looked
    codes = {each.code.encode(): each.code for each in question.classes}
    if any("x" in each.code or str(each) != each.code for each in question.classes):
        return None
    wanted = tuple(codes)

    def sure(arrival: Arrival) -> bool:
        if not arrival.whole:
            return False
        lines = arrival.reply.lines
        code = arrival.reply.code
        return code.encode() in wanted and all(line.startswith(code.encode()) for line in lines)

    return sure


def _recorded(step: Reply) -> Sure | None:
    line = step.expected.status[0] if len(step.expected.status) == 1 else None
    if not isinstance(line, ExpectedLine) or line.form is Form.COOKED:
        return None
    head = line.pieces[0] if line.pieces else b""
    if not isinstance(head, bytes) or b"[" in head:  # a response code may be there
        return None
    from mailprobe.transcript.match import unfinished  # where a reply was recorded

    recorded: Came = unfinished(head + b"\r\n")
    if not recorded.code:
        return None
    code, enhanced = recorded.code, None if step.context.greeting else recorded.enhanced

    def sure(arrival: Arrival) -> bool:
        reply = arrival.reply
        return (
            len(reply.lines) == 1
            and reply.code == code
            and arrival.whole
            and arrival.body is None
            and (enhanced is None or reply.enhanced == enhanced)
        )

    return sure
