"""The commands that are for mailprobe and not for the server: a table, and a function for each.

They see the shell through `Shell` alone: no terminal, no prompt, no event loop.
"""

import re
from collections.abc import Callable
from pathlib import Path

from mailprobe.durations import seconds
from mailprobe.errors import Failure, Word
from mailprobe.protocol import enhanced
from mailprobe.protocol.capabilities import CAPABILITIES
from mailprobe.protocol.catalogue import Catalogue
from mailprobe.protocol.codes import REPLY_CODES, RESPONSE_CODES
from mailprobe.protocol.extensions import EXTENSIONS
from mailprobe.protocol.items import Raw
from mailprobe.protocol.model import Protocol, State
from mailprobe.render.tables import Own
from mailprobe.safe import safe
from mailprobe.session import Exchange, Session
from mailprobe.shell import login
from mailprobe.shell.interface import Shell
from mailprobe.transport.target import parse_target
from mailprobe.value import frozen, replace

ESCAPE = "\x1d"  # Ctrl-], as a key that no line of a protocol begins with

_OVER = (State.CLOSED, State.UPDATE)  # the server has said goodbye
_SHOWN = 40  # lines of one reply or listing that /last shows


@frozen
class LocalCommand:
    """A row of the table; `name` without the slash."""

    name: str
    syntax: str
    summary: str
    run: Callable[[Shell, str], None]


def run(shell: Shell, line: str) -> None:
    """Carry out a local command; `line` with or without its slash.

    Raises Failure `usage` for what is none, or not well formed; nothing is sent then.
    """
    name, _, argument = line.strip().removeprefix("/").partition(" ")
    if not name:
        raise _usage("a local command has a name: /help shows them")
    row = COMMANDS.get(name.lower())
    if row is None:
        raise _usage(
            f"there is no local command /{safe(name)}, nothing was sent: "
            f"/help shows them, and a line that begins with // is sent with one /"
        )
    row.run(shell, argument.strip())


def _usage(sentence: str) -> Failure:
    return Failure(Word.USAGE, sentence)


def _form(name: str) -> Failure:
    return _usage(f"write {COMMANDS[name].syntax}")


def _session(shell: Shell) -> Session:
    if shell.session is None:
        raise _usage("there is no connection: /connect pop3 sandbox makes one")
    return shell.session


# ------------------------------------------------------------------------------- the connection


def _connect(shell: Shell, argument: str) -> None:
    words = argument.split()
    if not 1 <= len(words) <= 2:
        raise _form("connect")
    live = shell.session is not None and not shell.session.closed
    if live and shell.session is not None and shell.session.state not in _OVER:
        raise _usage("there is a connection already: /close or /drop ends it")
    protocol = None
    if len(words) == 2:
        if words[0].lower() not in list(Protocol):
            raise _form("connect")
        protocol = Protocol(words[0].lower())
    elif shell.session is not None and "://" not in words[0]:
        protocol = shell.session.connection.catalogue.protocol
    shell.connect(parse_target(words[-1], protocol))


def _close(shell: Shell, argument: str) -> None:
    _session(shell).close()


def _drop(shell: Shell, argument: str) -> None:
    _session(shell).drop()


def _quit(shell: Shell, argument: str) -> None:
    shell.leave()


def _set(shell: Shell, argument: str) -> None:
    name, _, value = argument.partition(" ")
    if not name:
        shell.table(("name", "value"), _settings(shell))
        return
    setting = _SETTINGS.get(name.lower())
    if setting is None or not value.strip():
        raise _usage(f"write /set NAME VALUE; the names are {', '.join(_SETTINGS)}")
    setting(shell, value.strip())


def _settings(shell: Shell) -> list[tuple[str, str]]:
    return [
        ("timeout", f"{shell.settings.timeout:g} s"),
        ("ehlo", shell.settings.hello_name or Own("(this host's name)")),
        ("color", shell.color_choice),
    ]


def _set_timeout(shell: Shell, value: str) -> None:
    timeout = seconds(value)
    if not timeout:
        raise _usage("a timeout is seconds, or a number with ms, s or m behind it")
    shell.change(replace(shell.settings, timeout=timeout))


