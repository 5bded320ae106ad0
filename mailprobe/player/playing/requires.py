"""`requires:`: what a server must offer for a transcript to be played against it."""

from collections.abc import Iterable, Iterator, Mapping

from mailprobe.protocol.catalogue import BEFORE_TLS
from mailprobe.protocol.model import Command
from mailprobe.safe import safe
from mailprobe.transcript.steps import Sort, Unit, Write

_END = frozenset({"QUIT"})
_ASKING = BEFORE_TLS - _END  # what may come before the other commands


def missing(
    wanted: Iterable[tuple[str, ...]], offers: Iterable[Mapping[str, str]]
) -> tuple[str, ...] | None:
    """The first requirement that none of the replies has offered."""
    offers = tuple(offers)
    for keyword, *words in wanted:
        for offered in offers:
            if keyword in offered and {*words} <= {*offered[keyword].upper().split()}:
                break
        else:
            return (keyword, *words)
    return None


def reason(requirement: tuple[str, ...]) -> str:
    """Why a transcript is skipped."""
    return f"requires {safe(' '.join(requirement))}, which the server does not offer"


def begins_other(step: Write) -> bool:
    """Whether its first command is another than those that ask what is offered."""
    return next(map(_is_other, _commands(step)), False)


def holds_other(step: Write) -> bool:
    """Whether another command than those stands anywhere in it"""
    return any(map(_is_other, _commands(step)))


def _commands(step: Write) -> Iterator[Unit]:
    return (unit for unit in step.units if unit.sort is Sort.COMMAND)


def _is_other(unit: Unit) -> bool:
    first = unit.pieces[0] if unit.pieces else b""
    return not isinstance(first, bytes) or Command(first).verb not in _ASKING
