"""`tag=value` lists, as DKIM, DMARC, MTA-STS and TLSRPT records are made of (RFC 6376, 3.2)."""

from mailprobe.patterns import pattern
from mailprobe.routing.model import Part, doubt, fault
from mailprobe.safe import safe
from mailprobe.value import frozen

_NAME = pattern(rb"[A-Za-z][A-Za-z0-9_]*")
_BLANK = b" \t\r\n"


@frozen
class Tags:
    """The tags of a record in order, and what is wrong with their form."""

    pairs: tuple[tuple[str, bytes], ...]
    wrong: tuple[Part, ...]

    def get(self, name: str) -> bytes | None:
        """The first value of a tag, or None."""
        return next((value for known, value in self.pairs if known == name), None)

    def word(self, name: str) -> str | None:
        """The same as a word in lower case; what is no ASCII gives no word that anybody knows."""
        value = self.get(name)
        return None if value is None else value.decode("latin-1").lower()


def parse_tags(record: bytes, reference: str) -> Tags:
    """Read a record; nothing in it raises.  Names in lower case, values without outer blanks."""
    pairs: list[tuple[str, bytes]] = []
    wrong: list[Part] = []
    pieces = record.split(b";")
    if not pieces[-1].strip(_BLANK):  # the last semicolon is optional
        pieces.pop()
    for piece in pieces:
        name, equals, value = piece.partition(b"=")
        name = name.strip(_BLANK)
        if not equals or not _NAME.fullmatch(name):
            wrong.append(fault(f"'{shown(piece.strip(_BLANK))}' is no tag=value", reference))
            continue
        known = name.decode("ascii").lower()
        if known in dict(pairs):
            wrong.append(doubt(f"{known}= stands there twice, the first one counts", reference))
            continue
        pairs.append((known, value.strip(_BLANK)))
    return Tags(tuple(pairs), tuple(wrong))


def shown(octets: bytes | str, most: int = 200) -> str:
    """Octets of a record, fit to be shown, and not too many of them."""
    return safe(octets[:most]) + ("..." if len(octets) > most else "")


def begins(record: bytes, version: bytes) -> bool:
    """Whether a record is of this version: `v=...` as a whole first tag, blanks allowed."""
    name, equals, value = record.partition(b";")[0].partition(b"=")
    return bool(equals) and (name.strip(_BLANK), value.strip(_BLANK)) == (b"v", version)
