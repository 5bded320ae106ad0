"""`{=sasl}` and `{=apop}`: what a login says next, with the challenge that just came.

Raises Failure where the server's part does not fit; what travels is for others to send.
"""

import secrets
from collections.abc import Callable

from mailprobe.errors import Failure, Word
from mailprobe.protocol import sasl
from mailprobe.protocol.catalogue import Then
from mailprobe.protocol.model import Command
from mailprobe.safe import safe
from mailprobe.transcript.model import Function, Name
from mailprobe.transcript.talks.logins import other_of, secret_of, user_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol as Interface

    from mailprobe.protocol.catalogue import Catalogue
    from mailprobe.protocol.facts import Facts

    class Knowing(Interface):
        """What its connection knows."""

        @property
        def catalogue(self) -> Catalogue: ...
        @property
        def facts(self) -> Facts: ...

    class Speaker(Interface):
        """A connection on which somebody logs in: how far the login has come."""

        logins: int
        auth: Command | None
        auth_messages: int
        challenge: bytes | None

        @property
        def connection(self) -> Knowing: ...
        def binding_for(self, mechanism: str) -> sasl.Binding | None: ...


_SHOWN = 100

Value = Callable[[str], bytes]
_Who = tuple[str, str, str, str]  # mechanism, user, name of the secret, for whom he acts


class Login:
    """The logins of one connection.  `value` gives the value of a name: set, captured, secret."""

    def __init__(self, link: "Speaker", value: Value) -> None:
        self._link = link
        self._value = value
        self._number = 0  # which AUTH of the connection this is, from 1
        self._who: _Who | None = None
        self._steps: sasl.Client | None = None
        self._proved = False  # that the server knows the secret

    def call(self, function: Function, before: bytes) -> bytes:
        """What `function` stands for behind the octets `before` of its line.

        Raises Failure: `usage`, `protocol`.
        """
        if function.word == "apop":
            return self._apop(function)
        command = Command(before)
        row = self._link.connection.catalogue.row(command)
        if row.then is Then.SASL and command.argument.strip():
            return self._initial(command, function)
        return self._answer(function)

    def conclude(self) -> None:
        """The server says that the login has succeeded: whether it has proved what it must.

        Raises Failure `protocol`, `security`.
        """
        self.hear()
        if self._number != self._link.logins or self._mechanism not in sasl.MUTUAL:
            return
        if not self._proved:
            raise Failure(Word.SECURITY, f"{self._mechanism}: {sasl.UNPROVED}")

    def hear(self) -> None:
        """Take in a challenge that the file answers by hand, or not at all.

        What the server proves in it counts all the same: the signature of SCRAM for one (RFC
        5802, section 5).  Raises Failure `protocol`, `security`.
        """
        link = self._link
        challenge, link.challenge = link.challenge, None
        if challenge is None or self._steps is None or self._number != link.logins:
            return
        try:
            self._proved = self._steps.send(sasl.decode(challenge)) == b"" or self._proved
        except StopIteration:
            pass  # what is said by hand may be said to anything
        except sasl.Impostor as error:
            raise self._wrong(error.sentence, Word.SECURITY) from None
        except sasl.SaslError as error:
            raise self._wrong(error.sentence) from None

    # --------------------------------------------------------------------------------- SASL

    def _initial(self, command: Command, function: Function) -> bytes:
        """The initial response of an AUTH that is about to be sent."""
        mechanism = _mechanism(command)
        self._begin(mechanism, function, self._link.logins + 1)
        first = self._next(None)
        # Some servers of LOGIN take the user at once, though it waits for a prompt.
        return sasl.encode_initial(first if first is not None else self._next(b"") or b"")

    def _answer(self, function: Function) -> bytes:
        """The answer to the challenge that came last."""
        link = self._link
        if link.auth is None:
            raise Failure(Word.USAGE, "{=sasl} answers an AUTH, and none was sent before")
        challenge = link.challenge
        if challenge is None:
            raise Failure(Word.MISMATCH, "{=sasl} answers a challenge, and the server gave none")
        if self._number != link.logins or self._differs(function):
            self._begin(_mechanism(link.auth), function, link.logins)
            held = self._catch_up(link.auth_messages)
            if held is not None:
                return sasl.encode(held)
        try:
            octets = sasl.decode(challenge)
        except sasl.SaslError as error:
            raise self._wrong(error.sentence) from None
        return sasl.encode(self._next(octets) or b"")

    def _differs(self, function: Function) -> bool:
        return bool(function.arguments) and self._wanted(self._mechanism, function) != self._who

    @property
    def _mechanism(self) -> str:
        return self._who[0] if self._who else ""

    def _wanted(self, mechanism: str, function: Function) -> _Who:
        user = user_of(function)
        if isinstance(user, Name):
            user = self._value(user.name).decode("utf-8", "surrogateescape")
        return mechanism, user, secret_of(mechanism, function), other_of(function)

    def _begin(self, mechanism: str, function: Function, number: int) -> None:
        self._number, self._proved = number, False
        self._who = self._wanted(mechanism, function)
        _, user, name, other = self._who
        try:
            secret = self._value(name).decode() if name else ""
            self._steps = sasl.client(
                mechanism,
                user,
                secret,
                nonce=secrets.token_hex(12),
                authzid=other,
                binding=self._link.binding_for(mechanism),
            )
        except ValueError as error:  # UnicodeDecodeError is one, and it holds the secret
            what = "a secret is UTF-8" if isinstance(error, UnicodeError) else safe(str(error))
            raise Failure(Word.USAGE, f"{{=sasl}}: {what}") from None

    def _catch_up(self, said: int) -> bytes | None:
        """Pass over the messages that were typed by hand; returns a first one that is still due."""
        first = self._next(None)
        if first is None:
            for _ in range(said):
                self._next(b"")
            return None
        return None if said else first

    def _next(self, challenge: bytes | None) -> bytes | None:
        assert self._steps is not None  # `_begin` has made them
        try:
            said = next(self._steps) if challenge is None else self._steps.send(challenge)
        except sasl.Impostor as error:
            raise self._wrong(error.sentence, Word.SECURITY) from None
        except sasl.SaslError as error:
            raise self._wrong(error.sentence) from None
        except StopIteration:
            raise self._wrong("one more challenge than the mechanism has") from None
        self._proved = self._proved or said == b""  # the last word of SCRAM, behind the signature
        return said

    def _wrong(self, sentence: str, word: Word = Word.PROTOCOL) -> Failure:
        name = f"{safe(self._mechanism)}: "  # which some sentences say themselves
        return Failure(word, name + sentence.removeprefix(name))

    # --------------------------------------------------------------------------------- APOP

    def _apop(self, function: Function) -> bytes:
        timestamp = self._link.connection.facts.timestamp
        if timestamp is None:
            greeting = safe((self._link.connection.facts.greeting or b"")[:_SHOWN])
            raise Failure(
                Word.MISMATCH, f"APOP needs a timestamp <...@...> in the greeting: {greeting}"
            )
        secret = self._value(secret_of("", function))
        try:
            return sasl.apop_digest(timestamp, secret.decode()).encode()
        except ValueError as error:
            what = "a secret is UTF-8" if isinstance(error, UnicodeError) else safe(str(error))
            raise Failure(Word.USAGE, f"{{=apop}}: {what}") from None


def _mechanism(command: Command) -> str:
    return command.argument.split()[0].upper().decode("latin-1") if command.argument else ""
