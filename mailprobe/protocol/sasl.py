"""SASL mechanisms as generators, for both roles, and the digest of APOP.

A message goes in, the answer comes out, both as raw octets: whether they travel after `334 ` or
`+ `, as an initial response or not, and what `*` does, is known elsewhere.  Nonces and salts are
arguments.  No channel binding, no security layer, no authorization identity.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from mailprobe.patterns import pattern
from mailprobe.safe import safe

# Strongest first.  CRAM-MD5 hides the secret from an observer; PLAIN and LOGIN do not.
MECHANISMS = ("SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN")

# A server names the count and the client does the work: about half a second's worth.
MAXIMUM_ITERATIONS = 1_000_000

# In which the server shows that it knows the secret: to be told of success is not enough.
MUTUAL = ("SCRAM-SHA-256", "SCRAM-SHA-1")

Client = Generator[bytes | None, bytes, None]
Server = Generator[bytes | None, bytes, str]
SecretOf = Callable[[str], str | None]

# RFC 5802, section 5: the client verifies "v=", and does not believe in success without it.
UNPROVED = (
    "expected the server's signature (v=) before its success, and none came: "
    "whoever this is need not know the secret"
)

# One sentence for both, lest a client learn which users exist.
_WRONG = "no such user, or the secret is wrong"

_PLAIN = pattern(rb"(?P<authzid>[^\0]*)\0(?P<user>[^\0]+)\0(?P<secret>[^\0]*)")  # RFC 4616
_CRAM_MD5 = pattern(rb"(?P<user>.+) (?P<digest>[0-9a-f]{32})", re.DOTALL)  # RFC 2195
_SCRAM_FIRST = pattern(  # RFC 5802, section 7: gs2-header, user name, nonce
    rb"(?:[ny]|p=[A-Za-z0-9.-]+),(?:a=[^,]*)?,n=(?P<user>(?:[^,=\0]|=2C|=3D)+),r=[^,]+(?:,.*)?",
    re.DOTALL,
)
_OBSERVED = {
    "PLAIN": _PLAIN,
    "LOGIN": re.compile(rb"(?P<user>.*)", re.DOTALL),
    "CRAM-MD5": _CRAM_MD5,
    "SCRAM-SHA-1": _SCRAM_FIRST,
    "SCRAM-SHA-256": _SCRAM_FIRST,
}

# Printable ASCII only, one `@` that counts: collisions of MD5 need other octets than these.
_MESSAGE_ID = pattern(rb"<[!-;=?A-~]+@[!-;=?-~]+>")


class SaslError(Exception):
    """The peer's message is no step of the mechanism, or what it proves is wrong.

    `sentence` is fit to be shown; it never holds what a client sent.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


# ------------------------------------------------------------------------------- the two roles


def client(mechanism: str, user: str, secret: str, *, nonce: str) -> Client:
    """Speak for the client: `next()` gives the initial response, None where the server begins.

    Each `.send(challenge)` gives the next response; StopIteration says that a challenge was one
    too many.  SCRAM's last response is `b""`, given only once the server's signature was
    verified: success reported before that has proved nothing about the server.  SCRAM alone uses
    `nonce`, printable ASCII without blank and comma.

    Raises ValueError at once for an unknown mechanism, for NUL, CR or LF in an argument, and for
    what SCRAM cannot carry; the generator raises SaslError, after which `*` is what to send.
    """
    octets = _octets("user", user), _octets("secret", secret)
    _octets("nonce", nonce)
    match mechanism.upper():
        case "PLAIN":
            return _plain_client(*octets)
        case "LOGIN":
            return _login_client(*octets)
        case "CRAM-MD5":
            return _cram_md5_client(*octets)
        case "SCRAM-SHA-1" | "SCRAM-SHA-256" as name:
            return _scram_client(name, user, secret, nonce)
        case _:
            raise _unknown(mechanism)


def server(
    mechanism: str, secret_of: SecretOf, *, nonce: str, salt: bytes, iterations: int = 4096
) -> Server:
    """Speak for the server: `next()` gives the first challenge, None where the client begins.

    Each `.send(response)` gives the next challenge; StopIteration carries the authenticated
    user.  `secret_of` gives a user's secret, or None; an unknown user sees the same challenges
    as a known one, and the same error at the same step.

    An initial response to LOGIN (the user) is sent in right after `next()` gave `Username:`,
    which then stays unsaid.  CRAM-MD5 puts `nonce` between angle brackets: it must have the form
    `left@right`, which SCRAM takes as well.  SCRAM alone uses `salt`, 12 octets at least, and
    `iterations`, 4096 at least.

    Raises ValueError at once for an unknown mechanism and for unfit arguments; the generator
    raises SaslError.
    """
    octets = _octets("nonce", nonce)
    match mechanism.upper():
        case "PLAIN":
            return _plain_server(secret_of)
        case "LOGIN":
            return _login_server(secret_of)
        case "CRAM-MD5":
            return _cram_md5_server(secret_of, _message_id(octets))
        case "SCRAM-SHA-1" | "SCRAM-SHA-256" as name:
            return _scram_server(name, secret_of, nonce, salt, iterations)
        case _:
            raise _unknown(mechanism)


