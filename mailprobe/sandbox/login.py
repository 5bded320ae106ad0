"""A SASL login as the server sees it: line in, next step out.  SMTP and POP3 share it."""

from collections.abc import Mapping

from mailprobe.protocol import sasl
from mailprobe.sandbox.accounts import USUAL, Accounts
from mailprobe.sandbox.chance import Chance
from mailprobe.value import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.sandbox.dialogue import Dialogue
    from mailprobe.sandbox.office import Office

EXTERNAL = "EXTERNAL"
# Strongest first, and what takes a password before what takes a token.
OFFERED = (
    *("SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5"),
    *("PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"),
)
_BOUND = tuple(f"{name}{sasl.PLUS}" for name in OFFERED if name.startswith("SCRAM-"))


def offered(
    bindings: Mapping[str, bytes], identity: str = "", accounts: Accounts = USUAL
) -> tuple[str, ...]:
    """The mechanisms for a link that has these channel bindings.

    `identity` is the mailbox that the client's certificate is for.
    """
    found = (*_BOUND, *OFFERED) if bindings else OFFERED
    return (EXTERNAL, *found) if accounts.user_of(identity) else found


def among(mechanisms: tuple[str, ...] | None, found: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `found` that a server lets in, bound to the channel or not; None: all of them."""
    if mechanisms is None:
        return found
    return tuple(name for name in found if name.removesuffix(sasl.PLUS) in mechanisms)


def _external(identity: str, accounts: Accounts) -> sasl.Server:
    """EXTERNAL (RFC 4422, appendix A): the client is whom TLS has shown, and nobody else."""
    response = yield None
    user = accounts.user_of(identity)
    if user is None:
        raise sasl.SaslError("EXTERNAL wants a client certificate that is for one of the users")
    if response and accounts.user_of(response.decode("utf-8", "replace")) != user:
        raise sasl.SaslError("the certificate is not that of the one it asks to act for")
    return user


@frozen
class Challenge:
    line: bytes  # in base64


@frozen
class Granted:
    user: str


@frozen
class Refused:
    sentence: str
    malformed: bool  # no base64, or cancelled: the credentials were not even looked at


Step = Challenge | Granted | Refused


class Login:
    """One AUTH command from its first challenge on.

    `identity` is the mailbox that the client's certificate is for.  Raises ValueError for a
    mechanism that nobody knows.
    """

    def __init__(
        self,
        mechanism: str,
        bindings: Mapping[str, bytes],
        identity: str = "",
        *,
        accounts: Accounts = USUAL,
        chance: Chance | None = None,
    ) -> None:
        self._accounts = accounts
        self._chance = chance or Chance()
        self._refused: Refused | None = None  # what is said as soon as our reasons are answered
        self._steps = self._begun(mechanism, bindings, identity)

    @classmethod
    def of(cls, mechanism: str, dialogue: "Dialogue", office: "Office") -> "Login":
        """One on the link of that dialogue, by those who have a mailbox in that office."""
        return cls(
            mechanism,
            dialogue.bindings(),
            dialogue.identity(),
            accounts=office.accounts,
            chance=office.chance,
        )

    def _begun(self, mechanism: str, bindings: Mapping[str, bytes], identity: str) -> sasl.Server:
        if mechanism.upper() == EXTERNAL:
            return _external(identity, self._accounts)
        accounts, token = self._accounts, sasl.secret_kind(mechanism) == sasl.TOKEN
        return sasl.server(
            mechanism,
            accounts.token_of if token else accounts.secret_of,
            nonce=self._chance.nonce(),
            salt=self._chance.salt(),
            bindings=bindings,
        )

    def begin(self, initial: bytes | None) -> Step:
        """Take the AUTH command; `initial` is its initial response as it was sent, if any."""
        challenge = next(self._steps)
        if initial is not None:
            return self._go_on(initial, first=True)
        return Challenge(sasl.encode(challenge or b""))

    def answer(self, line: bytes) -> Step:
        """Take the client's answer to a challenge."""
        if line == b"*":
            return Refused("the login was cancelled", malformed=True)
        return self._refused or self._go_on(line, first=False)

    def _go_on(self, line: bytes, *, first: bool) -> Step:
        try:
            response = sasl.decode_initial(line) if first else sasl.decode(line)
        except sasl.SaslError as error:
            return Refused(error.sentence, malformed=True)
        try:
            challenge = self._steps.send(response)
        except sasl.SaslError as error:
            refused = Refused(error.sentence, malformed=False)
            if error.challenge is None:
                return refused
            self._refused, challenge = refused, error.challenge
        except StopIteration as end:
            return Granted(end.value)
        return Challenge(sasl.encode(challenge or b""))
