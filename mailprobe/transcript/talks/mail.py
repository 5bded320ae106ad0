"""A connection that speaks SMTP, LMTP or POP3: its lines are cut by the reader of the wire."""

from collections.abc import Iterable

from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Lines, Then
from mailprobe.protocol.events import Event
from mailprobe.protocol.facts import Effect
from mailprobe.protocol.framing import CRLF
from mailprobe.protocol.items import Phase
from mailprobe.protocol.model import Command
from mailprobe.protocol.progress import Owed, Stage
from mailprobe.transcript.model import (
    EventLine,
    FileLine,
    Form,
    Line,
    Pattern,
    Piece,
    Question,
    TlsLine,
    Wire,
)
from mailprobe.transcript.steps import Context, ExpectedLine, Handshake, Sort, Unit
from mailprobe.transcript.talks.shadow import Shadow, Told
from mailprobe.transcript.talks.talk import ENDS, Answer, Draft, Talk, Writing, fault, without_end
from mailprobe.value import mutable

_LISTS = (Effect.EXTENSIONS, Effect.CAPABILITIES, Effect.MECHANISMS)
_PUBLIC = (b"", b"*", b"=")  # answers that give nothing away


@mutable
class Span:
    """Where a piece of a C line lies in the stream of the client's octets."""

    writing: Writing
    row: int
    index: int
    piece: Piece
    start: int
    end: int


