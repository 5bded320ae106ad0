"""Local commands that read what was fetched: in the pager, as MIME, as octets, into a file."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from mailprobe.files import PrivateFile
from mailprobe.render.body import BodyText
from mailprobe.render.folded import LISTING, listing_rows, listing_text
from mailprobe.render.raw import raw_text
from mailprobe.render.rows import beginning, fits, wrapped
from mailprobe.render.tables import Own
from mailprobe.render.widths import size_text
from mailprobe.safe import safe
from mailprobe.session import Exchange
from mailprobe.shell.interface import Shell
from mailprobe.shell.local.table import Argument, LocalCommand, Malformed, session_of, tell, usage
from mailprobe.shell.reading.fetched import (
    answer_in,
    beginning_of,
    blocks_of,
    message_in,
    numbers_in,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.render.mime.fields import Field
    from mailprobe.render.mime.tree import Part

_HEADER = 256 * 1024  # octets
_MESSAGE = 64 * 1024 * 1024  # octets that are taken apart
_MAIN = ("from", "to", "cc", "subject", "date")
_LINE = 64 * 1024  # characters of a line that are held until it ends
_TAB = 8  # columns
_TOLD = 100  # defects


def _numbers(argument: str, most: int = 1) -> list[int | None]:
    """So many numbers, None for those that were not given."""
    try:
        found = numbers_in(argument, most)
    except ValueError:
        raise Malformed from None
    return [*found, *[None] * (most - len(found))]


# ---------------------------------------------------------------------------------- as they came


def _page(shell: Shell, argument: str) -> None:
    words = argument.split()
    as_it_came = "-r" in words
    if as_it_came:
        words.remove("-r")
    (number,) = _numbers(" ".join(words))
    exchange = answer_in(session_of(shell), number)
    shell.page(_octets_shown(exchange) if as_it_came else _text_shown(shell, exchange))


def _octets_shown(exchange: Exchange) -> Iterator[str]:
    blocks: Iterable[bytes] = (reply.wire for reply in exchange.replies)
    if exchange.body is not None:
        blocks = blocks_of(exchange.body)
    for octets in blocks:
        yield octets.decode("utf-8", "surrogateescape")


def _text_shown(shell: Shell, exchange: Exchange) -> Iterator[str]:
    if exchange.body is None:
        for reply in exchange.replies:
            yield "".join(f"{safe(line)}\n" for line in reply.lines)
        return
    verb = exchange.command.verb
    if verb in LISTING:
        lines = b"".join(blocks_of(exchange.body)).removesuffix(b"\n").split(b"\n")
        facts = session_of(shell).connection.facts
        if (rows := listing_rows(verb, lines, facts.messages)) is not None:
            yield listing_text(rows)
            return
    text = BodyText("")
    for octets in blocks_of(exchange.body):
        yield text.feed(octets)
    yield text.finish()


def _raw_view(shell: Shell, argument: str) -> None:
    (number,) = _numbers(argument)
    exchange = answer_in(session_of(shell), number)
    blocks: Iterable[bytes] = (reply.wire for reply in exchange.replies)
    if exchange.body is not None:
        blocks = blocks_of(exchange.body)
    _show(shell, (raw_text(octets) for octets in blocks))


def _show(shell: Shell, pieces: Iterable[str]) -> None:
    """Write a text that fits the screen, and page a longer one."""
    rest = iter(pieces)
    head, whole = fits(rest, shell.fold, shell.columns)
    if not whole:
        shell.page(_all(head, rest))
        return
    shell.write(head if head.endswith("\n") else f"{head}\n")


def _all(head: str, rest: Iterator[str]) -> Iterator[str]:
    yield head
    yield from rest


# ----------------------------------------------------------------------------------- as messages


def _headers(shell: Shell, argument: str) -> None:
    from mailprobe.render.mime.tree import read_header

    (number,) = _numbers(argument)
    exchange = message_in(session_of(shell), number)
    assert exchange.body is not None  # message_in() gives no other
    fields, notes = read_header(beginning_of(exchange.body, _HEADER)[0])
    _show(shell, _field_lines(shell, fields))
    _tell(shell, notes)


def _field_lines(shell: Shell, fields: "Iterable[Field]") -> Iterator[str]:
    for field in fields:
        yield f"{shell.paint('title', safe(field.name) + ':')} {safe(field.text)}\n"


def _mime(shell: Shell, argument: str) -> None:
    number, wanted = _numbers(argument, 2)
    exchange = message_in(session_of(shell), number)
    octets, parts = _parts_of(exchange)
    if wanted is not None:
        _show_part(shell, octets, _part(parts, wanted))
        return
    _show_tree(shell, parts)
    first = next(
        (part for part in parts if part.kind == "text/plain" and not part.attachment), None
    )
    if first is None:
        first = next((part for part in parts if part.is_text and not part.attachment), None)
    if first is not None and first.size:
        _show_beginning(shell, octets, first, exchange)


def _parts_of(exchange: Exchange) -> "tuple[bytes, tuple[Part, ...]]":
    from mailprobe.render.mime.tree import read_message

    assert exchange.body is not None  # message_in() gives no other
    octets, size = beginning_of(exchange.body, _MESSAGE)
    if size > len(octets):
        raise usage(f"{size_text(size)} are too many to take apart: /page, or /body-save FILE")
    return octets, read_message(octets)


def _part(parts: "tuple[Part, ...]", number: int) -> "Part":
    if number > len(parts):
        raise usage(f"there is no part {number}: /mime shows the parts, 1 to {len(parts)}")
    return parts[number - 1]


def _show_tree(shell: Shell, parts: "tuple[Part, ...]") -> None:
    fields = (field for field in parts[0].header if field.name.lower() in _MAIN)
    shell.write("".join(_field_lines(shell, fields)))
    shell.table(
        ("part", "type", "charset", "encoding", "size", "file name"),
        [
            (
                str(part.number),
                Own("  " * part.depth + safe(part.kind)),
                Own(safe(part.charset)),
                Own(safe(part.encoding)),
                size_text(part.size),
                Own(safe(part.file_name) + (" (attachment)" if part.attachment else "")),
            )
            for part in parts
        ],
    )
    several = len(parts) > 1
    _tell(
        shell,
        [
            f"part {part.number}: {note}" if several else note
            for part in parts
            for note in part.notes
        ],
    )


def _tell(shell: Shell, notes: Iterable[str]) -> None:
    lines = [f"note: {safe(note)}" for note in notes]
    if (more := len(lines) - _TOLD) > 0:
        lines[_TOLD:] = [f"note: and {more} more of that"]
    rows = (wrapped(line, shell.columns) for line in lines)
    shell.write("".join(f"{shell.paint('note', row)}\n" for row in rows))


def _show_beginning(shell: Shell, octets: bytes, part: "Part", exchange: Exchange) -> None:
    pieces, whole = _text_lines(octets, part), True
    if part.is_large:
        text, whole = fits(pieces, shell.fold, shell.columns)
    else:
        text = "".join(pieces)
    lines = text.removesuffix("\n").split("\n") if text else []
    shown, more = beginning(lines, shell.fold, shell.columns)
    if not whole:
        more = f"the rest of {size_text(part.size)}"
    text = "\n" + "".join(f"{line}\n" for line in shown)
    if more:
        words = exchange.command.argument.split()
        which = safe(words[0]) if words else ""
        text += shell.paint("time", f"... {more}: /mime {which} {part.number}") + "\n"
    shell.write(text)


def _show_part(shell: Shell, octets: bytes, part: "Part") -> None:
    if not part.is_text:
        name = f", {safe(part.file_name)}" if part.file_name else ""
        raise usage(
            f"part {part.number} is {safe(part.kind)}, {size_text(part.size)}{name}: "
            f"/body-save FILE {part.number} saves it"
        )
    _show(shell, _text_lines(octets, part))
    _tell(shell, part.notes)


def _text_lines(octets: bytes, part: "Part") -> Iterator[str]:
    """The decoded lines, fit to be shown; TAB as the blanks that it stands for.

    Of a large part a line that is longer than a piece comes in several.
    """
    from mailprobe.render.mime.tree import pieces_of, text_of

    if not part.is_large:
        text = text_of(octets, part).text.replace("\r\n", "\n")
        for line in text.removesuffix("\n").split("\n"):
            yield f"{safe(line.expandtabs(_TAB))}\n"
        return
    held, inside = "", False  # inside of a line that was begun already
    for piece in pieces_of(octets, part).texts(part.charset):
        text = held + piece
        held = "\r" if text.endswith("\r") else ""  # its LF may come
        *lines, last = text[: len(text) - len(held)].replace("\r\n", "\n").split("\n")
        for line in lines:
            yield f"{safe(line.expandtabs(_TAB))}\n"
        inside = inside and not lines
        if len(last) < _LINE:
            held = last + held
        else:
            inside = True
            yield safe(last.expandtabs(_TAB))
    if held or inside:
        yield f"{safe(held.expandtabs(_TAB))}\n"


# -------------------------------------------------------------------------------- somewhere else


def _body_save(shell: Shell, argument: str) -> None:
    words = _split(argument)
    part, number = _numbers(" ".join(words[1:]), 2)
    session = session_of(shell)
    if part is None:
        exchange = answer_in(session, number)
        if exchange.body is None:
            raise usage("that answer has no body: send RETR N first")
        blocks = blocks_of(exchange.body)
    else:
        from mailprobe.render.mime.tree import content

        octets, parts = _parts_of(message_in(session, number))
        blocks = iter([content(octets, _part(parts, part))])
    path = Path(words[0]).expanduser()
    file = PrivateFile(path)
    try:
        for octets in blocks:
            file.append(octets)
    except BaseException:
        file.remove()
        raise
    finally:
        file.close(durable=False)
    tell(shell, f"{file.size:,} octets saved into {safe(str(path))}")


def _pipe(shell: Shell, argument: str) -> None:
    words = _split(argument)
    exchange = answer_in(session_of(shell), None)
    if exchange.body is None:
        raise usage("that answer has no body: send RETR N first")
    shell.filter(blocks_of(exchange.body), words)


def _split(argument: str) -> list[str]:
    import shlex  # few sessions need it

    try:
        words = shlex.split(argument)
    except ValueError as error:
        raise usage(f"the words cannot be told apart: {str(error).lower()}") from None
    if not words:
        raise Malformed
    return words


ROWS = (
    LocalCommand(
        "page",
        "/page [-r] [N]",
        "show a long answer, or message N, in the pager; -r as it came",
        _page,
        Argument.MESSAGE,
    ),
    LocalCommand(
        "headers",
        "/headers [N]",
        "show the decoded headers of a message that was read",
        _headers,
        Argument.MESSAGE,
    ),
    LocalCommand(
        "mime",
        "/mime [N [PART]]",
        "take a message apart: its parts, what is wrong with it, its text",
        _mime,
        Argument.MESSAGE,
    ),
    LocalCommand(
        "raw-view",
        "/raw-view [N]",
        "show octets with CR, LF, NUL and all that is not ASCII made visible",
        _raw_view,
        Argument.MESSAGE,
    ),
    LocalCommand(
        "body-save",
        "/body-save FILE [PART [N]]",
        "save the last body, or a part of it, into a new file",
        _body_save,
        Argument.FILE,
    ),
    LocalCommand(
        "pipe",
        "/pipe COMMAND",
        "give the last body to a command, and show what it writes",
        _pipe,
        Argument.TEXT,
    ),
)
