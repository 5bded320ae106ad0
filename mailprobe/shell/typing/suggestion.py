"""One thing that may come next in a typed line, and what is known beside the facts to find it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from mailprobe.protocol.facts import Facts
from mailprobe.safe import safe
from mailprobe.shell.local.table import LocalCommand
from mailprobe.shell.memory.addresses import Used
from mailprobe.value import field, frozen

SHOWN = 60  # no menu is read further
_SCANNED = 100_000  # messages that are looked at for one key press

Found = Iterator[tuple[str, str, bool]]  # text, meta, and whether it fits here


@frozen
class Suggestion:
    """`text` takes the place of the line from index `start` on; `display` and `meta` are shown.

    What is not `apt` here is offered all the same; `meta` says why it is not.
    """

    text: str
    start: int
    display: str
    meta: str
    apt: bool = True


def _no_addresses() -> Sequence[Used]:
    return ()


def _no_answers() -> Sequence[tuple[str, str]]:
    return ()


def _no_files(folder: str) -> Iterable[tuple[str, bool]]:
    return ()


@frozen
class Known:
    """What completion may look at beyond the facts: all of it is given, none is asked for."""

    rows: Sequence[LocalCommand] = ()
    addresses: Callable[[], Sequence[Used]] = _no_addresses  # the last one used first
    subjects: Mapping[int, str] = field(default_factory=dict)  # by message-number
    names_in: Callable[[str], Iterable[tuple[str, bool]]] = _no_files  # names; is it a folder?
    targets: Sequence[tuple[str, str]] = ()  # profiles: name, and what it stands for
    sessions: Sequence[tuple[str, str]] = ()  # their numbers, and who is at the other end
    settings: Mapping[str, Sequence[str]] = field(default_factory=dict)  # name: its values
    # To the challenge that waits: the answer, which is never shown, and what is said of it.
    answers: Callable[[], Sequence[tuple[str, str]]] = _no_answers
    mailboxes: Sequence[str] = ()  # that a server of ours has


NOTHING = Known()


def message_numbers(facts: Facts, known: Known, typed: str) -> Found:
    """Message-numbers that begin with `typed`, with what is known of each message."""
    for number in _numbers(facts, typed):
        message, marked = facts.messages.get(number), number in facts.marks
        subject = known.subjects.get(number)
        said = shown(subject) if subject else None
        if message is None:
            yield str(number), said or "", True
            continue
        size = None if message.size is None else f"{message.size} octets"
        mark = "marked as deleted" if marked else None
        name = message.unique_id and shown_octets(message.unique_id)
        meta = " · ".join(filter(None, (mark, size, name, said)))
        yield str(number), meta, not marked


def _numbers(facts: Facts, typed: str) -> Iterator[int]:
    """Message-numbers that begin with `typed`, without counting up to what a server claims."""
    digits = typed.isascii() and typed.isdigit() and typed[0] != "0" and len(typed) <= 10
    if typed and not digits:
        return
    # STAT leaves the marked ones out, their numbers remain (RFC 1939, section 5)
    highest = (facts.count or 0) + facts.marked
    last = max(facts.messages, default=0)
    dense = last <= highest + 4 * len(facts.messages)  # listed one after the other, as by LIST
    for number in _beginning_with(typed, max(highest, last) if dense else highest):
        if number <= highest or number in facts.messages:
            yield number
    if not dense:
        for number in islice(facts.messages, _SCANNED):
            if number > highest and str(number).startswith(typed):
                yield number


def _beginning_with(typed: str, highest: int) -> Iterator[int]:
    """Numbers from 1 up to `highest` whose digits begin with `typed`: 7, 70 to 79, 700 to 799."""
    low, high = (int(typed), int(typed) + 1) if typed else (1, highest + 1)
    while low <= highest:
        yield from range(low, min(high, highest + 1))
        if not typed:
            return
        low, high = low * 10, high * 10


def begins(whole: str, typed: str) -> bool:
    """Whether `whole` begins with `typed`, in any case; ASCII alone has two cases here."""
    head = whole[: len(typed)]
    # of octets `upper` knows the ASCII letters alone: no two addresses become one (RFC 6531)
    return head == typed or _octets(head).upper() == _octets(typed).upper()


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def in_case(whole: str, typed: str, before: str = "") -> str:
    """`whole` with `typed` kept as its beginning, and the rest in the same case.

    Where `typed` holds no letter, the case of `before` is taken.
    """
    letters = [c for c in typed if c.isalpha()] or [c for c in before if c.isalpha()]
    rest = whole[len(typed) :]
    return typed + (rest.lower() if letters and letters[-1].islower() else rest)


def shown_octets(text: str) -> str:
    """The server's words; facts keep them as Latin-1, one character an octet."""
    return safe(text.encode("latin-1", "replace"))


def shown(text: str) -> str:
    """Decoded words of a peer."""
    return safe(text.encode("utf-8", "replace"))
