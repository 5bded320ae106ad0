"""Replies that did not come as they must: what a person is told of them."""

from mailprobe.errors import Word
from mailprobe.player.playing import requires
from mailprobe.player.playing.accounts import command_text, hinted, of_line, of_mismatch
from mailprobe.player.playing.hints import hint_for
from mailprobe.player.playing.links import Arrival, Entry, MailLink
from mailprobe.player.playing.problems import Skipped, Stopped
from mailprobe.player.playing.stage import Stage
from mailprobe.protocol import events
from mailprobe.safe import safe
from mailprobe.transcript.match import unfinished
from mailprobe.transcript.matching.mismatch import Mismatch
from mailprobe.transcript.steps import Reply as Step
from mailprobe.value import replace

_CUT = (Word.EOF, Word.RESET)  # how a reply ends that the server cuts short


def arrival_in_part(stage: Stage, link: MailLink, step: Step, entry: Entry) -> Arrival:
    """What came of a reply that is not whole, or is none, where the file has just that."""
    line = step.expected.lines[0]
    if isinstance(entry, Arrival):
        link.complete_cut(entry)
        if not step.expected.whole:
            return entry
        sentence = "the connection ended in the middle of the multi-line response"
        raise of_line(stage, link, link.word_of_end, sentence, line, arrival=entry)
    command = command_text(stage, link, step.context)
    if isinstance(entry, events.Closed):
        sentence = "the server closed the connection in the place of this reply"
        raise of_line(stage, link, link.word_of_end, sentence, line, command=command)
    words = (*_CUT, Word.LIMIT) if step.expected.open else _CUT
    cut = entry.word in words and not step.expected.whole and entry.octets
    if cut:
        return Arrival(unfinished(entry.octets), entry.at, whole=False)
    if entry.word is Word.PROTOCOL and step.context.malformed:
        # Whatever it begins with is no code here: `+` where nothing is to be said.
        return Arrival(replace(unfinished(entry.octets), code=""), entry.at)
    raise of_line(stage, link, entry.word, entry.sentence, line, command=command, came=entry.octets)


def late(stage: Stage, link: MailLink, step: Step) -> Stopped:
    """Nothing came in time, or not all of it."""
    due = "this reply, which nothing is owed," if step.context.unsolicited else ""
    due = due or link.connection.due_next()
    came = link.unfinished
    sentence = f"{due} did not come from {safe(link.peer)} within {stage.limit(step.within)}"
    if step.context.greeting and not came and not link.tls_version:
        sentence += "; a port that wants TLS at once is silent, too: tls: implicit"
    command = command_text(stage, link, step.context)
    line = step.expected.lines[0]
    # A body that has begun has the usual time.
    word = Word.TIMEOUT if link.entries else stage.word_of_limit(step.within)
    return of_line(stage, link, word, sentence, line, command=command, came=came)


def refuse_early(stage: Stage, link: MailLink, step: Step, arrival: Arrival) -> None:
    """Raises Stopped where a reply came before its time."""
    took = arrival.at - link.answered_at
    if step.after is not None and took < step.after:
        sentence = f"the reply came after {took:.3f} s, and S@ after says {step.after:g} s"
        command = command_text(stage, link, step.context, arrival)
        line = step.expected.lines[0]
        raise of_line(stage, link, Word.MISMATCH, sentence, line, command=command, arrival=arrival)


def unlike(
    stage: Stage, link: MailLink, step: Step, mismatch: Mismatch, arrival: Arrival
) -> Exception:
    """Another reply than the file demands; perhaps the file is not for this server."""
    if step.context.hello and arrival.reply.positive:
        offers = [each.offers for each in stage.offered]
        if requirement := requires.missing(stage.prepared.head.requires, offers):
            return Skipped(requires.reason(requirement))
    command = command_text(stage, link, step.context, arrival)
    stopped = of_mismatch(stage, link, mismatch, command, arrival)
    return hinted(stopped, hint_for(stage, step, mismatch, arrival))
