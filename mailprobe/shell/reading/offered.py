"""What a server offers over TLS that it did not offer before, and the reverse (RFC 3207, 4.2).

It looks at what a session remembers; sends and shows nothing.
"""

import re

from mailprobe.protocol.catalogue import Then
from mailprobe.protocol.facts import Effect, Facts
from mailprobe.session import Session
from mailprobe.shell.reading.fetched import beginning_of
from mailprobe.value import frozen

_LINE_END = re.compile(rb"\r?\n")
LISTED = 64 * 1024  # octets of capabilities, or of a body, that are looked at
_MOVED = "(in another order)"


@frozen
class Change:
    """One keyword.  `before` and `now` are its arguments; None: it was, or is, not there."""

    keyword: str
    before: str | None
    now: str | None

    @property
    def word(self) -> str:
        if self.before is None:
            return "new"
        return "gone" if self.now is None else "changed"

    @property
    def text(self) -> str:
        """What the server said; of two different sayings what was added and what was left out.

        Not made safe yet.
        """
        if self.before is None or self.now is None:
            return f"{self.keyword} {self.before or self.now or ''}".strip()
        before, now = self.before.split(), self.now.split()
        added = [f"+{word}" for word in now if word not in before]
        left_out = [f"-{word}" for word in before if word not in now]
        return " ".join(
            [self.keyword, *left_out, *added] if added or left_out else [self.keyword, *now, _MOVED]
        )


def changes(session: Session) -> list[Change] | None:
    """What is different over TLS; None where there is nothing to compare."""
    before, now = in_the_clear(session), session.connection.facts.offers
    if before is None or now is None:
        return None
    names = [*now, *(name for name in before if name not in now)]
    found = (Change(name, before.get(name), now.get(name)) for name in names)
    return [change for change in found if change.before != change.now]


def in_the_clear(session: Session) -> dict[str, str] | None:
    """What was offered before TLS started in this session; None where nobody asked."""
    asked: dict[str, str] | None = None
    rows = session.connection.catalogue
    for exchange in session.exchanges:
        row = rows.row(exchange.command)
        if not exchange.replies or not exchange.replies[-1].positive:
            continue
        if row.then is Then.TLS:
            return asked if session.connection.facts.tls else None
        if row.effect in (Effect.EXTENSIONS, Effect.CAPABILITIES):
            facts, body = Facts(session.connection.facts.protocol), exchange.body
            lines = _LINE_END.split(beginning_of(body, LISTED)[0]) if body is not None else []
            facts.learn(row.effect, exchange.command, exchange.replies[-1], lines)
            asked = facts.offers
    return None
