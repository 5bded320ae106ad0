"""What lint says of a dialogue: replies owed and not written, marks, secrets, ends.

The steps of one way through a file are said and heard by the same `Connection` that reads the
wire; each of its states is looked at before and after.
"""

from collections.abc import Mapping

from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Then
from mailprobe.protocol.facts import Effect
from mailprobe.protocol.framing import stuff
from mailprobe.protocol.items import Phase
from mailprobe.protocol.model import Command, State
from mailprobe.transcript.linting.conditions import contradictions
from mailprobe.transcript.linting.maildata import Files, MailData
from mailprobe.transcript.linting.names import is_near, is_own
from mailprobe.transcript.linting.notes import Tell, about
from mailprobe.transcript.model import (
    EventLine,
    FileLine,
    Happening,
    Line,
    Peer,
    Pieces,
    Placeholder,
    TlsLine,
    Transcript,
    Wire,
)
from mailprobe.transcript.steps import (
    ExpectedLine,
    Handshake,
    Happens,
    Repeat,
    Reply,
    Step,
    Write,
)
from mailprobe.transcript.talks.shadow import PROTOCOLS, Shadow
from mailprobe.transcript.talks.talk import ENDS
from mailprobe.value import field, mutable

_MOCK = "mock"  # the tag of what is served, and never played against a server of its own


class Listener:
    """Says and hears the steps of one way, or of one round of `@poll`."""

    def __init__(
        self,
        transcript: Transcript,
        values: Mapping[str, bytes],
        files: Files | None,
        tell: Tell,
    ) -> None:
        self._transcript = transcript
        self.values = values
        self.files = files
        self._tell = tell
        self._talks: dict[int, Talk] = {}
        protocols = {peer.protocol for peer in transcript.head.peers.values()}
        self.delivers = bool(protocols & {"smtp", "lmtp"})  # the file sends mail, too
        self.serves = _MOCK in transcript.head.tags  # each run has a new maildrop

    def listen(self, steps: tuple[Step, ...]) -> None:
        """All steps, to the end."""
        for step in steps:
            match step:
                case Write(connection=number) if talk := self._talk(number):
                    talk.write(step)
                case Reply(connection=number) if talk := self._talk(number):
                    talk.hear(step)
                case Happens(line=line) if talk := self._talk(line.connection):
                    talk.happen(line)
                case Handshake(line=line) if talk := self._talk(line.connection):
                    talk.start_tls(line)
                case Repeat(steps=inner):
                    Listener(self._transcript, self.values, self.files, self._tell).listen(inner)
                case _:
                    pass
        for talk in self._talks.values():
            talk.finish()

    def _talk(self, number: int) -> "Talk | None":
        """A connection; None of `protocol: raw`, where nothing is owed to anybody."""
        peer = self._transcript.head.peers.get(number, Peer())
        if peer.protocol not in PROTOCOLS:
            return None
        if number not in self._talks:
            shadow = Shadow(peer.protocol, self.values)
            if peer.implicit_tls:
                shadow.start_tls(implicit=True)
            mail = MailData(shadow, self.files, self._tell)
            self._talks[number] = Talk(number, peer, shadow, self, mail)
        return self._talks[number]

    def tell(self, line: Line, sentence: str, *, error: bool = False, owed: bool = False) -> None:
        self._tell(about(line, sentence, error=error, owed=owed))


