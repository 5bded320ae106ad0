"""Local commands that look at what is known, and at what has been."""

import re

from mailprobe.protocol.capabilities import CAPABILITIES
from mailprobe.protocol.catalogue import Catalogue, Then
from mailprobe.protocol.extensions import EXTENSIONS
from mailprobe.protocol.facts import Effect, Facts
from mailprobe.protocol.model import Protocol
from mailprobe.safe import safe
from mailprobe.session import Exchange, Session
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import Argument, LocalCommand, Malformed, session_of, usage
from mailprobe.shell.reading.fetched import beginning_of

_LINE_END = re.compile(rb"\r?\n")
_LISTED = 64 * 1024  # octets of capabilities
_SHOWN = 40  # lines of one reply or listing that /last shows


def _state(shell: Shell, argument: str) -> None:
    session = session_of(shell)
    facts = session.connection.facts
    tls = session.transport.tls
    rows: list[tuple[str, str | bytes]] = [
        ("protocol", str(facts.protocol)),
        ("state", str(session.state)),
        ("peer", session.transport.peer),
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
    facts = session.connection.facts
    pop3 = facts.protocol is Protocol.POP3
    if facts.offers is None:
        verb = {Protocol.SMTP: "EHLO", Protocol.LMTP: "LHLO", Protocol.POP3: "CAPA"}
        raise usage(f"nobody has asked the server yet: send {verb[facts.protocol]}")
    known = CAPABILITIES if pop3 else EXTENSIONS
    before = _offered_in_the_clear(session)
    rows: list[list[str | bytes]] = []
    for keyword, arguments in facts.offers.items():
        offer = known.get(keyword)
        row: list[str | bytes] = [_offer(keyword, arguments), offer.summary if offer else ""]
        if before is not None:
            row.append(_change(before.get(keyword), arguments))
        rows.append(row)
    for keyword, arguments in (before or {}).items():
        if keyword not in facts.offers:
            rows.append([_offer(keyword, arguments), "", "not any more"])
    columns = ("offered", "what it is", "over TLS")
    shell.table(columns if before is not None else columns[:2], rows)


def _offer(keyword: str, arguments: str) -> bytes:
    return f"{keyword} {arguments}".strip().encode("latin-1", "replace")


def _change(before: str | None, now: str) -> str:
    if before is None:
        return "new"
    return "" if before == now else "changed"


def _offered_in_the_clear(session: Session) -> dict[str, str] | None:
    """What was offered before TLS started in this session; None where nobody asked."""
    asked: dict[str, str] | None = None
    rows = session.connection.catalogue
    for exchange in session.exchanges:
        row = rows.row(exchange.command)
        if not exchange.replies or not exchange.replies[-1].positive:
            continue
        if row.then is Then.TLS:
            return asked if session.connection.facts.tls else None
        if row.effect in (Effect.EXTENSIONS, Effect.CAPABILITIES):
            facts, body = Facts(session.connection.facts.protocol), exchange.body
            lines = _LINE_END.split(beginning_of(body, _LISTED)[0]) if body is not None else []
            facts.learn(row.effect, exchange.command, exchange.replies[-1], lines)
            asked = facts.offers
    return None


def _last(shell: Shell, argument: str) -> None:
    if argument and not re.fullmatch("[1-9][0-9]{0,3}", argument):
        raise Malformed
    session, back = session_of(shell), int(argument or 1)
    greeting = session.connection.facts.greeting
    if not session.exchanges and greeting is not None and back == 1:
        shell.write(f"S: {safe(greeting)}\n")
        return
    if len(session.exchanges) < back:
        raise usage(f"{len(session.exchanges)} exchanges are remembered")
    exchange = session.exchanges[-back]
    shell.write(_exchange_text(exchange, session.connection.catalogue))


def _exchange_text(exchange: Exchange, catalogue: Catalogue) -> str:
    line, secret = exchange.command.line, catalogue.secret_in(exchange.command)
    if secret is not None:
        line = line[: secret[0]] + b"****" + line[secret[1] :]
    lines = [f"C: {safe(line)}"]
    for reply in exchange.replies:
        lines += [f"S: {safe(text)}" for text in reply.lines[:_SHOWN]]
        if len(reply.lines) > _SHOWN:
            lines.append(f"... {len(reply.lines) - _SHOWN} more lines")
    if exchange.body is not None:
        lines += _body_lines(exchange)
    lines.append(f"took {exchange.took * 1000:.0f} ms" if exchange.replies else "no reply yet")
    return "".join(f"{text}\n" for text in lines)


def _body_lines(exchange: Exchange) -> list[str]:
    assert exchange.body is not None  # asked by the caller
    exchange.body.seek(0)
    text = exchange.body.read(_SHOWN * 1000)
    size = exchange.body.seek(0, 2)  # the end, where more may be written
    lines = text.replace(b"\r\n", b"\n").split(b"\n")[:_SHOWN]
    shown = [f"S: {safe(line)}" for line in lines if line]
    return [*shown, f"{size} octets of body"]


ROWS = (
    LocalCommand("state", "/state", "show where the session stands", _state),
    LocalCommand("caps", "/caps", "show what the server offers", _caps),
    LocalCommand(
        "last", "/last [N]", "show the last exchange again, or the Nth back", _last, Argument.TEXT
    ),
)
