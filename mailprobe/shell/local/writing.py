"""Local commands that write: mail data, chunks, groups of lines, and how octets leave."""

import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mailprobe.files import SourceFile
from mailprobe.messages import dispatch
from mailprobe.messages.maildata import measure
from mailprobe.protocol.items import Phase
from mailprobe.protocol.model import State
from mailprobe.safe import safe
from mailprobe.session import Session
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import Argument, LocalCommand, Malformed, session_of, tell, usage
from mailprobe.shell.typing.quoting import unquoted
from mailprobe.shell.writing import delivering, groups, switches

_SHOWN = 20  # lines of a message that are shown before it is sent


def words_of(argument: str) -> list[str]:
    """The words behind the name of a command; blanks in one are quoted."""
    words, opened = unquoted(argument)
    if opened:
        raise Malformed
    return words


def path_of(word: str) -> Path:
    return Path(word).expanduser()


# ---------------------------------------------------------------------------------- mail data


def _body(shell: Shell, argument: str) -> None:
    words = words_of(argument)
    if len(words) != 1:
        raise Malformed
    if words[0] == "-e":
        _edit_body(shell, delivering.session_for_data(shell))
        return
    with SourceFile(path_of(words[0])) as source:  # what is wrong with it is told first
        session = delivering.session_for_data(shell)
        delivering.send_body(shell, session, source.blocks(), words[0])


def _edit_body(shell: Shell, session: Session) -> None:
    """A message of an editor, shown and asked about before it goes."""
    kept = shell.switches
    text = kept.draft or _template(shell, session)
    while True:
        text = kept.draft = shell.edit(text)
        _show_text(shell, text)
        match shell.ask("Send it? [y]es, [e]dit again, [n]o: ").strip().lower()[:1]:
            case "y":
                break
            case "e":
                continue
            case _:
                # among mail data a slash is sent like any other character
                data = session.connection.phase is Phase.DATA
                how = "Ctrl-] body -e" if data else "/body -e"
                tell(shell, f"nothing of the text was sent; {how} goes on with it")
                return
    delivering.send_body(shell, session, [text], "the text")
    kept.draft = b""


def _template(shell: Shell, session: Session) -> bytes:
    """Headers from the envelope; nothing where lines of the mail data have gone out already."""
    if shell.lines_sent:
        return b""
    facts = session.connection.facts
    sender, *recipients = [
        octets.decode("utf-8", "surrogateescape")
        for octets in (facts.reverse_path or b"", *facts.recipients)
    ]
    from mailprobe.messages.message import template  # where somebody writes a mail

    return template(sender, recipients, datetime.now().astimezone(), secrets.token_hex(8))


def _show_text(shell: Shell, text: bytes) -> None:
    lines = text.replace(b"\r\n", b"\n").split(b"\n")
    for line in lines[:_SHOWN]:
        shell.write(f"  {safe(line)}\n")
    if (more := len(lines) - _SHOWN) > 0:
        shell.write(f"  ... {more} more line{'' if more == 1 else 's'}\n")
    tell(shell, f"{len(text)} octets")


# ------------------------------------------------------------------------------------- chunks


def _bdat(shell: Shell, argument: str) -> None:
    words = words_of(argument)
    pipelined = "--pipelined" in words
    words = [word for word in words if word != "--pipelined"]
    sizes = "LAST"
    if len(words) == 3 and words[1] == "--chunks":
        sizes = words.pop()
        words.pop()
    if len(words) != 1 or words[0].startswith("-"):
        raise Malformed
    with SourceFile(path_of(words[0])) as source:
        session = delivering.open_session(shell)
        _refuse_chunks(session)
        chunks = dispatch.plan(sizes, source.size)
        if not session.connection.facts.binary and measure(source.blocks()).bare:
            tell(shell, "it has bare CR or LF, which wants BODY=BINARYMIME (RFC 3030, section 3)")
        before = session.last
        delivering.send_chunks(shell, source, chunks, pipelined=pipelined)
        if pipelined:
            groups.show_pairs(shell, session, before)


def _refuse_chunks(session: Session) -> None:
    """Where the server does not know BDAT, it would run the octets as commands."""
    offers = session.connection.facts.offers
    if offers is not None and "CHUNKING" not in offers:
        raise usage("no CHUNKING is offered, and the octets would be run as commands: /body FILE")
    at = session.state in (State.RCPT, State.BDAT)
    if not at or session.connection.phase is not Phase.COMMAND:
        raise usage("BDAT comes behind MAIL and an accepted RCPT: send those first")


# ------------------------------------------------------------------------------------- groups


def _pipeline(shell: Shell, argument: str) -> None:
    session = session_of(shell)
    group = shell.switches.group
    word = argument.lower()
    if word not in ("", "go", "show", "drop"):
        raise Malformed
    if group is None and word:
        raise usage("nothing is being collected: /pipeline begins")
    match word:
        case "go":
            groups.go(shell, delivering_session(shell))
        case "drop":
            shell.switches.group = None
            lines = "1 line" if len(group or ()) == 1 else f"{len(group or ())} lines"
            tell(shell, f"{lines} forgotten, nothing was sent")
        case "" if group is None:
            groups.begin(shell, delivering_session(shell))
        case _:
            groups.show(shell, session)


def delivering_session(shell: Shell) -> Session:
    """The session, if it is alive.  Raises Failure `usage`."""
    session = session_of(shell)
    if session.closed:
        raise usage("the connection is closed: /connect opens another one")
    return session


# ----------------------------------------------------------------------------------- switches


def switch(shell: Shell, value: str, name: str) -> None:
    """Set one of the switches.  Raises Failure `usage`."""
    value = value.lower()
    match name:
        case "eol":
            switches.set_end(shell.switches, value)
        case "stuffing":
            switches.set_stuffing(shell.switches, value)
        case "drip":
            shell.change(switches.dripping(shell.settings, value))
        case _:
            shell.change(switches.splitting(shell.settings, value))


def _switch(name: str) -> Callable[[Shell, str], None]:
    def run(shell: Shell, argument: str) -> None:
        if argument:
            switch(shell, argument, name)
        values = dict(switches.switch_values(shell.switches, shell.settings))
        tell(shell, f"{name} is {values[name]}")

    return run


ROWS = (
    LocalCommand(
        "body",
        "/body FILE|-e",
        "send a file, or a text of your editor, as mail data",
        _body,
        Argument.FILE,
    ),
    LocalCommand(
        "bdat",
        "/bdat FILE [--chunks 100,1,0,LAST] [--pipelined]",
        "send a file in chunks",
        _bdat,
        Argument.FILE,
    ),
    LocalCommand(
        "pipeline",
        "/pipeline [go|show|drop]",
        "collect lines, and send them as one write",
        _pipeline,
        Argument.WORD,
    ),
    LocalCommand(
        "eol", "/eol [crlf|lf|cr|none]", "what ends a typed line", _switch("eol"), Argument.WORD
    ),
    LocalCommand(
        "stuffing",
        "/stuffing [on|off]",
        "whether a dot that begins a line of mail data is doubled",
        _switch("stuffing"),
        Argument.WORD,
    ),
    LocalCommand(
        "drip", "/drip [N|Nms|off]", "one octet each N ms", _switch("drip"), Argument.WORD
    ),
    LocalCommand(
        "split", "/split [N|off]", "writes of N octets each", _switch("split"), Argument.WORD
    ),
)
