"""`mailprobe send TARGET`: files, or a message that is composed, and what became of them."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from mailprobe import files
from mailprobe.commands import streams as standard
from mailprobe.commands.arguments import Row
from mailprobe.commands.connection_options import CONNECTION, MX, options_for
from mailprobe.commands.parser import Parser
from mailprobe.commands.streams import Streams
from mailprobe.commands.tables import table
from mailprobe.errors import ExitStatus, Failure, Word
from mailprobe.messages import compose
from mailprobe.messages.compose import Choice, Order
from mailprobe.messages.delivery import Delivery, Fate
from mailprobe.messages.dispatch import Blocks
from mailprobe.patterns import pattern
from mailprobe.protocol.model import Protocol
from mailprobe.render.wish import wants_color
from mailprobe.safe import safe
from mailprobe.shell.options import Options
from mailprobe.shell.piping.errand import Errand
from mailprobe.shell.piping.terse import Terse
from mailprobe.shell.writing.delivering import channel_of
from mailprobe.transport.link import Interrupted
from mailprobe.value import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import IO

_BLOCK = 64 * 1024  # octets
_SIZE = pattern(r"[0-9]+[KkMm]?")
_CHUNKING = "--chunking"


def _attribute(choice: Choice) -> str:
    return "said_" + choice.option.lstrip("-").replace("-", "_")


def _row(choice: Choice) -> Row:
    how: dict[str, object] = {"dest": _attribute(choice), "help": choice.help}
    if not choice.metavar:
        return (choice.option,), {**how, "action": "store_true"}
    how |= {"metavar": choice.metavar, "action": "append", "default": []}
    if choice.metavar.startswith("["):
        how |= {"metavar": choice.metavar[1:-1], "nargs": "?", "const": ""}
    return (choice.option,), how


_OPTIONS: tuple[Row, ...] = (
    *map(_row, compose.CHOICES),
    (("--lmtp",), {"action": "store_true", "help": "speak LMTP: one verdict for each recipient"}),
    (("--no-pipelining",), {"action": "store_true", "help": "each command behind the last reply"}),
    (("--print",), {"action": "store_true", "help": "show the message, and connect to nobody"}),
    (("--dialogue",), {"action": "store_true", "help": "show commands and replies, too"}),
    (("--json",), {"action": "store_true", "help": "one object at the end, and no table"}),
    MX,
    *CONNECTION,
)


def parser() -> Parser:
    """What may stand on the command line."""
    parser = Parser(
        prog="mailprobe send",
        usage="mailprobe send [TARGET | --mx DOMAIN] --from A --to B [FILE...] [options]",
        description="Send messages, each FILE in a mail transaction of its own (- is standard "
        "input), or one that is composed, and say what became of it for each recipient.",
        epilog="Exit status 0: all recipients were accepted; 1: some or all were refused.",
    )
    parser.add_argument("words", nargs="*", metavar="TARGET FILE", help="whom to talk to; messages")
    parser.add_rows(_OPTIONS)
    return parser


@frozen
class _Message:
    """A message that is to travel; `name` is its file's, "" of one that was composed."""

    name: str
    blocks: Blocks


def run(argv: Sequence[str], env: Mapping[str, str], streams: Streams) -> ExitStatus:
    """Send, and tell.  Raises Failure: `refused` where a recipient was."""
    asked = parser().parse_intermixed_args(list(_joined(argv)))
    order = _order(asked)
    if asked.print:
        order.files = asked.words[0 if asked.mx is not None else 1 :]
        with ExitStack() as stack:
            for message in _messages(order, stack):
                _show(message, streams)
        return ExitStatus.OK
    options, order.files = options_for(asked, env, Protocol.LMTP if asked.lmtp else Protocol.SMTP)
    if options.protocol is Protocol.POP3:
        raise _usage("mail is sent by SMTP or LMTP, and fetched by POP3: mailprobe fetch")
    with ExitStack() as stack:
        return _send(options, order, list(_messages(order, stack)), asked, streams)


def _joined(argv: Sequence[str]) -> Iterator[str]:
    """`--chunking 64K` in one word; a word behind it that is no size is a file."""
    words = list(argv)
    while words:
        word = words.pop(0)
        if word == _CHUNKING:
            word += f"={words.pop(0) if words and _SIZE.fullmatch(words[0]) else ''}"
        yield word


def _order(asked: "argparse.Namespace") -> Order:
    order = Order(pipelining=not asked.no_pipelining)
    for choice in compose.CHOICES:
        said = getattr(asked, _attribute(choice))
        for value in said if choice.metavar else [""] * said:
            choice.take(order, value)
    if order.sender is None:
        raise _usage("--from says who sends it; <> is nobody")
    envelope = order.envelope()
    if not envelope.recipients:
        raise _usage("--to says who shall have it")
    return order


def _messages(order: Order, stack: ExitStack) -> Iterator[_Message]:
    """The files, held open, or what is composed.  Raises Failure `usage`."""
    if order.files and order.composes:
        raise _usage("a FILE is a whole message: nothing is written into it")
    for name in order.files:
        if name == "-":
            file = stack.enter_context(_standard_input())
            yield _Message(name, partial(_blocks_of, file))
        else:
            source = stack.enter_context(files.SourceFile(Path(name).expanduser()))
            yield _Message(name, source.blocks)
    if not order.files:
        utf8 = order.envelope().utf8
        octets = compose.octets_of(compose.letter_of(order, _read), utf8=utf8)
        yield _Message("", lambda: iter([octets]))


