"""`{=sasl}` and `{=apop}` as a server sees them: whether a message proves the secret.

Where nobody knows the secret, every message is right.
"""

import hmac
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence

from mailprobe.patterns import pattern
from mailprobe.player.serving.agenda import Agenda, Hearing
from mailprobe.player.serving.sayings import first_octets
from mailprobe.player.serving.served import USER, Served
from mailprobe.protocol import sasl
from mailprobe.protocol.catalogue import Then
from mailprobe.protocol.model import Command
from mailprobe.protocol.smtp import SMTP
from mailprobe.transcript.model import Function, Name, Pieces, Unreadable
from mailprobe.transcript.steps import Reply
from mailprobe.transcript.talks.logins import other_of
from mailprobe.value import field, mutable

_SCRAM = "SCRAM-"
_CRAM = "CRAM-MD5"
# What a server says first in SCRAM (RFC 5802, section 7).
_SCRAM_FIRST = pattern(rb"r=[^,]+,s=(?P<salt>[A-Za-z0-9+/=]+),i=(?P<count>[0-9]{1,7})(?:,.*)?")
_MESSAGE_ID = pattern(rb"<([^<>@ ]+@[^<>@ ]+)>")


@mutable
class Exchange:
    """One AUTH, from its command to its last answer."""

    mechanism: str
    user: str | None  # None: any
    steps: sasl.Server | None  # None: nobody can tell
    live: bool  # what was recorded cannot be said again
    challenge: bytes | None = None  # what is to be said next, where it is live
    _begun: bool = field(default=False)

    def take(self, octets: bytes, *, initial: bool) -> None:
        """A message of the client, in base64.  Raises SaslError when it is wrong."""
        self.challenge = None
        if self.steps is None:
            return
        if not self._begun:
            self._begun = True
            next(self.steps)
        message = sasl.decode_initial(octets) if initial else sasl.decode(octets)
        try:
            challenge = self.steps.send(message)
        except StopIteration as end:
            self.steps = None
            self._check(end.value)
            return
        self.challenge = challenge if self.live else None

    def _check(self, user: str) -> None:
        if self.user is not None and user != self.user:
            raise sasl.SaslError("it is the login of another user")


def asks_for_initial(mechanism: str) -> bytes:
    """The challenge by which a server gets what a client might have sent with its AUTH."""
    return b"Username:" if mechanism == "LOGIN" else b""


class Verifier:
    """The logins of one connection; `bindings` says what of TLS they may be bound to."""

    def __init__(self, served: Served, bindings: Callable[[], Mapping[str, bytes]]) -> None:
        self._served = served
        self._bindings = bindings
        self.exchange: Exchange | None = None

    def begin(self, agenda: Agenda, at: int) -> None:
        """An AUTH was heard: hearing `at`.  Raises Unreadable where we cannot play our part."""
        self.exchange = None
        hearing = agenda.hearings[at]
        function = next(_functions(agenda, at), None)
        mechanism = mechanism_of(hearing)
        if function is None or not mechanism:
            return
        user, name = self._of(function, mechanism)
        other = other_of(function)
        secret = self._served.text(name) if sasl.secret_kind(mechanism) else None
        challenges = list(_challenges(agenda, at))
        live = mechanism.startswith(_SCRAM) and mechanism in sasl.MECHANISMS
        if live and secret is None:
            sentence = (
                f"{mechanism} is spoken live, and the secret {{{name}}} is not known: "
                f"set MAILPROBE_SECRET_{name.upper().replace('-', '_')}, or give --secret-file"
            )
            raise Unreadable(hearing.place, sentence, hearing.lines[0].text, len(hearing.text))
        steps = None
        if secret is not None:
            try:
                # Whether the file has offered -PLUS is not looked at: who says "y" may be right.
                bindings = self._bindings() if mechanism.endswith(sasl.PLUS) else {}
                if user and other:
                    steps = _acting(mechanism, user, secret, other)
                else:
                    steps = _steps(mechanism, user, secret, challenges, bindings)
            except ValueError as error:
                if live:
                    text = hearing.lines[0].text
                    raise Unreadable(hearing.place, str(error), text, len(hearing.text)) from None
        self.exchange = Exchange(mechanism, user, steps, live=live)

    def _of(self, function: Function, mechanism: str) -> tuple[str | None, str]:
        """Whose login it is, and the name of the secret."""
        if function.arguments:
            user: str | None = str(function.arguments[0])
        else:
            user = self._served.text(USER)
        names = [each.name for each in function.arguments[1:] if isinstance(each, Name)]
        return user, names[0] if names else sasl.secret_kind(mechanism)

    def unproved(
        self, hearing: Hearing, live: Sequence[tuple[Function, bytes]], greeting: bytes
    ) -> str:
        """Why a login is wrong; "": it is right, or nobody can tell.

        `live` is what stands for each `{=sasl}` and `{=apop}`.
        """
        exchange = self.exchange if hearing.answer or is_auth(hearing) else None
        if exchange is not None and hearing.answer and not live:
            exchange.steps = None  # what was typed by hand proves nothing
        for function, octets in live:
            if function.word == "apop":
                if not self._digest_fits(function, octets, greeting):
                    return "the digest proves another secret"
            elif exchange is not None:
                try:
                    exchange.take(octets, initial=not hearing.answer)
                except sasl.SaslError as error:
                    return error.sentence
        return ""

    def _digest_fits(self, function: Function, digest: bytes, greeting: bytes) -> bool:
        """Whether an APOP command carries the right digest for the greeting that was said."""
        _, name = self._of(function, "")
        secret, timestamp = self._served.text(name), sasl.apop_timestamp(greeting)
        if secret is None or timestamp is None:
            return True
        try:
            return digest == sasl.apop_digest(timestamp, secret).encode()
        except ValueError:  # a secret that none can carry
            return False


