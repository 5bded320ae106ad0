"""One side of a session, driven by hand, with its events told in words; and two sides wired."""

from collections.abc import Callable, Iterable, Iterator

from mailprobe.protocol import events
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.connection import Connection
from mailprobe.protocol.events import Event
from mailprobe.protocol.framing import Limits
from mailprobe.protocol.items import NEED_DATA, Answer, Body, Data, Phase, Raw
from mailprobe.protocol.model import Command, Reply, Role
from mailprobe.value import replace

Item = Command | Answer | Data | Raw | Reply | Body
TLS = events.TlsStarted(0.0, "TLSv1.3", "TLS_AES_128_GCM_SHA256", "mx.example", verified=True)


def drain(connection: Connection) -> list[Event]:
    """All that happened."""
    happened: list[Event] = []
    while (event := connection.next_event()) is not NEED_DATA:
        happened.append(event)
    return happened


def tell(event: Event) -> str:
    """One event in a few words."""
    match event:
        case events.Greeting(reply=reply):
            return f"greeting {reply.code}"
        case events.ReplyReceived(reply=reply, command=command, recipient=recipient, body=body):
            whom = f" for {_text(recipient)}" if recipient is not None else ""
            return f"{reply.code} to {command.verb}{whom}{' with body' if body else ''}"
        case events.Unsolicited(reply=reply):
            return f"unsolicited {reply.code}"
        case events.BodyChunk(octets=octets, last=last):
            return f"body {_text(octets)}{' END' if last else ''}"
        case events.Deviated(deviation=deviation):
            return f"deviation at {deviation.at}: {deviation.what}"
        case events.StateChanged(after=after):
            return f"state {after}"
        case events.Failed(word=word, octets=octets):
            return f"failed {word}: {_text(octets)}"
        case events.Closed(how=how):
            return f"closed {how}"
        case events.TlsStarted():
            return "tls"
        case events.ReplySent(reply=reply):
            return f"{reply.code} sent"
        case _:
            return _tell_octets(event)


def _tell_octets(event: Event) -> str:
    match event:
        case events.CommandSent(command=command) | events.CommandReceived(command=command):
            return f"command {_text(command.line)}"
        case events.AnswerSent(line=line) | events.AnswerReceived(line=line):
            return f"answer {_text(line)}"
        case (
            events.DataSent(octets=octets, last=last)
            | events.DataReceived(octets=octets, last=last)
        ):
            return f"data {_text(octets)}{' END' if last else ''}"
        case events.RawSent(octets=octets, secret=secret):
            return f"raw {_text(octets)}{' SECRET' if secret else ''}"
        case _:
            raise AssertionError(event)


def _text(octets: bytes | None) -> str:
    return (octets or b"").decode("latin-1")


class Side:
    """A connection in one role, and what it says."""

    def __init__(self, catalogue: Catalogue, role: Role, limits: Limits | None = None) -> None:
        self.connection = Connection(catalogue, role, limits)
        self.wire = b""  # what went out last

    def say(self, *items: Item | bytes) -> list[str]:
        """Send items (octets stand for a command) and tell what happened."""
        sent = [item if not isinstance(item, bytes) else Command(item) for item in items]
        self.wire = b"".join(self.connection.send(item, 0.0) for item in sent)
        return self.told()

    def hear(self, *chunks: bytes) -> list[str]:
        """Take in octets (b"" is the end of the stream) and tell what happened."""
        for chunk in chunks:
            self.connection.receive_data(chunk, 0.0)
        return self.told()

    def told(self) -> list[str]:
        return [tell(event) for event in drain(self.connection)]

    def ask(self, line: bytes, reply: bytes) -> list[str]:
        """Send one command and take in its reply; without the command's own event."""
        return [*self.say(line)[1:], *self.hear(reply)]


def client(catalogue: Catalogue, *, limits: Limits | None = None, greeted: bool = True) -> Side:
    """A client, behind the greeting."""
    side = Side(catalogue, Role.CLIENT, limits)
    if greeted:
        side.hear(b"+OK hi\r\n" if catalogue.protocol == "pop3" else b"220 hi\r\n")
    return side


