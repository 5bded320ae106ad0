"""Groups of lines that go out as one write, and their replies beside them (RFC 2920).

They see the shell through `Shell` alone.
"""

from collections.abc import Iterator, Sequence

from mailprobe.errors import Failure, Word
from mailprobe.protocol.catalogue import Catalogue, Then
from mailprobe.protocol.facts import Effect
from mailprobe.protocol.grammar import path_in
from mailprobe.protocol.items import Phase, Raw
from mailprobe.protocol.model import Command, Protocol
from mailprobe.safe import safe
from mailprobe.session import Exchange, Session
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import tell
from mailprobe.shell.writing.switches import Switches

MOST = 100  # lines; so many exchanges a session remembers


def begin(shell: Shell, session: Session) -> None:
    """Collect from now on.  Raises Failure `usage` where lines are no commands."""
    if session.connection.phase is not Phase.COMMAND:
        raise _usage("not in the middle of mail data, or of a login: end that first")
    shell.switches.group, shell.switches.logging_in = [], False
    offers = session.connection.facts.offers
    if offers is not None and "PIPELINING" not in offers:
        tell(shell, "the server does not offer PIPELINING: it may lose lines that come early")
    tell(shell, "lines are collected: /pipeline go sends them as one write, drop forgets them")


def collect(switches: Switches, catalogue: Catalogue, line: bytes) -> str:
    """Take a line into the group; returns what a rule says about it, "" for nothing.

    Raises Failure `usage` for one line too many, and for what would be seen as no secret.
    """
    assert switches.group is not None  # asked by the caller
    if len(switches.group) >= MOST:
        raise _usage(f"{MOST} lines are the most: /pipeline go sends them")
    before = [catalogue.row(Command(one)) for one in map(_text, switches.group)]
    logs_in = any(row.then is Then.SASL for row in before)
    if Command(line).verb in catalogue:
        switches.logging_in = logs_in
    elif switches.logging_in:
        raise _usage("nothing hides an answer to AUTH in a group: /pipeline go, and answer then")
    if catalogue.row(Command(line)).then is Then.SASL:
        switches.logging_in = True
        _refuse_steps(Command(line))
    switches.group.append(line + switches.end)
    if not before or before[-1].pipelined or before[-1].verb not in catalogue:
        return ""
    reference = "RFC 2449, section 6.6" if _is_pop3(catalogue) else "RFC 2920, section 3.1"
    return f"{before[-1].verb} has to be the last of a group: its reply decides ({reference})"


def _refuse_steps(command: Command) -> None:
    """An AUTH that asks for answers: what follows it in the group would be taken for them."""
    mechanism, *initial = command.argument.decode("latin-1").split() or [""]
    if not mechanism:
        return  # it asks for a list of the mechanisms
    from mailprobe.protocol import sasl  # where somebody logs in

    row = sasl.TABLE.get(mechanism.upper())
    if initial and (row is None or row.steps == 1):
        return
    shown = safe(mechanism)
    raise _usage(
        f"AUTH {shown} was not collected: its answers can be hidden only one by one, each behind "
        f"its challenge; /pipeline go or drop, and AUTH {shown} by itself then"
    )


def wants_empty_lines(switches: Switches, catalogue: Catalogue) -> bool:
    """Whether the group holds a DATA, so that an empty line may be meant."""
    rows = (catalogue.row(Command(_text(one))) for one in switches.group or ())
    return any(row.then is Then.DATA for row in rows)


def show(shell: Shell, session: Session) -> None:
    catalogue = session.connection.catalogue
    for number, line in enumerate(shell.switches.group or (), 1):
        shell.write(f"{number:3}  {safe(_masked(Command(_text(line)), catalogue))}\n")


def go(shell: Shell, session: Session) -> None:
    """Send the group as one write, wait, and show which reply belongs to which line."""
    group = shell.switches.group
    if not group:
        raise _usage("nothing was collected: write the lines first, or /pipeline drop")
    item = Raw(b"".join(group))
    if not shell.may_expose(item):
        return
    shell.switches.group = None
    before, recipients = session.last, list(session.connection.facts.recipients)
    if shell.put(item):
        shell.wait()
    show_pairs(shell, session, before, recipients)


def show_pairs(
    shell: Shell, session: Session, before: Exchange | None, recipients: Sequence[bytes] = ()
) -> None:
    """Show which reply belongs to which of the commands that were sent behind `before`."""
    since = list(_since(session.exchanges, before))
    rows = list(paired(since, session.connection.catalogue, recipients))
    shell.table(("line", "command", "reply"), rows)


def paired(
    exchanges: Sequence[Exchange], catalogue: Catalogue, recipients: Sequence[bytes]
) -> Iterator[tuple[str, bytes, bytes]]:
    """A row for each reply: the number and the command of its line, and its last line.

    `recipients` were accepted before: LMTP answers mail data once for each.
    """
    accepted = list(recipients)
    for number, exchange in enumerate(exchanges, 1):
        command, replies = exchange.command, exchange.replies
        row = catalogue.row(command)
        if row.effect is Effect.FORWARD_PATH and replies and replies[-1].positive:
            accepted.append(path_in(command.argument))
        label, shown = str(number), _masked(command, catalogue)
        if not replies:
            yield label, shown, b"(none: it became mail data, or its reply is owed)"
        each = row.then in (Then.DATA, Then.CHUNK) and catalogue.protocol is Protocol.LMTP
        final = 0
        for reply in replies:
            text = reply.lines[-1]
            if each and reply.code != "354" and len(replies) > 1 and final < len(accepted):
                text += b"  (for " + accepted[final] + b")"
                final += 1
            yield label, shown, text
            label, shown = "", b""


def _since(exchanges: Sequence[Exchange], before: Exchange | None) -> Iterator[Exchange]:
    """Those behind `before`, which may be too old to be remembered."""
    start = next((at for at, one in enumerate(exchanges, 1) if one is before), 0)
    for at, exchange in enumerate(exchanges):
        if at >= start:
            yield exchange


def _masked(command: Command, catalogue: Catalogue) -> bytes:
    span = catalogue.secret_in(command)
    line = command.line
    return line if span is None else line[: span[0]] + b"****" + line[span[1] :]


def _text(line: bytes) -> bytes:
    return line.removesuffix(b"\n").removesuffix(b"\r")


def _is_pop3(catalogue: Catalogue) -> bool:
    return catalogue.protocol is Protocol.POP3


def _usage(sentence: str) -> Failure:
    return Failure(Word.USAGE, sentence)
