"""What lint says of `S+` and `S-`: those that can never hold together."""

from collections.abc import Iterator

from mailprobe.transcript.matching.offers import Offered, offered
from mailprobe.transcript.matching.sequence import anything
from mailprobe.transcript.model import Pattern, Pieces


def contradictions(
    conditions: tuple[Pattern, ...], *, listing: bool
) -> Iterator[tuple[Pattern, Pattern]]:
    """Each `S-` that forbids what an `S+` of the same reply asks for."""
    for minus in conditions:
        if minus.tag != "-" or anything(minus.pieces):  # of the lines that no `S+` took
            continue
        for plus in conditions:
            if plus.tag == "+" and _forbids(minus, plus, listing=listing):
                yield plus, minus
                break


def _forbids(minus: Pattern, plus: Pattern, *, listing: bool) -> bool:
    if minus.pieces == plus.pieces:
        return True
    forbidden, asked = (_offer(line.pieces) if listing else None for line in (minus, plus))
    if forbidden is None or asked is None:
        return False
    return forbidden.keyword == asked.keyword and forbidden.words <= asked.words


def _offer(pieces: Pieces) -> Offered | None:
    if len(pieces) != 1 or not isinstance(pieces[0], bytes):
        return None
    return offered(pieces[0])
