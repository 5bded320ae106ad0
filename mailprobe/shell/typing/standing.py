"""Where a session stands, in the few words of a prompt and of a toolbar.

Both are functions of one frozen value: nothing is read, and nothing is asked, to write them.
"""

from collections.abc import Iterator, Sequence

from mailprobe.protocol.facts import Facts
from mailprobe.protocol.items import Phase
from mailprobe.protocol.model import Protocol, State
from mailprobe.safe import safe
from mailprobe.session import Session
from mailprobe.shell.typing.width import cells, fitting
from mailprobe.value import frozen

_NAMES = {State.AUTHORIZATION: "auth", State.TRANSACTION: "trans"}  # states with long names
_SHOWN = {  # what of an offer decides what a person types next
    Protocol.SMTP: ("STARTTLS", "8BITMIME", "SMTPUTF8", "CHUNKING", "DSN", "SIZE"),
    Protocol.LMTP: ("STARTTLS", "8BITMIME", "SMTPUTF8", "CHUNKING", "DSN", "SIZE"),
    Protocol.POP3: ("STLS", "TOP", "UIDL", "PIPELINING"),
}
_DROPPED = ("caps", "host", "rec")  # from a toolbar that is too long, in this order
_ESCAPE = "^] local command"
_LONGEST = 64  # characters of a peer's name

Fragments = list[tuple[str, str]]


@frozen
class Look:
    """One look at a session; `protocol` is None where there is none."""

    protocol: Protocol | None = None
    state: State = State.CONNECT
    phase: Phase = Phase.COMMAND
    closed: bool = False
    recipients: int = 0
    chunk_left: int = 0  # octets
    line: int = 1  # of mail data, that is typed next
    group: int | None = None  # lines that wait to go out as one write
    host: str = ""
    tls: str = ""  # "TLSv1.3"
    offers: tuple[str, ...] = ()  # "8BITMIME", "SIZE=10M"
    code: str = ""  # of the last reply
    took: float = 0.0  # seconds until it had come
    owed: int = 0  # replies
    begun: bool = False  # a line that has no end is on the wire
    marked: int = 0  # messages that QUIT deletes
    recorded: int | None = None  # commands in the recording; None: there is none
    private: bool = False  # nothing is remembered
    revealed: bool = False  # secrets are shown while they are typed
    place: str = ""  # the number of the session, where there are several
    lesson: str = ""  # which one is learnt, and where in it the learner stands: "smtp-07 2/5"


def look_at(
    session: Session | None,
    *,
    recorded: int | None = None,
    private: bool = False,
    revealed: bool = False,
    place: str = "",
    line: int = 1,
    group: int | None = None,
    lesson: str = "",
) -> Look:
    """Look at `session`."""
    if session is None:
        return Look(
            recorded=recorded, private=private, revealed=revealed, place=place, lesson=lesson
        )
    connection = session.connection
    facts = connection.facts
    last = next((one for one in reversed(session.exchanges) if one.replies), None)
    linked = not session.closed
    tls = session.transport.tls if linked else None
    return Look(
        protocol=connection.catalogue.protocol,
        state=connection.state,
        phase=connection.phase,
        closed=session.closed,
        recipients=len(facts.recipients),
        chunk_left=connection.chunk_left,
        line=line,
        group=group,
        host=safe(session.transport.peer)[:_LONGEST] if linked else "",
        tls=(safe(tls.version) + ("" if tls.verified else " UNVERIFIED")) if tls else "",
        offers=offers_shown(facts),
        code=last.replies[-1].code if last is not None else "",
        took=last.took if last is not None else 0.0,
        owed=connection.outstanding,
        begun=bool(connection.begun),
        marked=facts.marked,
        recorded=recorded,
        private=private,
        revealed=revealed,
        place=place,
        lesson=lesson,
    )


def offers_shown(facts: Facts) -> tuple[str, ...]:
    """What the server offers and decides what comes next, in a word each."""
    offers = facts.offers or {}
    words = []
    for keyword in _SHOWN[facts.protocol]:
        if keyword in offers and not (facts.tls and keyword in ("STARTTLS", "STLS")):
            limit = _size(offers[keyword]) if keyword == "SIZE" else ""
            words.append(f"{keyword}={limit}" if limit else keyword)
    return tuple(words)