def _set_hello_name(shell: Shell, value: str) -> None:
    if not value.isprintable():
        raise _usage("control characters in the name")
    shell.change(replace(shell.settings, hello_name=value))


def _set_color(shell: Shell, value: str) -> None:
    if value not in ("auto", "always", "never"):
        raise _usage("color is auto, always or never")
    shell.set_color(value)


_SETTINGS: dict[str, Callable[[Shell, str], None]] = {
    "timeout": _set_timeout,
    "ehlo": _set_hello_name,
    "color": _set_color,
}

# ---------------------------------------------------------------------------------- looking back


def _state(shell: Shell, argument: str) -> None:
    session = _session(shell)
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
    facts = _session(shell).connection.facts
    pop3 = facts.protocol is Protocol.POP3
    if facts.offers is None:
        verb = {Protocol.SMTP: "EHLO", Protocol.LMTP: "LHLO", Protocol.POP3: "CAPA"}
        raise _usage(f"nobody has asked the server yet: send {verb[facts.protocol]}")
    known = CAPABILITIES if pop3 else EXTENSIONS
    rows = []
    for keyword, arguments in facts.offers.items():
        offer = known.get(keyword)
        octets = f"{keyword} {arguments}".strip().encode("latin-1", "replace")
        rows.append((octets, offer.summary if offer else ""))
    shell.table(("offered", "what it is"), rows)


def _last(shell: Shell, argument: str) -> None:
    if argument and not re.fullmatch("[1-9][0-9]{0,3}", argument):
        raise _form("last")
    session, back = _session(shell), int(argument or 1)
    greeting = session.connection.facts.greeting
    if not session.exchanges and greeting is not None and back == 1:
        shell.write(f"S: {safe(greeting)}\n")
        return
    if len(session.exchanges) < back:
        raise _usage(f"{len(session.exchanges)} exchanges are remembered")
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


def _save(shell: Shell, argument: str) -> None:
    if not argument:
        raise _form("save")
    _session(shell)
    shell.save(Path(argument).expanduser())


def _note(shell: Shell, argument: str) -> None:
    if not argument:
        raise _form("note")
    _session(shell)
    shell.note(argument)


def _step(shell: Shell, argument: str) -> None:
    if not argument:
        raise _form("step")
    _session(shell)
    shell.step(argument)


def _expect(shell: Shell, argument: str) -> None:
    if not argument:
        raise _form("expect")
    if _session(shell).connection.reading_body:
        raise _usage("the last reply has not ended: demand something when it has")
    shell.expect(argument)


# ------------------------------------------------------------------------------------- explaining


def _help(shell: Shell, argument: str) -> None:
    word = argument.split()[0] if argument else ""
    if not word:
        _overview(shell)
        return
    if word.startswith("/"):
        row = COMMANDS.get(word[1:].lower())
        if row is None:
            raise _usage(f"there is no local command {safe(word)}")
        shell.write(f"{row.syntax}\n  {row.summary}\n")
        return
    if text := _explain_code(word.upper()):
        shell.write(text)
        return
    rows = (catalogue.find(word.upper()) for catalogue in _catalogues(shell))
    known = next((row for row in rows if row is not None), None)
    if known is None:
        raise _usage(f"nothing is known about {safe(word)}: write a verb, a code or a /command")
    shell.explain(known)


def _overview(shell: Shell) -> None:
    shell.write(
        "What you type goes to the server, byte for byte. A line that begins with / is for "
        "mailprobe;\n//x sends /x. Ctrl-] opens one local command anywhere.\n"
    )
    shell.table(
        ("local command", "what it does"),
        [(Own(row.syntax), row.summary) for row in COMMANDS.values()],
    )


def _catalogues(shell: Shell) -> list[Catalogue]:
    """The catalogue that is spoken; without a connection, all of them."""
    if shell.session is not None:
        return [shell.session.connection.catalogue]
    from mailprobe.protocol.pop3 import POP3
    from mailprobe.protocol.smtp import LMTP, SMTP

    return [SMTP, POP3, LMTP]


