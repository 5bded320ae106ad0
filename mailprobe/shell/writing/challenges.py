"""A login that a person goes through by hand: what each challenge says, and what answers it.

The answer is offered to completion where the secret is known; it is never sent from here.
"""

import re
import secrets

from mailprobe.errors import Failure
from mailprobe.patterns import pattern
from mailprobe.protocol import sasl
from mailprobe.protocol.items import Phase
from mailprobe.protocol.model import Verdict
from mailprobe.session import Session

TYPE_CHECKING = False  # typing costs 4 ms of a start; type checkers know this name, too
if TYPE_CHECKING:
    from mailprobe.exchanges import Exchange
    from mailprobe.shell.company import Company

# What a client of SCRAM has said first, where a person has typed it (RFC 5802, section 7).
_NONCE = pattern(rb"(?P<flag>[^,]*),[^,]*,(?:[^,]+,)*?r=(?P<nonce>[^,]+)(?:,.*)?", re.DOTALL)


class ByHand:
    """The AUTH that is under way.  `offer` is the right answer, in base64; None: nobody knows."""

    def __init__(self) -> None:
        self.offer: str | None = None
        self.user = ""
        self.exchange: Exchange | None = None  # of which the rest is
        self._steps: sasl.Client | None = None

    def challenged(self, talk: "Company") -> sasl.Explanation | None:
        """Take in a challenge that waits for its answer; None where there is none."""
        session, self.offer = talk.session, None
        last = session.last if session is not None else None
        if session is None or last is None or session.connection.phase is not Phase.ANSWER:
            return None
        if not last.replies or last.replies[-1].verdict is not Verdict.GO_ON:
            return None
        challenge = last.replies[-1].texts[0].strip()
        mechanism, *initial = last.command.argument.decode("latin-1").split() or [""]
        try:
            octets = sasl.decode(challenge)
            answer = self._answer(talk, session, last, octets)
            if answer is not None:
                self.offer = sasl.encode(answer).decode()
        except (sasl.SaslError, StopIteration):
            self._steps = None  # it went astray, perhaps on purpose: no answer is the right one
        said = len(last.replies) - 1 + bool(initial)
        return sasl.explain(mechanism, said, challenge)

    def _answer(
        self, talk: "Company", session: Session, last: "Exchange", challenge: bytes
    ) -> bytes | None:
        """Raises SaslError, StopIteration."""
        if last is self.exchange:
            return self._steps.send(challenge) if self._steps is not None else None
        self.exchange, self._steps = last, None
        mechanism, *words = last.command.argument.split() or [b""]
        initial = sasl.decode_initial(words[0]) if words else None
        self._steps = self._begin(talk, session, mechanism.decode("latin-1"), initial)
        if self._steps is None:
            return None
        first = next(self._steps)
        if first is not None and initial is None:
            return first
        if first is None and initial is not None:  # LOGIN: the user has gone with AUTH
            self._steps.send(b"")
        return self._steps.send(challenge)

    def _begin(
        self, talk: "Company", session: Session, mechanism: str, initial: bytes | None
    ) -> sasl.Client | None:
        """The client's part, for the user of the profile, where his secret is known."""
        profile = talk.profile
        row = sasl.TABLE.get(mechanism.upper())
        if profile is None or not profile.user or row is None:
            return None
        self.user = profile.user
        nonce, binding = secrets.token_hex(12), session.binding_for(mechanism)
        if initial is not None:
            user, _ = sasl.credentials_in(mechanism, [initial])
            if user != self.user:
                return None
            if match := _NONCE.fullmatch(initial):
                nonce = match["nonce"].decode("latin-1")
                binding = None if match["flag"] == b"n" else binding
        try:
            env = talk.environment
            secret = profile.secret_of(self.user, session.server_name, env) if row.secret else ""
            if secret is None:
                return None
            if secret:
                octets, name = (
                    text.encode("utf-8", "surrogateescape") for text in (secret, self.user)
                )
                talk.learn(octets, name)
            host = session.server_name
            return sasl.client(
                mechanism, self.user, secret, nonce=nonce, binding=binding, host=host
            )
        except (Failure, ValueError):  # who logs in by /auth is told why
            return None


def explain(talk: "Company") -> None:
    """Show what the challenge that waits says, decoded, and how its answer is made."""
    explained = talk.by_hand.challenged(talk)
    if explained is None:
        return
    said = talk.mask(explained.said)
    lines = [f"the challenge says: {said}"] if said else []
    lines += explained.how
    if talk.by_hand.offer:
        lines.append("Tab offers the answer")
    talk.write("".join(talk.paint("note", f"  {line}") + "\n" for line in lines))


def offers(by_hand: ByHand, session: Session | None) -> tuple[tuple[str, str], ...]:
    """What may answer, and what a menu says of it; one alone, so that Tab takes it unseen."""
    if by_hand.offer and session is not None and by_hand.exchange is session.last:
        return ((by_hand.offer, f"the right answer, for {by_hand.user}"),)
    return (("*", "gives up (RFC 4954, section 4)"),)
