"""Bearer tokens: OAUTHBEARER (RFC 7628), and XOAUTH2 as its makers describe it."""

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
    same,
    text_of,
)
from mailprobe.safe import safe

OAUTHBEARER = pattern(
    rb"n,(?:a=(?P<user>(?:[^,=\x01]|=2C|=3D)*))?,\x01"
    rb"(?:[A-Za-z]+=[^\x01]*\x01)*?(?i:auth)=(?i:bearer) +(?P<secret>[^\x01]+)\x01"
    rb"(?:[A-Za-z]+=[^\x01]*\x01)*\x01"
)
XOAUTH2 = pattern(
    rb"user=(?P<user>[^\x01]*)\x01(?i:auth)=(?i:bearer) +(?P<secret>[^\x01]+)\x01\x01"
)

_TOKEN = pattern(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, section 2.1
_LONGEST = 64 * 1024  # octets of JSON that are looked at
_FIELDS = ("status", "error", "schemes", "scope", "openid-configuration")

# What a client says to the server's error, which it has no answer to.
_OAUTHBEARER_GOES_ON = b"\1"  # RFC 7628, section 3.2.3
_XOAUTH2_GOES_ON = b""


def oauthbearer_client(identity: Identity) -> Client:
    user = identity.authzid or identity.user
    fields = [b"n,a=" + _saslname(user) + b","]
    if identity.host:
        fields.append(b"host=" + _value("host", identity.host))
    if identity.port:
        fields.append(b"port=%d" % identity.port)
    fields.append(b"auth=Bearer " + _token(identity.secret))
    return _steps(b"\1".join(fields) + b"\1\1", _OAUTHBEARER_GOES_ON)


def xoauth2_client(identity: Identity) -> Client:
    user = _value("user", identity.authzid or identity.user)
    token = _token(identity.secret)
    message = b"user=" + user + b"\1auth=Bearer " + token + b"\1\1"
    return _steps(message, _XOAUTH2_GOES_ON)


def _steps(message: bytes, goes_on: bytes) -> Client:
    # A challenge says why not; the server refuses once it has been answered.
    yield message
    yield goes_on


def _saslname(user: str) -> bytes:
    """A user between commas (RFC 5801, section 4)."""
    return _value("user", user.replace("=", "=3D").replace(",", "=2C"))


def _value(what: str, text: str) -> bytes:
    if "\1" in text:
        raise ValueError(f"^A in the {what}, which ends it")
    return octets_of(what, text)


def _token(secret: str) -> bytes:
    if not _TOKEN.fullmatch(octets_of("secret", secret).decode()):
        raise ValueError("the secret is no bearer token (RFC 6750, section 2.1)")
    return secret.encode()


# What a server says of a token that is none (RFC 7628, section 3.2.2).
_OAUTHBEARER_REFUSAL = b'{"status":"invalid_token","scope":"mail"}'
_XOAUTH2_REFUSAL = b'{"status":"400","schemes":"Bearer","scope":"mail"}'


def oauthbearer_server(authority: Authority) -> Server:
    return _hearing(authority, OAUTHBEARER, _OAUTHBEARER_REFUSAL)


def xoauth2_server(authority: Authority) -> Server:
    return _hearing(authority, XOAUTH2, _XOAUTH2_REFUSAL)


def _hearing(authority: Authority, form: re.Pattern[bytes], refusal: bytes) -> Server:
    response = yield None
    match = form.fullmatch(response)
    if match is None:
        raise SaslError("expected a user and a Bearer token, got something else")
    user = text_of("the user", match["user"] or b"")
    if form is OAUTHBEARER:
        user = user.replace("=2C", ",").replace("=3D", "=")
    if not same(authority.secret_of(user), match["secret"]):
        raise SaslError(WRONG, refusal)
    return user


def refusal(challenge: bytes) -> str:
    """What a server's JSON says of a token, in one line; "" where it is none.  Never raises."""
    import json  # where a token was refused

    try:
        said = json.loads(challenge[:_LONGEST])
    except (ValueError, RecursionError):
        return ""
    if not isinstance(said, dict):
        return ""
    told = [f"{key} {said[key]}" for key in _FIELDS if isinstance(said.get(key), str | int)]
    return safe(", ".join(told).encode("utf-8", "replace")[:500])
