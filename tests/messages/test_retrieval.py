"""A maildrop as a client sees it, and servers that say of it what is not so."""

import pytest

from mailprobe.errors import Failure, Word
from mailprobe.messages.retrieval import Entry, Retrieval
from mailprobe.protocol.model import Reply


class Drop:
    """A server that answers from a table: a status line, and a body behind it."""

    def __init__(self, **answers: bytes) -> None:
        self.answers = {key.upper().encode(): value for key, value in answers.items()}
        self.said: list[bytes] = []
        self.taker: object = None

    def hand(self, taker: object) -> None:
        self.taker = taker

    def say(self, line: bytes) -> Reply:
        self.said.append(line)
        verb = line.partition(b" ")[0]
        answer = self.answers.get(line.replace(b" ", b"_").upper(), self.answers.get(verb, b"+OK"))
        if answer == b"lost":
            raise Failure(Word.EOF, "the server has gone")
        status, _, body = answer.partition(b"\r\n")
        if callable(self.taker):
            step = max(7, len(body) // 100)
            for at in range(0, len(body), step):
                self.taker(body[at : at + step])
        code, _, text = status.decode().partition(" ")
        return Reply.of(code, text)

    def retrieval(self) -> Retrieval:
        return Retrieval(self.say, self.hand)  # type: ignore[arg-type]  # as it calls it


class Paper:
    """A place that remembers."""

    def __init__(self, *, full_at: int = 1 << 60, finishes: bool = True) -> None:
        self.octets, self.state = b"", "open"
        self._full_at, self._finishes = full_at, finishes

    def write(self, octets: bytes) -> None:
        if len(self.octets) + len(octets) > self._full_at:
            raise Failure(Word.USAGE, "cannot write: the disk is full")
        self.octets += octets

    def finish(self) -> str:
        if not self._finishes:
            raise Failure(Word.USAGE, "cannot write: no fsync")
        self.state = "kept"
        return "here"

    def discard(self) -> None:
        self.state = "discarded"


LIST = b"+OK\r\n1 10\r\n2 20\r\n"
UIDL = b"+OK\r\n1 abc\r\n2 def\r\n"


def test_listings() -> None:
    """Numbers, sizes and unique-ids, and nothing odd about them."""
    retrieval = Drop(stat=b"+OK 2 30", list=LIST, uidl=UIDL).retrieval()
    assert retrieval.entries() == [Entry(1, 10, "abc"), Entry(2, 20, "def")]
    assert retrieval.notes == []


def test_a_server_without_uidl() -> None:
    """It is optional (RFC 1939, section 7)."""
    retrieval = Drop(stat=b"-ERR", list=LIST, uidl=b"-ERR no").retrieval()
    assert [entry.unique_id for entry in retrieval.entries()] == [None, None]
    assert retrieval.notes == []


@pytest.mark.parametrize(
    "answers, note",
    [
        ({"stat": b"+OK 3 30", "list": LIST}, "STAT counts 3 messages, LIST has 2"),
        ({"list": b"+OK\r\n1 10\r\nnonsense\x1b\r\n"}, "this is no such line: nonsense\\u{1b}"),
        ({"list": b"+OK\r\n1 10\r\n1 11\r\n"}, "a number comes twice: 1 11"),
        ({"list": b"+OK\r\n0 10\r\n"}, "this is no such line: 0 10"),
        ({"list": LIST, "uidl": b"+OK\r\n1 a\r\n"}, "LIST has 2 messages, UIDL 1"),
        ({"list": LIST, "uidl": b"+OK\r\n1 a\r\n2 a\r\n"}, "two messages have one unique-id"),
        ({"list": LIST, "uidl": b"+OK\r\n1 a\r\n2 " + b"x" * 71 + b"\r\n"}, "more than 70"),
    ],
)
def test_listings_that_disagree(answers: dict[str, bytes], note: str) -> None:
    """Each is told, and what can be understood is taken."""
    retrieval = Drop(**answers).retrieval()
    assert all(entry.size is not None for entry in retrieval.entries())
    assert any(note in one for one in retrieval.notes), retrieval.notes


def test_no_list() -> None:
    """Without it nothing is known."""
    with pytest.raises(Failure, match="LIST was answered: -ERR no") as caught:
        Drop(list=b"-ERR no").retrieval().entries()
    assert caught.value.word is Word.REFUSED


def test_a_listing_without_end() -> None:
    """No memory holds it."""
    endless = b"+OK\r\n" + b"1 1\r\n" * (4 * 1024 * 1024)
    with pytest.raises(Failure) as caught:
        Drop(list=endless).retrieval().entries()
    assert caught.value.word is Word.LIMIT


def test_headers_are_bounded() -> None:
    """The beginning is enough."""
    reply, header = Drop(top=b"+OK\r\n" + b"A: b\r\n" * 100_000).retrieval().header(1)
    assert reply.positive
    assert len(header) == 65536
    reply, header = Drop(top=b"-ERR no").retrieval().header(1)
    assert (reply.code, header) == ("-ERR", b"")


def test_a_message() -> None:
    """Its octets, in their place; what was said of it is so."""
    place, drop = Paper(), Drop(retr=b"+OK 6 octets\r\nA\r\nb\r\n")
    fetched = drop.retrieval().retrieve(Entry(1, 6), place)
    assert (place.octets, place.state) == (b"A\r\nb\r\n", "kept")
    assert (fetched.octets, fetched.where, fetched.doubts) == (6, "here", [])
    assert fetched.safe_to_delete
    assert drop.taker is None


@pytest.mark.parametrize(
    "size, status, doubts",
    [
        (7, b"+OK", ["LIST says 7 octets, 6 came"]),
        (6, b"+OK 9 octets", ["the reply to RETR says 9 octets, 6 came"]),
        (9, b"+OK 9 octets", ["LIST says 9 octets, 6 came"]),
        (None, b"+OK 6 octets follow", []),
    ],
)
def test_octet_counts_that_are_not_so(size: int | None, status: bytes, doubts: list[str]) -> None:
    """It is kept, and must not be deleted."""
    fetched = Drop(retr=status + b"\r\nA\r\nb\r\n").retrieval().retrieve(Entry(1, size), Paper())
    assert fetched.doubts == doubts
    assert fetched.where == "here"
    assert fetched.safe_to_delete == (not doubts)


@pytest.mark.parametrize(
    "place, answer, word",
    [
        (Paper(), b"-ERR gone", Word.REFUSED),
        (Paper(full_at=3), b"+OK\r\nA\r\nb\r\n", Word.USAGE),
        (Paper(finishes=False), b"+OK\r\nA\r\nb\r\n", Word.USAGE),
    ],
)
def test_messages_that_are_not_kept(place: Paper, answer: bytes, word: Word) -> None:
    """A refusal, a full disk, an fsync that fails: told, and never deleted."""
    drop = Drop(retr=answer)
    retrieval = drop.retrieval()
    fetched = retrieval.retrieve(Entry(1, 6), place)
    assert fetched.failure is not None
    assert fetched.failure.word is word
    assert place.state in ("discarded", "open")
    assert not fetched.safe_to_delete
    with pytest.raises(ValueError, match="not kept"):
        retrieval.delete(fetched)
    assert drop.said == [b"RETR 1"]


def test_a_link_that_is_lost() -> None:
    """Half a message leaves nothing behind."""
    place, drop = Paper(), Drop(retr=b"lost")
    with pytest.raises(Failure):
        drop.retrieval().retrieve(Entry(1, 6), place)
    assert place.state == "discarded"
    assert drop.taker is None


def test_deleting() -> None:
    """DELE that is refused is told, and the message is not said to be deleted."""
    drop = Drop(retr=b"+OK\r\nA\r\nb\r\n", dele_2=b"-ERR locked")
    retrieval = drop.retrieval()
    one, two = (retrieval.retrieve(Entry(number, 6), Paper()) for number in (1, 2))
    retrieval.delete(one)
    retrieval.delete(two)
    assert (one.deleted, two.deleted) == (True, False)
    assert two.doubts == ["DELE was answered: -ERR locked"]
