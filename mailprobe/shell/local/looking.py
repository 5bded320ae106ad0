"""Local commands that look at what is known, and at what has been."""

import re

from mailprobe.protocol.capabilities import CAPABILITIES
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.extensions import EXTENSIONS
from mailprobe.protocol.model import Protocol
from mailprobe.safe import safe
from mailprobe.session import Exchange
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import Argument, LocalCommand, Malformed, session_of, usage

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
    facts = session_of(shell).connection.facts
    pop3 = facts.protocol is Protocol.POP3
    if facts.offers is None:
        verb = {Protocol.SMTP: "EHLO", Protocol.LMTP: "LHLO", Protocol.POP3: "CAPA"}
        raise usage(f"nobody has asked the server yet: send {verb[facts.protocol]}")
    known = CAPABILITIES if pop3 else EXTENSIONS
    rows = []
    for keyword, arguments in facts.offers.items():
        offer = known.get(keyword)
        octets = f"{keyword} {arguments}".strip().encode("latin-1", "replace")
        rows.append((octets, offer.summary if offer else ""))
    shell.table(("offered", "what it is"), rows)


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
