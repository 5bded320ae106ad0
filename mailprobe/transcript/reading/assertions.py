"""What a fact of `@assert` can be at all: a table of closed sets.

With a value that no session can have, `==` could never hold and `!=` would demand nothing.
"""

from mailprobe.patterns import pattern
from mailprobe.protocol.model import State
from mailprobe.safe import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

YES = ("yes", "true", "on", "1")
NO = ("no", "false", "off", "0", "none")
ORDERS = ("<", "<=", ">", ">=")

_NUMBER = pattern(r"-?[0-9]+")
_WORDS = "|".join((*YES, *NO))
_COUNT = (_NUMBER, "a number")
_STATES = ", ".join(State)

# By fact: what a value looks like, and how a person is told.
_VALUES: "dict[str, tuple[re.Pattern[str], str]]" = {
    "state": (pattern(f"(?i:{'|'.join(State)})"), f"one of {_STATES}"),
    "tls": (
        pattern(rf"(?i:{_WORDS})|TLSv1(?:\.[0-3])?"),
        "yes, no, or a version like TLSv1.3",
    ),
    "authenticated": (pattern(f"(?i:{_WORDS})"), "yes or no"),
    **dict.fromkeys(("recipients", "stored", "deleted", "lines", "octets"), _COUNT),
}
_WORDY = ("state", "tls", "authenticated", "body")  # never numbers


def objection(fact: str, operator: str, value: str) -> str:
    """Why a comparison is none: a sentence, "" where it is one."""
    if operator in ORDERS:
        if fact in _WORDY:
            return f'"{operator}" compares numbers, and {fact} is none'
        if not _NUMBER.fullmatch(value):
            return f'"{operator}" compares numbers, and "{safe(value)}" is none'
        return ""
    row = _VALUES.get(fact)
    if operator not in ("==", "!=") or row is None or row[0].fullmatch(value):
        return ""
    return f'{fact} is {row[1]}, and never "{safe(value)}"'
