"""Local commands that look at what is known, and at what has been."""

import re

from mailprobe.protocol.capabilities import CAPABILITIES
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.extensions import EXTENSIONS
from mailprobe.protocol.facts import Effect
from mailprobe.protocol.model import Protocol
from mailprobe.render.folded import FETCHING
from mailprobe.render.rows import beginning
from mailprobe.render.widths import time_text
from mailprobe.safe import safe
from mailprobe.session import Exchange, Session
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import Argument, LocalCommand, Malformed, session_of, tell, usage
from mailprobe.shell.local.tls import show_changes
from mailprobe.shell.reading.fetched import beginning_of
from mailprobe.shell.reading.offered import LISTED, changes, in_the_clear

_SHOWN = 40  # lines of one reply or listing that /last shows where there is no screen


def _state(shell: Shell, argument: str) -> None:
    session = session_of(shell)
    facts = session.connection.facts
    tls = session.transport.tls
    rows: list[tuple[str, str | bytes]] = [
        ("protocol", str(facts.protocol)),
        ("state", str(session.state)),
        ("peer", session.transport.peer),
        *session.transport.way,
        ("TLS", _tls_text(tls.version, verified=tls.verified) if tls else "no"),
        ("logged in", "yes" if facts.authenticated else "no"),
        ("replies owed", str(session.connection.outstanding)),
    ]
    if facts.reverse_path is not None:
        rows.append(("reverse-path", b"<" + facts.reverse_path + b">"))
        rows += [("forward-path", b"<" + path + b">") for path in facts.recipients[:_SHOWN]]
    if facts.count is not None:
        rows.append(("messages", str(facts.count)))
    if facts.marked:
        rows.append(("marked", f"{facts.marked}: QUIT deletes them"))
    shell.table(("what", "now"), rows)


def _tls_text(version: str, *, verified: bool) -> str:
    return f"{version}, {'verified' if verified else 'NOT verified'}"


def _caps(shell: Shell, argument: str) -> None:
    session = session_of(shell)
    if argument not in ("", "diff"):
        raise Malformed
    facts = session.connection.facts
    pop3 = facts.protocol is Protocol.POP3
    if facts.offers is None:
        verb = {Protocol.SMTP: "EHLO", Protocol.LMTP: "LHLO", Protocol.POP3: "CAPA"}
        if _asked_before_login(session):
            raise usage(
                "CAPA was answered before the login, and may be answered otherwise now "
                "(RFC 2449, section 5): send CAPA again"
            )
        raise usage(f"nobody has asked the server yet: send {verb[facts.protocol]}")
    if argument:
        _show_difference(shell, session)
        return
    known = CAPABILITIES if pop3 else EXTENSIONS
    before = in_the_clear(session)
    rows: list[list[str | bytes]] = []
    for keyword, arguments in facts.offers.items():
        offer = known.get(keyword)
        what = offer.summary if offer else ""
        if offer and arguments and offer.arguments:
            what += f" ({offer.arguments})"
        row: list[str | bytes] = [_offer(keyword, arguments), what]
        if before is not None:
            row.append(_change(before.get(keyword), arguments))
        rows.append(row)
    for keyword, arguments in (before or {}).items():
        if keyword not in facts.offers:
            rows.append([_offer(keyword, arguments), "", "not any more"])
    columns = ("offered", "what it is", "over TLS")
    shell.table(columns if before is not None else columns[:2], rows)


def _show_difference(shell: Shell, session: Session) -> None:
    differences = changes(session)
    if differences is None:
        raise usage("there is nothing to compare: ask the server before TLS, and again over TLS")
    show_changes(shell, differences)
    if not differences:
        tell(shell, "the same is offered before TLS and over it")


def _asked_before_login(session: Session) -> bool:
    """Whether what a POP3 server has said about itself was forgotten when a login succeeded."""
    rows = session.connection.catalogue
    asked = (
        rows.row(exchange.command).effect is Effect.CAPABILITIES for exchange in session.exchanges
    )
    return session.connection.facts.authenticated and any(asked)