def _read(name: str) -> bytes:
    if name == "-":
        return standard.read_whole(name, compose.LARGEST)
    return compose.read_file(name)


def _standard_input() -> "IO[bytes]":
    """All of it, where it can be read twice."""
    with standard.source("-") as descriptor:
        return files.temporary(iter(partial(os.read, descriptor, _BLOCK), b""))


def _blocks_of(file: "IO[bytes]") -> Iterator[bytes]:
    file.seek(0)
    while octets := file.read(_BLOCK):
        yield octets


def _show(message: _Message, streams: Streams) -> None:
    if not streams.on_terminal:
        for octets in message.blocks():
            streams.write_octets(octets)
        return
    for line in b"".join(message.blocks()).replace(b"\r\n", b"\n").split(b"\n"):
        streams.write(f"{safe(line)}\n")


# ------------------------------------------------------------------------------------- sending


def _send(
    options: Options,
    order: Order,
    messages: list[_Message],
    asked: "argparse.Namespace",
    streams: Streams,
) -> ExitStatus:
    color = wants_color(options.color, options.env, isatty=streams.on_terminal)
    done: list[tuple[_Message, Delivery]] = []

    def work(errand: Errand) -> None:
        for message in messages:
            session = errand.connected
            delivery = Delivery(channel_of(errand), session, order.envelope(), order.style())
            done.append((message, delivery))
            delivery.run(message.blocks)
            if delivery.interrupted:
                raise Interrupted
            if delivery.gone:
                break

    terse = Terse(streams.write, streams.tell, color=color, shown=asked.dialogue)
    with standard.wakeup() as wakeup:
        ask = standard.ask_secret
        try:
            Errand(options, terse, streams.tell, work, wakeup=wakeup, ask=ask).run()
        finally:
            if done or asked.json:
                _report(done, messages, order, asked, streams, color=color)
    _judge(done, messages)
    return ExitStatus.OK


def _judge(done: list[tuple[_Message, Delivery]], messages: list[_Message]) -> None:
    """Raise Failure where somebody does not have it."""
    missed = [one for _, delivery in done for one in delivery.missed]
    count = sum(len(delivery.judged) for _, delivery in done)
    if missed:
        first = next((one for one in missed if one.reply is not None), missed[0])
        words = safe(first.reply.lines[-1]) if first.reply is not None else "nothing"
        who = f"{len(missed)} of {count} recipients" if count > 1 else "the recipient"
        were = "were" if len(missed) > 1 else "was"
        raise Failure(
            Word.REFUSED, f"{who} {were} refused; <{safe(first.recipient)}> was answered: {words}"
        )
    if left := len(messages) - len(done):
        raise Failure(Word.EOF, f"the server closed the connection, {left} messages were not sent")


def _report(
    done: list[tuple[_Message, Delivery]],
    messages: list[_Message],
    order: Order,
    asked: "argparse.Namespace",
    streams: Streams,
    *,
    color: bool,
) -> None:
    if asked.json:
        streams.write(json.dumps(_object(done, order), ensure_ascii=False) + "\n")
        return
    columns = ["recipient", "verdict", "the server's words"]
    rows = [
        [message.name, one.recipient, one.fate.value, one.reply.lines[-1] if one.reply else b""]
        for message, delivery in done
        for one in delivery.judged
    ]
    if len(messages) > 1:
        columns = ["message", *columns]
    else:
        rows = [row[1:] for row in rows]
    streams.write(table(columns, rows, streams, color=color))
    for message, delivery in done:
        streams.write(f"{_summary(message, delivery, order)}\n")


def _summary(message: _Message, delivery: Delivery, order: Order) -> str:
    count, all_ = len(delivery.judged) - len(delivery.missed), len(delivery.judged)
    name = f"{safe(message.name)}: " if message.name else ""
    if order.dry:
        return f"{name}{count} of {all_} accepted, no mail data was sent (--dry-run)"
    names = ", ".join(map(safe, delivery.queue_ids))
    queued = f", queued as {names}" if names else ""
    return f"{name}sent to {count} of {all_}, {delivery.size} octets{queued}"


def _object(done: list[tuple[_Message, Delivery]], order: Order) -> dict[str, object]:
    """What became of it, for programs."""
    return {
        "from": order.envelope().sender,
        "dry_run": order.dry,
        "messages": [
            {
                "file": message.name or None,
                "octets": delivery.size,
                "queue_ids": [safe(name) for name in delivery.queue_ids],
                "recipients": [
                    {
                        "recipient": one.recipient,
                        "verdict": one.fate.value,
                        "code": one.reply.code if one.reply else None,
                        "enhanced": one.reply.enhanced if one.reply else None,
                        "words": safe(one.reply.lines[-1]) if one.reply else None,
                    }
                    for one in delivery.judged
                ],
            }
            for message, delivery in done
        ],
        "sent": sum(one.fate is Fate.SENT for _, delivery in done for one in delivery.judged),
        "missed": sum(len(delivery.missed) for _, delivery in done),
    }


def _usage(sentence: str) -> Failure:
    return Failure(Word.USAGE, sentence)