def _unknown(mechanism: str) -> ValueError:
    return ValueError(f"unknown SASL mechanism {safe(mechanism)}; known: {', '.join(MECHANISMS)}")


def _octets(what: str, text: str) -> bytes:
    """Encode an argument, or raise a ValueError that does not hold it."""
    if any(character in text for character in "\0\r\n"):
        raise ValueError(f"NUL, CR or LF in the {what}")
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"lone surrogate in the {what}") from None  # the cause holds the text


def _text(what: str, octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        raise SaslError(f"expected {what} in UTF-8, got octets that are not") from None


# ------------------------------------------------------------------------------ PLAIN, RFC 4616


def _plain_client(user: bytes, secret: bytes) -> Client:
    yield b"\0" + user + b"\0" + secret


def _plain_server(secret_of: SecretOf) -> Server:
    response = yield None
    match = _PLAIN.fullmatch(response)
    if match is None:
        raise SaslError("expected PLAIN's [authzid] NUL user NUL secret, got something else")
    user = _text("the user", match["user"])
    if match["authzid"] not in (b"", match["user"]):
        raise SaslError("PLAIN asks to act for another user; leave the authzid empty")
    if not _same(secret_of(user), match["secret"]):
        raise SaslError(_WRONG)
    return user


def _same(secret: str | None, given: bytes) -> bool:
    """Whether `given` is the secret; without one, never, and not sooner."""
    same = hmac.compare_digest((secret or "").encode(), given)
    return same and secret is not None


# --------------------------------------------------------------------------------- LOGIN, no RFC


def _login_client(user: bytes, secret: bytes) -> Client:
    # The prompts say anything ("User Name\0"); only their order counts.
    yield None
    yield user
    yield secret


def _login_server(secret_of: SecretOf) -> Server:
    response = yield b"Username:"
    user = _text("the user", response)
    given = yield b"Password:"
    if not _same(secret_of(user), given):
        raise SaslError(_WRONG)
    return user


# --------------------------------------------------------------------------- CRAM-MD5, RFC 2195


def _cram_md5_client(user: bytes, secret: bytes) -> Client:
    challenge = yield None
    # Not every server writes a whole msg-id; without the brackets it is another conversation.
    if not (challenge.startswith(b"<") and challenge.endswith(b">")):
        raise SaslError(f"expected a CRAM-MD5 challenge <...@...>, got {_shown(challenge)}")
    yield user + b" " + _keyed_md5(secret, challenge)


def _cram_md5_server(secret_of: SecretOf, challenge: bytes) -> Server:
    response = yield challenge
    match = _CRAM_MD5.fullmatch(response)
    if match is None:
        raise SaslError("expected CRAM-MD5's user, blank, 32 lower-case hexadecimal digits")
    user = _text("the user", match["user"])
    secret = secret_of(user)
    right = hmac.compare_digest(_keyed_md5((secret or "").encode(), challenge), match["digest"])
    if secret is None or not right:
        raise SaslError(_WRONG)
    return user


def _keyed_md5(secret: bytes, challenge: bytes) -> bytes:
    return hmac.new(secret, challenge, "md5").hexdigest().encode()


def _message_id(octets: bytes) -> bytes:
    challenge = b"<" + octets + b">"
    if not _MESSAGE_ID.fullmatch(challenge):
        raise ValueError("CRAM-MD5 needs a nonce of the form left@right, without <, > and blank")
    return challenge


def _shown(challenge: bytes) -> str:
    return safe(challenge[:80]) or "nothing"


# ------------------------------------------------------------------------ SCRAM, RFC 5802, 7677
#
# scramp prepares user and secret by SASLprep.  It costs 130 ms and asks the system for random
# octets when it is imported, hence inside these functions only.


def _scram_client(name: str, user: str, secret: str, nonce: str) -> Client:
    from scramp import ScramClient, ScramException  # type: ignore[import-untyped]

    _refuse_empty(nonce)
    try:
        scram = ScramClient([name], user, secret, c_nonce=nonce)
    except ScramException as error:
        raise ValueError(f"{name} cannot carry this user, secret or nonce: {error}") from None
    return _scram_client_steps(name, scram)


def _scram_client_steps(name: str, scram: Any) -> Client:
    challenge = yield scram.get_client_first().encode()
    with _sasl_errors(f"{name}: the server's first message is wrong"):
        scram.set_server_first(_text("a SCRAM message", challenge))
        if int(scram.iterations) > MAXIMUM_ITERATIONS:
            raise SaslError(
                f"{name}: expected at most {MAXIMUM_ITERATIONS} iterations, "
                f"the server wants {int(scram.iterations)}"
            )
        final = scram.get_client_final().encode()
    challenge = yield final
    with _sasl_errors(f"{name}: the server's final message is wrong"):
        scram.set_server_final(_text("a SCRAM message", challenge))
    yield b""  # success carries no data (RFC 4954, section 4; RFC 5034, section 4)


def _scram_server(
    name: str, secret_of: SecretOf, nonce: str, salt: bytes, iterations: int
) -> Server:
    from scramp import ScramException, ScramMechanism

    _refuse_empty(nonce)
    user = ""
    mechanism = ScramMechanism(name)

    def keys_of(prepared: str) -> tuple[bytes, bytes, bytes, int]:
        nonlocal user
        user = prepared
        secret = secret_of(user)
        keys: tuple[bytes, bytes, bytes, int]
        keys = mechanism.make_auth_info(secret or "", iteration_count=iterations, salt=salt)
        if secret is not None:
            return keys
        # Nobody: as much work and the same salt, but a key that no proof can hash to.
        return salt, bytes(len(keys[1])), keys[2], iterations

    try:
        mechanism.make_auth_info("", iteration_count=iterations, salt=salt)
        scram = mechanism.make_server(keys_of, s_nonce=nonce)
    except ScramException as error:
        raise ValueError(f"{name} cannot use this nonce, salt or count: {error}") from None
    return _scram_server_steps(name, scram, lambda: user)


def _scram_server_steps(name: str, scram: Any, user: Callable[[], str]) -> Server:
    response = yield None
    with _sasl_errors(f"{name}: the client's first message is wrong"):
        scram.set_client_first(_text("a SCRAM message", response))
        challenge = scram.get_server_first().encode()
    response = yield challenge
    with _sasl_errors(f"{name}: the client's final message is wrong"):
        scram.set_client_final(_text("a SCRAM message", response))
        challenge = scram.get_server_final().encode()
    response = yield challenge
    if response:
        raise SaslError(f"{name}: expected an empty response to the server's final message")
    return user()


def _refuse_empty(nonce: str) -> None:
    if not nonce:  # scramp 1.4.18 knows every other rule for it
        raise ValueError("SCRAM needs a nonce that is not empty")


@contextmanager
def _sasl_errors(what: str) -> Iterator[None]:
    from scramp import ScramException

    try:
        yield
    except ScramException as error:
        raise SaslError(f"{what}: {safe(str(error))}") from error


# --------------------------------------------------------------------- base64, RFC 4648, section 4


def encode(octets: bytes) -> bytes:
    """Write a challenge or a response as base64, without a line end; nothing stays nothing."""
    return base64.b64encode(octets)


def encode_initial(octets: bytes) -> bytes:
    """Write an initial response as base64; `=` alone is the empty one (RFC 4954, section 4)."""
    return encode(octets) or b"="


def decode(line: bytes) -> bytes:
    """Read a challenge or a response.

    Raises SaslError for any octet outside the alphabet and for wrong padding.
    """
    try:
        return base64.b64decode(line, validate=True)
    except binascii.Error:
        raise SaslError("expected base64 (A-Z a-z 0-9 + / and = at the end)") from None


def decode_initial(line: bytes) -> bytes:
    """Read an initial response, where `=` alone is the empty one (RFC 4954, section 4)."""
    return b"" if line == b"=" else decode(line)


# ------------------------------------------------------------------------ APOP, RFC 1939, section 7


def apop_timestamp(greeting: bytes) -> bytes | None:
    """Find the timestamp: the first `<...@...>` of the greeting, brackets included."""
    match = _MESSAGE_ID.search(greeting)
    return match[0] if match else None


def apop_digest(timestamp: bytes, secret: str) -> str:
    """Give the digest that APOP sends, 32 lower-case hexadecimal digits.

    `timestamp` is the challenge with its brackets.  Raises ValueError as `client` does.
    """
    octets = timestamp + _octets("secret", secret)
    return hashlib.md5(octets, usedforsecurity=False).hexdigest()


# -------------------------------------------------------------------------------- the observer


def credentials_in(mechanism: str, messages: Sequence[bytes]) -> tuple[str | None, str | None]:
    """Tell the user and the secret that the client's decoded `messages` give away.

    The secret is told for PLAIN and, after its second message, LOGIN; octets that are not UTF-8
    are surrogate-escaped in it, so that it can still be redacted by value.  A user that is not
    UTF-8 is None.  Both are None where the first message is none of this mechanism.
    Never raises.
    """
    pattern = _OBSERVED.get(mechanism.upper())
    match = pattern.fullmatch(messages[0]) if pattern and messages else None
    if match is None:
        return None, None
    secret = match.groupdict().get("secret")
    if pattern is _OBSERVED["LOGIN"] and len(messages) > 1:
        secret = messages[1]
    user = match["user"]
    if pattern is _SCRAM_FIRST:
        user = user.replace(b"=2C", b",").replace(b"=3D", b"=")
    return _name(user), secret if secret is None else secret.decode("utf-8", "surrogateescape")


def _name(octets: bytes) -> str | None:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return None
