"""Events as plain values for JSON: one table of kinds of events, their names and their fields.

Octets are text where they are printable UTF-8, else `{"base64": ...}`.  Secrets are `****`, by
their place and by their value, before anything else is made of them.  docs/json.md is the
contract.
"""

from collections import deque
from collections.abc import Callable, Iterator

from mailprobe.protocol import events
from mailprobe.protocol.events import Event
from mailprobe.protocol.model import Command, Reply
from mailprobe.safe import visible
from mailprobe.transcript.redact import PUBLIC_ANSWERS, Secrets
from mailprobe.value import replace

Fields = dict[str, object]

FORMAT = 1  # changes when a name goes, or means something else
_DIGITS = 6  # of seconds
_MASK = b"****"
_REMEMBERED = 1000  # commands whose replies may still come
_LONGEST = 1024 * 1024  # octets of a line that are held back until it ends
_BLANKS = str.maketrans("", "", "\r\n\t")


class Serializer:
    """One session; `number` is that of the session in its run.

    Mail data and bodies are held back until their lines end, so that no secret is cut in two:
    one event may become no object, or an object may hold what came in several events.
    """

    def __init__(self, secrets: Secrets, number: int) -> None:
        self._secrets = secrets
        self._number = number
        self._commands = 0
        self._asked: deque[tuple[Command, int]] = deque(maxlen=_REMEMBERED)
        self._rest: dict[type, bytes] = {}  # of a line that has not ended, by kind of event

    def objects(self, event: Event) -> Iterator[Fields]:
        """What is told of `event`, whose secrets are known to `secrets` already."""
        if isinstance(event, events.Failed):  # its octets go on where a body was cut off
            event = replace(event, octets=self._rest.pop(events.BodyChunk, b"") + event.octets)
        if isinstance(event, events.Closed):  # no line will end any more
            for kind in list(self._rest):
                name, held = TABLE[kind][0], self.octets(self._rest.pop(kind))
                yield self._object(name, event.at, {"octets": held, "last": False})
        name, fields_of = TABLE[type(event)]
        if (fields := fields_of(self, event)) is not None:
            yield self._object(name, event.at, fields)

    def _object(self, name: str, at: float, fields: Fields) -> Fields:
        return {"event": name, "session": self._number, "at": round(at, _DIGITS), **fields}

    # -------------------------------------------------------------------------------- the pieces

    def octets(self, octets: bytes) -> str | dict[str, str]:
        """Octets that hold no secret any more."""
        octets = self._secrets.mask(octets)
        try:
            text = octets.decode("utf-8")
        except UnicodeDecodeError:
            text = ""
        if octets.isascii() or text:
            bare = text.translate(_BLANKS)
            if visible(bare):
                return text
        import base64  # of few servers anybody hears such a thing

        return {"base64": base64.b64encode(octets).decode("ascii")}

    def text(self, text: str) -> str:
        return self._secrets.mask_text(text)

    def _line(self, line: bytes, secret: tuple[int, int] | None) -> str | dict[str, str]:
        if secret is not None:
            line = line[: secret[0]] + _MASK + line[secret[1] :]
        return self.octets(line)

    def _count(self, command: Command) -> int:
        """The number of a command that is sent."""
        self._commands += 1
        self._asked.append((command, self._commands))
        return self._commands

    def _number_of(self, command: Command) -> int | None:
        """That of the command which a reply belongs to."""
        numbers = (number for asked, number in reversed(self._asked) if asked is command)
        return next(numbers, None)

    def _whole(self, kind: type, octets: bytes, *, last: bool) -> Fields | None:
        """The lines that have ended; the rest waits, unless it is the last or very long."""
        held = self._rest.pop(kind, b"") + octets
        end = len(held) if last or len(held) > _LONGEST else held.rfind(b"\n") + 1
        if end < len(held):
            self._rest[kind] = held[end:]
        if not end and not last:
            return None
        return {"octets": self.octets(held[:end]), "last": last}

    def _reply(self, reply: Reply) -> Fields:
        return {
            "code": reply.code,
            "enhanced": reply.enhanced,
            "lines": [self.octets(line) for line in reply.lines],
        }


# ------------------------------------------------------------------------------------ the table


def _failed(to: Serializer, event: events.Failed) -> Fields:
    sentence, octets = to.text(event.sentence), to.octets(event.octets)
    return {"word": str(event.word), "sentence": sentence, "octets": octets}


