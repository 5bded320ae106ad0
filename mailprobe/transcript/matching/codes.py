"""What of a reply a program reads: reply code, enhanced status code, response code."""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from mailprobe.patterns import pattern
from mailprobe.protocol.model import Reply
from mailprobe.safe import safe
from mailprobe.transcript.matching.mismatch import Mismatch, at_content, at_word
from mailprobe.transcript.matching.sequence import recorded
from mailprobe.transcript.model import Level, Pattern, Question, ReplyClass
from mailprobe.transcript.steps import ExpectedLine
from mailprobe.value import replace

_CODE = pattern(rb"([2-5][0-9][0-9])(?:[ -]|\Z)|(\+OK|-ERR|\+)(?: |\Z)", re.IGNORECASE)
_ENHANCED = pattern(rb"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |\Z)")  # RFC 2034, section 4
_RESPONSE_CODE = pattern(rb"-ERR \[([^\]\[ ]{1,200})\]", re.IGNORECASE)  # RFC 2449, section 8
_CODE_LENGTH = 3

Status = Sequence[ExpectedLine | Pattern]


def code_of(line: bytes) -> str:
    """The reply code or status indicator of a line, upper case; "" where it has none."""
    match = _CODE.match(line)
    return (match[1] or match[2]).decode("ascii").upper() if match else ""


def head_of(expected: ExpectedLine) -> bytes:
    """What of a line stands to the letter before anything that is open."""
    first = expected.pieces[0] if expected.pieces else b""
    return first if isinstance(first, bytes) else b""


def check_question(question: Question, reply: Reply, lines: Sequence[bytes]) -> Mismatch | None:
    """Whether the reply, with these lines, is of one of the classes."""
    codes = _runs(map(code_of, lines))
    if any(_is_of(wanted, reply, codes) for wanted in question.classes):
        return None
    came = f"{ReplyClass(reply.code, reply.enhanced, response_code_of(reply))}"
    if len(codes) > 1:
        came = " and ".join(codes)
    wanted = " or ".join(map(str, question.classes))
    return at_content(question, f"the reply is {came}, not {wanted}")


def _is_of(wanted: ReplyClass, reply: Reply, codes: Sequence[str]) -> bool:
    if wanted.code != "xxx" and not all(_like(wanted.code, code) for code in codes):
        return False
    if wanted.enhanced is not None:
        numbers = (reply.enhanced or "..").split(".")
        pairs = zip(wanted.enhanced.split("."), numbers, strict=True)
        if not all(number and want in ("x", number) for want, number in pairs):
            return False
    return wanted.response_code in (None, response_code_of(reply))


def _like(wanted: str, code: str) -> bool:
    """Whether a code is of a class: `x` is any digit."""
    return len(wanted) == len(code) and all(
        want == came or (want == "x" and came.isdigit())
        for want, came in zip(wanted, code, strict=True)
    )


def response_code_of(reply: Reply) -> str | None:
    return reply.response_code if reply.code in ("+OK", "-ERR") else None


# ------------------------------------------------------------------------- recorded replies


def check_codes(
    status: Status, lines: Sequence[bytes], level: Level, *, whole: bool
) -> Mismatch | None:
    """Whether the codes are the same, in order; lines of one code count once.

    Of a reply that is not `whole` they are the same as far as both go.
    """
    wanted = [each for each in status if isinstance(each, ExpectedLine)]
    by_class = level is Level.CLASS and any(map(recorded, wanted))
    if not whole and wanted and lines:
        mismatch = _cut_code(wanted[-1], lines[-1], by_class=by_class)
        if mismatch is not None:
            return mismatch
    keys = [_key(code_of(head_of(line)), by_class=by_class) for line in wanted]
    came = [_key(code_of(line), by_class=by_class) for line in lines]
    runs, came_runs = _runs(keys), _runs(came)
    if len(keys) == len(came) and all(map(recorded, status)):
        # Where as many lines came, one altered code is told at its line, beside its like too.
        other = _first_other(keys, came)
        if other is not None:
            return _other_code(wanted[other], came[other], keys[other])
    if came_runs == runs:
        return None
    if len(wanted) < len(status) and _in_order(runs, came_runs):
        return None  # `S*` stands for lines of any code
    at = _first_other(runs, came_runs)
    if at is None and not whole:
        return None
    at = min(len(runs), len(came_runs)) if at is None else at
    line = wanted[_first_of_run(keys, at)]
    return _other_code(line, *("".join(each[at : at + 1]) for each in (came_runs, runs)))


