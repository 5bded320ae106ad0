"""Events that stand for themselves, and handshakes: what happens beside lines and replies."""

from collections.abc import Callable

from mailprobe.errors import Failure, Word
from mailprobe.player.playing.accounts import of_line
from mailprobe.player.playing.links import Arrival, MailLink
from mailprobe.player.playing.problems import Stopped
from mailprobe.player.playing.raw import RawLink
from mailprobe.player.playing.stage import AnyLink, Stage
from mailprobe.protocol import events
from mailprobe.protocol.events import Ending
from mailprobe.safe import safe
from mailprobe.transcript.matching.pattern import Budget, Pattern, TooLong
from mailprobe.transcript.model import EventLine, Happening, Level, Pieces, TlsLine
from mailprobe.transcript.values import Unknown
from mailprobe.value import replace

_SHOWN = 200  # octets that fit into a sentence
_WORDS = {Ending.EOF: "close", Ending.TRUNCATED: "close", Ending.RESET: "reset"}
_CUT = (Word.EOF, Word.RESET)


def happen(stage: Stage, line: EventLine, behind: int = 0) -> None:
    """Do what an event line says, or wait for it.  Raises Stopped, Failure, Interrupted.

    `behind`: so many replies of that connection follow in the file.
    """
    act = _ACTS.get((line.side, line.word))
    if act is None:
        return
    link = stage.link(line.connection)
    if act in (_half_close, _reset):
        link.ended = not behind
        if surplus := link.surplus(behind):
            sentence = f"expected nothing more before this line, but {surplus}"
            raise of_line(stage, link, Word.MISMATCH, sentence, line)
    act(stage, link, line)


def _pause(stage: Stage, link: AnyLink, line: EventLine) -> None:
    stage.pause(line.seconds)


def _half_close(stage: Stage, link: AnyLink, line: EventLine) -> None:
    if not link.closed:
        link.half_close()


def _reset(stage: Stage, link: AnyLink, line: EventLine) -> None:
    if not link.closed:
        link.reset()


def _silence(stage: Stage, link: AnyLink, line: EventLine) -> None:
    began = link.now()
    if link.stays_silent(stage.deadline(line.seconds)):
        if link.now() - began < line.seconds:
            raise Failure(Word.TIMEOUT, "the run has no time left for this (--max-time)")
        return
    after = max(0.0, link.now() - began)
    sentence = f"expected silence for {line.seconds:g} s, after {after:.3f} s {_came(stage, link)}"
    raise _other(stage, link, line, sentence)


def _end(stage: Stage, link: AnyLink, line: EventLine) -> None:
    """The server ends the connection."""
    deadline = stage.deadline(stage.prepared.timeout)
    how = (
        _await_mail_end(link, deadline)
        if isinstance(link, MailLink)
        else _await_raw_end(link, deadline)
    )
    if how is None:
        if link.nothing_came:
            sentence = f"the server did not end the connection within {stage.limit(None)}"
            raise _other(stage, link, line, sentence, Word.TIMEOUT)
        raise _other(stage, link, line, f"expected the end, {_came(stage, link)}")
    if how not in _WORDS:
        raise Failure(Word.EOF, "the connection was ended by us before")
    if stage.prepared.level is Level.TEXT and _WORDS[how] != line.word:
        sentence = f"the connection ended by {_WORDS[how]}, not by {line.word}"
        raise _other(stage, link, line, sentence)


def _await_mail_end(link: MailLink, deadline: float) -> str | None:
    """How it ended; None when it did not, or something else came."""
    while isinstance(entry := link.look(deadline), events.Failed):
        if entry.octets or entry.word not in _CUT:
            return None
        link.take()  # a reply was owed: the file knows that none comes
    return entry.how if isinstance(entry, events.Closed) else None


def _await_raw_end(link: RawLink, deadline: float) -> str | None:
    while not link.heard and link.listen(deadline):
        pass
    return link.ending if link.closed and not link.heard else None


def _came(stage: Stage, link: AnyLink) -> str:
    """What the server did instead."""
    if isinstance(link, RawLink):
        if link.heard:
            return f"the server said {stage.shown(bytes(link.heard[:_SHOWN]))}"
        return "the connection ended"
    entry = link.entries[0] if link.entries else None
    if isinstance(entry, Arrival):
        return f"the server said {stage.shown(entry.reply.lines[0][:_SHOWN])}"
    if isinstance(entry, events.Failed):
        return stage.masked(entry.sentence)
    if link.unfinished:
        return f"the server began to say {stage.shown(link.unfinished[:_SHOWN])}"
    return "the connection ended"


def _other(
    stage: Stage, link: AnyLink, line: EventLine, sentence: str, word: Word = Word.MISMATCH
) -> Stopped:
    entry = link.entries[0] if isinstance(link, MailLink) and link.entries else None
    came = bytes(link.heard) if isinstance(link, RawLink) else link.unfinished
    arrival = entry if isinstance(entry, Arrival) else None
    return of_line(stage, link, word, sentence, line, came=came, arrival=arrival)


_ACTS: dict[tuple[str, Happening], Callable[[Stage, AnyLink, EventLine], None]] = {
    ("C", Happening.PAUSE): _pause,
    ("C", Happening.CLOSE): _half_close,
    ("C", Happening.RESET): _reset,
    ("S", Happening.SILENT): _silence,
    ("S", Happening.CLOSE): _end,
    ("S", Happening.RESET): _end,
}


# ---------------------------------------------------------------------------------- handshakes


def shake_hands(stage: Stage, line: TlsLine) -> None:
    """Start TLS where the file says so.  Raises Stopped, Failure, Interrupted."""
    link = stage.link(line.connection)
    if isinstance(link, MailLink):
        _refuse_handshake(stage, link, line)
    settings = link.settings.tls
    verify = settings.verify if line.verify is None else line.verify
    link.upgrade_by(replace(settings, verify=verify))
    if line.version is not None:
        _check_version(stage, link, line, line.version)


def _refuse_handshake(stage: Stage, link: MailLink, line: TlsLine) -> None:
    link.poll()
    for entry in link.entries:
        if isinstance(entry, events.Failed):  # text behind the go-ahead, for one
            raise of_line(stage, link, entry.word, entry.sentence, line, came=entry.octets)
        if isinstance(entry, events.Closed):
            raise of_line(stage, link, link.word_of_end, "the connection has ended", line)
    if link.entries:
        raise of_line(
            stage, link, Word.MISMATCH, f"before the handshake {_came(stage, link)}", line
        )
    if not link.go_ahead:
        raise of_line(
            stage, link, Word.MISMATCH, "the server gave no go-ahead for TLS before this line", line
        )


def _check_version(stage: Stage, link: AnyLink, line: TlsLine, version: Pieces) -> None:
    came = link.tls_version
    try:
        found = Pattern(version, stage.values).match(came.encode(), Budget())
    except (TooLong, Unknown):
        found = None
    if found is None:
        raise of_line(stage, link, Word.MISMATCH, f"the handshake agreed on {safe(came)}", line)
    stage.values.take(found)
