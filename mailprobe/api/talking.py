"""A session for programs: commands in, exchanges out.

A facade over `session.Session`: it adds what a program needs, which is one thread at a time,
methods that end in a result or a Failure, and the end of all that was begun for the session.
"""

import threading
import warnings
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

from mailprobe.api.data import blocks_of
from mailprobe.api.hearing import Hearing
from mailprobe.api.lines import misplaced, one_line, send_raw
from mailprobe.errors import Failure, Word
from mailprobe.exchanges import Exchange
from mailprobe.messages.maildata import Writer
from mailprobe.protocol.facts import Facts
from mailprobe.protocol.framing import CRLF
from mailprobe.protocol.items import Answer, Data, Misuse, Phase, Raw
from mailprobe.protocol.model import Command, Reply, State
from mailprobe.safe import safe
from mailprobe.session import Item
from mailprobe.session import Session as Dialogue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from mailprobe.api.data import Source
    from mailprobe.shell.recording.recording import Recording
    from mailprobe.transport.link import TlsFacts

_LEFT = 5  # frames from `warnings.warn` to the program that called a method


class Session:
    """A session with one server; `mailprobe.connect` opens it, and a `with` block ends it.

    Methods that wait return what the server said, whatever it said: a refusal is an Exchange like
    any other.  They raise Failure where there is nothing to return: the link is lost (`eof`,
    `reset`), too slow (`timeout`), not understood (`protocol`, `limit`), not to be trusted (`tls`,
    `security`), or the call makes no sense (`usage`).  Threads may share a session: each method
    runs to its end before the next one begins.  Who interrupts a method (KeyboardInterrupt) drops
    the link, for nobody knows what was still owed.
    """

    def __init__(
        self,
        dialogue: Dialogue,
        hearing: Hearing,
        recording: "Recording | None",
        ends: ExitStack,
    ) -> None:
        self._dialogue = dialogue
        self._hearing = hearing
        self._recording = recording
        # What ends with the session, or when nobody holds it any more: a sandbox, a recording.
        self._end = weakref.finalize(self, ends.close)
        self._lock = threading.RLock()
        self._depth = 0  # methods that call each other

    def __repr__(self) -> str:
        return f"<mailprobe.Session {self.protocol} {safe(self.peer)} {self.state}>"

    # ---------------------------------------------------------------------------- what is known

    @property
    def protocol(self) -> str:
        """`smtp`, `lmtp` or `pop3`."""
        return str(self._dialogue.connection.catalogue.protocol)

    @property
    def peer(self) -> str:
        """The address of the server: `192.0.2.1:25`."""
        return self._dialogue.transport.peer

    @property
    def greeting(self) -> Reply | None:
        """What the server said first."""
        return self._hearing.greeting

    @property
    def state(self) -> State:
        """Where the session stands."""
        return self._dialogue.state

    @property
    def closed(self) -> bool:
        """Whether the link is gone."""
        return self._dialogue.closed

    @property
    def facts(self) -> Facts:
        """All that the dialogue has made known; it changes with the session, look only."""
        return self._dialogue.connection.facts

    @property
    def capabilities(self) -> Mapping[str, str]:
        """EHLO keywords or capabilities, upper case, with their arguments; empty: none known."""
        return dict(self.facts.offers or {})

    @property
    def tls(self) -> "TlsFacts | None":
        """What the handshake agreed on; None where there was none."""
        return self._dialogue.transport.tls

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The newest commands and their replies, at most a hundred, the oldest of them first."""
        return tuple(self._dialogue.exchanges)

    @property
    def unsolicited(self) -> tuple[Reply, ...]:
        """What the server said unasked, at most a hundred, the oldest of them first."""
        return tuple(self._hearing.unsolicited)

    # --------------------------------------------------------------------------------- commands

    def command(self, line: str | bytes) -> Exchange:
        """Send a command line, as it is, and wait for the reply.

        A `str` travels as UTF-8.  CR, LF or NUL are refused (Failure `usage`): one call is one
        command; `raw` sends anything.  A go-ahead for TLS is followed by the handshake.
        """
        octets = one_line(line)
        with self._turn(Phase.COMMAND) as dialogue:
            sent = Command(octets)
            dialogue.send(sent)
            dialogue.wait()
            return self._answered(dialogue, sent)

    def answer(self, line: str | bytes) -> Exchange:
        """Answer a challenge of AUTH by a line, which is in base64 already, or `*`.

        The Exchange is that of AUTH, with the reply to this answer behind its others.
        """
        octets = one_line(line)
        with self._turn(Phase.ANSWER) as dialogue:
            dialogue.send(Answer(octets))
            dialogue.wait()
            assert dialogue.last is not None  # an AUTH has asked for it
            return dialogue.last

    def pipeline(self, lines: Iterable[str | bytes]) -> list[Exchange]:
        """Send several commands as one write (RFC 2920), and wait for all replies.

        An Exchange for each line, in their order.  An AUTH whose answers would have to stand
        among the lines is refused (Failure `usage`), for nothing would hide them, and so is the
        101st line.
        """
        from mailprobe.shell.writing.groups import collect
        from mailprobe.shell.writing.switches import Switches

        switches = Switches(group=[])
        with self._turn(Phase.COMMAND) as dialogue:
            for line in lines:
                collect(switches, dialogue.connection.catalogue, one_line(line))
            return send_raw(dialogue, b"".join(switches.group or ()))

    def raw(self, octets: bytes) -> list[Exchange]:
        """Send octets as they are, and wait for what is owed.

        An Exchange for each command that they have ended, none where they end none.
        """
        with self._turn() as dialogue:
            return send_raw(dialogue, bytes(octets))

    def login(
        self, mechanism: str, user: str = "", secret: str = "", authzid: str = ""
    ) -> Exchange:
        """Log in by a SASL mechanism, or by `APOP`: AUTH, and an answer to each challenge.

        `secret` is a password, or the token of OAUTHBEARER and XOAUTH2; `authzid` is whom the
        user acts for.  The Exchange is that of AUTH: `reply.positive` says whether it worked.
        Where the session wants TLS, it is started first.  Raises Failure, of the words that the
        class names: `usage` for what the mechanism cannot carry, `protocol` for a challenge
        without sense, `security` for a server that has not proved that it knows the secret.
        """
        from mailprobe import login
        from mailprobe.protocol import sasl

        name = mechanism.upper()
        if name not in (*sasl.MECHANISMS, "APOP"):
            known = ", ".join((*sasl.MECHANISMS, "APOP"))
            raise Failure(Word.USAGE, f"{safe(mechanism)} is not spoken; known are {known}")
        with self._turn(Phase.COMMAND) as dialogue:
            if dialogue.must_upgrade(Command(b"AUTH")):
                dialogue.upgrade()

            def send(item: Item) -> bool:
                dialogue.send(item)
                return dialogue.wait()

            self._hide(secret, user)
            if name == "APOP":
                login.log_in_by_apop(dialogue, user, secret, send)
            else:
                login.log_in(dialogue, name, user, secret, send, authzid=authzid)
            assert dialogue.last is not None  # AUTH or APOP was sent
            return dialogue.last

    def _hide(self, secret: str, user: str) -> None:
        """Keep a secret out of the recording, in which form it travels or comes back."""
        if self._recording is not None:
            octets = [text.encode("utf-8", "surrogateescape") for text in (secret, user)]
            self._recording.hide(*octets)

    def start_tls(self) -> "TlsFacts":
        """Start TLS by STARTTLS or STLS, with hello before and after.

        Nothing is done where TLS is up.  Raises Failure: `security` where it is not offered, or
        refused, `tls` where the certificate is not good, and more.
        """
        with self._turn(Phase.COMMAND) as dialogue:
            dialogue.upgrade()
            assert dialogue.transport.tls is not None  # or a Failure was raised
            return dialogue.transport.tls

    # -------------------------------------------------------------------------------- mail data

    def data(
        self, source: "Source", *, ends: bytes | None = CRLF, stuffing: bool = True
    ) -> Exchange:
        """Send a message as mail data, behind a DATA where none was sent yet, and its end.

        `source` is text (UTF-8), octets, a path, an open binary file, or pieces.  `ends` is what
        every line end becomes, None leaves them; `stuffing` doubles the dot that begins a line
        (RFC 5321, section 4.5.2).  The Exchange is that of DATA: with the go-ahead, and with a
        reply for each recipient in LMTP.  Where DATA is refused nothing else is sent.
        """
        with self._turn(Phase.COMMAND, Phase.DATA) as dialogue:
            if _takes_data(dialogue):
                assert dialogue.last is not None  # which has opened mail data
                opened = dialogue.last
            else:
                opened = self.command(b"DATA")
            if not _takes_data(dialogue):
                return opened
            writer = Writer(ends=ends, stuffing=stuffing, fresh=dialogue.connection.begins_line)
            for block in blocks_of(source):
                self._put(dialogue, writer.feed(block))
            end = writer.finish()
            if not _takes_data(dialogue):  # a lone dot of the text has ended it
                end = end.removesuffix(b".\r\n")
            self._put(dialogue, end)
            dialogue.wait()
            return opened

    def chunk(self, octets: bytes, *, last: bool = False) -> Exchange:
        """Send octets, as they are, as a chunk of mail data: BDAT (RFC 3030)."""
        with self._turn(Phase.COMMAND) as dialogue:
            sent = Command(f"BDAT {len(octets)}{' LAST' if last else ''}".encode())
            dialogue.send(sent)
            for block in blocks_of(octets):
                self._put(dialogue, block)
            dialogue.wait()
            return self._answered(dialogue, sent)

    @staticmethod
    def _put(dialogue: Dialogue, octets: bytes) -> None:
        """Octets of mail data; behind its end they are commands."""
        inside = dialogue.connection.phase in (Phase.DATA, Phase.CHUNK)
        if octets:
            dialogue.send(Data(octets) if inside else Raw(octets))

    # ---------------------------------------------------------------------------------- waiting

    def listen(self, seconds: float = 0.0) -> list[Reply]:
        """What the server has said unasked, and no call of `listen` has returned yet.

        Where that is nothing it is waited for, no longer than `seconds`.
        """
        from mailprobe.shell.connections.listening import listen

        with self._turn() as dialogue:
            fresh = self._hearing.fresh
            dialogue.poll()
            listen(dialogue, 0.0 if fresh else seconds, None, lambda: self._hearing.count)
            heard = list(fresh)
            fresh.clear()
            return heard

    # ------------------------------------------------------------------------------ the recording

    def note(self, text: str) -> None:
        """Write a note into the recording.  Raises Failure `usage` where there is none."""
        with self._lock:
            self._recorded().note(text)

    def step(self, title: str) -> None:
        """Begin a step of the recording.  Raises Failure `usage` where there is none."""
        with self._lock:
            self._recorded().step(title)

    def expect(self, text: str) -> None:
        """Demand something of whoever replays the recording.

        `250` or `2xx` is the class of the next reply; `+ TEXT` a line of the last one, `- TEXT`
        one that it has not.  Raises Failure `mismatch` where that does not hold now, `usage`
        where it cannot, or nothing is recorded.
        """
        with self._lock:
            recording, told = self._recorded(), self._hearing.warnings
            told.clear()
            recording.expect(text, self._dialogue.last)
            if told:
                raise Failure(Word.MISMATCH, told.pop())

    def _recorded(self) -> "Recording":
        if self._recording is None or not self._recording.running:
            raise Failure(Word.USAGE, "nothing is recorded: connect(..., record=FILE) begins that")
        return self._recording

    # ----------------------------------------------------------------------------------- the end

    def quit(self) -> Exchange:
        """Send QUIT, wait for the reply, and end the link.

        In POP3 this removes what DELE has marked (RFC 1939, section 6); `close` does not.
        """
        with self._turn(Phase.COMMAND) as dialogue:
            said = self.command(b"QUIT")
            dialogue.close()
            self._end()
            return said

    def close(self) -> None:
        """End politely: QUIT, and at most a second for the rest; in POP3 nothing is removed.

        Never raises; may be called again.  The end of a `with` block does this.
        """
        with self._lock:
            if not self.closed:
                self._dialogue.leave()
            self._end()

    def drop(self) -> None:
        """End at once, without a word to the server.  Never raises; may be called again.

        The end of a `with` block does this when an exception leaves it.
        """
        with self._lock:
            self._dialogue.drop()
            self._end()

    def __enter__(self) -> "Self":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: "TracebackType | None",
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.drop()

    # ---------------------------------------------------------------------------------- inwards

    @contextmanager
    def _turn(self, *phases: Phase) -> Iterator[Dialogue]:
        """The dialogue, for one method of one thread, where the next octets are of such a phase."""
        with self._lock:
            dialogue = self._dialogue
            self._depth += 1
            try:
                if phases and not self.closed and dialogue.connection.phase not in phases:
                    raise Failure(Word.USAGE, misplaced(dialogue.connection.phase, phases))
                yield dialogue
            except Misuse as error:
                raise Failure(Word.USAGE, f"that cannot be said here: {error}") from None
            except Failure:
                raise
            except BaseException:  # an interrupt, an observer that fails: what is owed is unknown
                dialogue.drop()
                raise
            finally:
                self._depth -= 1
                if not self._depth:
                    self._warn()

    def _warn(self) -> None:
        told, self._hearing.warnings = self._hearing.warnings, []
        for sentence in told:
            warnings.warn(sentence, stacklevel=_LEFT)

    def _answered(self, dialogue: Dialogue, command: Command) -> Exchange:
        """What happened to the newest command.  Raises Failure `eof` where it was not answered."""
        exchange = dialogue.last
        if exchange is not None and exchange.replies:
            return exchange
        last = self._hearing.unsolicited[-1].lines[-1] if self._hearing.unsolicited else b""
        said = f", having said: {safe(last)}" if last else ""
        raise Failure(
            Word.EOF, f"the server has ended the session before {safe(command.verb)}{said}"
        )


def _takes_data(dialogue: Dialogue) -> bool:
    return dialogue.connection.phase is Phase.DATA
