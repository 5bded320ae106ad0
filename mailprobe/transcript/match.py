"""What a reply must be, and whether it is: the levels, and the written expectations.

A pure function of values: nothing here reads a file, a clock or a wire.
"""

from collections.abc import Callable, Iterable, Iterator

from mailprobe.protocol.model import Reply
from mailprobe.transcript.format import lines_of
from mailprobe.transcript.matching.codes import (
    check_codes,
    check_enhanced,
    check_question,
    check_response_code,
    code_of,
    head_of,
)
from mailprobe.transcript.matching.conditions import Conditions
from mailprobe.transcript.matching.mismatch import Mismatch, at_content, first_difference
from mailprobe.transcript.matching.offers import check_offers
from mailprobe.transcript.matching.pattern import Budget, Pattern, TooLong
from mailprobe.transcript.matching.sequence import (
    Entry,
    LineSequence,
    Looking,
    Part,
    parts_of,
    plain,
    recorded,
    unlike,
    unmasked,
)
from mailprobe.transcript.model import FileLine, Level, Line
from mailprobe.transcript.model import Pattern as PatternLine
from mailprobe.transcript.steps import Context, Expected, ExpectedLine
from mailprobe.transcript.values import Unknown, Values
from mailprobe.value import field, mutable

Blocks = Callable[[], Iterable[bytes]]
FileBlocks = Callable[[FileLine], Iterable[bytes]]

TOO_LONG = "to match this against what came takes too long"


def check(
    expected: Expected,
    context: Context,
    reply: Reply,
    body: Blocks | None,
    level: Level,
    values: Values,
    *,
    whole: bool = True,
    file: FileBlocks | None = None,
) -> Mismatch | None:
    """Whether the reply is what the file demands; captures go into `values` when it is.

    `body` gives the content of the multi-line response, dots undone, anew with each call; None
    where there is none.  `file` gives the content that `S>` names, as it should have come.
    `whole`: nothing was cut off.  For what is no whole reply see `unfinished`.
    """
    looking = Looking(values, Budget(clock=values.clock), expected.lines[0])
    checking = _Checking(expected, context, reply, body, level, looking, whole, file)
    mark = values.mark()
    try:
        mismatch = checking.run()
    except TooLong:
        mismatch = at_content(looking.line, TOO_LONG)
    except Unknown as unknown:
        mismatch = at_content(looking.line, unknown.sentence)
    if mismatch is not None:
        values.undo(mark)
    return mismatch


def check_raw(
    expected: ExpectedLine | PatternLine, octets: bytes, values: Values
) -> Mismatch | None:
    """`protocol: raw`: one line, with its end, to the letter; for `S*` whether it may take it.

    Captures go into `values` when it matches.
    """
    line = expected.line if isinstance(expected, ExpectedLine) else expected
    content, end = cut(octets)
    budget = Budget(clock=values.clock)
    try:
        pattern = Pattern(expected.pieces, values)
        found = pattern.match(content, budget)
    except TooLong:
        return at_content(line, TOO_LONG)
    except Unknown as unknown:
        return at_content(line, unknown.sentence)
    if isinstance(expected, PatternLine):
        if found is None:
            return at_content(line, "a line came that does not match")
    elif found is None or expected.end != end:
        return unlike(expected, expected.pieces, pattern, content, end)
    values.take(found)
    return None


def unfinished(octets: bytes) -> Reply:
    """What came of a reply that was cut off, or is none, in the form that `check` takes."""
    lines = tuple(cut(line)[0] for line in lines_of(octets))
    return Reply(lines, code_of(lines[-1]) if lines else "", octets)


def cut(line: bytes) -> tuple[bytes, bytes]:
    """A line and its end."""
    for end in (b"\r\n", b"\n"):
        if line.endswith(end):
            return line[: len(line) - len(end)], end
    return line, b""


