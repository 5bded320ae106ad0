"""The way back: what has to be said once more before the thing that is awaited makes sense.

A letter that went wrong has used up its envelope, and a new connection knows nobody.
"""

from collections.abc import Mapping, Sequence

from mailprobe.lessons.hearing import Ear
from mailprobe.lessons.plan import Item, Kind
from mailprobe.protocol.model import Command, Protocol, State
from mailprobe.transcript.steps import Sort

_MAIL = (State.READY, ("MAIL",)), (State.MAIL, ("RCPT",))
_ONWARD = ("2", "3", "+")  # how replies begin that refuse nothing

# In which state which commands lead on: RFC 5321, section 4.1.4; RFC 2033, section 4.1;
# RFC 1939, section 4.
_WAYS: Mapping[Protocol, tuple[tuple[State, tuple[str, ...]], ...]] = {
    Protocol.SMTP: ((State.GREETED, ("EHLO", "HELO")), *_MAIL),
    Protocol.LMTP: ((State.GREETED, ("LHLO",)), *_MAIL),
    Protocol.POP3: ((State.AUTHORIZATION, ("USER",)), (State.AUTHORIZATION, ("PASS",))),
}
# What may have to be said once more; an answer behind NOOP, or a look at the list, leads nowhere.
_LEADING = frozenset({
    *("EHLO", "HELO", "LHLO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "STARTTLS"),
    *("USER", "PASS", "APOP", "AUTH", "STLS"),
})  # fmt: skip


def leads_on(command: Command, sort: Sort) -> bool:
    """Whether a session is somewhere else when that was taken."""
    return sort is not Sort.COMMAND or command.verb in _LEADING


def begins_anew(command: Command, sort: Sort) -> bool:
    """Whether it throws away what was begun: the way out of any envelope, and of any mark.

    RFC 5321, section 4.1.1.5; RFC 1939, section 5.
    """
    return sort is Sort.COMMAND and command.verb == "RSET"


def is_answer(item: Item) -> bool:
    """Whether it is said to a challenge of the server."""
    return item.unit is not None and item.unit.sort is Sort.ANSWER


def is_goodbye(item: Item) -> bool:
    """Whether a connection ends by it, politely."""
    command = _command_of(item)
    return command is not None and command.verb == "QUIT"


def beginning_of(items: Sequence[Item], at: int) -> int:
    """Where the item at `at` begins anew when it was refused: PASS wants USER once more.

    RFC 1939, section 7.
    """
    command = _command_of(items[at])
    before = _command_of(items[at - 1]) if at else None
    if command is None or before is None:
        return at
    return at - 1 if (before.verb, command.verb) == ("USER", "PASS") else at


def way_back(item: Item | None, walked: Sequence[Item], ear: Ear | None) -> tuple[Item, ...]:
    """Those of `walked`, which the server has taken before, that lead to `item` from here."""
    if item is None or ear is None or ear.deaf:
        return ()
    if is_answer(item):
        return _login_of(item, walked) if ear.challenge is None else ()
    command = _command_of(item)
    if command is None or not _taken(item):
        return ()
    allowed = ear.catalogue.row(command).states
    if not allowed or ear.state in allowed:
        return ()
    found: list[Item] = []
    reached = False
    for state, verbs in _WAYS[ear.protocol]:
        reached = reached or state == ear.state
        if state in allowed:
            break
        if reached:
            found += _last(verbs, item.connection, walked)
    return tuple(found)


def _login_of(answer: Item, walked: Sequence[Item]) -> tuple[Item, ...]:
    """From AUTH on what has led to the challenge that is to be answered (RFC 4954, section 4)."""
    found: list[Item] = []
    for item in reversed(walked):
        if item.connection == answer.connection:
            found.insert(0, item)
            if not is_answer(item):
                break
    return tuple(found)


def _taken(item: Item) -> bool:
    """Whether the lesson wants it to be taken: some commands are to be refused."""
    lines = [reply.expected.lines[0].text for reply in item.replies]
    return all(line.partition(" ")[2].startswith(_ONWARD) for line in lines)


def _last(verbs: Sequence[str], connection: int, walked: Sequence[Item]) -> list[Item]:
    for item in reversed(walked):
        command = _command_of(item)
        if item.connection == connection and command is not None and command.verb in verbs:
            return [item]
    return []


def _command_of(item: Item | None) -> Command | None:
    """What an item says, as far as the file writes it out; None where it is no command."""
    if item is None or item.kind is not Kind.SAY or item.unit is None:
        return None
    pieces = item.unit.pieces or ()
    if item.unit.sort is not Sort.COMMAND or not pieces or not isinstance(pieces[0], bytes):
        return None
    return Command(pieces[0])
