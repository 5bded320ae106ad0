"""Faults as they are written: `NAME[:TIME][=PROBABILITY][@POSITION]`, and several of them."""

from mailprobe.durations import seconds
from mailprobe.errors import Failure, Word
from mailprobe.patterns import pattern
from mailprobe.safe import safe
from mailprobe.sandbox.faults.model import Fault
from mailprobe.sandbox.faults.table import FAULTS

FORM = "NAME[:TIME][=PROBABILITY][@POSITION]"
_FORM = pattern(
    r"(?P<name>[A-Za-z0-9-]+)(?::(?P<time>[0-9.]+[ms]*))?"
    r"(?:=(?P<probability>[01]|[01]?\.[0-9]{1,9}))?(?:@(?P<position>[1-9][0-9]{0,8}))?"
)
_NEAR = 3  # names that a wrong one may have meant


def read_faults(text: str, separator: str = ",") -> tuple[Fault, ...]:
    """The faults that `text` names.  Raises Failure USAGE, with names that are near a wrong one."""
    words = [word.strip() for word in text.split(separator)]
    return tuple(read_fault(word) for word in words)


def read_fault(word: str) -> Fault:
    """One of them.  Raises Failure USAGE."""
    match = _FORM.fullmatch(word)
    if match is None:
        raise Failure(
            Word.USAGE,
            f"a fault is written {FORM}, with a probability from 0 to 1 and positions from 1, "
            f"got {safe(word) or 'nothing'}",
        )
    name = match["name"].lower()
    spec = FAULTS.get(name)
    if spec is None:
        raise Failure(Word.USAGE, f"there is no fault {safe(name)}{_meant(name)}")
    probability = float(match["probability"] or 1)
    if probability > 1:
        raise Failure(Word.USAGE, f"the probability of {name} is a number from 0 to 1")
    time = seconds(match["time"]) if match["time"] else None
    if match["time"] and time is None:
        raise Failure(
            Word.USAGE, f"the time of {name} is 500ms, 2s or 5m, got {safe(match['time'])}"
        )
    if time is not None and not spec.seconds:
        raise Failure(Word.USAGE, f"{name} takes no time; --fault help lists those that do")
    return Fault(spec, probability, int(match["position"] or 0), time)


def _meant(name: str) -> str:
    from difflib import get_close_matches  # a name that is wrong is rare

    near = get_close_matches(name, FAULTS, _NEAR)
    near += [known for known in FAULTS if name in known and known not in near][:_NEAR]
    if not near:
        return ": --fault help lists them"
    return f", perhaps {' or '.join(near)}; --fault help lists them all"