@mutable
class _Checking:
    """One reply against what the file has for it."""

    expected: Expected
    context: Context
    reply: Reply
    body: Blocks | None
    level: Level
    looking: Looking
    whole: bool
    file: FileBlocks | None
    text: bool = field(init=False)  # every line counts, to the letter
    came: list[tuple[bytes, bytes]] = field(init=False)  # lines of the reply, and their ends
    contents: list[bytes] = field(init=False)  # the same without the ends
    listing: bool = field(init=False)  # it tells what is offered

    def __post_init__(self) -> None:
        self.text = self.level is Level.TEXT
        self.came = [cut(line) for line in lines_of(self.reply.wire)]
        self.contents = [content for content, _ in self.came]
        code = self.reply.code
        in_status = code[:1] == "2"
        self.listing = self.context.hello and (in_status or (code == "+OK" and bool(self.body)))

    def run(self) -> Mismatch | None:
        """The first thing that is not as it must be."""
        question = self.expected.question
        if question is not None:
            mismatch = check_question(question, self.reply, self.contents)
        elif self.context.malformed:
            mismatch = self._malformed()
        else:
            mismatch = self._codes()
        return (
            mismatch
            or self._status()
            or self._whole()
            or self._body_there()
            or self._body_lines()
            or self._offers()
            or self._conditions()
        )

    def _malformed(self) -> Mismatch | None:
        """The file has something here that is no reply: its last line has made it so."""
        if self.reply.code:
            line = _written_at(self.expected.status[-1])
            return at_content(line, "a reply came, and what the file has is none")
        return None

    def _codes(self) -> Mismatch | None:
        status = self.expected.status
        mismatch = check_codes(status, self.contents, self.level, whole=self.expected.whole)
        if mismatch is not None or self.level is Level.CLASS:
            return mismatch
        # RFC 2034, section 4: no enhanced codes in a greeting, none in the reply to EHLO
        if not self.context.greeting and not self.context.hello:
            mismatch = check_enhanced(status, self.contents)
        return mismatch or check_response_code(status, self.reply)

    # --------------------------------------------------------------------------------- lines

    def _status(self) -> Mismatch | None:
        if self.expected.question is not None or (
            not self.text and all(map(recorded, self.expected.status))
        ):
            return None
        parts = parts_of(self._entries(self.expected.status), text=self.text, first=True)
        lines = self.came if self.text else [(plain(content), end) for content, end in self.came]
        return self._follow(parts, lines)

    def _entries(self, entries: Iterable[Entry]) -> Iterable[Entry]:
        """Those of the file; what was masked in them may be anything."""
        return map(unmasked, entries) if self.text and self.expected.masked else entries

    def _follow(self, parts: list[Part], lines: Iterable[tuple[bytes, bytes]]) -> Mismatch | None:
        sequence = LineSequence(parts, self.looking)
        for content, end in lines:
            if sequence.idle:
                break
            if mismatch := sequence.feed(content, end):
                return mismatch
        captures = sequence.finish()
        if isinstance(captures, Mismatch):
            return captures
        self.looking.values.take(captures)
        return None

    def _whole(self) -> Mismatch | None:
        if self.whole == self.expected.whole or self.expected.open:
            return None
        came = "came whole, and the file cuts it short" if self.whole else "was cut short"
        return at_content(self.expected.lines[-1], f"the reply {came}")

    def _body_there(self) -> Mismatch | None:
        """At the level `code` a body that had lines still has some."""
        if self.level is Level.CLASS or not self.expected.whole:
            return None
        lines = [each for each in self.expected.body or () if recorded(each)]
        if not lines or any(self.body() if self.body else ()):
            return None
        came = "the body is empty" if self.body else "no multi-line response came"
        return at_content(_written_at(lines[0]), f"{came}, and the recording has lines")

    def _body_lines(self) -> Mismatch | None:
        body = self.expected.body
        if body is None or (not self.text and all(map(recorded, body))):
            return None
        if self.text and all(map(recorded, body)):
            file = next((each for each in body if isinstance(each, FileLine)), None)
            if file is not None:
                return self._same_octets(file)
        self.looking.line = self.expected.lines[-1]
        parts = parts_of(self._entries(body), text=self.text, first=False)
        return self._follow(parts, map(cut, self._body_with_ends()))

    def _same_octets(self, file: FileLine) -> Mismatch | None:
        came = iter(self.body() if self.body else ())
        at = _differs_at(came, self._octets_of_body(), masked=self.expected.masked)
        if at is None:
            return None
        return at_content(file, f"the body differs from the file at octet {at}")

    def _octets_of_body(self) -> Iterator[bytes]:
        """What the file has, where all of it was recorded."""
        for each in self.expected.body or ():
            if isinstance(each, FileLine):
                yield from self.file(each) if self.file else ()
            else:
                assert isinstance(each, ExpectedLine)  # no S* was recorded
                yield head_of(each) + each.end

    def _body_with_ends(self) -> Iterator[bytes]:
        return _split(self.body() if self.body else ())

    # ---------------------------------------------------------------------- offers, S+ and S-

    def _listing(self) -> Iterator[bytes]:
        """The lines that tell what is offered, or the lines of the body."""
        if self.body is None:
            yield from self.reply.texts[1:]
        else:
            yield from (cut(line)[0] for line in self._body_with_ends())

    def _offers(self) -> Mismatch | None:
        """At the level `code` all that was offered still is."""
        if self.level is not Level.CODE or not self.listing or not self.expected.whole:
            return None
        entries = self.expected.status[1:] if self.body is None else self.expected.body or ()
        skip = len(self.reply.code) + 1 if self.body is None else 0
        lines = [
            (each.line, head_of(each)[skip:])
            for each in entries
            if isinstance(each, ExpectedLine) and recorded(each)
        ]
        return check_offers(lines, self._listing())

    def _conditions(self) -> Mismatch | None:
        if not self.expected.conditions:
            return None
        whole = self.body is None and not self.listing
        lines: Blocks = (lambda: self.reply.texts) if whole else self._listing
        conditions = Conditions(lines, self.looking, keywords=self.listing)
        return conditions.check(self.expected.conditions)


def _written_at(entry: Entry) -> Line:
    return entry.line if isinstance(entry, ExpectedLine) else entry


def _split(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines with their ends; the last one may lack it."""
    held: list[bytes] = []
    for block in blocks:
        *lines, rest = block.split(b"\n")
        for line in lines:
            if held:
                line = b"".join(held) + line
                held.clear()
            yield line + b"\n"
        if rest:
            held.append(rest)
    if held:
        yield b"".join(held)


def _differs_at(one: Iterator[bytes], other: Iterator[bytes], *, masked: bool) -> int | None:
    """The octet, from 1 on, at which two streams differ, however each of them is cut.

    `masked`: a `*` in the second one stands for any octet.
    """
    left = right = b""
    at = 1
    while True:
        left = left or next(filter(None, one), b"")
        right = right or next(filter(None, other), b"")
        count = min(len(left), len(right))
        if left[:count] != right[:count]:
            seen = _masked_like(left[:count], right) if masked else left
            if seen[:count] != right[:count]:
                return at + first_difference(seen, right)
        if not count:
            return None if left == right else at
        left, right, at = left[count:], right[count:], at + count


def _masked_like(octets: bytes, mask: bytes) -> bytes:
    """`octets`, with `*` wherever `mask` has one."""
    seen = bytearray(octets)
    at = mask.find(b"*", 0, len(octets))
    while at >= 0:
        seen[at] = mask[at]
        at = mask.find(b"*", at + 1, len(octets))
    return bytes(seen)
