"""What two transcripts say otherwise: step against step, and in each of them line against line.

Lines of text that are fit to be shown, in the manner of a unified diff.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from mailprobe.patterns import pattern
from mailprobe.protocol import grammar
from mailprobe.safe import safe
from mailprobe.transcript.changing.editing import written
from mailprobe.transcript.changing.loosen import loosened_lines
from mailprobe.transcript.model import (
    Blank,
    Comment,
    Form,
    Header,
    Lesson,
    Line,
    Placeholder,
    Title,
    Transcript,
    Unreadable,
    Wire,
)
from mailprobe.transcript.reading.lines import read_line
from mailprobe.transcript.steps import Context, Reply
from mailprobe.transcript.talks.walkthrough import walkthroughs
from mailprobe.value import frozen

_TRIVIA = (Blank, Comment, Lesson, Title)
_HEADERS = frozenset(
    {"title", "recorded", "source", "lang", "lesson", "needs"}
)  # trivia of a header
_REPLY = pattern(r"S[2-9]?[:\\~=?] ?((?:[0-9x]{3}|\+OK|-ERR|\+)(?:[|][0-9x+A-Z-]+)*)(.*)")
_ANY = Placeholder("", "any", None, None)


@frozen
class _Block:
    """A write, a reply, the header, or anything else that stands for itself."""

    what: str
    place: str
    keys: tuple[str, ...]  # what counts of each line
    shown: tuple[str, ...]
    context: Context | None = None


def difference(
    one: Transcript, other: Transcript, *, trivia: bool = False, loose: bool = False
) -> Iterator[str]:
    """The lines of a diff; none where both say the same.

    `trivia`: comments, blanks and lesson text count, too.  `loose`: what is volatile does not.
    Raises Unreadable.
    """
    left, right = (
        _blocks(one, trivia=trivia, loose=loose),
        _blocks(other, trivia=trivia, loose=loose),
    )
    begun = False
    for old, new in _pairs(left, right):
        if old is not None and new is not None and old.keys == new.keys:
            continue
        if not begun:
            begun = True
            yield f"--- {safe(one.name)}"
            yield f"+++ {safe(other.name)}"
        yield f"@@ {_headline(old, new)} @@"
        yield from _lines(old, new)


# -------------------------------------------------------------------------------------- blocks


def _blocks(transcript: Transcript, *, trivia: bool, loose: bool) -> list[_Block]:
    replies = _replies(transcript)
    changed = loosened_lines(transcript) if loose else None
    blocks = [_header(transcript, trivia=trivia)]
    group: list[Line] = []
    belongs: object = None
    for line in transcript.walk():
        if isinstance(line, _TRIVIA) and not trivia:
            continue
        here = _group_of(line, replies)
        if group and (here is None or here != belongs):
            blocks.append(_block(group, replies, changed))
            group = []
        group.append(line)
        belongs = here
    return [*blocks, _block(group, replies, changed)] if group else blocks


def _replies(transcript: Transcript) -> dict[tuple[str, int], tuple[int, Reply]]:
    """To which reply a line belongs, and the number of that."""
    found: dict[tuple[str, int], tuple[int, Reply]] = {}
    faults: list[Unreadable] = []
    for walkthrough in walkthroughs(transcript, faults.append):
        for step in walkthrough.each():
            if isinstance(step, Reply):
                for line in step.expected.lines:
                    found.setdefault(line.place[:2], (step.expected.place.line, step))
    if faults:
        raise faults[0]
    return found


def _group_of(line: Line, replies: dict[tuple[str, int], tuple[int, Reply]]) -> object:
    """What is the same for lines that stand together; None for a line that stands alone."""
    if line.place[:2] in replies:
        return replies[line.place[:2]][0]
    if isinstance(line, Wire) and line.side == "C":
        return f"C{line.connection}"
    return None


def _block(
    lines: Sequence[Line],
    replies: dict[tuple[str, int], tuple[int, Reply]],
    changed: dict[int, str] | None,
) -> _Block:
    first = lines[0]
    found = replies.get(first.place[:2])
    context = found[1].context if found is not None else None
    what = _named(first) if context is None else _answered(context)
    return _Block(
        what,
        f"{first.place.line}",
        tuple(_key(line, changed) for line in lines),
        tuple(line.text for line in lines),
        context,
    )


def _named(line: Line) -> str:
    if isinstance(line, Wire) and line.side == "C":
        verb = line.text.split(" ")[1:2]
        return f"write {safe(verb[0])}" if verb else "write"
    return safe(line.text.split(" ")[0]) or "blank"


def _answered(context: Context) -> str:
    if context.greeting:
        return "greeting"
    if context.command is None:
        return "reply to nothing"
    return f"reply to {safe(context.command.verb)}" + (" (its data)" if context.data else "")


def _header(transcript: Transcript, *, trivia: bool) -> _Block:
    """The header lines, in the order of their keys."""
    lines = [
        line
        for line in transcript.headers
        if isinstance(line, Header)
        and line.key != "mailprobe"
        and (trivia or line.key not in _HEADERS)
    ]
    texts = sorted(f"{line.key} {line.argument}".rstrip() + f": {line.value}" for line in lines)
    comments = [line.text for line in transcript.headers if isinstance(line, Comment) and trivia]
    return _Block("header", "1", (*texts, *comments), (*texts, *comments))


def _key(line: Line, changed: dict[int, str] | None) -> str:
    """What counts of a line: with `changed`, all that is open in it is as good as anything."""
    if changed is None:
        return line.text
    text = changed.get(line.place.line)
    if text is not None:
        line = read_line(text, line.place)
    if not isinstance(line, Wire) or line.form is Form.EXACT:
        return line.text
    pieces = tuple(_ANY if isinstance(piece, Placeholder) else piece for piece in line.pieces)
    return written(line.side, line.connection, "~", pieces)


# --------------------------------------------------------------------------------------- pairs


def _pairs(
    left: Sequence[_Block], right: Sequence[_Block]
) -> Iterator[tuple[_Block | None, _Block | None]]:
    """Blocks side by side; None where one of the two files has none."""
    yield left[0], right[0]
    olds, news = left[1:], right[1:]
    matcher = SequenceMatcher(
        None, [block.keys for block in olds], [block.keys for block in news], autojunk=False
    )
    for what, start, end, first, last in matcher.get_opcodes():
        if what == "equal":
            yield from zip(olds[start:end], news[first:last], strict=True)
        else:
            yield from _matched(olds[start:end], news[first:last])


def _matched(
    olds: Sequence[_Block], news: Sequence[_Block]
) -> Iterator[tuple[_Block | None, _Block | None]]:
    """Blocks that differ: those that are of one kind stand against each other."""
    matcher = SequenceMatcher(
        None, [block.what for block in olds], [block.what for block in news], autojunk=False
    )
    for what, start, end, first, last in matcher.get_opcodes():
        if what == "equal":
            yield from zip(olds[start:end], news[first:last], strict=True)
            continue
        yield from ((block, None) for block in olds[start:end])
        yield from ((None, block) for block in news[first:last])


# --------------------------------------------------------------------------------------- lines


def _headline(old: _Block | None, new: _Block | None) -> str:
    block = new if old is None else old
    assert block is not None  # one of the two is there
    where = f"-{old.place if old else '0'} +{new.place if new else '0'}"
    if old is None or new is None:
        return f"{where} {block.what}: only in the {'second' if old is None else 'first'}"
    said = _summary(old, new)
    return f"{where} {block.what}" + (f": {said}" if said else "")


def _summary(old: _Block, new: _Block) -> str:
    """What differs between two replies, in a few words."""
    if old.context is None or new.context is None:
        return ""
    parts = []
    codes = [_codes(block) for block in (old, new)]
    if codes[0] != codes[1]:
        parts.append(f"code {' '.join(codes[0]) or 'none'} -> {' '.join(codes[1]) or 'none'}")
    if old.context.hello:
        offers = [_offers(block) for block in (old, new)]
        parts += [f"without {safe(word)}" for word in sorted(offers[0] - offers[1])]
        parts += [f"with {safe(word)}" for word in sorted(offers[1] - offers[0])]
    if len(old.keys) != len(new.keys):
        parts.append(f"{len(old.keys)} -> {len(new.keys)} lines")
    return ", ".join(parts) or "text"


def _codes(block: _Block) -> list[str]:
    found = [match[1] for text in block.shown if (match := _REPLY.fullmatch(text))]
    return list(dict.fromkeys(found))


def _offers(block: _Block) -> set[str]:
    """Keywords of a listing, as they stand in its lines."""
    found = set()
    for text in block.shown:
        content = text.partition(" ")[2].encode()
        if re.match(rb"[0-9]{3}[ -]", content):
            content = content[4:]
        match = grammar.OFFER.match(content)
        if match is not None and text[:1] == "S":
            found.add(match[1].decode("ascii").upper())
    return found


def _lines(old: _Block | None, new: _Block | None) -> Iterator[str]:
    olds = old.keys if old is not None else ()
    news = new.keys if new is not None else ()
    for what, start, end, first, last in SequenceMatcher(
        None, olds, news, autojunk=False
    ).get_opcodes():
        if what == "equal":
            yield from (f" {_shown(text)}" for text in new.shown[first:last]) if new else ()
            continue
        yield from (f"-{_shown(text)}" for text in old.shown[start:end]) if old else ()
        yield from (f"+{_shown(text)}" for text in new.shown[first:last]) if new else ()


def _shown(text: str) -> str:
    """A line of a file; its own backslashes are no escapes of ours."""
    return "\\".join(safe(part) for part in text.split("\\"))
