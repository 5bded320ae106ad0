"""What a person demands of the replies: whether it can hold, and whether it does.

Loaded where somebody says /expect.  It reads no file and writes none.
"""

from collections.abc import Iterator, Sequence

from mailprobe.errors import Failure, Word
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.facts import Effect
from mailprobe.protocol.model import Protocol, Reply
from mailprobe.session import Exchange
from mailprobe.transcript.matching.codes import check_question
from mailprobe.transcript.matching.conditions import Conditions
from mailprobe.transcript.matching.pattern import Budget, TooLong
from mailprobe.transcript.matching.sequence import Looking
from mailprobe.transcript.model import Line, Pattern, Place, Question, Unreadable
from mailprobe.transcript.reading.lines import read_line
from mailprobe.transcript.values import Unknown, Values

_LISTS = (Effect.EXTENSIONS, Effect.CAPABILITIES, Effect.MECHANISMS)


def expectation(text: str) -> Line:
    """The line that `CLASS`, `+ TEXT` or `- TEXT` stands for.  Raises Failure `usage`."""
    tag = text[0] if text[:2] in ("+ ", "- ") else "?"
    content = text[2:] if tag != "?" else text
    try:
        return read_line(f"S{tag} {content}", Place("/expect", 1))
    except Unreadable as fault:
        raise Failure(
            Word.USAGE, f"{fault.reason}; write /expect 250, or + TEXT, or - TEXT"
        ) from None


def refuse_impossible(line: Line, protocol: Protocol) -> None:
    """Refuse a class that no reply of the protocol has.  Raises Failure `usage`."""
    pop3 = protocol is Protocol.POP3
    for wanted in line.classes if isinstance(line, Question) else ():
        if (wanted.code[0] in "+-") is not pop3:
            form = "+OK, -ERR or +" if pop3 else "three digits like 250 or 2xx"
            raise Failure(Word.USAGE, f"no reply of {protocol} is {wanted.code}: expected {form}")


def unmet_class(line: Line, reply: Reply) -> str:
    """What is wrong with the reply of which a class was demanded; "" where nothing is."""
    assert isinstance(line, Question)  # nothing else is demanded of what has not come
    wrong = check_question(line, reply, reply.lines)
    return wrong.sentence if wrong else ""


def unmet_lines(
    lines: Sequence[Line],
    reply: Reply,
    exchange: Exchange | None,
    catalogue: Catalogue,
    values: Values,
) -> str:
    """What is wrong with the reply of which these lines are demanded, the last of them now.

    `exchange` is where it came in an answer; what is captured goes into `values`.  "" where
    nothing is, or nobody can say.
    """
    wanted = [line for line in lines if isinstance(line, Pattern)]
    row = catalogue.row(exchange.command) if exchange is not None else None
    body = exchange.body if exchange is not None else None

    def said() -> Iterator[bytes]:
        if body is None:
            yield from reply.texts[1:] if lists else reply.texts
            return
        body.seek(0)
        for each in body:
            yield each.removesuffix(b"\n").removesuffix(b"\r")

    lists = row is not None and row.effect in _LISTS and reply.positive
    mark = values.mark()
    try:
        looking = Looking(values, Budget(), wanted[-1])
        wrong = Conditions(said, looking, keywords=lists).check(wanted)
    except (TooLong, Unknown):
        return ""
    finally:
        if body is not None:
            body.seek(0, 2)  # where more may be written
    if wrong is None:
        return ""
    values.undo(mark)
    return wrong.sentence