@mutable
class Talk:
    """One connection while it is listened to."""

    number: int
    peer: Peer
    shadow: Shadow
    listener: Listener
    mail: MailData
    commands: dict[int, tuple[Command, Line]] = field(default_factory=dict)  # by identity
    first: Line | None = None  # what the client said first
    marks: list[tuple[Command, Line]] = field(default_factory=list)  # DELE
    quit: Line | None = None
    left: bool = False  # and the server has said yes to it
    ended: Line | None = None
    half: bool = False  # the client has closed its side

    # -------------------------------------------------------------------------- the client

    def write(self, step: Write) -> None:
        self.mail.begin()
        for line, secret in zip(step.lines, step.secret, strict=True):
            self.first = self.first or line
            if secret:
                self._check_secret(line, secret)
            self._check_quit(line)
            self._say(line)
        self.mail.finish()

    def _check_secret(self, line: Line, secret: frozenset[int]) -> None:
        if self.shadow.connection.facts.tls or is_near(self.peer.connect):
            return
        pieces = line.pieces if isinstance(line, Wire) else ()
        if any(not isinstance(pieces[index], bytes) for index in secret if index < len(pieces)):
            sentence = "a secret in the clear to another host: replay wants --insecure-auth for it"
            self.listener.tell(line, sentence)

    def _check_quit(self, line: Line) -> None:
        if self.quit is not None:
            number = self.quit.place.line
            sentence = f"the session has ended with the QUIT in line {number}"
            self.listener.tell(line, sentence, error=self.left)

    def _say(self, line: Wire | FileLine) -> None:
        if isinstance(line, FileLine):
            self.mail.say_file(line)
            return
        octets = b"".join(map(self.shadow.stand_in, line.pieces)) + line.end
        for event in self.mail.say(line, octets, sure=self._literal(line.pieces)):
            if isinstance(event, events.CommandSent):
                self._command(event.command, line)

    def _literal(self, pieces: Pieces) -> bool:
        """Whether it is known what they say."""
        return all(
            isinstance(piece, bytes)
            or (isinstance(piece, Placeholder) and piece.name in self.listener.values)
            for piece in pieces
        )

    def _command(self, command: Command, line: Wire) -> None:
        self.commands[id(command)] = (command, line)
        row = self.shadow.catalogue.row(command)
        self.mail.open(command, line, sure=self._literal(line.pieces))
        if row.then is Then.CLOSE:
            self.quit = line
        elif row.effect is Effect.MARK:
            self.marks.append((command, line))

    # -------------------------------------------------------------------------- the server

    def hear(self, step: Reply) -> None:
        self.mail.check_chunk()
        expected, in_data = step.expected, self.mail.inside
        if expected.open:
            self.listener.tell(expected.lines[-1], "the file ends in the middle of this reply")
        line: Line = expected.lines[0] if expected.lines else _status_line(step, 0)
        self._say_reply(step)
        code = self._code(step)
        if in_data:
            self.mail.refuse(positive=code[:1] in ("2", "3") or code == "+OK")
        elif step.context.malformed and expected.whole:
            sentence = "this is no reply: it begins with no code"
            self.listener.tell(_status_line(step, -1), sentence, error=True)
        elif self._odd(step, code):
            sentence = "nothing is owed this reply: no command waits for one"
            self.listener.tell(line, sentence, error=True)
        command = step.context.command
        if command and self.shadow.catalogue.row(command).then is Then.CLOSE:
            self.left = code[:1] not in ("4", "5", "-")
            self.quit = self.quit if self.left else None
        for plus, minus in contradictions(expected.conditions, listing=step.context.hello):
            sentence = f"this can never hold: line {plus.place.line} asks for such a line"
            self.listener.tell(minus, sentence, error=True)

    def _odd(self, step: Reply, code: str) -> bool:
        """Whether this is good news that nobody has asked for."""
        asked = not step.context.unsolicited or self.mail.false_end
        return not asked and step.expected.whole and code[:1] in ("2", "3", "+")

    def _say_reply(self, step: Reply) -> None:
        expected = step.expected
        if expected.question is not None:
            self.shadow.hear_class(expected.question.classes[0])
            return
        for entry in expected.status:
            if isinstance(entry, ExpectedLine):
                self.shadow.hear(self._octets(entry))
        for each in expected.body or ():
            if isinstance(each, ExpectedLine):
                self.shadow.hear(stuff(self._octets(each)))
        if expected.body is not None and expected.whole:
            self.shadow.hear(b".\r\n")

    def _octets(self, entry: ExpectedLine) -> bytes:
        return b"".join(map(self.shadow.stand_in, entry.pieces)) + entry.end

    def _code(self, step: Reply) -> str:
        expected = step.expected
        if expected.question is not None:
            return expected.question.classes[0].code
        last = [entry for entry in expected.status if isinstance(entry, ExpectedLine)][-1:]
        words = b"".join(map(self._octets, last)).split(b" ")[0].decode("latin-1").upper()
        return words.strip()[:4] if words[:1] in ("+", "-") else words[:3]

    # -------------------------------------------------------------------------------- events

    def happen(self, line: EventLine) -> None:
        if self.ended is not None:
            number = self.ended.place.line
            sentence = f"connection {self.number} has ended in line {number}"
            self.listener.tell(line, sentence, error=True)
        elif line.side == "C" and line.word is Happening.CLOSE:
            self.half = True  # who hangs up does not wait for what is owed
        elif line.word in ENDS:
            self.ended = line
            self.shadow.connection.close(ENDS[line.word], 0.0)

    def start_tls(self, line: TlsLine) -> None:
        if self.shadow.connection.state is not State.TLS:
            sentence = "nothing says that the server is ready: its go-ahead for TLS is missing"
            self.listener.tell(line, sentence)
        self.quit, self.left = None, False
        self.shadow.start_tls(implicit=False)

    def finish(self) -> None:
        """The file is over."""
        if self.quit is not None and not (self.listener.serves or is_own(self.peer.connect)):
            self._check_marks()
        self.mail.check_chunk()
        if self.ended is not None:
            return
        if self.mail.inside:
            self.mail.tell_endless()
        self._check_owed()

    def _check_marks(self) -> None:
        """RFC 1939, section 6: QUIT removes what is marked, so that the next run finds less."""
        facts = self.shadow.connection.facts
        for command, line in self.marks:
            argument = command.argument.strip()
            if not argument.isdigit() or int(argument) not in facts.marks:
                continue
            if isinstance(line, Wire) and len(line.pieces) > 1 and self.listener.delivers:
                continue  # the file takes away what it has sent itself
            number = self.quit.place.line if self.quit else 0
            sentence = f"its second run differs: the QUIT in line {number} removes this message"
            self.listener.tell(line, f"{sentence}; RSET before it would keep it")

    def _check_owed(self) -> None:
        owed = self.shadow.connection.owed()
        if owed is None or self.half or self.shadow.connection.phase is Phase.CHUNK:
            return
        sentence = f"the server owes {self.shadow.connection.due_next()}, and the file has none"
        _, line = self.commands.get(id(owed.command), (None, self.first))
        if line is not None:
            self.listener.tell(line, sentence, error=True, owed=True)


def _status_line(step: Reply, index: int) -> Line:
    """Where a line of a reply is written: the first may begin in the middle of an `S=`."""
    entry = step.expected.status[index]
    return entry.line if isinstance(entry, ExpectedLine) else entry
