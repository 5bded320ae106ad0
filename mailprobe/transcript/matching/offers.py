"""What a server offers: the lines of a reply to EHLO, LHLO, CAPA, or a bare AUTH."""

from collections.abc import Iterable, Sequence

from mailprobe.protocol import grammar
from mailprobe.safe import safe
from mailprobe.transcript.matching.mismatch import Mismatch, at_word
from mailprobe.transcript.model import Line
from mailprobe.value import frozen

# Keywords whose words are SASL mechanisms: RFC 4954, section 3; RFC 2449, section 6.3.
_MECHANISMS = frozenset({"AUTH", "SASL"})


@frozen
class Offered:
    """A keyword and the words behind it, upper case."""

    keyword: str
    words: frozenset[str]


def offered(line: bytes) -> Offered | None:
    """What a line offers; None where it has no such form.

    `AUTH=LOGIN` is an old spelling of `AUTH LOGIN`.
    """
    match = grammar.OFFER.match(line)
    if match is None:
        return None
    words = (match[2] or b"").decode("latin-1").upper().split()
    return Offered(match[1].decode("ascii").upper(), frozenset(words))


def check_offers(recorded: Sequence[tuple[Line, bytes]], lines: Iterable[bytes]) -> Mismatch | None:
    """Whether each keyword, and each mechanism, that was recorded is still offered.

    `recorded` are the texts of lines, and where they are written; `lines` is what came.
    """
    wanted = [(line, offer) for line, text in recorded if (offer := offered(text))]
    came: dict[str, set[str]] = {}
    keywords = {offer.keyword for _, offer in wanted}
    for text in lines if wanted else ():
        offer = offered(text)
        if offer is not None and offer.keyword in keywords:
            words = came.setdefault(offer.keyword, set())
            words.update(offer.words if offer.keyword in _MECHANISMS else ())
    for line, offer in wanted:
        if mismatch := _taken_away(line, offer, came):
            return mismatch
    return None


def _taken_away(line: Line, offer: Offered, came: dict[str, set[str]]) -> Mismatch | None:
    keyword = offer.keyword
    if keyword not in came:
        return at_word(line, keyword, f"{keyword} is not offered")
    if keyword in _MECHANISMS:
        for word in sorted(offer.words):
            if word not in came[keyword]:
                return at_word(line, word, safe(f"{keyword} is offered without {word}"))
    return None
