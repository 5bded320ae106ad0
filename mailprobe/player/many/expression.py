"""`-k EXPR`: which names are asked for, as `and`, `or`, `not` and parentheses say it."""

from collections.abc import Callable

from mailprobe.errors import Failure, Word
from mailprobe.patterns import pattern
from mailprobe.safe import safe

Test = Callable[[str], bool]

_TOKEN = pattern(r'\s*(?:([()])|"([^"]*)"|([^\s()"]+))')
_DEPTH = 50  # parentheses inside of each other


def read(text: str) -> Test:
    """A test for names: a word is a part of the name, in either case.

    A word that is `and`, `or` or `not`, or that holds a blank, stands in double quotes.  Raises
    Failure `usage`.
    """
    reader = _Reader(text)
    test = reader.either()
    if reader.token is not None:
        raise reader.fault("and, or, or the end")
    return test


class _Reader:
    """Recursive descent; `token` is the next one, `word` its text when it is a quoted word."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = self._next = 0
        self._depth = 0
        self.token: str | None = ""
        self.word: str | None = None
        self._advance()

    def fault(self, wanted: str) -> Failure:
        found = f"{safe(self._text[self._at :].strip())}" if self.token is not None else "the end"
        return Failure(Word.USAGE, f"-k: expected {wanted}, got {found}, in {safe(self._text)}")

    def either(self) -> Test:
        """A { "or" A }."""
        tests = [self._both()]
        while self.token == "or":
            self._advance()
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda name: any(test(name) for test in tests)

    def _both(self) -> Test:
        tests = [self._denied()]
        while self.token == "and":
            self._advance()
            tests.append(self._denied())
        return tests[0] if len(tests) == 1 else lambda name: all(test(name) for test in tests)

    def _denied(self) -> Test:
        wanted = True
        while self.token == "not":
            self._advance()
            wanted = not wanted
        test = self._simple()
        return test if wanted else lambda name: not test(name)

    def _simple(self) -> Test:
        if self.token == "(" and self._depth < _DEPTH:
            self._depth += 1
            self._advance()
            test = self.either()
            if self.token != ")":
                raise self.fault("and, or, or )")
            self._depth -= 1
            self._advance()
            return test
        if self.word is None or self.token in ("and", "or"):
            raise self.fault("a part of a name")
        part = self.word.casefold()
        self._advance()
        return lambda name: part in name.casefold()

    def _advance(self) -> None:
        self._at = self._next
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            if self._text[self._at :].strip():
                raise Failure(Word.USAGE, f"-k: a quote without its end, in {safe(self._text)}")
            self.token = self.word = None
            return
        self._next = match.end()
        parenthesis, quoted, plain = match.groups()
        self.token = parenthesis or plain or ""
        self.word = plain if quoted is None else quoted