def _explain_code(code: str) -> str:
    meaning = (
        REPLY_CODES.get(code)
        or RESPONSE_CODES.get(code.strip("[]"))
        or enhanced.enhanced_meaning(code)
    )
    return f"{code}: {meaning}\n" if meaning else ""


def _mx(shell: Shell, argument: str) -> None:
    if not argument:
        raise _form("mx")
    from mailprobe import lookup

    limit = min(lookup.LIMIT, shell.settings.timeout)
    answer = lookup.next_hop(argument, server=shell.name_server, limit=limit)
    if answer.hosts:
        shell.table(
            ("preference", "host", "addresses"),
            [
                (str(host.preference), host.name, ", ".join(host.addresses) or host.trouble)
                for host in answer.hosts
            ],
        )
    shell.write(f"{answer.sentence}\n")


# ------------------------------------------------------------------------------- sending by design


_ESCAPE = re.compile(r'\\(?:([rnt0e\\"])|x([0-9A-Fa-f]{2})|(.?))', re.DOTALL)
_ESCAPED = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "e": b"\x1b", "\\": b"\\", '"': b'"'}


def unescape(text: str) -> bytes:
    """The octets that `text` writes, with or without quotation marks around it.

    Raises Failure `usage` for an escape that is none of `\\r \\n \\t \\0 \\e \\xHH \\\\ \\"`.
    """
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    octets, end = b"", 0
    for match in _ESCAPE.finditer(text):
        octets += text[end : match.start()].encode("utf-8", "surrogateescape")
        end = match.end()
        if match[3] is not None:
            raise _usage(rf"unknown escape {safe(match[0])}: known are \r \n \t \0 \e \xHH \\ \"")
        octets += _ESCAPED[match[1]] if match[1] else bytes.fromhex(match[2])
    return octets + text[end:].encode("utf-8", "surrogateescape")


def _raw(shell: Shell, argument: str) -> None:
    _session(shell)
    if not argument:
        raise _form("raw")
    shell.send(Raw(unescape(argument)))


def _auth(shell: Shell, argument: str) -> None:
    words = argument.split()
    if len(words) != 2:
        raise _form("auth")
    login.authenticate(shell, *words)


def _apop(shell: Shell, argument: str) -> None:
    if len(argument.split()) != 1 or not argument.isprintable():
        raise _form("apop")
    login.apop(shell, argument)


COMMANDS: dict[str, LocalCommand] = {
    row.name: row
    for row in (
        LocalCommand("connect", "/connect [PROTOCOL] TARGET", "open a connection", _connect),
        LocalCommand("close", "/close", "end the connection politely, without QUIT", _close),
        LocalCommand("drop", "/drop", "end the connection at once", _drop),
        LocalCommand("state", "/state", "show where the session stands", _state),
        LocalCommand("caps", "/caps", "show what the server offers", _caps),
        LocalCommand(
            "help", "/help [VERB|CODE|/COMMAND]", "explain a command, a code, or these", _help
        ),
        LocalCommand("last", "/last [N]", "show the last exchange again, or the Nth back", _last),
        LocalCommand(
            "raw", r'/raw "TEXT\r\n"', "send exactly these octets, C escapes undone", _raw
        ),
        LocalCommand("auth", "/auth MECH USER", "log in by a SASL mechanism", _auth),
        LocalCommand("apop", "/apop USER", "log in by APOP", _apop),
        LocalCommand("mx", "/mx DOMAIN", "show who takes the mail of a domain", _mx),
        LocalCommand("save", "/save FILE", "record this connection from its beginning", _save),
        LocalCommand("note", "/note TEXT", "write a note into the recording", _note),
        LocalCommand("step", "/step TITLE", "begin a step of the recording", _step),
        LocalCommand(
            "expect",
            "/expect CLASS|+ TEXT|- TEXT",
            "demand a class of the next reply, or a line (no line) of the last one",
            _expect,
        ),
        LocalCommand("set", "/set [NAME VALUE]", "change a setting, or show them", _set),
        LocalCommand("quit", "/quit", "leave, with a QUIT to the server", _quit),
    )
}
NAMES: tuple[tuple[str, str], ...] = tuple(
    (f"/{row.name}", row.summary) for row in COMMANDS.values()
)
