"""A message and its attachments, from what somebody says of them: for `mailprobe send` and /send.

It reads the files that were named, the clock and random numbers; `message` does the composing.
What may be said is a table, which both of them read.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mailprobe.errors import Failure, Word
from mailprobe.files import SourceFile
from mailprobe.messages.dispatch import Style
from mailprobe.messages.envelope import (
    WISHES,
    Envelope,
    Parameters,
    Wish,
    free_word,
    printable,
    word_of,
)
from mailprobe.messages.message import Attachment, Letter, address_of, compose, header_of
from mailprobe.patterns import pattern
from mailprobe.safe import safe
from mailprobe.value import field, frozen, mutable

LARGEST = 64 * 1024 * 1024  # octets of a text or an attachment; a composed message is in memory
_CHUNK = pattern(r"([1-9][0-9]{0,11})([KkMm]?)")
_OCTETS = {"": 1, "K": 1024, "M": 1024**2}


@mutable
class Order:
    """What was asked for; None was not said."""

    sender: str | None = None
    recipients: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    subject: str | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    attachments: list[str] = field(default_factory=list)
    charset: str = "utf-8"
    text: str | None = None
    text_file: str | None = None
    html_file: str | None = None
    files: list[str] = field(default_factory=list)
    mail: list[str] = field(default_factory=list)  # parameters, as they travel
    rcpt: list[str] = field(default_factory=list)
    original: str | None = None
    chunk: int | None = None
    binary: bool = False
    pipelining: bool = False
    anyway: bool = False
    dry: bool = False

    @property
    def composes(self) -> bool:
        """Whether anything is said of what a message shall hold; a file is a whole one."""
        inside = (self.subject, self.text, self.text_file, self.html_file)
        lists = (self.headers, self.attachments, self.copies, self.hidden)
        return any(one is not None for one in inside) or any(lists)

    @property
    def says_text(self) -> bool:
        """Whether there is anything below the header."""
        named = (self.text, self.text_file, self.html_file)
        return any(one is not None for one in named) or bool(self.attachments)

    def envelope(self) -> Envelope:
        """Raises Failure `usage` for an address that cannot be."""
        everybody = [*self.recipients, *self.copies, *self.hidden]
        parameters = Parameters(self.mail, self.rcpt, self.original, self.binary, self.anyway)
        recipients = list(dict.fromkeys(map(address_of, everybody)))
        return Envelope(address_of(self.sender or ""), recipients, parameters)

    def style(self) -> Style:
        """How it shall travel."""
        chunk = 0 if self.binary and self.chunk is None else self.chunk
        return Style(pipelining=self.pipelining, chunk=chunk, dry=self.dry)


@frozen
class Choice:
    """An option; `take` writes its value into the order, and raises Failure `usage`."""

    option: str
    metavar: str  # "" takes no value; in brackets: it may be left out
    help: str
    take: Callable[[Order, str], None]


def _wish(wish: Wish) -> Choice:
    def take(order: Order, value: str) -> None:
        words = order.mail if wish.command == "MAIL" else order.rcpt
        words.append(word_of(wish, value))

    return Choice(wish.option, wish.metavar, wish.help, take)


def _set(name: str) -> Callable[[Order, str], None]:
    return lambda order, value: setattr(order, name, value)


def _switch(name: str) -> Callable[[Order, str], None]:
    return lambda order, value: setattr(order, name, True)


def _list(name: str) -> Callable[[Order, str], None]:
    def take(order: Order, value: str) -> None:
        getattr(order, name).extend(addresses_in(value))

    return take


def addresses_in(text: str) -> list[str]:
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


def _take_chunk(order: Order, value: str) -> None:
    match = _CHUNK.fullmatch(value)
    if value and not match:
        raise _usage(f"--chunking: expected octets of a chunk such as 64K, not '{safe(value)}'")
    order.chunk = int(match[1]) * _OCTETS[match[2].upper()] if match else 0


def _take_original(order: Order, value: str) -> None:
    try:
        printable(value)
    except Failure as failure:
        raise _usage(f"--orcpt: {failure.sentence}") from None
    order.original = value


def _free(option: str, name: str) -> Choice:
    def take(order: Order, value: str) -> None:
        words: list[str] = getattr(order, name)
        words.append(free_word(option, value))

    verb = "MAIL" if name == "mail" else "RCPT"
    return Choice(option, "K[=V]", f"any other parameter of {verb}, as it shall travel", take)


CHOICES: tuple[Choice, ...] = (
    Choice("--from", "A", "who sends it: the reverse-path; <> is nobody", _set("sender")),
    Choice("--to", "A", "who shall have it; several with commas", _list("recipients")),
    Choice("--cc", "A", "who has a copy of it", _list("copies")),
    Choice("--bcc", "A", "who has one that nobody hears of", _list("hidden")),
    Choice("--subject", "S", "what it is about", _set("subject")),
    Choice(
        "--header",
        "'N: V'",
        "one field more, or in the place of ours",
        lambda order, value: order.headers.append(header_of(value)),
    ),
    Choice(
        "--body",
        "TEXT",
        r"its text; \n is a new line",
        lambda order, value: setattr(order, "text", value.replace("\\n", "\n")),
    ),
    Choice("--text", "FILE", "its text is in FILE", _set("text_file")),
    Choice("--html", "FILE", "the same in HTML", _set("html_file")),
    Choice(
        "--attach",
        "FILE",
        "a file that goes with it",
        lambda order, value: order.attachments.append(value),
    ),
    Choice("--charset", "C", "of text and header (utf-8)", _set("charset")),
    *map(_wish, WISHES),
    Choice(
        "--orcpt", "A|each", "as the recipient was first written; each: as it is", _take_original
    ),
    _free("--mail-parameter", "mail"),
    _free("--rcpt-parameter", "rcpt"),
    Choice("--chunking", "[SIZE]", "by BDAT, in chunks of SIZE, in the place of DATA", _take_chunk),
    Choice("--binary", "", "octets as they are: BINARYMIME, by BDAT", _switch("binary")),
    Choice("--anyway", "", "what cannot go well is sent all the same", _switch("anyway")),
    Choice("--dry-run", "", "no mail data: RSET behind the last RCPT", _switch("dry")),
)


# ---------------------------------------------------------------------------------- its octets

Read = Callable[[str], bytes]  # all octets of a file


def read_file(name: str) -> bytes:
    """All of a regular file that is not too large to be attached.  Raises Failure `usage`."""
    path = Path(name).expanduser()
    with SourceFile(path) as source:
        if source.size > LARGEST:
            raise _usage(f"{safe(str(path))} is too large to attach: /send FILE takes any size")
        return b"".join(source.blocks())


def letter_of(order: Order, read: Read = read_file) -> Letter:
    """What the order says of a message, its files read.  Raises Failure `usage`."""
    text = order.text
    if order.text_file is not None:
        text = _text_of(order.text_file, read)
    html = _text_of(order.html_file, read) if order.html_file is not None else None
    return Letter(
        order.sender or "",
        order.recipients,
        order.subject or "",
        order.headers,
        text if text is not None or html is not None else "",
        order.charset,
        [Attachment(Path(name).name, read(name)) for name in order.attachments],
        order.copies,
        html,
    )


def _text_of(name: str, read: Read) -> str:
    try:
        return read(name).decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise _usage(f"{safe(name)} is no text in UTF-8: --attach takes any file") from None


def octets_of(letter: Letter, *, utf8: bool) -> bytes:
    """The message, with the time that it is now and a name that nobody else has.

    `utf8` allows UTF-8 in the header, which addresses may need.  Raises Failure `usage`.
    """
    return compose(letter, datetime.now().astimezone(), secrets.token_hex(8), utf8=utf8)


def _usage(sentence: str) -> Failure:
    return Failure(Word.USAGE, sentence)
