"""The observer that applies the rules: a pure function of events.

It keeps no more of a session than the rules ask for, and no octet of what the client said but
the question that it asked last for what is offered.
"""

from collections.abc import Callable, Iterator
from types import MethodType

from mailprobe.errors import Word
from mailprobe.patterns import pattern
from mailprobe.protocol import events, grammar
from mailprobe.protocol.catalogue import Catalogue, Then
from mailprobe.protocol.events import Event
from mailprobe.protocol.facts import Effect, Facts
from mailprobe.protocol.linting import course, maildrop, offers, replies
from mailprobe.protocol.linting.terms import (
    Break,
    Ended,
    Fetched,
    Finding,
    Known,
    Noise,
    Offered,
    Rule,
    Said,
)
from mailprobe.protocol.model import Command, Reply

RULES: tuple[Rule, ...] = (*replies.RULES, *offers.RULES, *maildrop.RULES, *course.RULES)

_MOST = 500  # different findings that are kept
_LISTING = 1024 * 1024  # octets of a listing that are looked at
_LOOPBACK = ("127.", "[::1]", "[::ffff:127.", "unix", "memory")  # how such peers are written
_LINE_END = pattern(rb"\r?\n")
_UTF8 = ("UTF8", "LANG")  # commands of POP3 after which replies are in UTF-8 (RFC 6856)

Tell = Callable[[Finding], None]


