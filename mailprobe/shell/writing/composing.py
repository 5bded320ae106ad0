"""/send: from a few words to a message in its mail transaction.

It sees the shell through `Shell` alone; what is not said is asked for.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from mailprobe.errors import Failure, Word
from mailprobe.files import SourceFile
from mailprobe.message import Attachment, Letter, address_of, compose, header_of
from mailprobe.protocol.model import Command
from mailprobe.safe import safe
from mailprobe.session import Session
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import tell
from mailprobe.shell.writing import delivering
from mailprobe.value import field, mutable

_LARGEST = 64 * 1024 * 1024  # octets of an attachment; a composed message is in memory


@mutable
class Order:
    """What was asked for; None was not said."""

    sender: str | None = None
    recipients: list[str] = field(default_factory=list)
    subject: str | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    attachments: list[Path] = field(default_factory=list)
    charset: str = "utf-8"
    text: str | None = None
    file: Path | None = None


def read_order(words: Sequence[str]) -> Order | None:
    """The order that the words of /send write; None where they are not well formed.

    Raises Failure `usage` for an address or a header that cannot be.
    """
    order = Order()
    left = list(words)
    while left:
        word = left.pop(0)
        if not word.startswith("--"):
            if order.file is not None:
                return None
            order.file = Path(word).expanduser()
            continue
        name, equals, value = word.partition("=")
        if not equals:
            if not left:
                return None
            value = left.pop(0)
        if not _take_option(order, name, value):
            return None
    return order if order.file is None or _is_whole(order) else None


def _take_option(order: Order, name: str, value: str) -> bool:
    match name:
        case "--from":
            order.sender = value
        case "--to":
            order.recipients += _list(value)
        case "--subject":
            order.subject = value
        case "--header":
            order.headers.append(header_of(value))
        case "--attach":
            order.attachments.append(Path(value).expanduser())
        case "--charset":
            order.charset = value
        case "--body":
            order.text = value.replace("\\n", "\n")
        case _:
            return False
    return True


def _is_whole(order: Order) -> bool:
    """A file is a whole message: nothing is written into it."""
    return not (order.subject or order.headers or order.attachments or order.text)


def _list(text: str) -> list[str]:
    """Addresses with commas between, but for those inside quotation marks."""
    pieces, piece, inside = [], "", False
    for character in text:
        inside ^= character == '"'
        if character == "," and not inside:
            pieces.append(piece)
            piece = ""
        else:
            piece += character
    return [one.strip() for one in (*pieces, piece) if one.strip()]


def send(shell: Shell, order: Order) -> None:
    """Compose, or take the file, and send it.  Raises Failure."""
    session = delivering.session_for_mail(shell)
    _ask_missing(shell, order)
    sender = address_of(order.sender or "")
    recipients = [address_of(one) for one in order.recipients]
    if order.file is not None:
        with SourceFile(order.file) as source:
            if _say_hello(shell, session):
                delivering.deliver(shell, sender, recipients, source.blocks)
        return
    letter = _letter(order)
    if not _say_hello(shell, session):
        return
    utf8 = delivering.needs_utf8([sender, *recipients])
    if utf8 and "SMTPUTF8" not in (session.connection.facts.offers or {}):
        raise _usage("an address is not ASCII, and the server offers no SMTPUTF8 (RFC 6531)")
    now, identity = datetime.now().astimezone(), secrets.token_hex(8)
    octets = compose(letter, now, identity, utf8=utf8)
    delivering.deliver(shell, sender, recipients, lambda: iter([octets]))


def _ask_missing(shell: Shell, order: Order) -> None:
    if order.sender is None:
        order.sender = shell.ask("From: ").strip()
        if not order.sender:
            raise _usage("nothing was sent: --from says who sends it, <> is nobody")
    if not order.recipients:
        order.recipients = _list(shell.ask("To: "))
        if not order.recipients:
            raise _usage("nothing was sent: --to says who shall have it")
    if order.text is None and order.file is None and not order.attachments:
        if order.subject is None:
            order.subject = shell.ask("Subject: ").strip()
        order.text = shell.ask("Text: ")


def _letter(order: Order) -> Letter:
    attachments = []
    for path in order.attachments:
        with SourceFile(path) as source:
            if source.size > _LARGEST:
                raise _usage(f"{safe(str(path))} is too large to attach: /send FILE takes any size")
            attachments.append(Attachment(path.name, b"".join(source.blocks())))
    return Letter(
        order.sender or "",
        order.recipients,
        order.subject or "",
        order.headers,
        order.text or "",
        order.charset,
        attachments,
    )


def _say_hello(shell: Shell, session: Session) -> bool:
    """EHLO or LHLO, where nobody has said it; whether mail may be sent now."""
    if session.connection.facts.offers is not None:
        return True
    line = session.hello_line()
    reply = delivering.say(shell, session, line)
    if reply is None or not reply.positive:
        verb = safe(Command(line).verb)
        tell(shell, f"nothing was sent: {verb} comes first, and was not accepted")
        return False
    return True


def _usage(sentence: str) -> Failure:
    return Failure(Word.USAGE, sentence)
