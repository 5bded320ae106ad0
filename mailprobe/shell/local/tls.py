"""Local commands about TLS: what the handshake agreed on, and whether a session is resumed."""

import time
from collections.abc import Iterable

from mailprobe.protocol.model import Command
from mailprobe.render.rows import wrapped
from mailprobe.safe import safe
from mailprobe.session import Session
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import Argument, LocalCommand, Malformed, session_of, tell, usage
from mailprobe.shell.reading.offered import Change, changes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.render.tls import Line
    from mailprobe.transport.link import TlsFacts

_NEEDS_TLS = Command(b"NOOP")
_INDENT = 14  # columns of a continued row


def _tls(shell: Shell, argument: str) -> None:
    session = session_of(shell)
    if argument not in ("", "resume"):
        raise Malformed
    # Where TLS is required, whatever needs it brings it about.
    if not session.closed and session.must_upgrade(_NEEDS_TLS) and not session.upgrade():
        return  # interrupted
    if argument:
        _resume(shell, session)
    else:
        _show(shell, session)


def _show(shell: Shell, session: Session) -> None:
    link = session.transport
    if link.tls_failed is not None:
        show_facts(shell, session, link.tls_failed)
    elif link.tls is not None:
        show_facts(shell, session, link.tls)
        if differences := changes(session):
            show_changes(shell, differences)
    else:
        raise usage("this link is plain: STARTTLS or STLS starts TLS, where it is offered")


def show_facts(shell: Shell, session: Session, facts: "TlsFacts") -> None:
    """Show what a handshake agreed on, or how far it came, and what the server presented."""
    from datetime import UTC, datetime

    from mailprobe.render.tls import chain_lines, facts_lines

    lines = facts_lines(facts, authority=_authority(session), ticket=_ticket(session))
    _write(shell, lines)
    _write(shell, chain_lines(facts.certificates, datetime.now(UTC)))


def show_chain(shell: Shell, facts: "TlsFacts") -> None:
    """Show what the server presented in a handshake that failed."""
    from datetime import UTC, datetime

    from mailprobe.render.tls import chain_lines

    _write(shell, chain_lines(facts.certificates, datetime.now(UTC)))


def _write(shell: Shell, lines: "Iterable[Line]") -> None:
    from mailprobe.render.tls import text_of

    for line in lines:
        text = text_of(line, color=shell.color)
        shell.write(f"{wrapped(text, shell.columns, indent=_INDENT)}\n")


def _authority(session: Session) -> str:
    settings = session.settings.tls
    if settings.associations:
        return "DANE: its TLSA records"
    return f"the CAs in {safe(settings.ca)}" if settings.ca else "the CAs of this machine"


def _ticket(session: Session) -> str:
    from mailprobe.resumption import await_ticket

    found = await_ticket(session)
    if found is None or not found.usable:
        return "nothing to resume it by"
    if not found.ticket:
        return "a session-ID to resume it by (/tls resume tries)"
    lasting = f" for {found.lifetime} s" if found.lifetime else ""
    return f"a ticket{lasting} to resume it by (/tls resume tries)"


def _resume(shell: Shell, session: Session) -> None:
    from mailprobe.resumption import try_to_resume

    begun = time.monotonic()
    trial = try_to_resume(session)
    took = f"{(time.monotonic() - begun) * 1000:.0f} ms"
    facts = trial.facts
    if trial.resumed:
        said = f"resumed: the server took {trial.offered} on a second link"
    else:
        said = f"not resumed: the server was shown {trial.offered} and did a full handshake"
    tell(shell, f"{said} ({facts.version}, {facts.cipher}; {took})")


def show_changes(shell: Shell, differences: Iterable[Change]) -> None:
    """Show what TLS has changed of what is offered, a line each."""
    for change in differences:
        word = f"{change.word} over TLS".ljust(_INDENT + 4)
        tell(shell, f"{word} {safe(change.text)}", indent=_INDENT + 5)


def compact(differences: Iterable[Change]) -> str:
    """The same as one sentence."""
    words: dict[str, list[str]] = {}
    for change in differences:
        words.setdefault(change.word, []).append(safe(change.text))
    return "over TLS: " + "; ".join(f"{word} {', '.join(said)}" for word, said in words.items())


ROWS = (
    LocalCommand(
        "tls",
        "/tls [resume]",
        "show what TLS agreed on and the certificates; try to resume the session",
        _tls,
        Argument.WORD,
    ),
)
