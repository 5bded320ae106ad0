"""A reply that must come: waited for, judged, taken.

What is said where it does not is for `refusing`, which most runs need not load.
"""

from collections.abc import Iterator

from mailprobe.files import read_blocks
from mailprobe.player.playing.links import Arrival, Entry, MailLink
from mailprobe.player.playing.problems import Skipped
from mailprobe.player.playing.stage import Offered, Seen, Stage
from mailprobe.transcript.model import FileLine
from mailprobe.transcript.steps import Reply as Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.transcript.matching.mismatch import Mismatch


def take_reply(stage: Stage, step: Step) -> None:
    """Wait for the reply of a step and judge it.  Raises Stopped, Skipped, Failure, Interrupted."""
    link = stage.mail_link(step.connection)
    entry = link.look(stage.reply_deadline(step.within, step.after))
    if entry is None:
        from mailprobe.player import refusing

        raise refusing.late(stage, link, step)
    arrival = arrival_of(stage, link, step, entry)
    if step.context.hello and arrival.reply.positive:
        offers = dict(link.connection.facts.offers or {})
        tls = bool(link.tls_version)
        stage.offered.append(Offered(step.expected.place, step.connection, tls, offers))
    if (mismatch := judge(stage, step, arrival)) is not None:
        from mailprobe.player import refusing

        failure = refusing.unlike(stage, link, step, mismatch, arrival)
        if isinstance(failure, Skipped) or not _is_blessed(stage, step, arrival):
            raise failure
    if step.after is not None:
        from mailprobe.player import refusing

        refusing.refuse_early(stage, link, step, arrival)
    link.take()
    if link.auth is not None and arrival.command is link.auth and arrival.reply.positive:
        stage.login(link).conclude()  # what the server has proved is looked at now
    stage.seen.append(Seen(step, arrival.reply, arrival.body))


def judge(stage: Stage, step: Step, arrival: Arrival) -> "Mismatch | None":
    """Whether that is the reply; captures count when it is."""
    sure = stage.prepared.shortcut(step)
    if sure is not None and sure(arrival):
        return None
    from mailprobe.transcript.match import check  # where it is not as plain as that

    body = arrival.body

    def content(line: FileLine) -> Iterator[bytes]:
        from mailprobe.player.playing.bodies import BLOCK, unstuffed, with_crlf

        blocks = read_blocks(stage.prepared.resolve(line.path), BLOCK)
        return unstuffed(blocks) if line.raw else with_crlf(blocks)

    return check(
        step.expected,
        step.context,
        arrival.reply,
        None if body is None else body.blocks,
        stage.prepared.level,
        stage.values,
        whole=arrival.whole,
        file=content,
    )


def arrival_of(stage: Stage, link: MailLink, step: Step, entry: Entry) -> Arrival:
    """What came, also where it is no reply, or a part of one, and the file has just that."""
    if isinstance(entry, Arrival) and entry.whole:
        return entry
    from mailprobe.player import refusing

    return refusing.arrival_in_part(stage, link, step, entry)


def _is_blessed(stage: Stage, step: Step, arrival: Arrival) -> bool:
    """Whether another reply than the file has is to take its place there."""
    bless = stage.options.bless
    return bless is not None and bless(step, arrival.reply, arrival.body, stage.secrets)
