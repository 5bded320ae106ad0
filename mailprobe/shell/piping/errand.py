"""One errand at one server: connect, log in, do it, leave.  No script, nobody who types."""

from collections.abc import Callable, Sequence

from mailprobe.errors import Failure, Word
from mailprobe.protocol.items import Phase
from mailprobe.protocol.model import Command, Protocol, Reply
from mailprobe.safe import safe
from mailprobe.session import Item, Session
from mailprobe.shell.options import Options
from mailprobe.shell.piping.pipe import Pipe
from mailprobe.shell.piping.printer import explained
from mailprobe.shell.piping.terse import Terse
from mailprobe.transport.link import Interrupted


class Errand(Pipe):
    """`work` is what to do; it is called when hello was said and the login, if any, is done.

    `first` are commands that go before the login.  `work` may raise Failure, which ends the run.
    """

    def __init__(
        self,
        options: Options,
        terse: Terse,
        tell: Callable[[str], None],
        work: Callable[["Errand"], None],
        *,
        wakeup: int | None = None,
        ask: Callable[[str, int | None], str | None] | None = None,
        first: Sequence[bytes] = (),
    ) -> None:
        super().__init__(options, -1, terse, tell, wakeup, ask)
        self.terse = terse
        self._work = work
        self._first = first

    def write(self, text: str) -> None:
        """What is told on the way is no result."""
        for line in self.mask(text).removesuffix("\n").split("\n"):
            self._tell(f"note: {line.strip()}")

    def put(self, item: Item) -> bool:
        return self.connected.send(item)

    def wait(self) -> bool:
        return self.connected.wait()

    @property
    def connected(self) -> Session:
        """The session, which there is while the work lasts."""
        return self._connected()

    def say(self, line: bytes) -> Reply:
        """Send a command and give the last reply to it.

        Raises Interrupted, and Failure where the server has gone.
        """
        session, command = self.connected, Command(line)
        self._refuse_closed(session, f"before {safe(command.verb)} was sent")
        if not self.put(command) or not self.wait():
            raise Interrupted
        last = session.last
        if last is None or last.command is not command or not last.replies:
            raise Failure(
                Word.EOF, f"the server closed the connection, {safe(command.verb)} is unanswered"
            )
        return last.replies[-1]

    # --------------------------------------------------------------------------- as `Pipe` asks

    def _log_in(self) -> None:
        from mailprobe.shell.writing import login  # and sasl: where somebody logs in

        session = self.connected
        if not session.reach_tls():
            raise Interrupted
        if session.connection.facts.offers is None:
            self._introduce(session)
        for line in self._first:
            reply = self.say(line)
            if not reply.positive:
                raise refused(line, reply)
        login.as_offered(self)
        self._stop_at_refusal()
        if session.connection.phase is not Phase.COMMAND:
            raise Failure(Word.PROTOCOL, "the login did not end: one more challenge came")

    def _introduce(self, session: Session) -> None:
        """Hello, or CAPA, which an old server need not have."""
        hello = session.hello_line()
        reply = self.say(hello or b"CAPA")
        name = hello.partition(b" ")[2]
        smtp = session.connection.catalogue.protocol is Protocol.SMTP
        if smtp and reply.refused and not session.closed:  # RFC 5321, section 3.2
            hello = b"HELO " + name
            reply = self.say(hello)
        if hello and not reply.positive:
            raise refused(hello, reply)
        self._refusals.take()  # which have been understood

    def _step(self) -> bool:
        self._work(self)
        return False

    def _end_of_input(self) -> None:
        session = self.session
        if session is not None and not session.closed:
            session.leave()

    def _count_refusals(self) -> None:
        """What was refused is for `work` to judge."""


def refused(line: bytes, reply: Reply) -> Failure:
    """The server does not do what `line` asks for; a response code is told in words."""
    return Failure(
        Word.REFUSED,
        f"{safe(Command(line).verb)} was answered: {safe(reply.lines[-1])}{explained(reply)}",
    )
