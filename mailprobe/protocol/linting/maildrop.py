"""Rules about a maildrop: its counts, its message-numbers, its unique-ids (RFC 1939)."""

from collections.abc import Iterator

from mailprobe.patterns import pattern
from mailprobe.protocol import grammar
from mailprobe.protocol.facts import Effect
from mailprobe.protocol.linting.terms import POP3, Break, Fetched, Known, Rule, Said
from mailprobe.safe import safe

_LISTING = pattern(rb"([0-9]{1,10}) ([0-9]{1,20})(?: .*)?")
_UNIQUE = pattern(rb"([0-9]{1,10}) ([^ ]*)(.*)")
_UNIQUE_ID = pattern(rb"[!-~]{1,70}")
_OCTETS = pattern(rb"([0-9]{1,20}) octets\b")
_LISTS = (Effect.SCAN_LISTING, Effect.UNIQUE_ID_LISTING)
_MOST = 20  # breaches of one listing that are told


def _drop(known: Known, said: Said) -> Iterator[Break]:
    if _answers(said, Effect.DROP_LISTING) and not grammar.DROP_LISTING.match(said.reply.texts[0]):
        yield Break(safe(said.reply.texts[0][:80]))


def _answers(said: Said, effect: Effect) -> bool:
    return said.row is not None and said.row.effect is effect and said.reply.positive


def _one(known: Known, said: Said) -> Iterator[Break]:
    """LIST n, UIDL n: the answer begins with the number that was asked for."""
    if said.command is None or not any(_answers(said, effect) for effect in _LISTS):
        return
    asked = said.command.argument.strip()
    number = said.reply.texts[0].partition(b" ")[0]
    if asked and asked.isdigit() and (not number.isdigit() or int(number[:10]) != int(asked[:10])):
        yield Break(f"{safe(number[:20])} in the place of {safe(asked[:20])}")


def _scan(known: Known, seen: Fetched) -> Iterator[Break]:
    if seen.row.effect is not Effect.SCAN_LISTING:
        return
    wrong = ((at, line) for at, line in enumerate(seen.lines, 2) if not _LISTING.fullmatch(line))
    for (number, line), _ in zip(wrong, range(_MOST), strict=False):
        yield Break(safe(line[:80]), number)


def _numbers(known: Known, seen: Fetched) -> Iterator[Break]:
    """From 1 on, each that was not marked as deleted, in order."""
    if seen.row.effect not in _LISTS:
        return
    due = 1
    for at, line in enumerate(seen.lines, 2):
        digits = line.partition(b" ")[0]
        if not digits.isdigit():
            continue
        while due in known.deleted:
            due += 1
        number = int(digits[:10])
        if number != due:
            yield Break(f"{number} in the place of {due}", at)
            return
        due += 1


def _sum(known: Known, seen: Fetched) -> Iterator[Break]:
    if seen.row.effect is not Effect.SCAN_LISTING or known.drop is None or not seen.whole:
        return
    sizes = listed(seen.lines)
    found = len(sizes), sum(sizes.values())
    if found != known.drop:
        count, octets = known.drop
        yield Break(f"{count} with {octets} octets, and listed are {found[0]} with {found[1]}")


def listed(lines: tuple[bytes, ...]) -> dict[int, int]:
    """Message-numbers and sizes of a scan listing."""
    matches = map(_LISTING.fullmatch, lines)
    return {int(match[1]): int(match[2]) for match in matches if match}


def _octets(known: Known, seen: Fetched) -> Iterator[Break]:
    if seen.row.verb != "RETR":
        return
    said = _OCTETS.match(seen.reply.texts[0])
    if said and int(said[1]) != seen.octets:
        yield Break(f"{int(said[1])} announced, {seen.octets} came")
    number = seen.command.argument.strip()
    size = known.sizes.get(int(number)) if number.isdigit() and len(number) <= 10 else None
    if size is not None and size != seen.octets:
        yield Break(f"{size} listed, {seen.octets} came")


def _unique(known: Known, seen: Fetched) -> Iterator[Break]:
    if seen.row.effect is not Effect.UNIQUE_ID_LISTING:
        return
    told = 0
    for at, line in enumerate(seen.lines, 2):
        match = _UNIQUE.fullmatch(line)
        if told == _MOST or (match and _UNIQUE_ID.fullmatch(match[2]) and not match[3]):
            continue
        told += 1
        long = f"{len(match[2])} characters" if match and len(match[2]) > 70 else safe(line[:80])
        yield Break(long, at)


def _twice(known: Known, seen: Fetched) -> Iterator[Break]:
    if seen.row.effect is not Effect.UNIQUE_ID_LISTING:
        return
    first: dict[bytes, bytes] = {}
    for at, line in enumerate(seen.lines, 2):
        number, _, name = line.partition(b" ")
        if name in first:
            pair = f"{safe(first[name][:20])} and {safe(number[:20])}"
            yield Break(f"{pair}; copies of one message may share it", at)
            return
        first[name] = number


_LISTINGS = "RFC 1939, section 5"
_UNIQUE_IDS = "RFC 1939, section 7"
_ID = "no unique-id: 1 to 70 characters, printable ASCII without a blank"

RULES = (
    Rule("drop-listing", POP3, Said, "no drop listing: messages, octets", _LISTINGS, _drop),
    Rule("asked-number", POP3, Said, "another message-number than asked for", _LISTINGS, _one),
    Rule("scan-listing", POP3, Fetched, "no scan listing: number, octets", _LISTINGS, _scan),
    Rule(
        "numbers",
        POP3,
        Fetched,
        "message-numbers do not count from 1 on",
        "RFC 1939, section 4",
        _numbers,
    ),
    Rule("sum", POP3, Fetched, "the drop listing says otherwise", _LISTINGS, _sum),
    Rule("octets", POP3, Fetched, "the count of octets is wrong", "RFC 1939, section 11", _octets),
    Rule("unique-id", POP3, Fetched, _ID, _UNIQUE_IDS, _unique),
    Rule("unique-id-twice", POP3, Fetched, "two messages, one unique-id", _UNIQUE_IDS, _twice),
)
