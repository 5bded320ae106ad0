"""The file's own dialogue, read by the same `Connection` that reads the wire.

C lines go in with a stand-in for each placeholder, and so do S lines: what a line is, which reply
it belongs to, and where secrets stand is then known before anything travels.
"""

from collections.abc import Iterable, Iterator, Mapping

from mailprobe.protocol import events
from mailprobe.protocol.catalogue import GO_AHEADS
from mailprobe.protocol.connection import Connection, catalogue_of
from mailprobe.protocol.events import Event
from mailprobe.protocol.items import NEED_DATA, Phase, Raw
from mailprobe.protocol.model import Protocol, Role
from mailprobe.protocol.progress import Owed, Stage
from mailprobe.transcript.model import Function, Piece, ReplyClass

PROTOCOLS = tuple(protocol.value for protocol in Protocol)  # those that have a catalogue
_BLOCK = 64 * 1024
_CHUNK = 256 * 1024 * 1024  # octets of a BDAT chunk that are gone through

# What a class of replies stands for where only its first digit is given (RFC 5321, 4.2.1).
_CODES = {"2": "250", "3": "354", "4": "450", "5": "550", "x": "250"}
_ANY = "xxx"  # any reply at all
_NUMBERS = ("int", "num")

Told = events.CommandSent | events.AnswerSent | events.DataSent | events.RawSent
_TOLD = (events.CommandSent, events.AnswerSent, events.DataSent, events.RawSent)


def code_of(wanted: ReplyClass, owed: Owed | None, *, pop3: bool) -> str:
    """The reply code that stands for a class: one that lets the dialogue go on, if there is."""
    code = wanted.code
    if "x" not in code:
        return code
    if pop3 and code == _ANY:
        return "+" if "+" in _usual(owed) else "+OK"
    for candidate in (*_usual(owed), _CODES.get(code[0], "")):
        if _is_of(code, candidate):
            return candidate
    first = "2" if code[0] == "x" else code[0]
    return first + code[1:].replace("x", "0")


def _usual(owed: Owed | None) -> Iterable[str]:
    if owed is None:
        return ()
    if owed.stage is Stage.GREETING:
        return ("220",)
    return GO_AHEADS.get(owed.row.then, ()) if owed.stage is Stage.COMMAND else ()


def _status(wanted: ReplyClass) -> str:
    """What else a class asks for, where it leaves nothing open."""
    if wanted.response_code:
        return f"[{wanted.response_code}] "
    enhanced = wanted.enhanced or "x"
    return "" if "x" in enhanced else f"{enhanced} "


def _is_of(code: str, candidate: str) -> bool:
    """Whether an `x` stands where they differ, for a digit: `+OK` is of no class."""
    return len(code) == len(candidate) and all(
        digit == other or (digit == "x" and other.isdigit())
        for digit, other in zip(code, candidate, strict=True)
    )


class Shadow:
    """One connection of the file.  `values` are those that are known before it is played."""

    def __init__(self, protocol: str, values: Mapping[str, bytes]) -> None:
        self.catalogue = catalogue_of(protocol)
        self.connection = Connection(self.catalogue, Role.CLIENT)
        self.pop3 = self.catalogue.protocol is Protocol.POP3
        self.samples: dict[str, bytes] = dict(values)

    def stand_in(self, piece: Piece) -> bytes:
        """Octets in the place of `piece`: its value, its sample, or anything of its type."""
        if isinstance(piece, bytes):
            return piece
        if isinstance(piece, Function):
            return b"eA==" if piece.word in ("sasl", "apop", "b64") else b"1"
        if piece.name in self.samples:
            return self.samples[piece.name]
        sample = piece.sample
        if sample is None:
            sample = b"1" if piece.kind in _NUMBERS else b"x"
        if piece.name:
            self.samples[piece.name] = sample
        return sample

    # ------------------------------------------------------------------------- the client

    def write(self, octets: bytes) -> list[Told]:
        """The client says so; what it meant."""
        self.connection.send(Raw(octets), 0.0)
        return [event for event in self._events() if isinstance(event, _TOLD)]

    def write_file(self) -> list[Told]:
        """The client sends a file: mail data, or all that is left of a chunk."""
        if self.connection.phase is Phase.DATA:
            return self.write(b"x\r\n")
        found: list[Told] = []
        gone = 0
        while self.connection.phase is Phase.CHUNK and gone < _CHUNK:
            octets = b"x" * min(_BLOCK, self.connection.chunk_left)
            gone += len(octets)
            found += self.write(octets)
        return found

    # ------------------------------------------------------------------------- the server

    def hear(self, octets: bytes) -> list[Event]:
        """The server says so; what it meant."""
        self.connection.receive_data(octets, 0.0)
        return list(self._events())

    def hear_class(self, wanted: ReplyClass) -> list[Event]:
        """The server gives one whole reply of a class."""
        code = code_of(wanted, self.connection.owed(), pop3=self.pop3)
        found = self.hear(f"{code} {_status(wanted)}x\r\n".encode())
        if self.connection.reading_body:
            found += self.hear(b".\r\n")
        return found

    def start_tls(self, *, implicit: bool) -> None:
        self.connection.start_tls(events.TlsStarted(0.0, "", "", "", True, implicit))  # noqa: FBT003
        list(self._events())

    def _events(self) -> Iterator[Event]:
        while (event := self.connection.next_event()) is not NEED_DATA:
            yield event
