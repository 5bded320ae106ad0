"""Text with escapes, placeholders and functions: one reader for all places that have some.

`read` is strict: what is not of the grammar is Unreadable, with its column.  This module knows
no line, and not what a value becomes.
"""

import re
from collections.abc import Iterable

from mailprobe.patterns import pattern
from mailprobe.transcript.model import (
    Function,
    Name,
    Piece,
    Pieces,
    Place,
    Placeholder,
    Unreadable,
)
from mailprobe.value import frozen

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from typing import NoReturn

NAME = r"[a-z][a-z0-9_-]*"
ANY = "any"
# What a placeholder may be said to hold.  What each of them matches is not known here.
TYPES = frozenset(
    {"any", "int", "num", "word", "token", "host", "ip", "addr", "msgid", "date", "b64", "hex"}
    | {"qid", "esc", "text"}
)


@frozen
class Arguments:
    """What a function is given: which kinds of argument, in order, and how they are told."""

    says: str
    kinds: tuple[tuple[type, ...], ...] = ()
    least: int = 0
    more: bool = False  # the last one may come again


_VALUE = (str, Name, int)
FUNCTIONS = {
    "sasl": Arguments(
        "a user in quotes, the name of a secret, and in quotes whom he acts for",
        ((str,), (Name,), (str,)),
    ),
    "apop": Arguments("a user in quotes, and the name of a secret", ((str,), (Name,))),
    "b64": Arguments("one value", (_VALUE,), 1),
    "md5": Arguments("one value or more", (_VALUE,), 1, more=True),
    "hex": Arguments("one value", (_VALUE,), 1),
    "len": Arguments("one value", (_VALUE,), 1),
    "now": Arguments("nothing, or a format in quotes", ((str,),)),
    "uuid": Arguments("nothing"),
    "repeat": Arguments("a value and how often", ((str, Name), (int,)), 2),
}
_SHOWN = 40  # characters
_TRIED = 5000  # ways to try a regular expression on a sample
_LARGEST = 1_000_000  # a number, hence also how often something is repeated

_ESCAPE = pattern(r"\\(?:([\\{}rnt0es])|x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f]{1,6})\})")
_SIMPLE = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "e": b"\x1b", "s": b" "}
_SIMPLE |= {character: character.encode() for character in "\\{}"}
_ESCAPES = r"\\ \{ \} \r \n \t \0 \e \s \xHH \u{HEX}"
_PLAIN = {True: pattern(r"[^\\{}]+"), False: pattern(r"[^\\]+")}
_QUOTED = pattern(r'[^\\{}"]+')
_NAME = pattern(NAME)
_WORD = pattern(r"[A-Za-z0-9_-]*")
_NUMBER = pattern(r"[0-9]+")
_REGEX = pattern(r"/((?:[^\\/]|\\.)*)(/?)")
_REGEX_ESCAPE = pattern(r"\\(.)")
_BLANKS = pattern(" *")


def read(text: str, place: Place, *, cooked: bool = True, line: str = "") -> Pieces:
    """What `text` says; its first character stands at `place`, somewhere in `line`.

    Escapes always count; braces are plain unless `cooked`.  Octets that stand side by side are
    one piece; nothing at all is no piece.  Raises Unreadable.
    """
    if "\\" not in text and not (cooked and ("{" in text or "}" in text)):
        return (text.encode(),) if text else ()
    reader = _Reader(text, place, line)
    return reader.cooked() if cooked else (reader.escaped(),)


def read_escaped(text: str, place: Place, *, line: str = "") -> bytes:
    """The octets of text that holds escapes alone.  Raises Unreadable."""
    return b"".join(
        piece for piece in read(text, place, cooked=False, line=line) if isinstance(piece, bytes)
    )


