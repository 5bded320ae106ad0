"""`protocol: raw`: line against line, to the letter; and `S*`, as few lines as will do."""

from mailprobe.errors import Word
from mailprobe.player.playing.accounts import octets_text, of_line
from mailprobe.player.playing.problems import Account, Stopped
from mailprobe.player.playing.raw import RawLink
from mailprobe.player.playing.stage import Stage
from mailprobe.protocol.events import Ending
from mailprobe.transcript.match import check_raw
from mailprobe.transcript.matching.mismatch import Mismatch
from mailprobe.transcript.model import Line, Pattern
from mailprobe.transcript.steps import ExpectedLine, RawLine


def take_line(stage: Stage, step: RawLine) -> None:
    """Wait for the line of a step and judge it.  Raises Stopped, Failure, Interrupted."""
    link = stage.link(step.connection)
    assert isinstance(link, RawLink)  # the steps of mail protocols are others
    expected = step.expected
    if isinstance(expected, Pattern):
        link.star = expected  # how many lines it takes is known by what follows it
        return
    while True:
        octets = _next_octets(stage, link, step, expected)
        mismatch = check_raw(expected, octets, stage.values)
        if mismatch is not None:
            if link.star is None or check_raw(link.star, octets, stage.values) is not None:
                raise _unlike(stage, link, mismatch, octets)
            link.take(len(octets))
            continue
        took = link.now() - link.answered_at
        if step.after is not None and took < step.after:
            sentence = f"the line came after {took:.3f} s, and S@ after says {step.after:g} s"
            raise of_line(stage, link, Word.MISMATCH, sentence, expected.line, came=octets)
        link.take(len(octets))
        link.star = None
        stage.lines += 1
        return


def fits(stage: Stage, link: RawLink, expected: ExpectedLine | Pattern) -> bool:
    """Whether the line that is here is that one; nothing is taken."""
    heard = bytes(link.heard)
    end = heard.find(b"\n") + 1
    octets = heard[:end] if end else heard
    return bool(octets) and _matches(stage, expected, octets)


def _next_octets(stage: Stage, link: RawLink, step: RawLine, expected: ExpectedLine) -> bytes:
    """The next line; where the file has no end for it, what may be all of it."""
    deadline = stage.reply_deadline(step.within, step.after)
    looked = -1
    while True:
        end = link.heard.find(b"\n") + 1
        if end and (expected.end or link.star is not None):
            return bytes(link.heard[:end])
        if not expected.end and len(link.heard) != looked:
            looked = len(link.heard)
            octets = _beginning(expected, bytes(link.heard))
            if octets and _matches(stage, expected, octets):
                return octets
            if end:
                return bytes(link.heard[:end])
        if not link.listen(deadline):
            raise _missing(stage, link, step, expected.line)


def _beginning(expected: ExpectedLine, heard: bytes) -> bytes:
    """As much of what came as the line may be."""
    if all(isinstance(piece, bytes) for piece in expected.pieces):
        return heard[: sum(len(piece) for piece in expected.pieces if isinstance(piece, bytes))]
    return heard


def _matches(stage: Stage, expected: ExpectedLine | Pattern, octets: bytes) -> bool:
    """Whether octets match, and nothing is captured."""
    mark = stage.values.mark()
    try:
        return check_raw(expected, octets, stage.values) is None
    finally:
        stage.values.undo(mark)


def _missing(stage: Stage, link: RawLink, step: RawLine, line: Line) -> Stopped:
    came = bytes(link.heard)
    if link.failure is not None:
        return of_line(stage, link, link.failure.word, link.failure.sentence, line, came=came)
    if link.closed:
        word = Word.RESET if link.ending == Ending.RESET else Word.EOF
        sentence = "the server closed the connection in the place of this line"
    else:
        word = stage.word_of_limit(step.within)
        sentence = f"this line did not come within {stage.limit(step.within)}"
    return of_line(stage, link, word, sentence, line, came=came)


def _unlike(stage: Stage, link: RawLink, mismatch: Mismatch, octets: bytes) -> Stopped:
    account = Account(
        width=mismatch.width,
        peer=link.peer,
        after=link.now() - link.answered_at,
        reply=octets_text(stage, link.number, octets),
        difference=mismatch.difference(stage.secrets.blot),
        hint=mismatch.hint,
    )
    return Stopped(Word.MISMATCH, mismatch.sentence, mismatch.place, account)