def _offer(keyword: str, arguments: str) -> bytes:
    return f"{keyword} {arguments}".strip().encode("latin-1", "replace")


def _change(before: str | None, now: str) -> str:
    if before is None:
        return "new"
    return "" if before == now else "changed"


def _last(shell: Shell, argument: str) -> None:
    if argument and not re.fullmatch("[1-9][0-9]{0,3}", argument):
        raise Malformed
    session, back = session_of(shell), int(argument or 1)
    greeting = session.connection.facts.greeting
    if not session.exchanges and greeting is not None and back == 1:
        shell.write(_folded(shell, [f"S: {safe(greeting)}"], ""))
        return
    if not session.exchanges:
        raise usage("nothing was answered yet: send a command first")
    if len(session.exchanges) < back:
        raise usage(f"{len(session.exchanges)} exchanges are remembered")
    exchange = session.exchanges[-back]
    shell.write(_exchange_text(shell, exchange, back))


def _exchange_text(shell: Shell, exchange: Exchange, back: int) -> str:
    """Command, replies and body, each of them no more than a screen."""
    catalogue = session_of(shell).connection.catalogue
    line, secret = exchange.command.line, catalogue.secret_in(exchange.command)
    if secret is not None:
        line = line[: secret[0]] + b"****" + line[secret[1] :]
    way = _way(exchange, back, catalogue)
    text = f"C: {safe(line)}\n"
    for reply in exchange.replies:
        said = [f"S: {safe(octets)}" for octets in reply.lines]
        text += _folded(shell, said, "" if exchange.body is not None else way)
    if exchange.body is not None:
        text += _body_text(shell, exchange, way)
    return f"{text}{_took(shell, exchange)}\n"


def _took(shell: Shell, exchange: Exchange) -> str:
    """How long it took; nobody knows it of what was only found later."""
    if not exchange.replies:
        return "no reply yet"
    word = "seen after" if shell.seen_late(exchange) else "took"
    return f"{word} {time_text(exchange.took)}"


def _way(exchange: Exchange, back: int, catalogue: Catalogue) -> str:
    """The command that shows all of it."""
    if catalogue.protocol is not Protocol.POP3:
        return "/page" if back == 1 else f"/page {back}"
    if exchange.command.verb in FETCHING and exchange.body is not None:
        return f"/page {safe(exchange.command.argument.split()[0])}"
    return "/page" if back == 1 else ""


def _folded(shell: Shell, lines: list[str], way: str) -> str:
    """As many rows of them as a screen holds, and how much more there is."""
    shown, more = beginning(lines, shell.fold or _SHOWN, shell.columns)
    return "".join(f"{line}\n" for line in shown) + (_rest(more, way) if more else "")


def _rest(more: str, way: str) -> str:
    return f"... {more}: {way}\n" if way else f"... {more}\n"


def _body_text(shell: Shell, exchange: Exchange, way: str) -> str:
    assert exchange.body is not None  # asked by the caller
    octets, size = beginning_of(exchange.body, LISTED)
    lines = octets.replace(b"\r\n", b"\n").split(b"\n")
    said = [f"S: {safe(line)}" for line in lines if line]
    shown, more = beginning(said, shell.fold or _SHOWN, shell.columns)
    if size > len(octets) and not more:  # all that was looked at
        more = "more of it"
    text = "".join(f"{line}\n" for line in shown) + (_rest(more, way) if more else "")
    return f"{text}{size} octets of body\n"


ROWS = (
    LocalCommand("state", "/state", "show where the session stands", _state),
    LocalCommand(
        "caps",
        "/caps [diff]",
        "show what the server offers, or what TLS has changed of it",
        _caps,
        Argument.WORD,
    ),
    LocalCommand(
        "last", "/last [N]", "show the last exchange again, or the Nth back", _last, Argument.TEXT
    ),
)
