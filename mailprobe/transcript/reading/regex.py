"""The regular expressions of placeholders: few constructs, and a bound on what they can cost.

A file is hostile, and `re` knows no time limit: so whatever can be tried in very many ways is
refused here, before anything is matched.
"""

import re

from mailprobe.patterns import pattern

LONGEST = 1000  # characters
_DEEPEST = 20  # groups inside of each other
_REPEATED = 1000  # the largest count that can be written
# Ways to try a regular expression at one place: an unbounded repetition counts a thousand.
_WAYS = 2_000_000
_UNBOUNDED = 1000

_COUNT = pattern(r"\{([0-9]*)(,)?([0-9]*)\}")
_FLAGS = pattern(r"\(\?[ims]*(?:-[ims]+)?:")
_ESCAPES = "dDwWsSbBAZtnrfvaxuU"
_SETS = ("--", "&&", "~~", "||")  # `re` warns that these may come to mean something

_REFUSED = (  # how a group begins that may not stand here, and why not
    ("(?=", "look-around is not allowed"),
    ("(?!", "look-around is not allowed"),
    ("(?<=", "look-around is not allowed"),
    ("(?<!", "look-around is not allowed"),
    ("(?P=", "a back-reference is not allowed"),
    ("(?(", "a conditional is not allowed"),
    ("(?P<", "a group has no name here: write (?:...)"),
    ("(?", "this kind of group is not allowed: there is (?:...) and (?i:...)"),
)


class Refused(Exception):
    """A regular expression that is not allowed, or none: where, how much of it, and why."""

    def __init__(self, at: int, width: int, sentence: str) -> None:
        super().__init__(sentence)
        self.at = at
        self.width = max(width, 1)
        self.sentence = sentence


def check_regex(source: str, unbounded: int = _UNBOUNDED) -> int:
    """In how many ways `source` can be tried; a repetition without a bound counts `unbounded`.

    Raises Refused when it is no regular expression that a placeholder may hold.
    """
    if len(source) > LONGEST:
        raise Refused(0, len(source), f"a regular expression has at most {LONGEST} characters")
    if not source:
        raise Refused(0, 1, "a regular expression is expected between the slashes")
    ways = _Scan(source, unbounded).all()
    try:
        re.compile(source)
    except re.error as error:
        at = min(error.pos or 0, len(source) - 1)
        raise Refused(at, 1, f"this is no regular expression: {error.msg}") from None
    return ways


class _Scan:
    """Walks through the source once and counts in how many ways it can be tried."""

    def __init__(self, source: str, unbounded: int) -> None:
        self._source = source
        self._unbounded = unbounded
        self._at = 0
        self._depth = 0
        self._repetitions = 0  # those so far that take now more, now less

    def all(self) -> int:
        ways = self._alternatives()
        if self._at < len(self._source):
            raise Refused(self._at, 1, "this parenthesis closes nothing")
        return ways

    def _next(self) -> str:
        return self._source[self._at : self._at + 1]

    def _alternatives(self) -> int:
        ways = self._sequence()
        while self._next() == "|":
            self._at += 1
            ways += self._sequence()
        return ways

    def _sequence(self) -> int:
        ways = 1
        while self._next() not in ("", "|", ")"):
            start, before = self._at, self._repetitions
            ways *= self._repeated(start, self._atom(), before)
            if ways > _WAYS:
                raise Refused(start, self._at - start, "with this it can be tried in too many ways")
        return ways

    def _repeated(self, start: int, ways: int, before: int) -> int:
        """Ways of an atom with its count.  `before`: how many repetitions stood in front of it."""
        holds_repetition = self._repetitions > before
        least, most = self._counts()
        if self._next() in ("*", "+", "?") and (least, most) != (1, 1):
            raise Refused(self._at, 1, "a repetition cannot be repeated or be possessive")
        if ways > 1 and most is None:
            raise Refused(
                start,
                self._at - start,
                "nested repetition is not allowed, nor are alternatives that repeat without a"
                " bound: write [ab]* for (a|b)*",
            )
        if holds_repetition and most is not None and most > 1:
            raise Refused(
                start,
                self._at - start,
                "nested repetition is not allowed, with a bound neither: write it out",
            )
        self._repetitions += most is None or most > max(least, 1)
        if most is None:
            return self._unbounded
        if ways > 1 and most > 1:
            ways **= min(most, 30)  # 2 ** 30 is too many already
        return ways * (most - least + 1)

    def _counts(self) -> tuple[int, int | None]:
        """What a quantifier says, and its `?`; (1, 1) where there is none."""
        start = self._at
        counts: tuple[int, int | None] = (1, 1)
        if simple := {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(self._next()):
            self._at += 1
            counts = simple
        elif (match := _COUNT.match(self._source, start)) and (match[1] or match[2]):
            self._at = match.end()
            least = int(match[1] or 0)
            counts = (least, least) if not match[2] else (least, _number(match[3]))
            if max(least, counts[1] or 0) > _REPEATED or (counts[1] or least) < least:
                sentence = f"a count is at most {_REPEATED}, and the second no less than the first"
                raise Refused(start, len(match[0]), sentence)
        if self._at > start and self._next() == "?":
            self._at += 1
        return counts

    def _atom(self) -> int:
        match self._next():
            case "\\":
                self._escape()
            case "[":
                self._set()
            case "(":
                return self._group()
            case _:
                self._at += 1
        return 1

    def _escape(self) -> None:
        letter = self._source[self._at + 1 : self._at + 2]
        if letter.isdigit():
            raise Refused(self._at, 2, "a back-reference is not allowed")
        if letter.isalpha() and letter not in _ESCAPES:
            raise Refused(self._at, 2, f"\\{letter} means nothing in a regular expression")
        self._at += 2

    def _set(self) -> None:
        start = self._at
        self._at += 2 if self._source.startswith("[^", start) else 1
        first = self._at
        while (character := self._next()) and (character != "]" or self._at == first):
            if character == "[" or self._source.startswith(_SETS, self._at):
                raise Refused(self._at, 1, f"write \\{character} in a set")
            if character == "\\":
                self._escape()
            else:
                self._at += 1
        if not character:
            raise Refused(start, len(self._source) - start, "this set is never closed")
        self._at += 1

    def _group(self) -> int:
        start = self._at
        self._at += 1
        if self._next() == "?":
            self._at = start + self._opening(start)
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Refused(start, 1, f"more than {_DEEPEST} groups inside of each other")
        ways = self._alternatives()
        self._depth -= 1
        if self._next() != ")":
            raise Refused(start, self._at - start, "this group is never closed")
        self._at += 1
        return ways

    def _opening(self, start: int) -> int:
        """How many characters begin a group that may stand here."""
        if match := _FLAGS.match(self._source, start):
            return len(match[0])
        opening, sentence = next(row for row in _REFUSED if self._source.startswith(row[0], start))
        raise Refused(start, len(opening), sentence)


def _number(digits: str) -> int | None:
    return int(digits) if digits else None
