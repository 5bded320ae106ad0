"""Rules about the course of a session: who speaks when, and how it ends."""

from collections.abc import Iterator

from mailprobe.protocol.events import Ending
from mailprobe.protocol.linting.terms import ALL, MAIL, POP3, Break, Ended, Known, Noise, Rule, Said
from mailprobe.safe import safe

_ABRUPT = (Ending.EOF, Ending.RESET, Ending.TRUNCATED)


def _unasked(known: Known, said: Said) -> Iterator[Break]:
    owed = said.command is not None or said.greeting
    if not owed and not known.closing and said.reply.code != "421":
        yield Break(said.reply.code)


def _noise(known: Known, seen: Noise) -> Iterator[Break]:
    yield Break(safe(seen.octets[:40].partition(b"\n")[0].rstrip(b"\r")))


def _after_421(known: Known, said: Said) -> Iterator[Break]:
    if known.closing:
        yield Break(said.reply.code)


def _unannounced(known: Known, seen: Ended) -> Iterator[Break]:
    if known.greeted and not known.leaving and not known.broken and seen.how in _ABRUPT:
        yield Break()


def _truncated(known: Known, seen: Ended) -> Iterator[Break]:
    if seen.how == Ending.TRUNCATED:
        yield Break()


_UNASKED = "a reply that no command was owed"
_NOISE = "a line that is no reply"

RULES = (
    Rule("unasked", MAIL, Said, _UNASKED, "RFC 5321, section 4.2", _unasked),
    Rule("unasked", POP3, Said, _UNASKED, "RFC 1939, section 3", _unasked),
    Rule("no-reply", MAIL, Noise, _NOISE, "RFC 5321, section 4.2", _noise),
    Rule("no-reply", POP3, Noise, _NOISE, "RFC 1939, section 3", _noise),
    Rule("after-421", MAIL, Said, "a reply behind 421", "RFC 5321, section 3.8", _after_421),
    Rule(
        "unannounced",
        MAIL,
        Ended,
        "the server ended the link without 421, and without QUIT",
        "RFC 5321, section 3.8",
        _unannounced,
    ),
    Rule(
        "truncated",
        ALL,
        Ended,
        "the server ended the link without ending TLS",
        "RFC 8446, section 6.1",
        _truncated,
    ),
)
