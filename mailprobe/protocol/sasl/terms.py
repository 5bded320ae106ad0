"""What the mechanisms have in common: the two roles, what each is given, and how it fails."""

import hmac
from collections.abc import Callable, Generator, Mapping

from mailprobe.value import field, frozen

Client = Generator[bytes | None, bytes, None]
Server = Generator[bytes | None, bytes, str]
SecretOf = Callable[[str], str | None]

# One sentence for both, lest a client learn which users exist.
WRONG = "no such user, or the credentials are wrong"
NOT_FOR_ANOTHER = "asks to act for another user; leave the authzid empty"


class SaslError(Exception):
    """The peer's message is no step of the mechanism, or what it proves is wrong.

    `sentence` is fit to be shown; it never holds what a client sent.  `challenge` is what a
    server says before it refuses, where the mechanism has such a step (RFC 7628, section 3.2.3).
    """

    def __init__(self, sentence: str, challenge: bytes | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.challenge = challenge


class Refusal(SaslError):
    """The peer's message is a step of the mechanism, and says why not (RFC 5802, section 7)."""


class Impostor(SaslError):
    """The server's proof is wrong: it does not know the secret (RFC 5802, section 5)."""


@frozen
class Binding:
    """What ties a login to the TLS channel below it (RFC 5929, RFC 9266): its kind and data."""

    kind: str
    octets: bytes


@frozen
class Identity:
    """Who logs in, and what he has for it; every mechanism takes what it needs."""

    user: str
    secret: str
    nonce: str = ""
    authzid: str = ""  # whom he acts for; "" is himself
    binding: Binding | None = None
    host: str = ""  # of the server, as the client knows it
    port: int = 0
    initial: bool = False  # whether LOGIN says the user before it is asked


@frozen
class Authority:
    """What a server knows of its users, and what it has for one login."""

    secret_of: SecretOf
    nonce: str
    salt: bytes
    iterations: int
    bindings: Mapping[str, bytes] = field(default_factory=dict)  # kind: data


def octets_of(what: str, text: str) -> bytes:
    """Encode an argument, or raise a ValueError that does not hold it."""
    if any(character in text for character in "\0\r\n"):
        raise ValueError(f"NUL, CR or LF in the {what}")
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"lone surrogate in the {what}") from None  # the cause holds the text


def text_of(what: str, octets: bytes) -> str:
    """Decode what the peer said, or raise a SaslError that does not hold it."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        raise SaslError(f"expected {what} in UTF-8, got octets that are not") from None


def same(secret: str | None, given: bytes) -> bool:
    """Whether `given` is the secret; without one, never, and not sooner."""
    right = hmac.compare_digest((secret or "").encode(), given)
    return right and secret is not None
