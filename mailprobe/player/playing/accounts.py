"""How a person is told what ended a run: the place in the file, and what came instead.

Everything that was said on the wire goes through `Stage.shown`: no secret, nothing raw.
"""

from mailprobe.errors import Word
from mailprobe.player.playing.links import Arrival, MailLink
from mailprobe.player.playing.problems import Account, Stopped
from mailprobe.player.playing.stage import AnyLink, Stage
from mailprobe.player.results import Problem
from mailprobe.protocol.model import Command
from mailprobe.safe import safe
from mailprobe.transcript.format import lines_of
from mailprobe.transcript.matching.mismatch import Mismatch
from mailprobe.transcript.model import Line, Place, Transcript
from mailprobe.transcript.steps import Context
from mailprobe.value import replace

_LINES = 20  # of a reply, or of its body, that are shown
_BODY = 4096  # octets of a body that are looked at for them
_OCTETS = 500  # of a line


def of_mismatch(
    stage: Stage, link: AnyLink, mismatch: Mismatch, command: str, arrival: Arrival | None
) -> Stopped:
    """A reply that is another than the file demands."""
    account = Account(
        width=mismatch.width,
        command=command,
        peer=link.peer,
        after=None if arrival is None else arrival.at - link.answered_at,
        reply=() if arrival is None else reply_text(stage, link.number, arrival),
        difference=mismatch.difference(stage.secrets.blot),
        hint=mismatch.hint,
    )
    return Stopped(Word.MISMATCH, mismatch.sentence, mismatch.place, account)


def of_line(
    stage: Stage,
    link: AnyLink,
    word: Word,
    sentence: str,
    line: Line,
    *,
    command: str = "",
    came: bytes = b"",
    arrival: Arrival | None = None,
) -> Stopped:
    """Something else that came, or did not, at a line of the file."""
    reply = octets_text(stage, link.number, came) if came else ()
    if arrival is not None:
        reply = reply_text(stage, link.number, arrival)
    account = Account(width=len(line.text), command=command, peer=link.peer, reply=reply)
    return Stopped(word, sentence, line.place, account)


def command_text(
    stage: Stage, link: MailLink, context: Context, arrival: Arrival | None = None
) -> str:
    """What a reply answers: the command as it was said, without its secret."""
    command = arrival.command if arrival is not None else None
    if command is None:
        due = link.connection.owed()
        command = due.command if due is not None and due.command.line else context.command
    if command is None or context.greeting or context.unsolicited:
        return ""
    said = stage.shown(_without_secret(link, command)[:_OCTETS])
    if not context.data:
        return said
    recipient = arrival.recipient if arrival is not None else context.recipient
    about = f" for {stage.shown(recipient)}" if recipient is not None else ""
    return f"{said} (the mail data{about})"


def _without_secret(link: MailLink, command: Command) -> bytes:
    span = link.connection.catalogue.secret_in(command)
    if span is None:
        return command.line
    return command.line[: span[0]] + b"****" + command.line[span[1] :]


def reply_text(stage: Stage, number: int, arrival: Arrival) -> tuple[str, ...]:
    """A reply that came, line by line, as a transcript has it."""
    octets = arrival.reply.wire
    if arrival.body is not None:
        octets += arrival.body.octets(_BODY)
    return octets_text(stage, number, octets)


def octets_text(stage: Stage, number: int, octets: bytes) -> tuple[str, ...]:
    """Octets of the server, line by line."""
    side = "S: " if number == 1 else f"S{number}: "
    lines = lines_of(octets)
    shown = [side + stage.shown(_content(line)[:_OCTETS]) for line in lines[:_LINES]]
    if len(lines) > _LINES:
        shown.append(f"{side}... {len(lines) - _LINES} more lines")
    return tuple(shown)


def _content(line: bytes) -> bytes:
    return line.removesuffix(b"\n").removesuffix(b"\r")


# ---------------------------------------------------------------------------------- problems


def problem_of(stopped: Stopped, transcript: Transcript, stage: Stage | None) -> Problem:
    """What a report says of it; every text is fit to be shown."""

    def shown(text: str) -> str:
        return stage.masked(text) if stage is not None else text

    account = stopped.account
    source = _source(stopped.place, transcript)
    return Problem(
        stopped.word,
        shown(stopped.sentence),
        stopped.place,
        max(1, account.width),
        tuple((number, shown(safe_line(text))) for number, text in source),
        shown(account.command),
        account.peer,
        account.after,
        account.reply,
        account.difference,
        shown(account.hint),
    )


def safe_line(text: str) -> str:
    """A line of the file: the grammar has refused what a terminal would obey."""
    return text if text.isprintable() else safe(text)


def _source(place: Place | None, transcript: Transcript) -> list[tuple[int, str]]:
    """The line of the file, and the one before it."""
    if place is None:
        return []
    if place.file == transcript.name:
        lines = transcript.octets.split(b"\n")
        texts = {number: lines[number - 1] for number in (place.line - 1, place.line) if number > 0}
        return [
            (number, line.removesuffix(b"\r").decode("utf-8", "replace"))
            for number, line in texts.items()
            if number <= len(lines)
        ]
    for line in transcript.walk():
        if line.place.file == place.file and line.place.line == place.line:
            return [(place.line, line.text)]
    return []


def hinted(stopped: Stopped, hint: str) -> Stopped:
    """The same with a hint, unless it has one."""
    if not hint or stopped.account.hint:
        return stopped
    return Stopped(
        stopped.word, stopped.sentence, stopped.place, replace(stopped.account, hint=hint)
    )
