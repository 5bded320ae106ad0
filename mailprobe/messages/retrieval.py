"""A maildrop as a client sees it: what is in it, headers, whole messages, and deleting them.

What a server says of a message is believed only as far as its octets bear it out.  Nothing here
knows where messages go, nor who asks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from mailprobe.errors import Failure, Word
from mailprobe.messages.mailstore import Place
from mailprobe.patterns import pattern
from mailprobe.protocol import grammar
from mailprobe.protocol.model import Reply
from mailprobe.safe import safe
from mailprobe.value import field, frozen, mutable

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

_LISTING = 16 * 1024 * 1024  # octets of a listing
_HEADER = 64 * 1024  # octets of a header that are looked at
_OCTETS = pattern(rb"\b([0-9]{1,15}) octets\b")
_LINE_END = pattern(rb"\r?\n")
_NUMBERS = pattern(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")
_UNIQUE_ID = 70  # characters (RFC 1939, section 7)


@frozen
class Entry:
    """A message of the maildrop; None is not known."""

    number: int
    size: int | None = None  # octets, as LIST says
    unique_id: str | None = None


@mutable
class Fetched:
    """What became of one message."""

    entry: Entry
    octets: int = 0  # that came
    where: str | None = None  # it was kept there, whole
    doubts: list[str] = field(default_factory=list)  # why it must not be deleted
    failure: Failure | None = None  # why it was not kept
    deleted: bool = False

    @property
    def safe_to_delete(self) -> bool:
        return self.where is not None and not self.doubts and self.failure is None


class Retrieval:
    """`say` sends a command and gives its reply; `hand` says who has the octets of bodies."""

    def __init__(
        self,
        say: Callable[[bytes], Reply],
        hand: Callable[[Callable[[bytes], None] | None], None],
    ) -> None:
        self.notes: list[str] = []  # what is odd about the maildrop
        self._say = say
        self._hand = hand

    # ------------------------------------------------------------------------------- listings

    def entries(self) -> list[Entry]:
        """All messages, by LIST, and by UIDL where the server has it.

        Raises Failure: `refused` where there is no LIST.
        """
        count = self._count()
        reply, lines = self._listed(b"LIST")
        if not reply.positive:
            raise Failure(Word.REFUSED, f"LIST was answered: {safe(reply.lines[-1])}")
        sizes = dict(self._pairs("LIST", lines, grammar.SCAN_LISTING.match))
        if count is not None and count != len(sizes):
            self.notes.append(f"STAT counts {count} messages, LIST has {len(sizes)}")
        reply, lines = self._listed(b"UIDL")
        ids: Mapping[int, bytes] = {}
        if reply.positive:
            ids = dict(self._pairs("UIDL", lines, grammar.UNIQUE_ID_LISTING.match))
            self._judge_ids(sizes, ids)
        return [
            Entry(number, int(size), ids[number].decode("latin-1") if number in ids else None)
            for number, size in sorted(sizes.items())
        ]

    def _count(self) -> int | None:
        reply = self._say(b"STAT")
        match = grammar.DROP_LISTING.match(reply.texts[0]) if reply.positive else None
        return int(match[1]) if match else None

    def _listed(self, line: bytes) -> tuple[Reply, list[bytes]]:
        """The reply, and the lines of the body.  Raises Failure `limit`."""
        reply, octets, whole = self._collected(line, _LISTING)
        if not whole:
            raise Failure(Word.LIMIT, f"{safe(line)} has more than {_LISTING} octets")
        return reply, _LINE_END.split(octets)[:-1]

    def _collected(self, line: bytes, limit: int) -> tuple[Reply, bytes, bool]:
        """The reply, the beginning of its body, and whether that is all of it."""
        pieces, size = [], 0

        def take(octets: bytes) -> None:
            nonlocal size
            if size <= limit:
                pieces.append(octets)
            size += len(octets)

        self._hand(take)
        try:
            reply = self._say(line)
        finally:
            self._hand(None)
        return reply, b"".join(pieces)[:limit], size <= limit

    def _pairs(
        self, verb: str, lines: list[bytes], match: "Callable[[bytes], re.Match[bytes] | None]"
    ) -> Iterator[tuple[int, bytes]]:
        """Numbers and what is said of them; each number once, and nothing that is no such line."""
        seen: set[int] = set()
        for line in lines:
            found = match(line)
            number = int(found[1]) if found is not None else 0
            if found is None or number < 1 or number in seen:
                why = "a number comes twice" if number in seen else "this is no such line"
                self.notes.append(f"{verb}: {why}: {safe(line[:80])}")
                continue
            seen.add(number)
            yield number, found[2]

    def _judge_ids(self, sizes: Mapping[int, bytes], ids: Mapping[int, bytes]) -> None:
        if sizes.keys() != ids.keys():
            self.notes.append(f"LIST has {len(sizes)} messages, UIDL {len(ids)}, or others")
        if len(set(ids.values())) < len(ids):
            self.notes.append("two messages have one unique-id (RFC 1939, section 7)")
        if any(len(one) > _UNIQUE_ID for one in ids.values()):
            self.notes.append(
                f"a unique-id has more than {_UNIQUE_ID} characters (RFC 1939, section 7)"
            )

    # ------------------------------------------------------------------------------- messages

    def header(self, number: int) -> tuple[Reply, bytes]:
        """The header of a message, or the first 64 KiB of it, by TOP."""
        reply, octets, _ = self._collected(b"TOP %d 0" % number, _HEADER)
        return reply, octets

    def retrieve(self, entry: Entry, place: Place) -> Fetched:
        """Fetch a message into its place, which is finished or discarded then.

        Raises Failure where the session is lost; what the server refuses, or the disk, is told in
        what is returned.
        """
        taker = _Taker(place)
        self._hand(taker)
        try:
            reply = self._say(b"RETR %d" % entry.number)
        except BaseException:
            place.discard()
            raise
        finally:
            self._hand(None)
        fetched = Fetched(entry, taker.octets, failure=taker.failure)
        if not reply.positive:
            fetched.failure = Failure(Word.REFUSED, f"RETR was answered: {safe(reply.lines[-1])}")
        if fetched.failure is not None:
            place.discard()
            return fetched
        fetched.doubts += _doubts(entry, reply, taker.octets)
        try:
            fetched.where = place.finish()
        except Failure as failure:
            fetched.failure = failure
        return fetched

    def delete(self, fetched: Fetched) -> None:
        """Mark a message that is kept whole; QUIT removes it."""
        if not fetched.safe_to_delete:
            raise ValueError("a message that is not kept is not deleted")
        reply = self._say(b"DELE %d" % fetched.entry.number)
        fetched.deleted = reply.positive
        if not reply.positive:
            fetched.doubts.append(f"DELE was answered: {safe(reply.lines[-1])}")


class _Taker:
    """Takes the octets of a message; what goes wrong is kept until the last of them has come."""

    def __init__(self, place: Place) -> None:
        self.octets = 0
        self.failure: Failure | None = None
        self._place = place

    def __call__(self, octets: bytes) -> None:
        self.octets += len(octets)
        if self.failure is None:
            try:
                self._place.write(octets)
            except Failure as failure:
                self.failure = failure


def _doubts(entry: Entry, reply: Reply, octets: int) -> Iterator[str]:
    """What the server has said of the message, and is not so (RFC 1939, sections 5 and 11)."""
    if entry.size is not None and entry.size != octets:
        yield f"LIST says {entry.size} octets, {octets} came"
    match = _OCTETS.search(reply.texts[0])
    said = int(match[1]) if match else octets
    if said not in (octets, entry.size):
        yield f"the reply to RETR says {said} octets, {octets} came"


def chosen(words: Sequence[str], entries: list[Entry]) -> list[Entry]:
    """The messages that `1,3-5`, `all` or a unique-id name, in their order, each once.

    Raises Failure `usage` for what is none of them.
    """
    found: dict[int, Entry] = {}
    for word in words:
        matches = list(_matching(word, entries))
        if not matches and word != "all":
            raise Failure(Word.USAGE, f"there is no message {safe(word)}: the list shows all")
        found |= {entry.number: entry for entry in matches}
    return [found[number] for number in sorted(found)]


def _matching(word: str, entries: list[Entry]) -> Iterator[Entry]:
    if word == "all":
        yield from entries
        return
    pieces = [_NUMBERS.fullmatch(piece) for piece in word.split(",")]
    for match in pieces:
        if match is None:  # no list of numbers
            yield from (entry for entry in entries if entry.unique_id == word)
            return
    for match in filter(None, pieces):
        first, last = int(match[1]), int(match[2] or match[1])
        inside = [entry for entry in entries if first <= entry.number <= last]
        if not inside:
            raise Failure(Word.USAGE, f"there is no message {match[0]}: the list shows all")
        yield from inside
