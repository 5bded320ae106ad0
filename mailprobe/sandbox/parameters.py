"""Whether the parameters of MAIL and RCPT are right, judged by the rows of the catalogue."""

from collections.abc import Callable, Collection

from mailprobe.patterns import pattern
from mailprobe.protocol import grammar
from mailprobe.protocol.catalogue import CommandSpec, Kind, Parameter
from mailprobe.value import frozen

_NUMBER = pattern(rb"[0-9]{1,20}")
_ENVELOPE_ID = 100  # characters (RFC 3461, section 4.4)
LONGEST_HOLD = 604_800  # seconds, as FUTURERELEASE says
LATEST_HOLD = "2099-12-31T23:59:59Z"
_BY = pattern(rb"(?i:-?[0-9]{1,9};N|0{0,8}[1-9][0-9]{0,8};R)(?i:T)?")  # RFC 2852, section 4
_MOMENT = pattern(
    rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    rb"(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_ORIGINAL_RECIPIENT = pattern(rb"[!-~]+;[!-~\x80-\xff]*")  # addr-type ";" (section 4.2)


@frozen
class Refusal:
    """A negative reply: its code, and its text with the enhanced status code."""

    code: str
    text: str


class NotDone(Exception):
    """A command is not carried out; `refusal` is what to reply."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.text)
        self.refusal = refusal


def not_done(code: str, text: str) -> NotDone:
    return NotDone(Refusal(code, text))


def read(row: CommandSpec, octets: bytes, offered: Collection[str]) -> dict[str, bytes]:
    """Read `parameters` of a MAIL or RCPT argument: names, upper case, to values.

    Raises NotDone with 555 for what is not offered, 501 for what is badly written or said twice
    (RFC 5321, section 4.1.1.11).
    """
    words = octets.split()
    if not words:
        return {}
    known = {parameter.name: parameter for parameter in row.parameters}
    found: dict[str, bytes] = {}
    for word in words:
        octets_of_name, _, value = word.partition(b"=")
        name = octets_of_name.upper().decode("ascii")
        parameter = known.get(name)
        if parameter is None or parameter.needs not in offered:
            raise not_done("555", f"5.5.4 {name}: this parameter is not known here")
        if name in found:
            raise not_done("501", f"5.5.4 {name} comes twice")
        needed = parameter.value_needs.get(value.upper().decode("latin-1"))
        if not _fits(parameter, value) or (needed is not None and needed not in offered):
            raise not_done("501", f"5.5.4 {name}: {parameter.summary}")
        found[name] = value
    if {"HOLDFOR", "HOLDUNTIL"} <= found.keys():  # RFC 4865, section 4
        raise not_done("501", "5.5.4 HOLDFOR and HOLDUNTIL exclude each other")
    return found


def _fits(parameter: Parameter, value: bytes) -> bool:
    special = _SPECIAL.get(parameter.name)
    if special is not None and not special(value):
        return False
    judge = _KINDS.get(parameter.kind)
    return judge is None or judge(parameter, value)


def _keywords(parameter: Parameter, value: bytes) -> bool:
    words = value.upper().decode("latin-1").split(",")
    alone = "NEVER" not in words or len(words) == 1  # RFC 3461, section 4.1
    return alone and all(word in parameter.values for word in words)


_KINDS: dict[Kind, Callable[[Parameter, bytes], bool]] = {
    Kind.FLAG: lambda parameter, value: not value,
    Kind.NUMBER: lambda parameter, value: _NUMBER.fullmatch(value) is not None,
    Kind.KEYWORD: lambda parameter, value: value.upper().decode("latin-1") in parameter.values,
    Kind.KEYWORDS: _keywords,
    Kind.XTEXT: lambda parameter, value: (
        value != b"" and grammar.XTEXT.fullmatch(value) is not None
    ),
}

# What one RFC says beyond the kind.
_SPECIAL: dict[str, Callable[[bytes], bool]] = {
    "BY": lambda value: _BY.fullmatch(value) is not None,
    "HOLDFOR": lambda value: len(value) < 10 and value.isdigit() and int(value) <= LONGEST_HOLD,
    "HOLDUNTIL": lambda value: (
        _MOMENT.fullmatch(value) is not None and value <= LATEST_HOLD.encode()
    ),
    "ENVID": lambda value: len(value) <= _ENVELOPE_ID,
    "ORCPT": lambda value: _ORIGINAL_RECIPIENT.fullmatch(value) is not None,
}
