"""A session told again: what a source shows goes through a `Connection`, and what that sees is
written by the recorder.  So replies are cut, bodies end and secrets become names as on the wire.

What a source leaves out, and the dialogue needs, is put in and said so.
"""

from mailprobe.protocol import events
from mailprobe.protocol.catalogue import CommandSpec, Lines
from mailprobe.protocol.connection import Connection
from mailprobe.protocol.events import Ending
from mailprobe.protocol.framing import CRLF, Limits, stuff
from mailprobe.protocol.items import NEED_DATA, Phase, Raw
from mailprobe.protocol.model import Protocol, Role, State
from mailprobe.protocol.progress import Stage
from mailprobe.transcript.importing.items import (
    Ended,
    Item,
    Presumed,
    Printed,
    Said,
    Shown,
    Told,
    Upgraded,
)
from mailprobe.transcript.importing.script import Script
from mailprobe.transcript.importing.source import CATALOGUES, is_reply
from mailprobe.transcript.redact import Secrets

_ROOM = 1 << 40  # octets: the source is bounded, its lines are not judged
_LIMITS = Limits(_ROOM, _ROOM, _ROOM, _ROOM)
_ENDS = {Ending.EOF: "S@ close", Ending.RESET: "S@ reset", Ending.LOCAL: "C@ close"}
_NO_DOT = "# the source leaves out the lone dot above"
_NO_MAIL = "# the source does not show the message"
_NO_BODY = "# the source does not show the lines of this reply"
_NO_END = "# the source leaves out the end of the reply: the line above"
_NO_STATUS = "# the source leaves out the first line of the reply"


