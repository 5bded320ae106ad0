"""Which answer a person means when he wants to read it again, and its octets."""

from collections.abc import Iterator

from mailprobe.errors import Failure, Word
from mailprobe.patterns import pattern
from mailprobe.protocol.model import Protocol
from mailprobe.render.folded import FETCHING
from mailprobe.session import Exchange, Session

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from typing import IO

_NUMBER = pattern(r"[1-9][0-9]{0,9}")
_LINE = 512  # octets of a reply of one line
_BLOCK = 256 * 1024  # octets that are read at once


def message_in(session: Session, number: int | None) -> Exchange:
    """The message of that number as it was read last; without a number the last one of all.

    Raises Failure `usage` where it was not read, or is no longer kept.
    """
    if session.connection.facts.protocol is not Protocol.POP3:
        raise _usage("messages are read in POP3: /connect pop3 HOST")
    read = [one for one in reversed(session.exchanges) if one.command.verb in FETCHING]
    if number is not None:
        read = [one for one in read if _number_of(one) == number]
        read.sort(key=lambda one: one.command.verb != "RETR")  # a whole one is better
    answered = [one for one in read if one.replies and one.replies[0].positive]
    kept = next((one for one in answered if one.body is not None), None)
    if kept is not None:
        return kept
    which = "1" if number is None else str(number)
    if answered:
        raise _usage(f"its octets are no longer kept: send RETR {_number_of(answered[0])} again")
    what = "no message" if number is None else f"message {number}"
    raise _usage(f"{what} has {'' if number is None else 'not '}been read yet: send RETR {which}")


def answer_in(session: Session, number: int | None) -> Exchange:
    """What `/page` shows: in POP3 a message, or the last answer that had many lines.

    Elsewhere the Nth exchange back.  Raises Failure `usage`.
    """
    exchanges = session.exchanges
    if session.connection.facts.protocol is Protocol.POP3:
        if number is not None:
            return message_in(session, number)
        listed = (one for one in reversed(exchanges) if one.body is not None or _is_long(one))
        if (found := next(listed, None)) is not None:
            return found
    back = number or 1
    if not exchanges:
        raise _usage("nothing was answered yet: send a command first")
    if len(exchanges) < back:
        raise _usage(f"{len(exchanges)} exchanges are remembered")
    return exchanges[-back]


def numbers_in(argument: str, most: int) -> list[int]:
    """The numbers of an argument.  Raises ValueError for what is none, or for too many."""
    words = argument.split()
    if len(words) > most or not all(map(_NUMBER.fullmatch, words)):
        raise ValueError
    return [int(word) for word in words]


def blocks_of(body: "IO[bytes]") -> Iterator[bytes]:
    """All octets of a body, some at a time; more of it may come meanwhile, and is left out."""
    at, end = 0, body.seek(0, 2)
    while at < end:
        body.seek(at)
        octets = body.read(min(_BLOCK, end - at))
        body.seek(0, 2)  # where the next piece of it goes
        if not octets:
            return
        yield octets
        at += len(octets)


def beginning_of(body: "IO[bytes]", most: int) -> tuple[bytes, int]:
    """The first `most` octets of a body, and how many it has."""
    body.seek(0)
    octets = body.read(most)
    return octets, body.seek(0, 2)


def _is_long(exchange: Exchange) -> bool:
    """Whether a reply may have been folded: a line has no more (RFC 1939, section 3)."""
    return any(len(reply.wire) > _LINE for reply in exchange.replies)


def _number_of(exchange: Exchange) -> int | None:
    words = exchange.command.argument.split()
    text = words[0].decode("latin-1") if words else ""
    return int(text) if _NUMBER.fullmatch(text) else None


def _usage(sentence: str) -> Failure:
    return Failure(Word.USAGE, sentence)