class MailTalk(Talk):
    """A connection that speaks SMTP, LMTP or POP3."""

    def __init__(self, connection: int, drafts: list[Draft], shadow: Shadow) -> None:
        super().__init__(connection, drafts)
        self._shadow = shadow
        self._answer: Answer | None = None  # the reply that is being written
        self._latest: Answer | None = None  # the reply that S+ and S- speak of
        self._spans: list[Span] = []  # of the unit that is not whole yet
        self._said = 0  # octets that the client has said
        self._begun = 0  # where the unit begins that is not whole yet
        self._before = CRLF  # how the line of a body ends that came last
        self._cursor = 0  # how far the shadow has understood them
        self._units = 0
        self._answers: dict[int, tuple[Command, int]] = {}  # identity: a command, its last unit
        self._data_of: Command | None = None  # what mail data belongs to

    # ------------------------------------------------------------------------- the client

    def _say(self, writing: Writing, line: Wire | FileLine) -> None:
        self._latest = None
        if isinstance(line, FileLine):
            found = self._shadow.write_file()
            self._span(writing, 0, b"", sum(len(event.octets) for event in found))
        else:
            octets = b""
            for index, piece in enumerate((*line.pieces, line.end)):
                said = self._shadow.stand_in(piece)
                self._span(writing, index, piece, len(said))
                octets += said
            found = self._shadow.write(octets) if octets else []
        for event in found:
            self._understand(writing, event)

    def _span(self, writing: Writing, index: int, piece: Piece, length: int) -> None:
        row, start = len(writing.lines) - 1, self._said
        self._said += length
        self._spans.append(Span(writing, row, index, piece, start, self._said))

    def _understand(self, writing: Writing, event: Told) -> None:
        """So many octets more were understood; most often they end a unit."""
        self._cursor += len(event.octets)
        match event:
            case events.CommandSent(command=command, secret=secret):
                if secret is not None:
                    self._mark(self._begun + secret[0], self._begun + secret[1])
                if self._shadow.catalogue.row(command).then is Then.CHUNK:
                    self._data_of = command
                self._end_unit(writing, Sort.COMMAND, command)
            case events.AnswerSent(line=line, command=command):
                if line not in _PUBLIC:
                    self._mark(self._begun, self._cursor)
                self._end_unit(writing, Sort.ANSWER, command)
            case events.DataSent(last=True):
                assert self._data_of is not None  # BDAT or a reply has opened it
                self._end_unit(writing, Sort.DATA, self._data_of)
            case _:
                pass

    def _mark(self, start: int, end: int) -> None:
        """What lies there is secret."""
        for span in self._spans:
            if span.start < end and span.end > start:
                span.writing.secret[span.row].add(span.index)

    def _end_unit(self, writing: Writing, sort: Sort, command: Command) -> None:
        self._answers[id(command)] = (command, self._units)
        end = self._cursor
        taken = [span for span in self._spans if span.start < end or span.end <= end]
        self._spans = [span for span in self._spans if span.end > end]
        lines: list[Wire | FileLine] = []
        for span in taken:
            line = span.writing.lines[span.row]
            if not lines or lines[-1] is not line:
                lines.append(line)
        if sort is Sort.DATA:
            unit = Unit(self._units, sort, None, tuple(lines))
        else:
            pieces, line_end = without_end(self._cut(taken, end))
            unit = Unit(self._units, sort, pieces, tuple(lines), line_end)
        writing.units.append(unit)
        self._units += 1
        self._begun = end

    def _cut(self, spans: list[Span], end: int) -> list[Piece]:
        """The pieces of a unit, with its line end."""
        pieces: list[Piece] = []
        for span in spans:
            piece = span.piece
            if isinstance(piece, bytes):
                piece = piece[max(0, self._begun - span.start) : end - span.start]
                if not piece:
                    continue
                if pieces and isinstance(pieces[-1], bytes):
                    pieces[-1] += piece
                    continue
            pieces.append(piece)
        return pieces

    # ------------------------------------------------------------------------- the server

    def _begin(self, line: Line) -> None:
        """A line of a reply: of the one that is being written, or of the next."""
        if self._answer is None:
            self._answer = Answer(self._connection, line, self._within, self._after)
            self._within = self._after = None
            self._drafts.append(self._answer)
        self._answer.lines.append(line)

    def _current(self) -> Answer:
        assert self._answer is not None  # `_begin` has seen to it
        return self._answer

    def _hear(self, line: ExpectedLine) -> None:
        if self._answer is None:  # an `S=` that holds the end of one reply, and another one
            self._begin(line.line)
            self._current().lines.pop()
        answer, connection = self._current(), self._shadow.connection
        octets = b"".join(map(self._shadow.stand_in, line.pieces)) + line.end
        reading, owed = connection.reading_body, connection.owed()
        found = self._shadow.hear(octets)
        if reading:
            if any(isinstance(event, events.BodyChunk) and event.last for event in found):
                self._complete()
            else:
                assert answer.body is not None  # its reply has opened it
                answer.body.append(self._content(line))
            return
        answer.status.append(line)
        context = self._context(found, owed)
        if context is None and (found or connection.lost):
            if line.form is Form.COOKED:
                raise fault(line.line, "S~ says the code of the reply to the letter")
            context = Context(None, malformed=True)
        if context is not None:
            self._answered(answer, context)

    def _content(self, line: ExpectedLine) -> ExpectedLine:
        """A line of a body, as content: CRLF alone begins one whose dot is taken off."""
        before, self._before = self._before, line.end
        return _unstuffed(line) if before == CRLF else line

    def _answered(self, answer: Answer, context: Context) -> None:
        answer.context = context
        if self._shadow.connection.reading_body:
            answer.body = []
            self._before = CRLF
        else:
            self._complete()

    def _complete(self) -> None:
        self._latest, self._answer = self._answer, None

    def _ask(self, line: Question) -> None:
        self._finish_reply()
        self._begin(line)
        answer, owed = self._current(), self._shadow.connection.owed()
        answer.question = line
        context = self._context(self._shadow.hear_class(line.classes[0]), owed)
        if context is None:
            wanted = "+OK, -ERR or +" if self._shadow.pop3 else "200 to 599, or x for any digit"
            raise fault(line, f"no reply here can be {line.classes[0]}: expected {wanted}")
        answer.context = context
        self._complete()

    def _context(self, found: Iterable[Event], owed: Owed | None) -> Context | None:
        for event in found:
            match event:
                case events.Greeting():
                    return Context(None, greeting=True)
                case events.Unsolicited():
                    return Context(None, unsolicited=True)
                case events.ReplyReceived(command=command, recipient=recipient):
                    assert owed is not None  # the reply belongs to something
                    if self._shadow.connection.phase is Phase.DATA:
                        self._data_of = command
                    return Context(
                        command,
                        unit=self._answers[id(command)][1]
                        if id(command) in self._answers
                        else None,
                        recipient=recipient,
                        data=owed.stage is not Stage.COMMAND,
                        hello=owed.row.effect in _LISTS,
                        multi=owed.lines is Lines.MULTI,
                    )
                case _:
                    pass
        return None

    def _hear_file(self, line: FileLine) -> None:
        if not self._shadow.connection.reading_body or self._partial:
            raise fault(line, "S> holds the body of a multi-line response, and none is open here")
        answer = self._current()
        assert answer.body is not None  # its reply has opened it
        answer.body.append(line)
        answer.lines.append(line)
        self._before = CRLF
        self._shadow.hear(b"x\r\n")

    def mask(self) -> None:
        """A recorder has masked a secret in the reply above, if there is one."""
        answer = self._answer or self._latest
        if answer is not None:
            answer.masked = True

    def _any_lines(self, line: Pattern) -> None:
        self._begin(line)
        answer = self._current()
        self._before = CRLF
        (answer.status if answer.body is None else answer.body).append(line)

    def _condition(self, line: Pattern) -> None:
        answer = self._answer or self._latest
        if answer is None:
            raise fault(line, f"S{line.tag} speaks of the reply above it, and there is none")
        answer.conditions.append(line)
        answer.lines.append(line)

    # ------------------------------------------------------------------------------ events

    def _inside(self, line: EventLine) -> bool:
        answer = self._answer
        if answer is None:
            return False
        if line.word not in ENDS:
            answer.lines.append(line)
            return True
        self._cut_off(answer)
        return False

    def _cut_off(self, answer: Answer) -> None:
        """The reply has no end."""
        if self._partial:
            cut = self._take_partial()
            if self._shadow.connection.reading_body and answer.body is not None:
                answer.body.append(self._content(cut))
            else:
                answer.status.append(cut)
        if answer.context == Context(None):
            answer.context = self._context_of_cut()
        answer.whole = False
        self._complete()

    def _context_of_cut(self) -> Context:
        """What a reply answers that never became whole."""
        owed = self._shadow.connection.owed()
        if owed is None:
            return Context(None, unsolicited=True)
        if owed.stage is Stage.GREETING:
            return Context(None, greeting=True)
        return self._context_of(owed)

    def _context_of(self, owed: Owed) -> Context:
        answered = self._answers.get(id(owed.command))
        return Context(
            owed.command,
            unit=answered[1] if answered else None,
            data=owed.stage is not Stage.COMMAND,
            hello=owed.row.effect in _LISTS,
            multi=owed.lines is Lines.MULTI,
        )

    def _end(self, line: EventLine) -> None:
        super()._end(line)
        if self._ended is not None:
            self._shadow.connection.close(ENDS[line.word], 0.0)

    def _finish_reply(self) -> None:
        answer = self._answer
        if answer is None:
            return
        if answer.body is not None:
            raise fault(
                answer.first,
                "the multi-line response has no end: write its lines and S: . behind them, "
                "or S? for all of it",
            )
        raise fault(answer.first, "the reply that begins here has no end")

    def finish(self, *, inside: bool = False) -> None:
        """A recording may end in the middle of a reply: whoever wrote it was killed."""
        if self._answer is not None and not inside:
            self._answer.open = True
            self._cut_off(self._answer)
        super().finish(inside=inside)

    def start_tls(self, line: TlsLine) -> None:
        self._finish_reply()
        self._writing = None
        self._drafts.append(Handshake(line))
        self._shadow.start_tls(implicit=False)
        self._spans, self._begun, self._cursor = [], self._said, self._said


def _unstuffed(line: ExpectedLine) -> ExpectedLine:
    """A line of a body, as content: the dot that begins it is taken off."""
    first = line.pieces[0] if line.pieces else b""
    if not isinstance(first, bytes) or not first.startswith(b"."):
        return line
    pieces = (first[1:], *line.pieces[1:]) if first != b"." else line.pieces[1:]
    return ExpectedLine(line.line, line.form, pieces, line.end)