class Scribe:
    """Writes one session.  `spoilers` are the secrets that a first run has found."""

    def __init__(
        self, protocol: Protocol, *, stage_directions: bool, spoilers: Secrets | None
    ) -> None:
        self.protocol = protocol
        self.catalogue = CATALOGUES[protocol]
        self.connection = Connection(self.catalogue, Role.CLIENT, _LIMITS)
        self.script = Script(spoilers)
        self._stage_directions = stage_directions
        self.body_row: CommandSpec | None = None  # of the multi-line response that came last
        self._body_lines = 0  # of the one that is open
        self._data_lines = 0  # of the mail data that is open
        self._printed = False  # the body comes without its dots
        self._left_out = False

    def begin(self, shown: Shown, source: str) -> None:
        """Write the header, and a greeting where the source begins behind it."""
        self.script.header(self.protocol, shown.connect, source, implicit_tls=shown.implicit_tls)
        first = next((item for item in shown.items if isinstance(item, (Said, Presumed))), None)
        if isinstance(first, Said) and first.side == "C" and not self._directs(first.octets):
            self.script.write("# the source begins behind the greeting")
            self.presume("+OK" if self.protocol is Protocol.POP3 else "220")

    def tell(self, item: Item) -> None:
        """Write what an item shows."""
        match item:
            case Said(side="C", octets=octets, end=end):
                self.say(octets, end)
            case Said(octets=octets, end=end):
                self.hear(octets, end)
            case Printed(octets=octets):
                self._print(octets)
            case Presumed(code=code):
                self.presume(code)
            case Upgraded(verified=verified, implicit=implicit):
                self._upgrade(verified=verified, implicit=implicit)
            case Ended(how=how):
                self.end(how)
            case Told(octets=octets):
                self.script.tell(octets)
            case _:
                self.script.write(f"# {item.text}")

    def finish(self) -> bytes:
        """The source is over; returns the transcript."""
        self._finish_reply()
        self.finish_body()
        return self.script.octets()

    # -------------------------------------------------------------------------- the two sides

    def say(self, line: bytes, end: bytes = CRLF) -> None:
        """The client says a line."""
        if self._stage_directions and self._is_direction(line):
            self._direct(line)
            return
        self._finish_reply()
        self.finish_body()
        if self._lost():
            return
        if self.connection.state is State.TLS and self._stage_directions:
            self._upgrade(verified=True, implicit=False)
        if self.connection.phase is Phase.DATA:
            self._data_lines += 1
        else:
            self._data_lines = 0
        self.connection.send(Raw(line + end), 0.0)
        self._pump()

    def hear(self, line: bytes, end: bytes = CRLF) -> None:
        """The server says a line."""
        connection = self.connection
        if not connection.reading_body:
            if self._stage_directions and self._is_direction(line):
                self._direct(line)
                return
            if connection.phase is Phase.DATA and is_reply(line, self.protocol):
                self._finish_data()
            if self.misses_status(line):
                self.script.write(_NO_STATUS)
                self.script.write("S~ +OK{:any=}")
                owed = connection.owed()
                self.body_row = owed.row if owed else None
                self._hear_quietly(b"+OK\r\n")
        if self._lost():
            return
        inside, owed = connection.reading_body, connection.owed()
        self._body_lines = self._body_lines + 1 if inside else 0
        connection.receive_data(line + end, 0.0)
        self._pump()
        if connection.reading_body and not inside:
            self.body_row = owed.row if owed else None

    def misses_status(self, line: bytes) -> bool:
        """Whether a multi-line response is due, and a line of its body comes first."""
        owed = self.connection.owed()
        multi = owed is not None and owed.stage is Stage.COMMAND and owed.lines is Lines.MULTI
        return multi and not is_reply(line, self.protocol)

    def presume(self, code: str) -> None:
        """A reply came that is not shown."""
        self.script.write(f"S? {code}")
        self._hear_quietly(code.encode() + CRLF)

    def end(self, how: str) -> None:
        """The link is gone."""
        if how == Ending.LOCAL:
            self._finish_reply()
            self.finish_body()
        elif self.connection.unfinished or self.connection.reading_body:
            self.connection.receive_data(b"", 0.0)
            self._pump()
        self.script.write(_ENDS[how])
        self.connection.close(how, 0.0)
        while self.connection.next_event() is not NEED_DATA:
            pass

    # ------------------------------------------------------------------------ what is left out

    def _finish_reply(self) -> None:
        """A reply whose last line the source leaves out, by an ellipsis for example."""
        unfinished = self.connection.unfinished
        if not unfinished or self.connection.reading_body:
            return
        self.connection.receive_data(unfinished[:3] + CRLF, 0.0)
        self._pump()
        self.script.write(_NO_END)

    def finish_body(self) -> None:
        """A body whose lone dot the source leaves out."""
        if not self.connection.reading_body or self.connection.lost:
            return
        if not self._body_lines:
            self._forget_body()
            return
        self.connection.receive_data(b".\r\n", 0.0)
        self._pump()
        self._body_lines = 0
        if not self._printed:
            self.script.write(_NO_DOT)
        self._printed = False

    def _forget_body(self) -> None:
        self.script.forget_status()
        self.script.write(_NO_BODY)
        self.script.write("S? +OK")
        self._hear_quietly(b".\r\n")

    def _finish_data(self) -> None:
        shown = self._data_lines
        self.say(b".")
        self.script.write(_NO_DOT if shown else _NO_MAIL)

    def _hear_quietly(self, octets: bytes) -> None:
        self.connection.receive_data(octets, 0.0)
        while self.connection.next_event() is not NEED_DATA:
            pass

    def _lost(self) -> bool:
        """Whether nothing can be followed any more; says so once."""
        if self.connection.lost and not self._left_out:
            self._left_out = True
            self.script.write("# what follows in the source is left out")
        return self.connection.lost

    # -------------------------------------------------------------------------------- the rest

    def _print(self, line: bytes) -> None:
        if self.connection.reading_body and not self.connection.lost:
            self._printed = True
            self.hear(stuff(line))

    def _upgrade(self, *, verified: bool, implicit: bool) -> None:
        due = State.CONNECT if implicit else State.TLS
        if self.connection.state is not due or self._lost():
            return  # nobody has asked for it
        self.connection.start_tls(
            events.TlsStarted(0.0, "", "", "", verified=verified, implicit=implicit)
        )
        self._pump()

    def _directs(self, line: bytes) -> bool:
        return self._stage_directions and line[:1] == b"<" and line[-1:] == b">"

    def _is_direction(self, line: bytes) -> bool:
        """Whether it says what happens, and is no line: `<open connection>`."""
        if not self._directs(line) or self.connection.phase in (Phase.DATA, Phase.CHUNK):
            return False
        return not self.connection.unfinished

    def _direct(self, line: bytes) -> None:
        self.script.tell(line)

    def _pump(self) -> None:
        while (event := self.connection.next_event()) is not NEED_DATA:
            self.script(event)
