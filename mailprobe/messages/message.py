"""Messages composed from a few words: headers, a text, attachments (RFC 5322, RFC 2045).

What comes out is 7-bit and has CRLF line ends.  It reads no file, no clock and no random number.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from mailprobe.errors import Failure, Word
from mailprobe.patterns import pattern
from mailprobe.safe import safe
from mailprobe.value import frozen

TYPE_CHECKING = False  # email takes 30 ms to load, and few runs compose anything
if TYPE_CHECKING:
    from email.message import EmailMessage

_FIELD_NAME = pattern(r"[!-9;-~]+")  # RFC 5322, section 3.6.8
_ANGLE = re.compile(r"<([^<>]*)>\s*\Z")
_DOMAIN = pattern(r"[A-Za-z0-9.-]+")
_OF_THE_PARTS = frozenset({"content-type", "content-transfer-encoding"})
_ADDRESSES = frozenset({"from", "to", "cc", "sender", "reply-to"})


@frozen
class Attachment:
    name: str  # of the file, without its folder
    octets: bytes


@frozen
class Letter:
    """What a person says of a message.  Addresses as he writes them: `a@b`, `Name <a@b>`."""

    sender: str
    recipients: Sequence[str]
    subject: str = ""
    headers: Sequence[tuple[str, str]] = ()
    text: str | None = ""  # None: there is HTML alone
    charset: str = "utf-8"
    attachments: Sequence[Attachment] = ()
    copies: Sequence[str] = ()
    html: str | None = None


def address_of(text: str) -> str:
    """The address of `Name <address>` or of a bare address, as it stands in a path.

    Raises Failure `usage` for what would break the command that it stands in.
    """
    match = _ANGLE.search(text)
    address = match[1].strip() if match else text.strip()
    blank = not address.startswith('"') and any(map(str.isspace, address))
    if blank or not address.isprintable() or "<" in address or ">" in address:
        raise _usage(f"expected an address such as a@example.org, not '{safe(text)}'")
    return address


def header_of(text: str) -> tuple[str, str]:
    """Name and value of `Name: value`.  Raises Failure `usage`."""
    name, colon, value = text.partition(":")
    if not colon or not _FIELD_NAME.fullmatch(name) or not value.isprintable():
        raise _usage(f"expected a header such as 'X-Test: yes', not '{safe(text)}'")
    return name, value.strip()


def template(sender: str, recipients: Sequence[str], now: datetime, identity: str) -> bytes:
    """The beginning of a message, for somebody who goes on with it in an editor: LF ends."""
    from email.utils import format_datetime

    lines = [
        f"From: {sender}",
        f"To: {', '.join(recipients)}",
        "Subject: ",
        f"Date: {format_datetime(now)}",
        f"Message-ID: {message_id(sender, identity)}",
        "",
        "",
    ]
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def message_id(sender: str, identity: str) -> str:
    """A Message-ID of `identity`, which is nobody else's, in the sender's domain."""
    domain = address_of(sender).rpartition("@")[2]
    return f"<{identity}@{domain if _DOMAIN.fullmatch(domain) else 'localhost'}>"


def compose(letter: Letter, now: datetime, identity: str, *, utf8: bool = False) -> bytes:
    """The message as octets.  `utf8` allows UTF-8 in headers (RFC 6532): addresses may need it.

    Raises Failure `usage` for headers that cannot be, and text that the charset lacks.
    """
    from email import policy
    from email.message import EmailMessage

    style = policy.SMTPUTF8 if utf8 else policy.SMTP
    # cte_type: whatever the server offers, the text is quoted-printable or base64
    message = EmailMessage(style.clone(cte_type="7bit"))
    try:
        _write_headers(message, letter, now, identity, utf8=utf8)
        _write_text(message, letter)
        for attachment in letter.attachments:
            _attach(message, attachment)
        content = [one for one in letter.headers if _is_content(one[0])]
        _write_fields(message, content, letter, utf8=utf8)
        parts = (part for part in message.walk() if part.is_multipart())
        for number, part in enumerate(parts):
            part.set_boundary(f"={number or ''}_{identity}")  # none begins as another does
        return message.as_bytes()
    except UnicodeEncodeError:
        raise _usage(
            f"the text has characters that {safe(letter.charset)} lacks: leave --charset out"
        ) from None
    except (ValueError, LookupError, AttributeError) as error:  # what email makes of nonsense
        raise _usage(f"no message can be made of that: {safe(str(error))}") from None


def _write_headers(
    message: "EmailMessage", letter: Letter, now: datetime, identity: str, *, utf8: bool
) -> None:
    from email.utils import format_datetime

    given = {name.lower() for name, _ in letter.headers}
    ours = {
        "From": letter.sender if address_of(letter.sender) else "MAILER-DAEMON@localhost",
        "To": ", ".join(letter.recipients),
        "Subject": letter.subject,
        "Date": format_datetime(now),
        "Message-ID": message_id(letter.sender, identity),
    }
    if letter.copies:
        ours["Cc"] = ", ".join(letter.copies)
    fields = [(name, value) for name, value in ours.items() if name.lower() not in given]
    fields += [one for one in letter.headers if not _is_content(one[0])]
    _write_fields(message, fields, letter, utf8=utf8)


def _is_content(name: str) -> bool:
    """Whether the text, when it is written, takes a field of that name away, or along."""
    return name.lower().startswith("content-")


def _write_fields(
    message: "EmailMessage",
    fields: Sequence[tuple[str, str]],
    letter: Letter,
    *,
    utf8: bool,
) -> None:
    charset = _charset(letter.charset)
    for name, value in fields:
        if name.lower() in _OF_THE_PARTS:
            raise _usage(
                f"{name} follows from what is inside (--charset, --html, --attach): "
                "a FILE may have any"
            )
        in_utf8 = charset.lower() == "utf-8" or utf8
        if in_utf8 or value.isascii() or not (written := _encoded(name, value, charset)):
            message[name] = value
        else:
            message.set_raw(name, written)


def _encoded(name: str, value: str, charset: str) -> str:
    """A field in another charset than UTF-8, folded; of addresses, their names (RFC 2047).

    "" where it cannot be written in that.
    """
    from email.charset import Charset
    from email.header import Header
    from email.utils import formataddr, getaddresses

    try:
        if name.lower() not in _ADDRESSES:
            return Header(value, charset, header_name=name).encode()
        people = [formataddr(one, Charset(charset)) for one in getaddresses([value])]
    except UnicodeEncodeError:
        return ""
    return ",\n ".join(people) if all(people) else ""


def _write_text(message: "EmailMessage", letter: Letter) -> None:
    """The text, the same in HTML, or both (RFC 2046, section 5.1.4)."""
    charset = _charset(letter.charset)
    if letter.text is not None:
        message.set_content(letter.text, charset=charset)
        if letter.html is not None:
            message.add_alternative(letter.html, subtype="html", charset=charset)
    elif letter.html is not None:
        message.set_content(letter.html, subtype="html", charset=charset)


def _charset(name: str) -> str:
    """The name by which mail knows a charset.  Raises Failure `usage`."""
    from email.charset import Charset

    known = Charset(name).input_charset or name
    try:
        if "\r\n".encode(known) == b"\r\n":  # RFC 2045, section 6.7: line ends are octets
            return known
    except LookupError:
        pass
    raise _usage(f"{safe(name)} is no charset for mail: utf-8 and iso-8859-1 are two")


def _attach(message: "EmailMessage", attachment: Attachment) -> None:
    import mimetypes

    kind, encoding = mimetypes.guess_type(attachment.name)
    main, _, sub = (kind or "").partition("/")
    # RFC 2046, section 5: those two may not be in base64, and octets stay what they are
    if not kind or encoding or main in ("message", "multipart"):
        main, sub = "application", "octet-stream"
    message.add_attachment(attachment.octets, main, sub, filename=attachment.name)


def _usage(sentence: str) -> Failure:
    return Failure(Word.USAGE, sentence)
