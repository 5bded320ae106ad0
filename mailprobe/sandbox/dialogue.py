"""What every service of the sandbox shares: replies that wait to be written, and the loop.

A service judges events and says replies; it never sees a link, so that tests drive it in memory.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from typing import Protocol

from mailprobe.errors import Failure, Word
from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.connection import Connection
from mailprobe.protocol.events import Event
from mailprobe.protocol.framing import Limits
from mailprobe.protocol.items import NEED_DATA, Body
from mailprobe.protocol.model import Command, Reply, Role, State
from mailprobe.transport.stream import Stream

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    import ssl

    from mailprobe.sandbox.faults.striking import Faults

PATIENCE = 600.0  # seconds of silence (RFC 1939, section 3: at least ten minutes)
MAXIMUM_JUNK = 20  # commands that nobody knows, and logins that fail
MAXIMUM_COMMANDS = 100_000
_FAREWELL = 2.0  # seconds that a client has to hang up
_ENOUGH = 64 * 1024  # octets of replies that are written before the client has said all
# RFC 4954, section 4: an AUTH line has up to 12288 octets.  How large a body may be, the service
# says by its reply and not by the end of the framing.
_LIMITS = Limits(line=16 * 1024, body=1 << 62, body_line=1 << 62)
_FINISHED = (State.CLOSED, State.UPDATE)


class Dialogue:
    """A `Connection` in the server role, and its output.

    `drain` takes what there is whenever it is enough; without one it waits for `take_output`.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        peer: str,
        drain: Callable[[bytes], object] | None = None,
    ) -> None:
        self.connection = Connection(catalogue, Role.SERVER, _LIMITS)
        self.peer = peer
        self.over = False  # the service wants no more of this client
        # What a login may be bound to, under TLS: it is asked for when somebody logs in.
        self.bindings: Callable[[], Mapping[str, bytes]] = dict
        # Who a certificate of the client's says that it is, where it has shown one; "": nobody.
        self.identity: Callable[[], str] = str
        # What the octets of the client are taken for, where lines end as nobody should end them.
        self.spelled: Callable[[bytes], bytes] | None = None
        self.faults: Faults | None = None  # what stands between us and the link, on request
        self._drain = drain
        self._output = bytearray()
        self._commands = 0
        self._junk = 0

    @property
    def finished(self) -> bool:
        return self.over or self.connection.state in _FINISHED

    def receive(self, octets: bytes | memoryview) -> None:
        """Take in what the client has said."""
        if self.spelled is not None:
            octets = self.spelled(bytes(octets))
        self.connection.receive_data(octets, time.monotonic())

    def say(self, code: str, *texts: str | bytes) -> None:
        """Reply.  Raises ValueError when a text holds CR, LF or NUL."""
        if self.faults is not None:
            self.faults.say(self, _reply(code, *texts))
            return
        self.put(self.connection.send(_reply(code, *texts), time.monotonic()))

    def give(self, chunks: Iterable[bytes]) -> None:
        """Send the multi-line response that the last reply has opened."""
        if self.faults is not None:
            self.faults.give(self, chunks)
            return
        for chunk in chunks:
            self.put(self.connection.send(Body(chunk, last=False), time.monotonic()))
        self.put(self.connection.send(Body(b"", last=True), time.monotonic()))

    def put(self, octets: bytes) -> None:
        """Write octets that were understood already."""
        self._output += octets
        if len(self._output) > _ENOUGH and self._drain is not None:
            self.flush()

    def flush(self) -> None:
        if self._output and self._drain is not None:
            self._drain(self.take_output())

    def take_output(self) -> bytes:
        output, self._output = bytes(self._output), bytearray()
        return output

    def count_command(self) -> bool:
        """Whether one command more is still too few to end the session for."""
        self._commands += 1
        return self._commands <= MAXIMUM_COMMANDS

    def count_junk(self) -> bool:
        """The same for a command that makes no sense, or a login that fails."""
        self._junk += 1
        return self._junk <= MAXIMUM_JUNK


# Most replies are the same for every client; composing one costs more than saying it.
@lru_cache(maxsize=256)
def _reply(code: str, *texts: str | bytes) -> Reply:
    return Reply.of(code, *texts)


class Service(Protocol):
    """One client's session."""

    dialogue: Dialogue

    def greet(self) -> None: ...
    def take(self, event: Event) -> None:
        """Answer one event."""

    def answer_instead(self, command: Command, reply: tuple[str | bytes, ...]) -> None:
        """Give a reply, code and texts, and carry nothing out."""

    def forget(self) -> None:
        """TLS has started: what was said in the clear does not count."""

    def time_out(self) -> None:
        """Nothing has come for `PATIENCE` seconds: say the last word, if there is one."""

    def end(self) -> None:
        """The client is gone, or will be: give back what is held."""


class Tls(Protocol):
    """The server's part of TLS."""

    @property
    def end_point(self) -> bytes | None:
        """What of its certificate a login may be bound to."""

    def context(self) -> "ssl.SSLContext": ...


def advance(service: Service) -> None:
    """Let the service answer what has come, until it needs more or the session is over."""
    dialogue = service.dialogue
    next_event = dialogue.connection.next_event
    take = service.take if dialogue.faults is None else dialogue.faults.taking(service)
    while not dialogue.finished and (event := next_event()) is not NEED_DATA:
        take(event)


def converse(
    stream: Stream,
    service: Service,
    tls: Tls,
    *,
    implicit: bool = False,
    patience: float = PATIENCE,
) -> None:
    """Serve one client until it leaves.  Raises Failure when the link breaks."""
    try:
        if implicit:
            _start_tls(stream, service, tls, upgrade=False, patience=patience)
        service.greet()
        _converse(stream, service, tls, patience)
    finally:
        service.end()
    stream.close(time.monotonic() + _FAREWELL)


def _converse(stream: Stream, service: Service, tls: Tls, patience: float) -> None:
    dialogue = service.dialogue
    connection = dialogue.connection
    while True:
        advance(service)
        dialogue.flush()
        if dialogue.finished:
            return
        if connection.state is State.TLS:
            _start_tls(stream, service, tls, upgrade=True, patience=patience)
            service.forget()
            continue
        try:
            octets = stream.receive(time.monotonic() + patience)
        except Failure as failure:
            if failure.word is not Word.TIMEOUT:
                raise
            service.time_out()
            dialogue.flush()
            return
        if not octets:
            return
        dialogue.receive(octets)


def _start_tls(
    stream: Stream,
    service: Service,
    tls: Tls,
    *,
    upgrade: bool,
    patience: float,
) -> None:
    facts = stream.accept_tls(tls.context(), time.monotonic() + patience, upgrade=upgrade)
    started = events.TlsStarted(
        time.monotonic(), facts.version, facts.cipher, "", verified=False, implicit=not upgrade
    )
    service.dialogue.connection.start_tls(started)
    service.dialogue.bindings = partial(bindings_of, stream, tls)
    if facts.certificate:
        service.dialogue.identity = partial(_mailbox_in, facts.certificate)


def bindings_of(stream: Stream, tls: Tls) -> Mapping[str, bytes]:
    """The channel bindings that this link has (RFC 5929), by kind."""
    found = {"tls-unique": stream.channel_binding("tls-unique")}
    found["tls-server-end-point"] = tls.end_point
    return {kind: octets for kind, octets in found.items() if octets is not None}


@lru_cache(maxsize=32)
def _mailbox_in(certificate: bytes) -> str:
    """The first mailbox that a client's certificate is for; "": none."""
    from mailprobe.transport.certificate import read  # and cryptography

    return next(iter(read(certificate).mailboxes), "")
