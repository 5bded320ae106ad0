"""What was expected of a client and what it said, in words for a verdict."""

from mailprobe.player.serving.agenda import Hearing, Kind
from mailprobe.player.serving.served import Served
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.model import Command
from mailprobe.safe import safe
from mailprobe.transcript.redact import MASK

SHOWN = 200  # octets that fit into a sentence
_KINDS = {
    Kind.TLS: "a TLS handshake",
    Kind.END: "the end of the connection",
    Kind.MAIL: "mail data",
    Kind.CHUNK: "mail data",
}


def expected(hearing: Hearing | None) -> str:
    """What the file has next; None: nothing."""
    if hearing is None:
        return "nothing more"
    return _KINDS.get(hearing.kind) or f'"{safe(hearing.text[:SHOWN])}"'


def shown(octets: bytes, catalogue: Catalogue | None, served: Served, *, answer: bool) -> str:
    """What a client said, without what may not be shown; `answer`: to a challenge."""
    octets = octets.removesuffix(b"\n").removesuffix(b"\r")
    if answer and octets != b"*":
        return "another answer"
    span = catalogue.secret_in(Command(octets)) if catalogue is not None else None
    if span is not None:
        octets = octets[: span[0]] + MASK + octets[span[1] :]
    octets = served.masked.mask(octets)
    more = "..." if len(octets) > SHOWN else ""
    return f'"{safe(octets[:SHOWN])}{more}"'