def _command_sent(to: Serializer, event: events.CommandSent) -> Fields:
    secret = event.secret is not None
    line = to._line(event.command.line, event.secret)
    return {"command": to._count(event.command), "line": line, "secret": secret}


def _answer(line: bytes) -> bytes:
    return line if line in PUBLIC_ANSWERS else _MASK


def _reply_received(to: Serializer, event: events.ReplyReceived) -> Fields:
    recipient = None if event.recipient is None else to.octets(event.recipient)
    return {
        "command": to._number_of(event.command),
        **to._reply(event.reply),
        "recipient": recipient,
        "body": event.body,
    }


def _command_received(to: Serializer, event: events.CommandReceived) -> Fields:
    from mailprobe.protocol.catalogue import SECRETS  # what a server sees, no client tells

    command, secret = event.command, None
    rule = SECRETS.get(command.verb)
    match = rule.match(command.argument) if rule is not None else None
    if match is not None and match[1] not in (b"", b"="):
        offset = len(command.line) - len(command.argument)
        secret = (offset + match.start(1), offset + match.end(1))
    return {"line": to._line(command.line, secret), "secret": secret is not None}


TABLE: dict[type[Event], tuple[str, "Callable[..., Fields | None]"]] = {
    events.Resolved: (
        "resolved",
        lambda to, event: {"host": to.text(event.host), "addresses": list(event.addresses)},
    ),
    events.Connecting: ("connecting", lambda to, event: {"address": to.text(event.address)}),
    events.Connected: (
        "connected",
        lambda to, event: {"address": to.text(event.address), "local": to.text(event.local)},
    ),
    events.Tunnelled: (
        "tunnelled",
        lambda to, event: {
            "address": to.text(event.address),
            "proxy": to.text(event.proxy),
            "looked_up": event.looked_up,
        },
    ),
    events.Remarked: ("remarked", lambda to, event: {"sentence": to.text(event.sentence)}),
    events.TlsStarted: (
        "tls_started",
        lambda to, event: {
            "version": event.version,
            "cipher": event.cipher,
            "server_name": event.server_name,
            "verified": event.verified,
            "implicit": event.implicit,
        },
    ),
    events.TlsFailed: (
        "tls_failed",
        lambda to, event: {"verify": event.verify, "implicit": event.implicit},
    ),
    events.CommandSent: ("command_sent", _command_sent),
    events.AnswerSent: (
        "answer_sent",
        lambda to, event: {
            "command": to._number_of(event.command),
            "line": to.octets(_answer(event.line)),
            "secret": event.line not in PUBLIC_ANSWERS,
        },
    ),
    events.DataSent: (
        "data_sent",
        lambda to, event: to._whole(events.DataSent, event.octets, last=event.last),
    ),
    events.RawSent: (
        "raw_sent",
        lambda to, event: {
            "octets": to.octets(_MASK if event.secret else event.octets),
            "secret": event.secret,
        },
    ),
    events.Greeting: ("greeting", lambda to, event: to._reply(event.reply)),
    events.ReplyReceived: ("reply_received", _reply_received),
    events.BodyChunk: (
        "body_chunk",
        lambda to, event: to._whole(events.BodyChunk, event.octets, last=event.last),
    ),
    events.Unsolicited: ("unsolicited", lambda to, event: to._reply(event.reply)),
    events.Deviated: (
        "deviated",
        lambda to, event: {
            "what": event.deviation.what,
            "reference": event.deviation.reference,
            "offset": event.deviation.at,
        },
    ),
    events.CommandReceived: ("command_received", _command_received),
    events.AnswerReceived: (
        "answer_received",
        lambda to, event: {
            "line": to.octets(_answer(event.line)),
            "secret": event.line not in PUBLIC_ANSWERS,
        },
    ),
    events.DataReceived: (
        "data_received",
        lambda to, event: to._whole(events.DataReceived, event.octets, last=event.last),
    ),
    events.ReplySent: ("reply_sent", lambda to, event: to._reply(event.reply)),
    events.Advised: (
        "advised",
        lambda to, event: {"what": event.advice.what, "reference": event.advice.reference},
    ),
    events.StateChanged: (
        "state_changed",
        lambda to, event: {"before": str(event.before), "after": str(event.after)},
    ),
    events.Failed: ("failed", _failed),
    events.Closed: ("closed", lambda to, event: {"how": event.how}),
}