def _cut_code(wanted: ExpectedLine, came: bytes, *, by_class: bool) -> Mismatch | None:
    """Whether a line that is cut off within its code begins otherwise than the other."""
    head = head_of(wanted)
    if code_of(head) and code_of(came):
        return None
    count = min(len(head), len(came), 1 if by_class else _CODE_LENGTH)
    if head[:count].upper() == came[:count].upper():
        return None
    sentence = f"the reply begins with {safe(came[:_CODE_LENGTH])}, not {safe(head[:_CODE_LENGTH])}"
    return at_content(wanted.line, sentence)


def _first_other(wanted: Sequence[str], came: Sequence[str]) -> int | None:
    """The first place at which both have something, and not the same."""
    pairs = zip(wanted, came, strict=False)
    return next(
        (at for at, (one, other) in enumerate(pairs) if one and other and one != other), None
    )


def _other_code(line: ExpectedLine, came: str, wanted: str) -> Mismatch:
    """Another code; "" is none at all."""
    sentence = f"the reply code is {came}, not {wanted}"
    if not wanted:
        sentence = f"the reply code changes to {came}"
    elif not came:
        sentence = f"no line of the reply has the code {wanted}"
    mismatch = at_content(line.line, sentence)
    width = min(mismatch.width, len(code_of(head_of(line))))
    return replace(mismatch, width=max(1, width))


def _key(code: str, *, by_class: bool) -> str:
    return code[0] + "xx" if by_class and code.isdigit() else code


def _runs(words: Iterable[str]) -> list[str]:
    """The words without those that repeat the one before them, and without empty ones."""
    return [word for word, _ in groupby(filter(None, words))]


def _in_order(wanted: Iterable[str], came: Iterable[str]) -> bool:
    rest = iter(came)
    return all(each in rest for each in wanted)


def _first_of_run(keys: Sequence[str], run: int) -> int:
    """Where the run of that number begins; the last line when there are not so many."""
    before, number = "", -1
    for index, key in enumerate(keys):
        if key and key != before:
            before, number = key, number + 1
        if number == run:
            return index
    return len(keys) - 1


def check_enhanced(status: Status, lines: Sequence[bytes]) -> Mismatch | None:
    """Whether the enhanced status codes are the same, where the recording has any."""
    wanted = [each for each in status if isinstance(each, ExpectedLine)]
    codes = [_enhanced(head_of(line)) for line in wanted]
    if len(wanted) < len(status) or not any(map(recorded, wanted)) or not any(codes):
        return None
    if any(not code and not recorded(line) for line, code in zip(wanted, codes, strict=True)):
        return None  # a written line stands for itself, and perhaps for any enhanced code
    came = _runs(map(_enhanced, lines))
    if came == _runs(codes):
        return None
    missing = next((code for code in codes if code and code not in came), "")
    said = " and ".join(came) or "missing"
    line = wanted[codes.index(missing)] if missing else wanted[0]
    sentence = f"the enhanced status code is {said}, not {missing or ' and '.join(_runs(codes))}"
    return at_word(line.line, missing, sentence)


def _enhanced(line: bytes) -> str:
    match = _ENHANCED.match(line, 4) if line[:3].isdigit() else None
    return match[1].decode("ascii") if match else ""


def check_response_code(status: Status, reply: Reply) -> Mismatch | None:
    """Whether the response code of an -ERR is the same, where the recording has one."""
    first = status[0] if status else None
    if not isinstance(first, ExpectedLine) or not recorded(first):
        return None
    match = _RESPONSE_CODE.match(head_of(first))
    wanted = match[1].decode("latin-1").upper() if match else None
    came = response_code_of(reply)
    if wanted is None or wanted == came:
        return None
    sentence = safe(f"the response code is {came or 'missing'}, not {wanted}")
    return at_word(first.line, wanted, sentence)