def server(catalogue: Catalogue, *, limits: Limits | None = None) -> Side:
    """A server that has greeted."""
    side = Side(catalogue, Role.SERVER, limits)
    side.say(Reply.of("+OK" if catalogue.protocol == "pop3" else "220", "hi"))
    return side


def reply(code: str, *texts: str) -> Reply:
    return Reply.of(code, *(texts or ("text",)))


def cut(octets: bytes, places: Iterable[int]) -> Iterator[bytes]:
    """`octets` in pieces, none of them empty; each place is taken modulo the length."""
    start = 0
    for end in [*sorted({place % (len(octets) or 1) for place in places}), len(octets)]:
        if end > start:
            yield octets[start:end]
            start = end


def coalesced(happened: Iterable[Event]) -> list[Event]:
    """The same events with neighbouring pieces of one body, or of one stretch of data, joined."""
    joined: list[Event] = []
    for event in happened:
        before = joined[-1] if joined else None
        match before, event:
            case events.BodyChunk(last=False), events.BodyChunk():
                octets, wire = before.octets + event.octets, before.wire + event.wire
                joined[-1] = replace(event, octets=octets, wire=wire)
            case events.DataReceived(last=False), events.DataReceived():
                joined[-1] = replace(event, octets=before.octets + event.octets)
            case _:
                joined.append(event)
    return joined


Service = Callable[[Event, Connection], Iterable[Reply | Body]]


class Wire:
    """A client and a server in memory: each octet that one says, the other hears."""

    def __init__(self, catalogue: Catalogue, service: Service, *, step: int = 1 << 20) -> None:
        self.client = Connection(catalogue, Role.CLIENT)
        self.server = Connection(catalogue, Role.SERVER)
        self.heard: list[Event] = []  # what the client saw
        self.served: list[Event] = []  # what the server saw
        self._service = service
        self._step = step  # octets that travel at once

    def open(self, greeting: Reply) -> None:
        self._to_client(self.server.send(greeting, 0.0))
        self.served += drain(self.server)

    def say(self, *items: Item) -> None:
        """Write all items at once: that is pipelining."""
        octets = b"".join(self.client.send(item, 0.0) for item in items)
        self.heard += drain(self.client)
        for start in range(0, len(octets), self._step):
            self.server.receive_data(octets[start : start + self._step], 0.0)
            self._serve()

    def _serve(self) -> None:
        while (event := self.server.next_event()) is not NEED_DATA:
            self.served.append(event)
            for item in self._service(event, self.server):
                self._to_client(self.server.send(item, 0.0))

    def _to_client(self, octets: bytes) -> None:
        for start in range(0, len(octets), self._step):
            self.client.receive_data(octets[start : start + self._step], 0.0)
            self.heard += drain(self.client)

    @property
    def codes(self) -> list[str]:
        """Verb and code of each reply that the client took for an answer."""
        replies = [event for event in self.heard if isinstance(event, events.ReplyReceived)]
        return [f"{event.command.verb} {event.reply.code}" for event in replies]


def accept(event: Event, connection: Connection) -> Iterator[Reply | Body]:
    """A server of SMTP and LMTP that says yes to everything but addresses that begin with `no`."""
    match event:
        case events.CommandReceived(command=command):
            if connection.phase is Phase.COMMAND and connection.catalogue.row(command).takes_last:
                return  # an empty or malformed chunk: its end comes at once
            yield from _accept_command(command, connection)
        case events.AnswerReceived(line=line):
            yield reply("501" if line == b"*" else "235")
        case events.DataReceived(last=True):
            codes = ["250", "452"] * len(connection.facts.recipients)
            for _, code in zip(range(connection.outstanding), codes or ["503"], strict=False):
                yield reply(code)
        case _:
            pass


def _accept_command(command: Command, connection: Connection) -> Iterator[Reply]:
    match command.verb:
        case "EHLO" | "LHLO":
            yield reply("250", "mx.example", "PIPELINING", "CHUNKING", "AUTH PLAIN LOGIN")
        case "DATA":
            yield reply("354" if connection.facts.recipients else "503")
        case "AUTH":
            yield reply("334", "") if b" " not in command.argument else reply("235")
        case "STARTTLS":
            yield reply("220")
        case "QUIT":
            yield reply("221")
        case "BDAT":
            pass  # its reply comes behind the chunk
        case _:
            yield reply("550" if b":<no" in command.argument else "250")