def is_auth(hearing: Hearing) -> bool:
    """Whether a SASL exchange begins here."""
    command = hearing.command
    return command is not None and SMTP.row(command).then is Then.SASL


def mechanism_of(hearing: Hearing) -> str:
    """The mechanism that an AUTH of the file names, in upper case; "" where it names none."""
    command = hearing.command
    words = command.argument.split() if command is not None else []
    return words[0].upper().decode("latin-1") if words else ""


def has_initial(hearing: Hearing) -> bool:
    """Whether an AUTH of the file carries an initial response."""
    command = hearing.command
    words = command.argument.split() if command is not None else []
    return len(words) > 1 or len(hearing.pieces or ()) > 1


def functions_in(pieces: Pieces | None, word: str) -> Iterator[tuple[int, Function]]:
    """Where a function stands among pieces."""
    for index, piece in enumerate(pieces or ()):
        if isinstance(piece, Function) and piece.word == word:
            yield index, piece


def _exchange(agenda: Agenda, at: int) -> Iterator[Hearing]:
    """The AUTH, and the answers behind it."""
    yield agenda.hearings[at]
    for hearing in agenda.hearings[at + 1 :]:
        if not hearing.answer:
            return
        yield hearing


def _functions(agenda: Agenda, at: int) -> Iterator[Function]:
    for hearing in _exchange(agenda, at):
        for _, function in functions_in(hearing.pieces, "sasl"):
            yield function


def _challenges(agenda: Agenda, at: int) -> Iterator[bytes]:
    """What the file's server says as challenges of this AUTH, decoded."""
    count = len(list(_exchange(agenda, at)))
    for turn in agenda.turns:
        if at < turn.needs <= at + count and isinstance(turn.saying, Reply):
            _, _, text = first_octets(turn.saying).partition(b" ")
            try:
                yield sasl.decode(text)
            except sasl.SaslError:
                continue


def _steps(
    mechanism: str,
    user: str | None,
    secret: str,
    challenges: Sequence[bytes],
    bindings: Mapping[str, bytes],
) -> sasl.Server | None:
    """The server's part.  Raises ValueError for what the mechanism cannot carry."""

    def secret_of(name: str) -> str | None:
        return secret if user is None or name == user else None

    if mechanism.startswith(_SCRAM):
        first = next(filter(None, map(_SCRAM_FIRST.fullmatch, challenges)), None)
        if first is None and not any(challenges):  # nothing was recorded: S? 334
            return sasl.server(
                mechanism,
                secret_of,
                nonce=secrets.token_hex(12),
                salt=secrets.token_bytes(16),
                bindings=bindings,
            )
        if first is None:
            raise ValueError("no recorded challenge of this login tells salt (s=) and count (i=)")
        try:
            salt = sasl.decode(first["salt"])
        except sasl.SaslError:
            raise ValueError("the recorded salt (s=) is no base64") from None
        return sasl.server(
            mechanism,
            secret_of,
            nonce=secrets.token_hex(12),
            salt=salt,
            iterations=int(first["count"]),
            bindings=bindings,
        )
    if mechanism == _CRAM:
        found = next(filter(None, map(_MESSAGE_ID.fullmatch, challenges)), None)
        if found is None:
            return None
        nonce = found[1].decode("latin-1")
        return sasl.server(mechanism, secret_of, nonce=nonce, salt=b"")
    row = sasl.TABLE.get(mechanism)
    if row is None or row.hear is None:
        return None
    return sasl.server(mechanism, secret_of, nonce="", salt=b"")


def _acting(mechanism: str, user: str, secret: str, other: str) -> sasl.Server:
    """Who acts for another one: right when he says what the file's own client would say.

    Raises ValueError for what the mechanism cannot carry.
    """
    expected = next(sasl.client(mechanism, user, secret, nonce="", authzid=other))
    return _comparing(expected or b"", user)


def _comparing(expected: bytes, user: str) -> sasl.Server:
    response = yield None
    if not hmac.compare_digest(response, expected):
        raise sasl.SaslError("no such user, or the credentials are wrong, or he acts for another")
    return user


def leaves_initial_out(hearing: Hearing, line: bytes) -> bool:
    """Whether a client has said AUTH without the initial response that the file has.

    RFC 4954, section 4: it may come later, and it is the same login.
    """
    if not is_auth(hearing) or not has_initial(hearing):
        return False
    command = Command(line)
    said = command.argument.strip().upper().decode("latin-1")
    return SMTP.row(command).then is Then.SASL and said == mechanism_of(hearing)


def with_initial(agenda: Agenda, at: int, line: bytes) -> tuple[Hearing, bytes, bytes] | None:
    """The other way round: the hearing of the answer that came with AUTH, and both lines."""
    hearing, following = agenda.hearings[at], agenda.hearings[at + 1 : at + 2]
    words = line.split()
    if not is_auth(hearing) or has_initial(hearing) or len(words) != 3:
        return None
    if not following or not following[0].answer:
        return None
    initial = b"" if words[2] == b"=" else words[2]
    return following[0], b" ".join(words[:2]) + b"\r\n", initial + b"\r\n"
