"""CRAM-MD5 (RFC 2195), and the digest of APOP (RFC 1939, section 7), which is no mechanism."""

import hashlib
import hmac
import re

from mailprobe.patterns import pattern
from mailprobe.protocol.sasl.terms import (
    WRONG,
    Authority,
    Client,
    Identity,
    SaslError,
    Server,
    octets_of,
    text_of,
)
from mailprobe.safe import safe

CRAM_MD5 = pattern(rb"(?P<user>.+) (?P<digest>[0-9a-f]{32})", re.DOTALL)

# Printable ASCII only, one `@` that counts: collisions of MD5 need other octets than these.
_MESSAGE_ID = pattern(rb"<[!-;=?A-~]+@[!-;=?-~]+>")


def cram_md5_client(identity: Identity) -> Client:
    user, secret = octets_of("user", identity.user), octets_of("secret", identity.secret)
    return _cram_md5_steps(user, secret)


def _cram_md5_steps(user: bytes, secret: bytes) -> Client:
    challenge = yield None
    # Not every server writes a whole msg-id; without the brackets it is another conversation.
    if not (challenge.startswith(b"<") and challenge.endswith(b">")):
        raise SaslError(f"expected a CRAM-MD5 challenge <...@...>, got {_shown(challenge)}")
    yield user + b" " + _keyed_md5(secret, challenge)


def cram_md5_server(authority: Authority) -> Server:
    return _cram_md5_hearing(authority, _message_id(octets_of("nonce", authority.nonce)))


def _cram_md5_hearing(authority: Authority, challenge: bytes) -> Server:
    response = yield challenge
    match = CRAM_MD5.fullmatch(response)
    if match is None:
        raise SaslError("expected CRAM-MD5's user, blank, 32 lower-case hexadecimal digits")
    user = text_of("the user", match["user"])
    secret = authority.secret_of(user)
    right = hmac.compare_digest(_keyed_md5((secret or "").encode(), challenge), match["digest"])
    if secret is None or not right:
        raise SaslError(WRONG)
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


def apop_timestamp(greeting: bytes) -> bytes | None:
    """Find the timestamp: the first `<...@...>` of the greeting, brackets included."""
    match = _MESSAGE_ID.search(greeting)
    return match[0] if match else None


def apop_digest(timestamp: bytes, secret: str) -> str:
    """Give the digest that APOP sends, 32 lower-case hexadecimal digits.

    `timestamp` is the challenge with its brackets.  Raises ValueError as `client` does.
    """
    octets = timestamp + octets_of("secret", secret)
    return hashlib.md5(octets, usedforsecurity=False).hexdigest()