def extent(text: str, at: int) -> int:
    """Where cooked text that begins at `at` ends: at a blank outside of braces, or at the end.

    It may be broken; who reads it will say so.
    """
    reader = _Reader(text, Place("", 1), text)
    reader.at = at
    while reader.at < len(text) and text[reader.at] != " ":
        if text[reader.at] == "{":
            try:
                reader.braces()
            except Unreadable:
                return len(text)
        else:
            reader.at += 2 if text[reader.at] == "\\" else 1
    return min(reader.at, len(text))


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown word: what may have been meant."""
    from difflib import get_close_matches  # a word that is wrong is rare

    close = get_close_matches(shown(word), sorted(known), 1)
    return f'did you mean "{close[0]}"?' if close else f"known are: {', '.join(sorted(known))}"


def shown(word: str) -> str:
    """As much of what somebody wrote as a sentence needs."""
    return word if len(word) <= _SHOWN else word[:_SHOWN] + "..."


class _Reader:
    """Goes through a text once, from left to right."""

    def __init__(self, text: str, place: Place, line: str) -> None:
        self.at = 0
        self._text = text
        self._place = place
        self._line = line or text
        self._open = False  # the last piece is a placeholder that may match anything of its kind

    def fail(self, at: int, width: int, sentence: str) -> "NoReturn":
        """What stands at `at` is not of the grammar."""
        place = self._place._replace(column=self._place.column + at)
        raise Unreadable(place, sentence, self._line, max(width, 1))

    def cooked(self) -> Pieces:
        """All of it, braces read."""
        pieces: list[Piece] = []
        octets = bytearray()
        while self.at < len(self._text):
            character = self._text[self.at]
            if character == "{":
                before, start = self._open and not octets, self.at
                piece = self.braces()
                if before and self._open:
                    self.fail(start, self.at - start, "two wildcards side by side say nothing")
                if octets:
                    pieces.append(bytes(octets))
                    octets.clear()
                pieces.append(piece)
            else:
                octets += self._octets(_PLAIN[True])
        if octets:
            pieces.append(bytes(octets))
        return tuple(pieces)

    def escaped(self) -> bytes:
        """All of it, braces plain."""
        octets = bytearray()
        while self.at < len(self._text):
            octets += self._octets(_PLAIN[False])
        return bytes(octets)

    def _octets(self, plain: re.Pattern[str]) -> bytes:
        """The next run of characters, or the next escape."""
        if match := plain.match(self._text, self.at):
            self.at = match.end()
            return match[0].encode()
        if self._text[self.at] == "}":
            self.fail(self.at, 1, "this brace closes nothing: a brace is written \\}")
        return self._escape()

    def _escape(self) -> bytes:
        match = _ESCAPE.match(self._text, self.at)
        if not match:
            self._bad_escape()
        self.at = match.end()
        if match[1]:
            return _SIMPLE[match[1]]
        if match[2]:
            return bytes.fromhex(match[2])
        number = int(match[3], 16)
        if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
            self.fail(match.start(), len(match[0]), "no character has this number")
        return chr(number).encode()

    def _bad_escape(self) -> "NoReturn":
        rest = self._text[self.at + 1 :]
        if not rest:
            self.fail(self.at, 1, "a backslash at the end: one that is meant is written \\\\")
        if rest[0] == "x":
            self.fail(self.at, min(4, len(rest) + 1), "\\x is followed by two hex digits: \\x1b")
        if rest[0] == "u":
            width = min(3, len(rest) + 1)
            self.fail(self.at, width, "\\u is followed by hex digits in braces: \\u{2028}")
        self.fail(self.at, 2, f"unknown escape \\{rest[0]}: expected one of {_ESCAPES}")

    # ------------------------------------------------------------------------------- braces

    def braces(self) -> Placeholder | Function:
        """A placeholder or function, from its brace to its brace."""
        start = self.at
        self.at += 1
        if self._take("="):
            self._open = False
            return self._function(start)
        name = self._match(_NAME)
        kind, regex = self._kind(start)
        sample = self._sample(start) if self._take("=") else None
        self._open = not name or bool(kind) or regex is not None or sample is not None
        if sample is not None:
            self._check_sample(start, name, kind, regex, sample)
        expected = '"=" and a sample, or "}"'
        if not kind and regex is None:
            expected = 'a name (a-z, then a-z 0-9 - _), ":", "/" or "}"'
        self._close(start, expected)
        kind = kind or ("" if regex is not None else ANY)
        return Placeholder(name, kind, regex, sample, *self._extent(start))

    def _kind(self, start: int) -> tuple[str, str | None]:
        """The type that is said, or the regular expression."""
        if self._take(":"):
            at = self.at
            word = self._match(_WORD)
            if word not in TYPES:
                self.fail(at, len(word), f'unknown type "{shown(word)}": {nearest(word, TYPES)}')
            return word, None
        if self._text[self.at : self.at + 1] == "/":
            return "", self._regex(start)
        return "", None

    def _regex(self, start: int) -> str:
        match = _REGEX.match(self._text, self.at)
        if not match or not match[2]:
            self.fail(
                start, len(self._text) - start, 'this regular expression has no "/" at its end'
            )
        from mailprobe.transcript.reading.regex import Refused, check_regex  # few files have one

        try:
            check_regex(match[1])
        except Refused as refused:
            self.fail(match.start(1) + refused.at, refused.width, refused.sentence)
        self.at = match.end()
        return _REGEX_ESCAPE.sub(lambda escape: "/" if escape[1] == "/" else escape[0], match[1])

    def _sample(self, start: int) -> bytes:
        octets = bytearray()
        first = self.at
        while self._text[self.at : self.at + 1] not in ("", "}"):
            if self._text[self.at] == "{":
                self.fail(self.at, 1, "a brace in a sample is written \\{")
            octets += self._octets(_PLAIN[True])
        if any(octet in octets for octet in b"\r\n\0"):
            width = self.at - first
            self.fail(first, width, "a sample holds no CR, LF or NUL: a value never does")
        return bytes(octets)

    def _check_sample(
        self, start: int, name: str, kind: str, regex: str | None, sample: bytes
    ) -> None:
        width = self.at - start + 1
        if regex is not None and not _fits_regex(regex, sample):
            self.fail(start, width, "the sample does not match the regular expression")
        if kind and not _fits(kind, sample, named=bool(name)):
            self.fail(start, width, f'the sample is not of the type "{kind}"')

    # ---------------------------------------------------------------------------- functions

    def _function(self, start: int) -> Function:
        at = self.at
        word = self._match(_WORD)
        if word not in FUNCTIONS:
            self.fail(
                at, len(word), f'unknown function "{shown(word)}": {nearest(word, FUNCTIONS)}'
            )
        arguments: list[Name | int | str] = []
        places: list[int] = []
        if self._take("("):
            while True:
                self._match(_BLANKS)
                places.append(self.at)
                arguments.append(self._argument(start))
                self._match(_BLANKS)
                if not self._take(","):
                    break
            if not self._take(")"):
                self._unexpected(start, '"," or ")"')
        self._close(start, '"}"' if arguments else '"(" or "}"')
        self._check_arguments(start, word, arguments, places)
        return Function(word, tuple(arguments), *self._extent(start))

    def _argument(self, start: int) -> Name | int | str:
        if self._take('"'):
            return self._quoted(start)
        at = self.at
        if digits := self._match(_NUMBER):
            if len(digits) > 9 or int(digits) > _LARGEST:
                self.fail(at, len(digits), f"a number is at most {_LARGEST}")
            return int(digits)
        name = self._match(_NAME)
        if not name:
            self._unexpected(start, 'a name, a number or "text"')
        return Name(name)

    def _quoted(self, start: int) -> str:
        octets = bytearray()
        first = self.at - 1
        while not self._take('"'):
            if self._text[self.at : self.at + 1] in ("", "}"):
                self.fail(first, self.at - first, "this text has no quote at its end")
            if self._text[self.at] == "{":
                self.fail(self.at, 1, "a brace in text is written \\{")
            octets += self._octets(_QUOTED)
        return octets.decode("utf-8", "surrogateescape")

    def _check_arguments(
        self, start: int, word: str, arguments: list[Name | int | str], places: list[int]
    ) -> None:
        wanted = FUNCTIONS[word]
        sentence = f"{{={word}}} takes {wanted.says}"
        for number, (argument, at) in enumerate(zip(arguments, places, strict=True)):
            if number >= len(wanted.kinds) and not wanted.more:
                self.fail(at, 1, sentence)
            kinds = wanted.kinds[min(number, len(wanted.kinds) - 1)]
            if not isinstance(argument, kinds):
                self.fail(at, 1, sentence)
        if len(arguments) < wanted.least:
            self.fail(start, self.at - start, sentence)

    # ------------------------------------------------------------------------------ helpers

    def _take(self, character: str) -> bool:
        taken = self._text.startswith(character, self.at)
        self.at += taken
        return taken

    def _match(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self.at)
        self.at = match.end() if match else self.at
        return match[0] if match else ""

    def _close(self, start: int, expected: str) -> None:
        if not self._take("}"):
            self._unexpected(start, expected)

    def _unexpected(self, start: int, expected: str) -> "NoReturn":
        if self.at >= len(self._text):
            width = len(self._text) - start
            self.fail(start, width, "this brace is never closed: a brace is written \\{")
        self.fail(self.at, 1, f'expected {expected}, and "{self._text[self.at]}" came')

    def _extent(self, start: int) -> tuple[int, int]:
        """Column and width of what began at `start`."""
        return self._place.column + start, self.at - start


def _fits_regex(regex: str, sample: bytes) -> bool:
    from mailprobe.transcript.reading.regex import Refused, check_regex

    text = sample.decode("utf-8", "surrogateescape")  # an octet that is no UTF-8 is a character
    try:
        if check_regex(regex, len(text) + 1) <= _TRIED:
            return re.fullmatch(regex, text) is not None
    except Refused:  # as long as the sample is
        pass
    return True  # a file may hold thousands of them: this one would take too long


def _fits(kind: str, sample: bytes, *, named: bool) -> bool:
    from mailprobe.transcript.reading.kinds import kind_of  # recordings hold no types
    from mailprobe.transcript.reading.nodes import Line

    line = Line(sample, lambda work: None)
    return bool(kind_of(kind, named=named).ends(line, 1) >> len(sample) & 1)
