"""A connection of `protocol: raw`: there are no replies, line stands against line."""

from mailprobe.transcript.model import EventLine, FileLine, Line, Pattern, Question, TlsLine, Wire
from mailprobe.transcript.steps import ExpectedLine, Handshake, RawLine
from mailprobe.transcript.talks.talk import ENDS, Talk, Writing, fault


class RawTalk(Talk):
    """A connection without replies: line against line."""

    def _say(self, writing: Writing, line: Wire | FileLine) -> None:
        pass

    def _begin(self, line: Line) -> None:
        pass

    def _hear(self, line: ExpectedLine) -> None:
        self._expect(line)

    def _any_lines(self, line: Pattern) -> None:
        self._expect(line)

    def _expect(self, line: ExpectedLine | Pattern) -> None:
        self._drafts.append(RawLine(self._connection, line, self._within, self._after))
        self._within = self._after = None

    def _hear_file(self, line: FileLine) -> None:
        raise fault(line, "protocol raw has no multi-line responses")

    def _ask(self, line: Question) -> None:
        raise fault(line, "protocol raw has no replies: write the line itself, S: or S~")

    def _condition(self, line: Pattern) -> None:
        raise fault(line, "protocol raw has no replies: write the line itself, S: or S~")

    def _inside(self, line: EventLine) -> bool:
        if self._partial and line.word in ENDS:
            self._expect(self._take_partial())
        return False

    def _finish_reply(self) -> None:
        if self._partial:
            self._expect(self._take_partial())  # a prompt has no line end

    def start_tls(self, line: TlsLine) -> None:
        self._finish_reply()
        self._writing = None
        self._drafts.append(Handshake(line))
