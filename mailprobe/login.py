"""A login by SASL, step by step: what goes behind AUTH, and whether the server proved itself.

It asks nobody for a secret, and how a line is sent is for others to say.
"""

import secrets
from collections.abc import Callable

from mailprobe.errors import Failure, Word
from mailprobe.protocol import sasl
from mailprobe.protocol.items import Answer, Phase
from mailprobe.protocol.model import Command, Protocol, Reply, Verdict
from mailprobe.safe import safe
from mailprobe.session import Item, Session

# Octets of an AUTH command without its CRLF: RFC 5034, section 4; RFC 4954, section 4.
_COMMAND_LINE = {Protocol.POP3: 255 - 2}
_SMTP_LINE = 12_288 - 2
_SHOWN = 500  # octets of a challenge
# What a login fails by where the server goes astray; without a row it is `protocol`.
_WORDS: dict[type, Word] = {sasl.Refusal: Word.REFUSED, sasl.Impostor: Word.SECURITY}


def log_in(
    session: Session,
    mechanism: str,
    user: str,
    secret: str,
    send: Callable[[Item], bool],
    *,
    authzid: str = "",
    initial: bool | None = None,
    refused: Callable[[str], None] = lambda reasons: None,
) -> None:
    """Go through a mechanism, as long as the server challenges.

    `send` sends an item and waits for its reply; False where somebody interrupted that.
    `initial`: whether an initial response goes with AUTH, None where the client speaks first.
    `refused` is told the reasons for which a token was.  Raises Failure: `usage` for what the
    mechanism cannot carry, `protocol` where a challenge makes no sense, `security` where the
    server has not proved that it knows the secret, and should have.
    """
    mechanism = mechanism.upper()
    try:
        steps = sasl.client(
            mechanism,
            user,
            secret,
            nonce=secrets.token_hex(12),
            authzid=authzid,
            binding=session.binding_for(mechanism),
            host=session.server_name,
            initial=bool(initial),
        )
    except ValueError as error:
        raise Failure(Word.USAGE, safe(str(error))) from None
    _Dialogue(session, mechanism, steps, send, refused).go(initial=initial is not False)


class _Dialogue:
    """One AUTH, from its command to the end of its challenges."""

    def __init__(
        self,
        session: Session,
        mechanism: str,
        steps: sasl.Client,
        send: Callable[[Item], bool],
        refused: Callable[[str], None],
    ) -> None:
        self._session = session
        self._mechanism = mechanism
        self._steps = steps
        self._send = send
        self._refused = refused

    def go(self, *, initial: bool) -> None:
        session, mechanism = self._session, self._mechanism
        held = next(self._steps)  # the initial response, if the mechanism has one
        line = b"AUTH " + mechanism.encode()
        longest = _COMMAND_LINE.get(session.connection.catalogue.protocol, _SMTP_LINE)
        if held is not None and initial:
            full = line + b" " + sasl.encode_initial(held)
            line, held = (full, None) if len(full) <= longest else (line, held)
        if not self._send(Command(line)):
            return
        proved, said = mechanism not in sasl.MUTUAL, held is None
        while (challenge := challenge_of(session)) is not None:
            octets, response = self._respond(challenge, held)
            if said and sasl.secret_kind(mechanism) == sasl.TOKEN:
                self._refused(sasl.refusal(octets) or safe(octets[:_SHOWN]) or "no reason given")
            proved, said = proved or response == b"", True
            held = None
            if not self._send(Answer(sasl.encode(response or b""))):
                return
        if session.connection.facts.authenticated and not proved:
            raise Failure(Word.SECURITY, f"{mechanism}: {sasl.UNPROVED}")
        if (said_last := _last_reply(session)) and said_last.verdict is Verdict.GO_ON:
            shown = safe(said_last.lines[-1][:_SHOWN])
            raise Failure(
                Word.PROTOCOL, f"{mechanism}: expected a challenge, or how it ended, got {shown}"
            )

    def _respond(self, challenge: bytes, held: bytes | None) -> tuple[bytes, bytes | None]:
        """The challenge, decoded, and what is said to it; where that makes no sense, cancel."""
        if held is not None:  # it says no more than "go ahead", and some servers say it so
            return b"", held
        try:
            octets = sasl.decode(challenge)
            return octets, self._steps.send(octets)
        except (sasl.SaslError, StopIteration) as error:
            sentence = getattr(error, "sentence", "one more challenge than the mechanism has")
            self._cancel()
            word = _WORDS.get(type(error), Word.PROTOCOL)
            named = sentence.removeprefix(f"{self._mechanism}: ")
            raise Failure(word, f"{self._mechanism}: {named}") from None

    def _cancel(self) -> None:
        """Give up; that the server refuses then (RFC 4954, section 4) is not what went wrong."""
        try:
            self._send(Answer(b"*"))
        except Failure as failure:
            if failure.word is not Word.REFUSED:
                raise


def challenge_of(session: Session) -> bytes | None:
    """The challenge that waits for an answer, in base64; no other 3yz reply is one."""
    last = _last_reply(session)
    if last is None or session.connection.phase is not Phase.ANSWER:
        return None
    return last.texts[0].strip() if last.verdict is Verdict.GO_ON else None


def _last_reply(session: Session) -> Reply | None:
    last = session.last
    return last.replies[-1] if last is not None and last.replies else None


def log_in_by_apop(session: Session, user: str, secret: str, send: Callable[[Item], bool]) -> None:
    """APOP (RFC 1939, section 7).  Raises Failure `usage` where it cannot be."""
    timestamp = session.connection.facts.timestamp
    if timestamp is None:
        raise Failure(Word.USAGE, "the greeting holds no timestamp <...@...>, and APOP needs one")
    try:
        if any(character in user for character in "\r\n\0"):
            raise ValueError("CR, LF or NUL in the name of the user")
        digest = sasl.apop_digest(timestamp, secret)
    except ValueError as error:
        raise Failure(Word.USAGE, safe(str(error))) from None
    send(Command(f"APOP {user} {digest}".encode("utf-8", "surrogateescape")))
