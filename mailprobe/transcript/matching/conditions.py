"""`S+` and `S-`: some line of a reply matches, no line does.

In the reply to EHLO and CAPA a pattern without placeholder is a keyword and words; everywhere
else it is matched against the whole text of a line.
"""

from collections.abc import Callable, Iterable, Sequence

from mailprobe.transcript.matching.mismatch import Mismatch, at_content, at_word
from mailprobe.transcript.matching.offers import Offered, offered
from mailprobe.transcript.matching.pattern import Budget, Pattern
from mailprobe.transcript.matching.sequence import Looking, anything
from mailprobe.transcript.model import Function, Name, Pieces, Placeholder
from mailprobe.transcript.model import Pattern as PatternLine
from mailprobe.value import field, mutable, replace

Lines = Callable[[], Iterable[bytes]]


@mutable
class _Condition:
    """One `S+` or `S-` while lines go by."""

    line: PatternLine
    pattern: Pattern
    wanted: Offered | None  # keyword and words; None: the pattern counts
    met: bool = False
    keyword: bool = False  # was seen, perhaps without the words
    words: set[str] = field(default_factory=set)  # that were seen with it

    def matches(self, content: bytes, budget: Budget) -> dict[str, bytes] | None:
        if self.wanted is None:
            return self.pattern.match(content, budget)
        budget.spend(200 + len(content))
        found = offered(content)
        if found is None or found.keyword != self.wanted.keyword:
            return None
        self.keyword = True
        self.words.update(found.words)
        return {} if self.wanted.words <= found.words else None

    def missing(self) -> Mismatch:
        """What to say of an `S+` that no line has met."""
        sentence = "no line of the reply matches"
        if self.wanted is None:
            return at_content(self.line, sentence)
        if not self.keyword:
            return at_word(self.line, self.wanted.keyword, sentence)
        absent = [word for word in self.wanted.words if word not in self.words]
        return (
            at_word(self.line, absent[0], sentence)
            if len(absent) == 1
            else at_content(self.line, sentence)
        )


class Conditions:
    """All `S+` and `S-` of one reply.

    `lines` gives the lines that they look at, anew with each call: a capture of one condition may
    be used in the next.  `keywords`: a pattern without placeholder is a keyword and words.
    """

    def __init__(self, lines: Lines, looking: Looking, *, keywords: bool) -> None:
        self._lines = lines
        self._looking = looking
        self._keywords = keywords

    def check(self, conditions: Sequence[PatternLine]) -> Mismatch | None:
        """Captures go into the values.  Raises TooLong and Unknown."""
        rest = [line for line in conditions if line.tag == "-" and anything(line.pieces)]
        others = [line for line in conditions if line not in rest]
        while others:
            group = self._group(others)
            others = others[len(group) :]
            if mismatch := self._pass(group):
                return mismatch
        return self._check_rest(rest, [line for line in conditions if line.tag == "+"])

    def _group(self, lines: Sequence[PatternLine]) -> list[_Condition]:
        """As many of the first ones as need nothing that one of them captures."""
        group: list[_Condition] = []
        captured: frozenset[str] = frozenset()
        for line in lines:
            if captured and captured & _names(line.pieces):
                break
            condition = self._compile(line)
            captured |= condition.pattern.names if line.tag == "+" else frozenset()
            group.append(condition)
        return group

    def _compile(self, line: PatternLine) -> _Condition:
        self._looking.line = line
        pattern = Pattern(line.pieces, self._looking.values)
        wanted = None
        if self._keywords and not any(isinstance(piece, Placeholder) for piece in line.pieces):
            wanted = offered(pattern.literal or b"")
        return _Condition(line, pattern, wanted)

    def _pass(self, group: Sequence[_Condition]) -> Mismatch | None:
        waiting = list(group)
        for content in self._lines():
            self._looking.came(content)
            for condition in waiting:
                self._looking.line = condition.line
                found = condition.matches(content, self._looking.budget)
                if found is None:
                    continue
                if condition.line.tag == "-":
                    return replace(
                        at_content(condition.line, "a line of the reply matches"), got=content
                    )
                condition.met = True
                self._looking.values.take(found)
            waiting = [condition for condition in waiting if not condition.met]
            if not waiting:
                break
        unmet = [condition for condition in waiting if condition.line.tag == "+"]
        return unmet[0].missing() if unmet else None

    def _check_rest(
        self, rest: Sequence[PatternLine], taken: Sequence[PatternLine]
    ) -> Mismatch | None:
        """`S- {}`: each line must be one that an `S+` takes."""
        if not rest:
            return None
        takers = [self._compile(line) for line in taken]
        for content in self._lines():
            self._looking.came(content)
            for taker in takers:
                self._looking.line = taker.line
                if taker.matches(content, self._looking.budget) is not None:
                    break
            else:
                sentence = "a line came that no S+ of this reply takes"
                return replace(at_content(rest[0], sentence), got=content)
        return None


def _names(pieces: Pieces) -> set[str]:
    names: set[str] = set()
    for piece in pieces:
        if isinstance(piece, Placeholder):
            names.add(piece.name)
        elif isinstance(piece, Function):
            names |= {each.name for each in piece.arguments if isinstance(each, Name)}
    return names