def _size(limit: str) -> str:
    """10240000 is 10M; "" for no limit (RFC 1870, section 4) and for what is no number."""
    if not (limit.isascii() and limit.isdigit()) or len(limit) > 15:
        return ""
    size = int(limit)
    for unit, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if size >= unit:
            return f"{size // unit}{letter}"
    return str(size) if size else ""


def prompt_text(look: Look) -> str:
    """The prompt; `>` takes a command, `|` an answer or data."""
    return (f"[{look.place}] " if look.place else "") + _state_text(look)


def _state_text(look: Look) -> str:
    if look.protocol is None:
        return "mailprobe> "
    protocol = look.protocol
    if look.closed:
        return f"{protocol}:closed> "
    match look.phase:
        case Phase.ANSWER:
            return f"{protocol}:auth| "
        case Phase.DATA:
            return f"{protocol}:data {look.line}| "
        case Phase.CHUNK:
            return f"{protocol}:chunk({look.chunk_left})| "
        case Phase.COMMAND:
            pass
    if look.group is not None:
        return f"{protocol}:pipeline({look.group})> "
    if look.state is State.CLOSED:
        return f"{protocol}:leaving> "  # the server has said so, and the link still stands
    name = _NAMES.get(look.state, str(look.state))
    if look.state is State.RCPT:
        name += f"({look.recipients})"
    return f"{protocol}:{name}> "


def toolbar(look: Look, columns: int, flags: Sequence[str] = ()) -> Fragments:
    """One line of at most `columns`, as (style, text); `flags` speak of the line being typed.

    What is too long goes without some of the offers, then all, then the host, then the recording;
    what is still too long is cut.
    """
    parts = list(_parts(look, flags))
    for name in ("help", *_DROPPED):
        if (over := cells(_joined(parts)) - columns) <= 0:
            break
        parts = [
            (name, style, _shortened(look.offers, over) if name == "caps" else "")
            if part == name
            else (part, style, text)
            for part, style, text in parts
        ]
    return _cut([(style, text) for _, style, text in parts], columns)


def _shortened(offers: tuple[str, ...], over: int) -> str:
    """As many of them as are left when `over` cells are gone; the first and the last go last."""
    kept = list(offers)
    while kept and over > 0:
        over -= len(kept.pop(max(0, len(kept) - 2))) + 1  # and the blank beside it
    return " ".join(kept)


def _parts(look: Look, flags: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Name, style and text of each part, in order."""
    for flag in flags:
        yield "flag", "warning", flag
    if look.lesson:
        yield "lesson", "", look.lesson
    if look.place:
        yield "place", "", f"session {look.place}"
    if look.protocol is None or look.closed:
        yield "rec", "", _recording(look)
        yield from _modes(look)
        if look.protocol is None:
            yield "help", "", "/help and Tab show what there is"
        yield "link", "", "not connected"
        return
    yield "host", "", look.host
    yield "tls", "", look.tls
    yield "caps", "", " ".join(look.offers)
    yield "last", "", _last(look)
    yield "rec", "", _recording(look)
    if look.owed:
        yield "owed", "warning", f"{look.owed} repl{'y' if look.owed == 1 else 'ies'} owed"
    if look.begun:
        yield "begun", "warning", "unfinished line"
    if look.marked:
        yield "marked", "warning", f"{look.marked} to delete at QUIT"
    yield from _modes(look)
    yield "help", "", _ESCAPE


def _modes(look: Look) -> Iterator[tuple[str, str, str]]:
    if look.private:
        yield "private", "warning", "private"
    if look.revealed:
        yield "revealed", "warning", "secrets shown"


def _last(look: Look) -> str:
    return f"last {look.code} in {_time(look.took)}" if look.code else ""


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.0f} s"


def _recording(look: Look) -> str:
    return "" if look.recorded is None else f"● rec {look.recorded}"


def _joined(parts: Sequence[tuple[str, str, str]]) -> str:
    return " " + " · ".join(text for _, _, text in parts if text)


def _cut(parts: Fragments, columns: int) -> Fragments:
    pieces: Fragments = [("", " ")]
    for style, text in parts:
        if text:
            pieces += [("", " · ")] if len(pieces) > 1 else []
            pieces.append((style, text))
    left, kept = columns, []
    for style, text in pieces:
        text = fitting(text, left)
        left -= cells(text)
        if text:
            kept.append((style, text))
    return kept