class Findings:
    """All that was found in the sessions of a run, in the order in which it was found first."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], Finding] = {}
        self.surplus = 0  # further ones of which only the number is known

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._known.values())

    def __len__(self) -> int:
        return len(self._known)

    def add(
        self, name: str, what: str, reference: str, place: str, line: int = 0
    ) -> Finding | None:
        """Take one in; returns it where it is new."""
        key = name, what, place
        if (found := self._known.get(key)) is not None:
            found.count += 1
            return None
        if len(self._known) == _MOST:
            self.surplus += 1
            return None
        where = f"{place}, line {line}" if line else place
        found = self._known[key] = Finding(name, where, what, reference)
        return found


class Linter:
    """One session; what it finds goes into `findings`.

    `tell` hears of what nobody has told of yet, the first time.
    """

    def __init__(
        self, catalogue: Catalogue, findings: Findings, tell: Tell = lambda finding: None
    ) -> None:
        self.findings = findings
        self._tell = tell
        self._known = Known(catalogue)
        self._rules: dict[type, list[Rule]] = {}
        for rule in RULES:
            if catalogue.protocol in rule.protocols:
                self._rules.setdefault(rule.see, []).append(rule)
        self._place = "the link"
        self._body: events.ReplyReceived | None = None  # whose multi-line response is coming
        self._listing = bytearray()
        self._octets = 0

    def __call__(self, event: Event) -> None:
        if (take := self.listener(type(event))) is not None:
            take(event)

    def listener(self, kind: type[Event]) -> Callable[[Event], None] | None:
        """What takes in the events of `kind`; None: no rule asks for them."""
        take = _TAKEN.get(kind)
        return None if take is None else MethodType(take, self)

    def _apply(self, seen: object) -> None:
        for rule in self._rules.get(type(seen), ()):
            for one in rule.breaks(self._known, seen):
                self._found(rule, one)

    def _found(self, rule: Rule, one: Break) -> None:
        what = f"{rule.what}: {one.detail}" if one.detail else rule.what
        reference = one.reference or rule.reference
        found = self.findings.add(rule.name, what, reference, self._place, one.line)
        if found is not None and not one.quiet:
            self._tell(found)

    # --------------------------------------------------------------------------------- the link

    def _connected(self, event: events.Connected) -> None:
        self._known.local = event.address.startswith(_LOOPBACK)

    def _tunnelled(self, event: events.Tunnelled) -> None:
        self._known.local = False  # nobody knows how it goes on behind a proxy

    def _secured(self, event: events.TlsStarted) -> None:
        """What was said in the clear does not count (RFC 3207, section 4.2)."""
        known = self._known
        known.tls, known.authenticated, known.offers, known.asked = True, False, None, None

    def _not_secured(self, event: events.TlsFailed) -> None:
        self._known.broken = True

    def _closed(self, event: events.Closed) -> None:
        self._place = "the end"
        self._apply(Ended(event.how))

    def _failed(self, event: events.Failed) -> None:
        if event.word is Word.PROTOCOL and event.octets:
            self._apply(Noise(event.octets))

    def _deviated(self, event: events.Deviated) -> None:
        """What the framing has noticed of the reply that came last, and told."""
        one = event.deviation
        self.findings.add(one.what.replace(" ", "-"), one.what, one.reference, self._place)

    # ------------------------------------------------------------------------------ the replies

    def _greeted(self, event: events.Greeting) -> None:
        self._place = "the greeting"
        self._apply(Said(event.reply, None, None, greeting=True))
        self._known.greeted = True
        self._heed_end(event.reply, None)

    def _unsolicited(self, event: events.Unsolicited) -> None:
        self._place = "a reply of its own accord"
        self._apply(Said(event.reply, None, None))
        self._heed_end(event.reply, None)

    def _replied(self, event: events.ReplyReceived) -> None:
        command, catalogue = event.command, self._known.catalogue
        known_verb = command.verb in catalogue
        # what is in no table may be a password in the wrong place
        self._place = f"reply to {command.verb if known_verb else 'another command'}"
        row = catalogue.row(command) if known_verb else None
        self._apply(Said(event.reply, command, row))
        self._heed_end(event.reply, command)
        if row is None:
            return
        if event.body:
            self._body, self._octets = event, 0
            self._listing.clear()
        elif event.reply.positive:
            self._learn(row.effect, command, event.reply)
        if row.effect is Effect.EXTENSIONS and event.reply.positive:
            self._offered(command, event.reply, list(event.reply.texts[1:]), row.effect)

    def _heed_end(self, reply: Reply, command: Command | None) -> None:
        known = self._known
        known.closing = known.closing or reply.code == "421"
        asked = command is not None and known.catalogue.row(command).then is Then.CLOSE
        known.leaving = known.leaving or known.closing or asked

    def _learn(self, effect: Effect, command: Command, reply: Reply) -> None:
        """What a success of one line makes known."""
        known = self._known
        then = known.catalogue.row(command).then
        if effect in (Effect.LOGIN, Effect.MECHANISMS) or then is Then.SASL:
            known.authenticated, known.asked = True, None
        elif then is Then.RESTART or effect is Effect.PLAIN_HELLO:
            known.offers, known.asked = None, None
        elif effect is Effect.MARK and (number := _number(command)):
            known.deleted.add(number)
            known.drop = None
        elif effect is Effect.UNMARK:
            known.deleted.clear()
            known.drop = None
        elif effect is Effect.DROP_LISTING:
            match = grammar.DROP_LISTING.match(reply.texts[0])
            known.drop = (int(match[1]), int(match[2])) if match else None
        known.utf8 = known.utf8 or command.verb in _UTF8

    def _offered(self, command: Command, reply: Reply, lines: list[bytes], effect: Effect) -> None:
        known = self._known
        facts = Facts(known.catalogue.protocol)
        facts.learn(effect, command, reply, lines)
        offered = Offered(command, tuple(lines), facts.offers or {})
        self._apply(offered)
        known.offers, known.asked = offered.offers, (command.line, offered.lines)

    # ------------------------------------------------------------------- multi-line responses

    def _chunk(self, event: events.BodyChunk) -> None:
        body = self._body
        if body is None:
            return
        self._octets += len(event.octets)
        row = self._known.catalogue.row(body.command)
        if row.effect is not Effect.NOTHING:
            self._listing += event.octets[: _LISTING - len(self._listing)]
        if not event.last:
            return
        self._body = None
        lines = _LINE_END.split(bytes(self._listing))[:-1]
        self._listing.clear()
        whole = self._octets <= _LISTING
        self._apply(Fetched(body.command, row, body.reply, self._octets, tuple(lines), whole))
        if row.effect is Effect.CAPABILITIES:
            self._offered(body.command, body.reply, lines, row.effect)
        elif row.effect is Effect.SCAN_LISTING:
            self._known.sizes = maildrop.listed(tuple(lines))


def _number(command: Command) -> int:
    digits = command.argument.strip()
    return int(digits) if digits.isdigit() and len(digits) <= 10 else 0


_TAKEN: dict[type[Event], Callable[..., None]] = {
    events.Connected: Linter._connected,
    events.Tunnelled: Linter._tunnelled,
    events.TlsStarted: Linter._secured,
    events.TlsFailed: Linter._not_secured,
    events.Greeting: Linter._greeted,
    events.ReplyReceived: Linter._replied,
    events.Unsolicited: Linter._unsolicited,
    events.BodyChunk: Linter._chunk,
    events.Deviated: Linter._deviated,
    events.Failed: Linter._failed,
    events.Closed: Linter._closed,
}
