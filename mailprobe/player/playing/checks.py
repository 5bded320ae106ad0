"""`@assert`: what is known of a connection, compared with what the file says of it.

One table from the word of a fact to the function that finds it.
"""

import operator
from collections.abc import Callable
from pathlib import Path

from mailprobe.errors import Failure, Word
from mailprobe.player.playing import message
from mailprobe.player.playing.bodies import Body, same_octets, with_crlf
from mailprobe.player.playing.raw import RawLink
from mailprobe.safe import safe
from mailprobe.transcript.model import Assert
from mailprobe.transcript.reading.assertions import NO, YES, objection

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from typing import Protocol as Interface

    from mailprobe.protocol.facts import Facts

    class Knowing(Interface):
        """What its connection knows."""

        @property
        def facts(self) -> Facts: ...

    class Witness(Interface):
        """A connection of which something can be asserted, or who has heard all of it."""

        @property
        def message(self) -> Body | None: ...
        @property
        def stored(self) -> int: ...
        @property
        def state(self) -> str: ...
        @property
        def tls_version(self) -> str: ...
        @property
        def connection(self) -> Knowing: ...

    AnyLink = Witness | RawLink

_MESSAGE = "message."
_SHOWN = 200  # octets of a value that fit into a sentence
_BODY = 16 * 1024 * 1024  # octets of a body that are compared as text

_ORDER: dict[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Unknown(Exception):
    """Nothing is known of a fact here; the text says why."""


def check(
    line: Assert,
    value: bytes,
    link: "AnyLink | None",
    find: Callable[[str], bytes | None],
    resolve: Callable[[str], Path],
) -> str:
    """What is wrong with an assertion, as a sentence; "" when it holds.

    `find` gives the value of a name, `resolve` a file beside the transcript.
    Raises Failure `usage` for a file that cannot be read.
    """
    try:
        if line.operator == "is":
            return _compare_file(_message_of(link), resolve(value.decode()))
        return _compare(line, _fact(line.fact, link, find), value.decode("utf-8", "replace"))
    except Unknown as unknown:
        return f"nothing is known of {line.fact}: {unknown}"


# -------------------------------------------------------------------------------- comparing


def _compare(line: Assert, found: str, wanted: str) -> str:
    if sentence := objection(line.fact, line.operator, wanted):
        return sentence
    if line.operator in _ORDER:
        if not (_is_number(found) and _is_number(wanted)):
            return (
                f"expected {_said(line)}, but {_shown(found)} and {_shown(wanted)} are no numbers"
            )
        holds = _ORDER[line.operator](int(found), int(wanted))
    elif line.operator == "contains":
        holds = wanted in found
    else:
        holds = _equal(line.fact, found, wanted) is (line.operator == "==")
    return "" if holds else f"expected {_said(line)}, it is {_shown(found)}"


def _equal(fact: str, found: str, wanted: str) -> bool:
    if fact == "state":
        return found.lower() == wanted.lower()
    if fact in ("tls", "authenticated") and wanted.lower() in (*YES, *NO):
        return (found != "no") is (wanted.lower() in YES)
    if _is_number(found) and _is_number(wanted):
        return int(found) == int(wanted)
    return found == wanted


def _is_number(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= 18


def _said(line: Assert) -> str:
    return safe(line.text.removeprefix("@assert").strip())


def _shown(text: str) -> str:
    more = "..." if len(text) > _SHOWN else ""
    return f'"{safe(text[:_SHOWN])}{more}"'


def _compare_file(body: Body, path: Path) -> str:
    from mailprobe.files import read_blocks

    # A file may have the line ends of a checkout.
    if same_octets(body.blocks(), read_blocks(path, 1 << 18)):
        return ""
    if same_octets(body.blocks(), with_crlf(read_blocks(path, 1 << 18))):
        return ""
    return f"the body, of {body.size} octets, is not what {safe(path.name)} holds"


# ------------------------------------------------------------------------------------- facts


def _fact(word: str, link: "AnyLink | None", find: Callable[[str], bytes | None]) -> str:
    if (fact := _FACTS.get(word)) is not None:
        return fact(link)
    if word.startswith(_MESSAGE):
        name = word.removeprefix(_MESSAGE)
        found = message.field(_message_of(link).octets(message.HEADER), name)
        if found is None:
            raise Unknown(f"the message has no field {safe(name)}")
        return found
    value = find(word)
    if value is None:
        raise Unknown("no line before has set or captured it")
    return value.decode("utf-8", "replace")


def _session(link: "AnyLink | None") -> "Witness":
    if link is None:
        raise Unknown("no connection was opened before")
    if isinstance(link, RawLink):
        raise Unknown("protocol raw knows no states")
    return link


def _message_of(link: "AnyLink | None") -> Body:
    if link is None or link.message is None:
        raise Unknown("no message came or went before")
    return link.message


def _state(link: "AnyLink | None") -> str:
    return _session(link).state.upper()


def _tls(link: "AnyLink | None") -> str:
    if link is None:
        raise Unknown("no connection was opened before")
    return link.tls_version or "no"


def _authenticated(link: "AnyLink | None") -> str:
    return "yes" if _session(link).connection.facts.authenticated else "no"


def _recipients(link: "AnyLink | None") -> str:
    return str(len(_session(link).connection.facts.recipients))


def _stored(link: "AnyLink | None") -> str:
    return str(_session(link).stored)


def _deleted(link: "AnyLink | None") -> str:
    return str(_session(link).connection.facts.marked)


def _lines(link: "AnyLink | None") -> str:
    return str(_message_of(link).lines)


def _octets(link: "AnyLink | None") -> str:
    return str(_message_of(link).size)


def _body(link: "AnyLink | None") -> str:
    body = _message_of(link)
    if body.size > _BODY:
        raise Failure(Word.LIMIT, f"a body of {body.size} octets is not compared as text")
    return body.octets().decode("utf-8", "replace")


def _text(link: "AnyLink | None") -> str:
    return message.text(_message_of(link).octets(message.TEXT))


_FACTS: "dict[str, Callable[[AnyLink | None], str]]" = {
    "state": _state,
    "tls": _tls,
    "authenticated": _authenticated,
    "recipients": _recipients,
    "stored": _stored,
    "deleted": _deleted,
    "lines": _lines,
    "octets": _octets,
    "body": _body,
    "message.text": _text,
}
