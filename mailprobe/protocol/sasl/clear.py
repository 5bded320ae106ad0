"""The mechanisms that say all in clear, or need no secret: PLAIN, LOGIN, EXTERNAL, ANONYMOUS."""

import re

from mailprobe.patterns import pattern
from mailprobe.protocol.sasl.terms import (
    NOT_FOR_ANOTHER,
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

PLAIN = pattern(rb"(?P<authzid>[^\0]*)\0(?P<user>[^\0]+)\0(?P<secret>[^\0]*)")  # RFC 4616
LOGIN = pattern(rb"(?P<user>.*)", re.DOTALL)
NAME = pattern(rb"(?P<user>[^\0]*)")  # RFC 4422, appendix A.1; RFC 4505, section 2

_TRACE = 255  # characters of ANONYMOUS's trace information (RFC 4505, section 2)
ANYBODY = "anonymous"


# ------------------------------------------------------------------------------ PLAIN, RFC 4616


def plain_client(identity: Identity) -> Client:
    authzid = octets_of("authzid", identity.authzid)
    user, secret = octets_of("user", identity.user), octets_of("secret", identity.secret)
    return _say(authzid + b"\0" + user + b"\0" + secret)


def _say(message: bytes) -> Client:
    yield message


def plain_server(authority: Authority) -> Server:
    response = yield None
    match = PLAIN.fullmatch(response)
    if match is None:
        raise SaslError("expected PLAIN's [authzid] NUL user NUL secret, got something else")
    user = text_of("the user", match["user"])
    if match["authzid"] not in (b"", match["user"]):
        raise SaslError(f"PLAIN {NOT_FOR_ANOTHER}")
    if not same(authority.secret_of(user), match["secret"]):
        raise SaslError(WRONG)
    return user


# --------------------------------------------------------------------------------- LOGIN, no RFC


def login_client(identity: Identity) -> Client:
    user, secret = octets_of("user", identity.user), octets_of("secret", identity.secret)
    return _login_steps(user, secret, initial=identity.initial)


def _login_steps(user: bytes, secret: bytes, *, initial: bool) -> Client:
    # The prompts say anything ("User Name\0"); only their order counts.
    if not initial:
        yield None
        yield user
    elif (yield user).lstrip().lower().startswith(b"user"):
        yield user  # a server that took no notice of it asks, and must not get the secret for it
    yield secret


def login_server(authority: Authority) -> Server:
    response = yield b"Username:"
    user = text_of("the user", response)
    given = yield b"Password:"
    if not same(authority.secret_of(user), given):
        raise SaslError(WRONG)
    return user


# ------------------------------------------------------------------- EXTERNAL, RFC 4422, app. A


def external_client(identity: Identity) -> Client:
    """Whom he acts for, or nothing: then he is who his certificate says."""
    user, authzid = octets_of("user", identity.user), octets_of("authzid", identity.authzid)
    return _say(authzid or user)


# -------------------------------------------------------------------------- ANONYMOUS, RFC 4505


def anonymous_client(identity: Identity) -> Client:
    trace = octets_of("user", identity.user)
    if len(identity.user) > _TRACE:
        raise ValueError(f"ANONYMOUS carries {_TRACE} characters at most (RFC 4505, section 2)")
    return _say(trace)


def anonymous_server(authority: Authority) -> Server:
    response = yield None
    if len(text_of("the trace", response)) > _TRACE:
        raise SaslError(f"expected at most {_TRACE} characters of trace, got more")
    return ANYBODY
